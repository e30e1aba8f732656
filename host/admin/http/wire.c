/* wire.c: see wire.h.
 *
 * TLS has bytes of its own to send, in its handshake and at its end. They are sent as an answer is.
 * An answer that is given while they are being sent is encrypted at once and follows them. Nothing
 * is received while a step of the handshake waits for its turn.
 */
#include "admin/http/wire.h"

#include "admin/http/secure.h"

bool http_wire_is_free(const http_wire *w) {
    return w->socket == NULL && !w->receiving && !w->sending;
}

static void wire_rest(http_wire *w) {
    if (http_wire_is_free(w)) {
        lines_free(&w->out.lines);
        secure_destroy(w->secure);
        w->secure = NULL;
        w->events->rested(w);
    }
}

void http_wire_close(http_wire *w) {
    if (w->socket == NULL) {
        return;
    }
    os_close(w->socket, false);
    w->socket = NULL;
    w->turn = 0;
    wire_rest(w);
}

/* A submit was refused. */
static void wire_refused(http_wire *w, portico_status status) {
    if (visit_may_pass(status)) {
        w->again_ms = os_monotonic_ms() + VISIT_AGAIN_MS;
    } else {
        w->events->ended(w);
    }
}

/* ---- sending --------------------------------------------------------------------------------- */

static void submit_send(http_wire *w) {
    portico_status status = visit_send(&w->out, w->socket, &w->send_op);
    w->sending = status == PORTICO_OK;
    if (w->sending) {
        w->due_ms = os_monotonic_ms() + VISIT_SEND_MS;
    } else {
        wire_refused(w, status);
    }
}

static void send_out(http_wire *w, lines out) {
    w->out = (visit_answer){.lines = out};
    if (out.failed) {
        w->events->ended(w);
    } else {
        submit_send(w);
    }
}

/* Sends what TLS has to send, unless something is being sent: then on_sent does that. True: there
 * was something. */
static bool flush(http_wire *w) {
    lines out = {0};
    if (w->out.lines.size > 0) {
        return true;
    }
    if (w->secure != NULL) {
        secure_write(w->secure, &out);
    }
    if (out.size == 0 && !out.failed) {
        return false;
    }
    send_out(w, out);
    return true;
}

void http_wire_send(http_wire *w, lines answer) {
    w->answer = true;
    if (w->secure == NULL) {
        send_out(w, answer);
    } else if (!secure_seal(w->secure, &answer)) {
        w->events->ended(w);
    } else {
        (void)flush(w);
    }
}

bool http_wire_sends(const http_wire *w) {
    return w->answer;
}

static void on_sent(const os_completion *completion) {
    http_wire *w = container_of(completion->op, http_wire, send_op);
    w->sending = false;
    if (w->socket == NULL) {
        wire_rest(w);
        return;
    }
    w->out.sent += completion->bytes;
    if (completion->status != PORTICO_OK) {
        w->events->ended(w);
        return;
    }
    if (w->out.sent < w->out.lines.size) {
        submit_send(w);
        return;
    }
    lines_free(&w->out.lines);
    w->due_ms = UINT64_MAX;
    if (flush(w)) {
        return;
    }
    if (w->answer) {
        w->answer = false;
        w->events->sent(w);
    } else if (w->ends) {
        os_shutdown(w->socket);
    }
}

void http_wire_shutdown(http_wire *w) {
    w->ends = true;
    if (w->secure != NULL) {
        tls_stream_close(w->secure->stream);
    }
    if (!flush(w)) {
        os_shutdown(w->socket);
    }
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void submit_receive(http_wire *w) {
    char *to = w->secure != NULL ? w->secure->in : w->to;
    uint32_t capacity = w->secure != NULL ? SECURE_RECEIVE_BYTES : w->capacity;
    portico_status status = os_recv(w->socket, &w->recv_op, to, capacity);
    w->receiving = status == PORTICO_OK;
    if (!w->receiving) {
        wire_refused(w, status);
    }
}

/* Hands over plaintext that there is already. False: there is none. */
static bool deliver(http_wire *w) {
    uint32_t bytes = secure_read(w->secure, w->to, w->capacity);
    if (bytes == 0) {
        return false;
    }
    w->to = NULL;
    w->events->received(w, bytes);
    return true;
}

void http_wire_receive(http_wire *w, char *to, uint32_t capacity) {
    w->to = to;
    w->capacity = capacity;
    if (w->secure != NULL && w->secure->at < w->secure->size) {
        w->again_ms = os_monotonic_ms(); /* http_wire_look delivers it: not from in here */
    } else {
        submit_receive(w);
    }
}

bool http_wire_receives(const http_wire *w) {
    return w->to != NULL;
}

/* TLS has looked at what was received. */
static void settle_secure(http_wire *w, bool good) {
    (void)flush(w); /* an alert as well */
    if (w->socket == NULL) {
        return;
    }
    if (!good) {
        w->events->ended(w);
    } else if (!deliver(w)) {
        submit_receive(w);
    }
}

static void received_secure(http_wire *w, uint32_t bytes) {
    static uint64_t last_turn;
    bool good = secure_take(w->secure, bytes);
    if (good && w->secure->waits) {
        w->turn = ++last_turn;
    } else {
        settle_secure(w, good);
    }
}

bool http_wire_is_opening(const http_wire *w) {
    return w->secure != NULL && !w->secure->open;
}

void http_wire_take_turn(http_wire *w) {
    w->turn = 0;
    settle_secure(w, secure_step(w->secure));
}

static void on_received(const os_completion *completion) {
    http_wire *w = container_of(completion->op, http_wire, recv_op);
    w->receiving = false;
    if (w->socket == NULL) {
        wire_rest(w);
    } else if (completion->status != PORTICO_OK || completion->bytes == 0) {
        w->events->ended(w);
    } else if (w->secure != NULL) {
        received_secure(w, completion->bytes);
    } else {
        w->to = NULL;
        w->events->received(w, completion->bytes);
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

void http_wire_open(http_wire *w, os_socket *socket, tls_keeper *keeper,
                    const http_wire_events *events) {
    *w = (http_wire){.socket = socket, .events = events, .due_ms = UINT64_MAX};
    w->recv_op.done = on_received;
    w->send_op.done = on_sent;
    w->secure = keeper != NULL ? secure_create(keeper) : NULL;
    if (keeper != NULL && w->secure == NULL) {
        events->ended(w);
    }
}

void http_wire_look(http_wire *w, uint64_t now_ms) {
    if (w->socket != NULL && now_ms >= w->due_ms) {
        w->events->ended(w);
    }
    if (w->socket == NULL || w->again_ms == 0 || now_ms < w->again_ms) {
        return;
    }
    w->again_ms = 0;
    if (w->out.lines.size > 0 && !w->sending) {
        submit_send(w);
    }
    if (w->socket != NULL && http_wire_receives(w) && !w->receiving && w->turn == 0 &&
        (w->secure == NULL || !deliver(w))) {
        submit_receive(w);
    }
}

uint64_t http_wire_due_ms(const http_wire *w) {
    if (w->socket == NULL) {
        return UINT64_MAX;
    }
    return w->again_ms != 0 && w->again_ms < w->due_ms ? w->again_ms : w->due_ms;
}
