/* connection.c: see connection.h. */
#include "admin/connection.h"

#include "admin/execute.h"
#include "admin/guesses.h"
#include "admin/token.h"

#include <stdio.h>
#include <string.h>

enum {
    TOKEN_MS = 1000, /* for the token; and, after the last answer, for the client to hang up */
};

static const char token_word[] = "token ";
static const char *right_token;
static bool (*make_trusted_way)(visit_kind kind);

void connections_start(const char *token, bool (*make_way)(visit_kind kind)) {
    right_token = token;
    make_trusted_way = make_way;
}

/* ---- its end --------------------------------------------------------------------------------- */

bool connection_is_free(const connection *c) {
    return c->socket == NULL && !c->receiving && !c->sending;
}

/* Frees what an operation in flight could still use. */
static void connection_rest(connection *c) {
    if (connection_is_free(c)) {
        lines_free(&c->out.lines);
    }
}

static void connection_end_trace(connection *c) {
    trace_follow_end(c->trace);
    c->trace = NULL;
}

void connection_close(connection *c) {
    if (c->socket == NULL) {
        return;
    }
    os_close(c->socket, false);
    c->socket = NULL;
    visits.open[c->kind]--;
    if (c->job != NULL) {
        job_abandon(c->job);
        c->job = NULL;
    }
    stop_waiter_end(&c->waiter);
    connection_end_trace(c);
    connection_rest(c);
}

bool connection_runs(const connection *c) {
    return c->job != NULL || c->trace != NULL;
}

/* Whether a command runs, or its answer is being sent. */
static bool is_busy(const connection *c) {
    return connection_runs(c) || c->out.lines.size > 0;
}

/* Ends the sending side: the client reads the answer, and then the end. Closing at once could reset
 * the connection before it has read them. */
static void connection_leave(connection *c) {
    os_shutdown(c->socket);
    c->leaving = true;
    c->in_size = 0;
    c->due_ms = os_monotonic_ms() + TOKEN_MS;
}

static void connection_refused(connection *c, portico_status status) {
    if (visit_may_pass(status)) {
        c->again_ms = os_monotonic_ms() + VISIT_AGAIN_MS;
    } else {
        connection_close(c);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static void connection_send(connection *c) {
    portico_status status = visit_send(&c->out, c->socket, &c->send_op);
    c->sending = status == PORTICO_OK;
    if (c->sending) {
        c->due_ms = os_monotonic_ms() + VISIT_SEND_MS;
    } else {
        connection_refused(c, status);
    }
}

static void connection_answer(connection *c) {
    c->out.sent = 0;
    c->used_ms = os_monotonic_ms();
    if (c->out.lines.failed) {
        connection_close(c); /* or ctl would wait for an answer */
    } else {
        connection_send(c);
    }
}

/* ---- commands -------------------------------------------------------------------------------- */

/* Takes the next line, without its end, to `line`. False: it has not arrived. *good: it is neither
 * too long nor has a zero byte. */
static bool take_line(connection *c, char line[CONNECTION_LINE_MAX + 1], bool *good) {
    const char *end = memchr(c->in, '\n', c->in_size);
    if (end == NULL) {
        if (c->in_size == sizeof c->in) {
            c->skipping = true;
            c->in_size = 0;
        }
        return false;
    }
    size_t size = (size_t)(end - c->in);
    size_t used = size + 1;
    size -= size > 0 && c->in[size - 1] == '\r';
    *good = !c->skipping && size <= CONNECTION_LINE_MAX && memchr(c->in, '\0', size) == NULL;
    memcpy(line, c->in, *good ? size : 0);
    line[*good ? size : 0] = '\0';
    c->skipping = false;
    c->in_size -= (uint32_t)used;
    memmove(c->in, c->in + used, c->in_size);
    return true;
}

/* Compares the client's first line with the token. */
static void judge(connection *c, const char *line, uint64_t now_ms) {
    bool guess = strncmp(line, token_word, sizeof token_word - 1) == 0;
    const char *offered = line + sizeof token_word - 1;
    bool right = guess && token_equal(right_token, offered, strlen(offered));
    c->judged_ms = 0;
    c->last_answer = true;
    if (!right) {
        if (guess) {
            guesses_add(&c->peer, now_ms);
        }
        lines_end(&c->out.lines, PORTICO_E_INVALID, "the token is wrong: send `token TEXT` first");
    } else if (visits.open[VISIT_TRUSTED] >= CONNECTION_TRUSTED_MAX &&
               !make_trusted_way(VISIT_TRUSTED)) {
        lines_end(&c->out.lines, PORTICO_E_LIMIT,
                  "too many administrators are connected, and a command of each runs");
    } else {
        visits.open[VISIT_UNKNOWN]--;
        visits.open[VISIT_TRUSTED]++;
        c->kind = VISIT_TRUSTED;
        c->last_answer = false;
        lines_end(&c->out.lines, PORTICO_OK, "");
    }
    connection_answer(c);
}

/* A token waits after wrong ones from its address. */
static bool may_be_judged(connection *c, uint64_t now_ms) {
    size_t size = sizeof token_word - 1;
    if (memchr(c->in, '\n', c->in_size) == NULL || c->in_size < size ||
        memcmp(c->in, token_word, size) != 0) {
        return true; /* there is nothing to judge yet, or it is no token */
    }
    if (c->judged_ms == 0) {
        c->judged_ms = now_ms + guesses_delay_ms(&c->peer, now_ms);
        c->due_ms = c->judged_ms + TOKEN_MS;
    }
    return now_ms >= c->judged_ms;
}

enum { WHO_TEXT = OS_ADDRESS_TEXT + 16 };

/* Writes who asks, for the log. */
static const char *who_is(const connection *c, char who[WHO_TEXT]) {
    char text[OS_ADDRESS_TEXT];
    if (c->kind == VISIT_LOCAL) {
        return "ctl on this machine";
    }
    os_address_format(&c->peer, text);
    snprintf(who, WHO_TEXT, "ctl at %s", text);
    return who;
}

static void connection_receive(connection *c) {
    portico_status status =
        os_recv(c->socket, &c->recv_op, c->in + c->in_size, (uint32_t)sizeof c->in - c->in_size);
    c->receiving = status == PORTICO_OK;
    if (!c->receiving) {
        connection_refused(c, status);
    }
}

/* While a trace runs, its client only has to hang up to end it, so a receive waits for that. `ctl`
 * sends nothing; a client that sends more than a line is closed. */
static void await_end(connection *c) {
    if (c->socket == NULL || c->trace == NULL || c->receiving || c->again_ms != 0) {
        return;
    }
    if (c->in_size < sizeof c->in) {
        connection_receive(c);
    } else {
        connection_close(c);
    }
}

static void run_line(connection *c, const char *line, bool good, uint64_t now_ms) {
    bool waits = false;
    char who[WHO_TEXT];
    if (c->kind == VISIT_UNKNOWN) {
        judge(c, line, now_ms);
    } else if (!good) {
        lines_end(&c->out.lines, PORTICO_E_INVALID, "the line is too long or has a zero byte");
        connection_answer(c);
    } else if (execute(line, who_is(c, who), &c->out.lines, &c->job, &waits, &c->trace)) {
        if (waits) {
            stop_waiter_begin(&c->waiter);
        }
        connection_answer(c);
    }
}

/* Runs the lines that have arrived, as far as possible now. */
static void connection_run(connection *c, uint64_t now_ms) {
    char line[CONNECTION_LINE_MAX + 1];
    while (c->socket != NULL && !is_busy(c) && !c->receiving && !c->leaving && !c->waiter.waits &&
           c->again_ms == 0) {
        bool good = false;
        if (c->kind == VISIT_UNKNOWN && !may_be_judged(c, now_ms)) {
            return;
        }
        if (take_line(c, line, &good)) {
            run_line(c, line, good, now_ms);
        } else if (c->ended) {
            connection_close(c);
        } else {
            connection_receive(c);
        }
    }
    await_end(c);
}

/* ---- completions ----------------------------------------------------------------------------- */

static void on_received(const os_completion *completion) {
    connection *c = container_of(completion->op, connection, recv_op);
    c->receiving = false;
    if (c->socket == NULL) {
        connection_rest(c);
    } else if (completion->status != PORTICO_OK ||
               (completion->bytes == 0 && (c->leaving || c->trace != NULL))) {
        connection_close(c);
    } else if (c->leaving) {
        connection_receive(c); /* to be dropped */
    } else {
        c->ended = completion->bytes == 0;
        c->in_size += completion->bytes;
        connection_run(c, os_monotonic_ms());
    }
}

static void on_sent(const os_completion *completion) {
    connection *c = container_of(completion->op, connection, send_op);
    c->sending = false;
    if (c->socket == NULL) {
        connection_rest(c);
        return;
    }
    if (completion->status != PORTICO_OK) {
        connection_close(c);
        return;
    }
    c->out.sent += completion->bytes;
    c->used_ms = os_monotonic_ms();
    if (c->out.sent < c->out.lines.size) {
        connection_send(c);
        return;
    }
    lines_free(&c->out.lines);
    stop_waiter_sent(&c->waiter);
    c->due_ms = UINT64_MAX;
    if (c->last_answer) {
        connection_leave(c);
        connection_receive(c);
    } else {
        connection_run(c, c->used_ms);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

void connection_open(connection *c, os_socket *socket, const os_address *peer, visit_kind kind) {
    uint64_t now_ms = os_monotonic_ms();
    *c = (connection){.socket = socket, .peer = *peer, .kind = kind, .used_ms = now_ms};
    c->recv_op.done = on_received;
    c->send_op.done = on_sent;
    c->due_ms = kind == VISIT_UNKNOWN ? now_ms + TOKEN_MS : UINT64_MAX;
    visits.open[kind]++;
    connection_run(c, now_ms);
}

/* Whether it waits for the stop, and has been sent what there was. */
static bool waits_for_news(const connection *c) {
    return c->waiter.waits && !c->waiter.last && c->out.lines.size == 0;
}

/* Whether it waits for what a trace records, and has been sent what there was. */
static bool waits_for_events(const connection *c) {
    return c->trace != NULL && c->out.lines.size == 0 && c->again_ms == 0;
}

/* Sends what there is. After the last part the client may send the next command. */
static void connection_follow(connection *c, uint64_t now_ms) {
    if (!trace_follow_look(c->trace, now_ms, &c->out.lines)) {
        return;
    }
    if (trace_follow_ended(c->trace)) {
        connection_end_trace(c);
    }
    connection_answer(c);
}

/* Submits again what was refused. */
static void connection_again(connection *c, uint64_t now_ms) {
    c->again_ms = 0;
    if (c->out.lines.size > 0) {
        connection_send(c);
    } else if (c->leaving) {
        connection_receive(c);
    } else {
        connection_run(c, now_ms);
    }
}

void connection_look(connection *c, uint64_t now_ms) {
    if (c->socket == NULL) {
        return;
    }
    if (c->job != NULL && job_take(c->job, now_ms, &c->out.lines)) {
        c->job = NULL;
        connection_answer(c);
    } else if (now_ms >= c->due_ms) {
        connection_close(c);
    } else if (c->again_ms != 0 && now_ms >= c->again_ms) {
        connection_again(c, now_ms);
    } else if (c->judged_ms != 0 && now_ms >= c->judged_ms) {
        connection_run(c, now_ms);
    } else if (waits_for_events(c)) {
        connection_follow(c, now_ms);
    } else if (waits_for_news(c) && stop_waiter_look(&c->waiter, now_ms, &c->out.lines)) {
        connection_answer(c);
    }
}

uint64_t connection_due_ms(const connection *c) {
    uint64_t due_ms = c->due_ms;
    if (c->socket == NULL) {
        return UINT64_MAX;
    }
    if (c->job != NULL) {
        return job_look_ms();
    }
    if (waits_for_news(c)) {
        return c->waiter.look_ms;
    }
    if (waits_for_events(c)) {
        return trace_follow_due_ms(c->trace);
    }
    due_ms = c->judged_ms != 0 && c->judged_ms < due_ms ? c->judged_ms : due_ms;
    return c->again_ms != 0 && c->again_ms < due_ms ? c->again_ms : due_ms;
}
