/* visit.c: see visit.h. */
#include "admin/http/visit.h"

#include "admin/guesses.h"
#include "admin/http/answer.h"
#include "admin/http/login.h"
#include "admin/http/serve.h"
#include "admin/token.h"

#include <string.h>

enum {
    REQUEST_MS = 5000,
    LEAVE_MS = 1000,
    JUDGED_MOST = 8 /* tokens of one client that wait for an answer */
};

static const char *right_token;
static tls_keeper *tls;
static uint32_t (*count_judging)(const os_address *peer);

void http_visits_start(const char *token, const http_site *site, tls_keeper *keeper,
                       uint32_t (*judging)(const os_address *peer)) {
    right_token = token;
    count_judging = judging;
    tls = keeper;
    serve_start(site);
    logins_start();
}

/* ---- its end --------------------------------------------------------------------------------- */

bool http_visit_is_free(const http_visit *v) {
    return http_wire_is_free(&v->wire);
}

static void on_rested(http_wire *w) {
    http_visit *v = container_of(w, http_visit, wire);
    lines_free(&v->answer);
    live_destroy(v->live);
    v->live = NULL;
}

void http_visit_close(http_visit *v) {
    if (v->wire.socket == NULL) {
        return;
    }
    visits.open[VISIT_HTTP]--;
    if (v->job != NULL) {
        job_abandon(v->job);
        v->job = NULL;
    }
    trace_follow_end(v->trace);
    v->trace = NULL;
    http_wire_close(&v->wire);
}

bool http_visit_may_go(const http_visit *v) {
    return v->wire.socket != NULL && !v->right;
}

bool http_visit_is_judging(const http_visit *v) {
    return v->wire.socket != NULL && v->judged_ms != 0;
}

static void on_ended(http_wire *w) {
    http_visit_close(
        container_of(w, http_visit, wire)); /* also if it has not waited for its answer */
}

/* ---- the request ----------------------------------------------------------------------------- */

static void visit_answer_with(http_visit *v, lines answer) {
    v->due_ms = UINT64_MAX; /* the wire sees to it that it moves on */
    http_wire_send(&v->wire, answer);
}

static void visit_receive(http_visit *v) {
    uint32_t at = v->leaving || v->drops ? 0 : v->in_size;
    http_wire_receive(&v->wire, v->in + at, (uint32_t)sizeof v->in - at);
}

/* Its trace has begun, and ends if the client hangs up. */
static void begin_trace(http_visit *v) {
    v->due_ms = UINT64_MAX;
    v->drops = true;
    visit_receive(v);
}

static void visit_follow(http_visit *v, uint64_t now_ms, bool stops) {
    if (trace_follow_gather(v->trace, now_ms, stops, &v->answer)) {
        trace_follow_end(v->trace);
        v->trace = NULL;
        visit_answer_with(v, serve_ended(v));
    }
}

/* The request has arrived and has waited: answers it. */
static void visit_run(http_visit *v) {
    http_head request;
    const char *why = NULL;
    uint32_t body = 0;
    lines answer = {0};
    v->judged_ms = 0;
    (void)http_read_request_with_body(v->in, v->head_bytes, HTTP_BODY_MAX, &request, &body, &why);
    if (serve(v, &request, (http_text){v->in + v->head_bytes, body}, &answer)) {
        visit_answer_with(v, answer);
    } else if (v->trace != NULL) {
        begin_trace(v);
    }
}

/* Whether the client may offer one more token now. It learns early whether one was right, because
 * that connection never makes way, so its tokens are few at a time. Of this machine's own address
 * they are not, lest another program there keeps the operator out. */
static bool may_offer(const http_visit *v) {
    static const uint8_t own_4[4] = {127, 0, 0, 1};
    static const uint8_t own_6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    bool v4 = v->peer.family == OS_ADDRESS_IPV4;
    return memcmp(v->peer.bytes, v4 ? own_4 : own_6, v4 ? sizeof own_4 : sizeof own_6) == 0 ||
           count_judging(&v->peer) < JUDGED_MOST;
}

/* Compares the token, and says when to answer. */
static void visit_judge(http_visit *v, http_text offered) {
    uint64_t now_ms = os_monotonic_ms();
    if (!may_offer(v)) {
        visit_answer_with(v, http_refusal(429, "other tokens from your address wait for an answer: "
                                               "try again in two seconds"));
        return;
    }
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
    http_proof proof;
    char form[HTTP_TOKEN_MAX];
    uint32_t body = 0;
    if (v->head_bytes == 0) {
        uint32_t found = http_find_end(v->in, v->in_size, &v->scanned, &v->head_bytes, why);
        if (found != HTTP_OK) {
            return found;
        }
    }
    uint32_t result =
        http_read_request_with_body(v->in, v->head_bytes, HTTP_BODY_MAX, &request, &body, why);
    if (result == HTTP_OK) {
        result = serve_admit(v, &request, &proof, why);
    }
    if (result != HTTP_OK) {
        return result;
    }
    if (v->in_size - v->head_bytes < body) {
        return HTTP_MORE;
    }
    if (proof == HTTP_PROOF_TOKEN) {
        visit_judge(v, serve_token(&request, (http_text){v->in + v->head_bytes, body}, form));
    } else {
        visit_run(v);
    }
    return HTTP_OK;
}

static void visit_read(http_visit *v) {
    const char *why = NULL;
    uint32_t result = visit_look_at(v, &why);
    if (result == HTTP_MORE) {
        visit_receive(v);
    } else if (result != HTTP_OK) {
        visit_answer_with(v, http_refusal(result, why));
    }
}

/* ---- live ------------------------------------------------------------------------------------ */

/* Sends what there is, and receives when there is room. */
static void visit_live(http_visit *v, uint64_t now_ms) {
    lines next;
    uint8_t *in = (uint8_t *)v->in;
    if (v->login != 0 && !login_lasts(v->login, now_ms)) {
        live_end(v->live, WEBSOCKET_POLICY, "the login has ended");
    }
    if (!http_wire_sends(&v->wire) &&
        live_next(v->live, in, &v->in_size, now_ms, &next, &v->leaving)) {
        http_wire_send(&v->wire, next);
    }
    if (v->wire.socket != NULL && !http_wire_receives(&v->wire) &&
        live_wants_more(v->live, in, v->in_size)) {
        visit_receive(v);
    }
}

/* The handshake has been sent. What follows the request are frames already. */
static void begin_live(http_visit *v) {
    v->is_live = true;
    v->due_ms = UINT64_MAX;
    v->in_size -= v->head_bytes;
    memmove(v->in, v->in + v->head_bytes, v->in_size);
    live_take(v->live, (uint8_t *)v->in, &v->in_size, v->in_size);
    visit_live(v, os_monotonic_ms());
}

/* ---- completions ----------------------------------------------------------------------------- */

static void on_received(http_wire *w, uint32_t bytes) {
    http_visit *v = container_of(w, http_visit, wire);
    if (v->leaving || v->drops) {
        visit_receive(v); /* to be dropped */
        return;
    }
    v->in_size += bytes;
    if (v->is_live) {
        live_take(v->live, (uint8_t *)v->in, &v->in_size, bytes);
        visit_live(v, os_monotonic_ms());
    } else {
        visit_read(v);
    }
}

static void on_sent(http_wire *w) {
    http_visit *v = container_of(w, http_visit, wire);
    if (v->is_live && !v->leaving) {
        visit_live(v, os_monotonic_ms());
    } else if (v->live != NULL && !v->is_live) {
        begin_live(v);
    } else {
        http_wire_shutdown(w); /* closing at once could reset what the client has not read */
        if (w->socket == NULL) {
            return; /* the end of TLS could not be sent: the visit is over */
        }
        v->leaving = true;
        v->due_ms = os_monotonic_ms() + LEAVE_MS;
        if (!http_wire_receives(w)) {
            visit_receive(v);
        }
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

void http_visit_open(http_visit *v, os_socket *socket, const os_address *peer) {
    static const http_wire_events events = {on_received, on_sent, on_ended, on_rested};
    uint64_t now_ms = os_monotonic_ms();
    *v = (http_visit){.peer = *peer, .opened_ms = now_ms, .due_ms = now_ms + REQUEST_MS};
    visits.open[VISIT_HTTP]++;
    http_wire_open(&v->wire, socket, tls, &events);
    if (v->wire.socket != NULL) {
        visit_receive(v);
    }
}

bool http_visit_leave(http_visit *v, uint64_t now_ms) {
    if (v->wire.socket == NULL || (v->live == NULL && !v->drops)) {
        return true;
    }
    if (v->trace != NULL) {
        visit_follow(v, now_ms, true);
    } else if (v->is_live && !v->leaving) {
        live_end(v->live, WEBSOCKET_GOING_AWAY, "the host stops");
        visit_live(v, now_ms);
    }
    return false;
}

void http_visit_look(http_visit *v, uint64_t now_ms) {
    http_wire_look(&v->wire, now_ms);
    if (v->wire.socket == NULL) {
        return;
    }
    if (v->trace != NULL) {
        visit_follow(v, now_ms, false);
    } else if (v->job != NULL) {
        if (job_take(v->job, now_ms, &v->answer)) {
            v->job = NULL;
            visit_answer_with(v, serve_ended(v));
        }
    } else if (now_ms >= v->due_ms) {
        http_visit_close(v);
    } else if (v->judged_ms != 0 && now_ms >= v->judged_ms) {
        visit_run(v);
    } else if (v->is_live && !v->leaving) {
        visit_live(v, now_ms);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t http_visit_due_ms(const http_visit *v) {
    uint64_t due_ms = earlier(v->due_ms, http_wire_due_ms(&v->wire));
    if (v->wire.socket == NULL) {
        return UINT64_MAX;
    }
    if (v->job != NULL) {
        return job_look_ms();
    }
    due_ms = v->trace != NULL ? earlier(due_ms, trace_follow_due_ms(v->trace)) : due_ms;
    due_ms = v->judged_ms != 0 ? earlier(due_ms, v->judged_ms) : due_ms;
    bool idle = v->is_live && !v->leaving && !http_wire_sends(&v->wire);
    return idle ? earlier(due_ms, live_due_ms(v->live)) : due_ms;
}
