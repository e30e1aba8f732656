/* wire.c: see wire.h. */
#include "admin/http/wire.h"

bool http_wire_is_free(const http_wire *w) {
    return w->socket == NULL && !w->receiving && !w->sending;
}

static void wire_rest(http_wire *w) {
    if (http_wire_is_free(w)) {
        lines_free(&w->out.lines);
        w->events->rested(w);
    }
}

void http_wire_close(http_wire *w) {
    if (w->socket == NULL) {
        return;
    }
    os_close(w->socket, false);
    w->socket = NULL;
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

/* ---- receiving ------------------------------------------------------------------------------- */

static void submit_receive(http_wire *w) {
    portico_status status = os_recv(w->socket, &w->recv_op, w->to, w->capacity);
    w->receiving = status == PORTICO_OK;
    if (!w->receiving) {
        wire_refused(w, status);
    }
}

void http_wire_receive(http_wire *w, char *to, uint32_t capacity) {
    w->to = to;
    w->capacity = capacity;
    submit_receive(w);
}

bool http_wire_receives(const http_wire *w) {
    return w->to != NULL;
}

static void on_received(const os_completion *completion) {
    http_wire *w = container_of(completion->op, http_wire, recv_op);
    w->receiving = false;
    w->to = NULL;
    if (w->socket == NULL) {
        wire_rest(w);
    } else if (completion->status != PORTICO_OK || completion->bytes == 0) {
        w->events->ended(w);
    } else {
        w->events->received(w, completion->bytes);
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

void http_wire_send(http_wire *w, lines answer) {
    w->out = (visit_answer){.lines = answer};
    if (answer.failed) {
        w->events->ended(w);
    } else {
        submit_send(w);
    }
}

bool http_wire_sends(const http_wire *w) {
    return w->out.lines.size > 0;
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
    } else if (w->out.sent < w->out.lines.size) {
        submit_send(w);
    } else {
        lines_free(&w->out.lines);
        w->due_ms = UINT64_MAX;
        w->events->sent(w);
    }
}

void http_wire_shutdown(http_wire *w) {
    os_shutdown(w->socket);
}

/* ---- time ------------------------------------------------------------------------------------ */

void http_wire_open(http_wire *w, os_socket *socket, const http_wire_events *events) {
    *w = (http_wire){.socket = socket, .events = events, .due_ms = UINT64_MAX};
    w->recv_op.done = on_received;
    w->send_op.done = on_sent;
}

void http_wire_look(http_wire *w, uint64_t now_ms) {
    if (w->socket != NULL && now_ms >= w->due_ms) {
        w->events->ended(w);
    }
    if (w->socket == NULL || w->again_ms == 0 || now_ms < w->again_ms) {
        return;
    }
    w->again_ms = 0;
    if (http_wire_sends(w) && !w->sending) {
        submit_send(w);
    }
    if (w->socket != NULL && http_wire_receives(w) && !w->receiving) {
        submit_receive(w);
    }
}

uint64_t http_wire_due_ms(const http_wire *w) {
    if (w->socket == NULL) {
        return UINT64_MAX;
    }
    return w->again_ms != 0 && w->again_ms < w->due_ms ? w->again_ms : w->due_ms;
}
