/* http_visit.c: see http_visit.h. */
#include "admin/http_visit.h"

#include "admin/command.h"
#include "admin/execute.h"
#include "admin/guesses.h"
#include "admin/http_answer.h"
#include "admin/token.h"
#include "admin/visits.h"
#include "metrics/metrics.h"
#include "metrics/openmetrics.h"

#include <stdio.h>
#include <string.h>

enum {
    REQUEST_MS = 5000,
    LEAVE_MS = 1000,
};

static const char *right_token;

void http_visits_start(const char *token) {
    right_token = token;
}

/* ---- its end --------------------------------------------------------------------------------- */

bool http_visit_is_free(const http_visit *v) {
    return v->socket == NULL && !v->receiving && !v->sending;
}

static void visit_rest(http_visit *v) {
    if (http_visit_is_free(v)) {
        lines_free(&v->out.lines);
        lines_free(&v->answer);
    }
}

void http_visit_close(http_visit *v) {
    if (v->socket == NULL) {
        return;
    }
    os_close(v->socket, false);
    v->socket = NULL;
    visits.open[VISIT_HTTP]--;
    if (v->job != NULL) {
        job_abandon(v->job);
        v->job = NULL;
    }
    visit_rest(v);
}

bool http_visit_may_go(const http_visit *v) {
    return v->socket != NULL && !v->right;
}

static void visit_refused(http_visit *v, portico_status status) {
    if (visit_may_pass(status)) {
        v->again_ms = os_monotonic_ms() + VISIT_AGAIN_MS;
    } else {
        http_visit_close(v);
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void send_answer(http_visit *v) {
    portico_status status = visit_send(&v->out, v->socket, &v->send_op);
    v->sending = status == PORTICO_OK;
    if (v->sending) {
        v->due_ms = os_monotonic_ms() + VISIT_SEND_MS;
    } else {
        visit_refused(v, status);
    }
}

static void answer_with(http_visit *v, lines answer) {
    v->out.lines = answer;
    if (v->out.lines.failed) {
        http_visit_close(v);
    } else {
        send_answer(v);
    }
}

static void visit_refuse(http_visit *v, uint32_t status, const char *why) {
    answer_with(v, http_refusal(status, why));
}

static void command_ended(http_visit *v) {
    uint32_t status = http_status_of(v->answer.status);
    answer_with(v, http_answer(status, "application/json", &v->answer));
}

/* ---- the request ----------------------------------------------------------------------------- */

static void write_metrics(void *arg, const char *bytes, size_t size) {
    lines_bytes(arg, bytes, size);
}

static void show_metrics(http_visit *v, const http_head *request) {
    bool new_form = false;
    for (uint32_t i = 0; i < request->header_count; i++) {
        static const char type[] = "application/openmetrics-text";
        const http_header *h = &request->headers[i];
        for (uint32_t k = 0; http_text_is_any_case(h->name, "accept") && !new_form &&
                             k + sizeof type - 1 <= h->value.size;
             k++) {
            new_form = memcmp(h->value.at + k, type, sizeof type - 1) == 0;
        }
    }
    lines body = {0};
    metrics_scraped();
    openmetrics_text(!new_form, write_metrics, &body);
    answer_with(v, http_answer(200, new_form ? OPENMETRICS_TYPE : OPENMETRICS_OLD_TYPE, &body));
}

static void run_command(http_visit *v, const http_head *request, const char *line) {
    char why[COMMAND_WHY_MAX];
    char who[OS_ADDRESS_TEXT + 16];
    char text[OS_ADDRESS_TEXT];
    const char *argument = NULL;
    bool waits = false;
    command_id id = command_parse(line, &argument, why);
    v->answer = (lines){.as_json = true, .bare = true};
    if (id == COMMAND_COUNT) {
        lines_end(&v->answer, PORTICO_E_INVALID, why);
        command_ended(v);
    } else if (command_reports(id) != http_text_is(request->method, "GET")) {
        visit_refuse(v, 405,
                     command_reports(id) ? "this only reports: use GET"
                                         : "this changes something: use POST");
    } else {
        os_address_format(&v->peer, text);
        snprintf(who, sizeof who, "HTTP at %s", text);
        if (execute(line, who, &v->answer, &v->job, &waits, NULL)) {
            command_ended(v);
        }
    }
}

/* The request has arrived and has waited: answers it. */
static void visit_run(http_visit *v) {
    http_head request;
    const char *why = NULL;
    char line[HTTP_COMMAND_MAX];
    uint32_t body = 0;
    bool bad = false;
    v->judged_ms = 0;
    if (!v->right) {
        visit_refuse(v, 401, "the token is wrong");
        return;
    }
    (void)http_read_request_with_body(v->in, v->head_bytes, HTTP_BODY_MAX, &request, &body, &why);
    http_page page = http_page_of(&request, (http_text){v->in + v->head_bytes, body}, line, &bad);
    bool get = http_text_is(request.method, "GET");
    if (page == HTTP_PAGE_NONE) {
        visit_refuse(v, 404, "there is /metrics, and /api/NAME for each command of ctl");
    } else if (bad) {
        visit_refuse(v, 400, "the argument is too long, or has control characters");
    } else if (page == HTTP_PAGE_METRICS && !get) {
        visit_refuse(v, 405, "this only reports: use GET");
    } else if (page == HTTP_PAGE_METRICS) {
        show_metrics(v, &request);
    } else {
        run_command(v, &request, line);
    }
}

/* Compares the token, and says when to answer. */
static void visit_judge(http_visit *v, http_text offered) {
    uint64_t now_ms = os_monotonic_ms();
    v->judged_ms = now_ms + guesses_delay_ms(&v->peer, now_ms);
    v->due_ms = v->judged_ms + REQUEST_MS;
    v->right = token_equal(right_token, offered.at, offered.size);
    if (!v->right) {
        guesses_add(&v->peer, now_ms);
    }
    if (now_ms >= v->judged_ms) {
        visit_run(v);
    }
}

/* Looks at what has arrived. The status to refuse it with; HTTP_MORE: it is incomplete; HTTP_OK: it
 * is being answered. */
static uint32_t visit_look_at(http_visit *v, const char **why) {
    http_head request;
    uint32_t body = 0;
    if (v->head_bytes == 0) {
        uint32_t found = http_find_end(v->in, v->in_size, &v->scanned, &v->head_bytes, why);
        if (found != HTTP_OK) {
            return found;
        }
    }
    uint32_t result =
        http_read_request_with_body(v->in, v->head_bytes, HTTP_BODY_MAX, &request, &body, why);
    if (result != HTTP_OK) {
        return result;
    }
    if (!http_host_is_own(&request) || !http_origin_is_own(&request)) {
        *why = "its Host or Origin is not this machine";
        return 403;
    }
    http_text offered = http_bearer(&request);
    if (offered.size == 0) {
        *why = "it has no Authorization: Bearer TOKEN; the token is in run_dir/admin.token, or is "
               "[admin] token";
        return 401;
    }
    if (v->in_size - v->head_bytes < body) {
        return HTTP_MORE;
    }
    v->taken = true;
    visit_judge(v, offered);
    return HTTP_OK;
}

static void visit_receive(http_visit *v) {
    uint32_t at = v->taken || v->leaving ? 0 : v->in_size;
    portico_status status =
        os_recv(v->socket, &v->recv_op, v->in + at, (uint32_t)sizeof v->in - at);
    v->receiving = status == PORTICO_OK;
    if (!v->receiving) {
        visit_refused(v, status);
    }
}

static void visit_read(http_visit *v) {
    const char *why = NULL;
    uint32_t result = visit_look_at(v, &why);
    if (result == HTTP_MORE) {
        visit_receive(v);
    } else if (result != HTTP_OK) {
        v->taken = true;
        visit_refuse(v, result, why);
    }
}

/* ---- completions ----------------------------------------------------------------------------- */

static void on_received(const os_completion *completion) {
    http_visit *v = container_of(completion->op, http_visit, recv_op);
    v->receiving = false;
    if (v->socket == NULL) {
        visit_rest(v);
    } else if (completion->status != PORTICO_OK || completion->bytes == 0) {
        http_visit_close(v); /* also if it has not waited for its answer */
    } else if (v->leaving) {
        visit_receive(v); /* to be dropped */
    } else {
        v->in_size += completion->bytes;
        visit_read(v);
    }
}

static void on_sent(const os_completion *completion) {
    http_visit *v = container_of(completion->op, http_visit, send_op);
    v->sending = false;
    if (v->socket == NULL) {
        visit_rest(v);
        return;
    }
    if (completion->status != PORTICO_OK) {
        http_visit_close(v);
        return;
    }
    v->out.sent += completion->bytes;
    if (v->out.sent < v->out.lines.size) {
        send_answer(v);
        return;
    }
    lines_free(&v->out.lines);
    os_shutdown(v->socket); /* closing at once could reset what the client has not read */
    v->leaving = true;
    v->due_ms = os_monotonic_ms() + LEAVE_MS;
    visit_receive(v);
}

/* ---- time ------------------------------------------------------------------------------------ */

void http_visit_open(http_visit *v, os_socket *socket, const os_address *peer) {
    uint64_t now_ms = os_monotonic_ms();
    *v = (http_visit){.socket = socket, .peer = *peer, .opened_ms = now_ms};
    v->recv_op.done = on_received;
    v->send_op.done = on_sent;
    v->due_ms = now_ms + REQUEST_MS;
    visits.open[VISIT_HTTP]++;
    visit_receive(v);
}

static void visit_again(http_visit *v) {
    v->again_ms = 0;
    if (v->out.lines.size > 0) {
        send_answer(v);
    } else {
        visit_receive(v);
    }
}

void http_visit_look(http_visit *v, uint64_t now_ms) {
    if (v->socket == NULL) {
        return;
    }
    if (v->job != NULL) {
        if (job_take(v->job, now_ms, &v->answer)) {
            v->job = NULL;
            command_ended(v);
        }
    } else if (now_ms >= v->due_ms) {
        http_visit_close(v);
    } else if (v->again_ms != 0 && now_ms >= v->again_ms) {
        visit_again(v);
    } else if (v->judged_ms != 0 && now_ms >= v->judged_ms) {
        visit_run(v);
    }
}

uint64_t http_visit_due_ms(const http_visit *v) {
    uint64_t due_ms = v->due_ms;
    if (v->socket == NULL) {
        return UINT64_MAX;
    }
    if (v->job != NULL) {
        return os_monotonic_ms() + VISIT_JOB_LOOK_MS;
    }
    due_ms = v->judged_ms != 0 && v->judged_ms < due_ms ? v->judged_ms : due_ms;
    return v->again_ms != 0 && v->again_ms < due_ms ? v->again_ms : due_ms;
}
