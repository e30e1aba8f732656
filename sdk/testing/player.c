/* player.c: clients: bytes to and from the host. The end of the host's bytes closes a client's
 * socket; what has arrived stays. */
#include "player.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 16, BYTES_MIN = 256, END_TIMEOUT_MS = 60000 };

/* Makes room for `size` more bytes. */
static void bytes_reserve(player_bytes *b, uint32_t size) {
    if (b->used + size <= b->room) {
        return;
    }
    while (b->used + size > b->room) {
        b->room = b->room == 0 ? BYTES_MIN : 2 * b->room;
    }
    b->data = realloc(b->data, b->room);
    if (b->data == NULL) {
        TESTING_FAIL("the test is out of memory");
    }
}

static void bytes_add(player_bytes *b, const void *data, uint32_t size) {
    bytes_reserve(b, size);
    if (size > 0) {
        memcpy(b->data + b->used, data, size);
        b->used += size;
    }
}

static void player_end(portico_client *c, bool reset) {
    if (c->socket != NULL) {
        os_close(c->socket, reset);
        c->socket = NULL;
    }
    c->closed = true;
}

/* ---- what the host sends ----------------------------------------------------------------- */

/* Receives nothing yet, so that what has arrived waits in the network while the client pauses. */
static void recv_ready(portico_client *c) {
    c->receiving = true;
    c->reading = false;
    if (os_recv(c->socket, &c->recv, NULL, 0) != PORTICO_OK) {
        c->receiving = false;
        player_end(c, false);
    }
}

static void recv_bytes(portico_client *c) {
    c->receiving = true;
    c->reading = true;
    c->ready = false;
    if (os_recv(c->socket, &c->recv, c->block, sizeof c->block) != PORTICO_OK) {
        c->receiving = false;
        player_end(c, false);
    }
}

static void on_recv(portico_client *c, const os_completion *done) {
    c->receiving = false;
    if (c->socket == NULL) {
        return;
    }
    if (done->status != PORTICO_OK) {
        player_end(c, true);
        return;
    }
    if (c->connecting) {
        c->connecting = false;
        recv_ready(c);
        return;
    }
    if (!c->reading) {
        c->ready = true;
        if (!c->paused) {
            recv_bytes(c);
        }
        return;
    }
    if (done->bytes == 0) {
        player_end(c, false);
        return;
    }
    bytes_add(&c->in, c->block, done->bytes);
    recv_ready(c);
}

/* ---- what the client sends --------------------------------------------------------------- */

static void send_next(portico_client *c) {
    if (c->socket == NULL || c->connecting || c->sending) {
        return;
    }
    if (c->out.used == 0) {
        if (c->hangs_up) {
            c->hangs_up = false;
            os_shutdown(c->socket);
        }
        return;
    }
    player_bytes sent = c->flight;
    c->flight = c->out;
    c->out = sent;
    c->out.used = 0;
    c->node = (os_buffer){.data = c->flight.data, .size = c->flight.used};
    c->sending = os_send(c->socket, &c->send, &c->node) == PORTICO_OK;
    if (!c->sending) {
        player_end(c, true);
    }
}

void player_write(portico_client *c, const void *data, uint32_t size) {
    if (c->socket != NULL && !c->shut) {
        bytes_add(&c->out, data, size);
        send_next(c);
    }
}

void player_frame(portico_client *c, uint16_t opcode, const void *data, uint32_t size) {
    uint32_t whole = 0;
    if (frame_measure(c->framing, size, frame_most_bytes(c->framing), &whole) != PORTICO_OK) {
        TESTING_FAIL("a packet of %u bytes does not fit into a frame of the framing %s",
                     (unsigned)size, frame_names[c->framing]);
    }
    if (c->socket != NULL && !c->shut) {
        bytes_reserve(&c->out, whole);
        frame_write(c->framing, opcode, data, size, c->out.data + c->out.used);
        c->out.used += whole;
        send_next(c);
    }
}

void player_hang_up(portico_client *c, bool reset) {
    c->shut = true;
    if (reset) {
        player_end(c, true);
    } else if (c->socket != NULL) {
        c->hangs_up = true;
        send_next(c);
    }
}

void player_pause(portico_client *c, bool pause) {
    c->paused = pause;
    if (!pause && c->ready && c->socket != NULL) {
        recv_bytes(c);
    }
}

/* ---- all of them ------------------------------------------------------------------------- */

static void on_completion(portico_test *t, const os_completion *done) {
    for (portico_client *c = t->clients; c != NULL; c = c->next) {
        if (done->op == &c->recv) {
            on_recv(c, done);
            send_next(c);
            return;
        }
        if (done->op == &c->send) {
            c->sending = false;
            if (done->status == PORTICO_OK) {
                send_next(c);
            }
            return;
        }
    }
}

/* Returns how many operations have completed. */
static uint32_t pump(portico_test *t, uint32_t timeout_ms) {
    os_completion done[BATCH];
    uint32_t count = os_port_wait(t->port, done, BATCH, timeout_ms);
    for (uint32_t i = 0; i < count; i++) {
        on_completion(t, &done[i]);
    }
    return count;
}

void players_settle(portico_test *t) {
    do {
        sim_settle();
    } while (t->port != NULL && pump(t, 0) > 0);
}

portico_client *player_connect(portico_test *t, uint16_t port, frame_kind framing) {
    os_address to;
    portico_client *c = calloc(1, sizeof *c);
    if (c == NULL || os_address_parse("127.0.0.1", port, &to) != PORTICO_OK) {
        TESTING_FAIL("the test is out of memory");
    }
    if (t->port == NULL && os_port_create(&t->port) != PORTICO_OK) {
        TESTING_FAIL("the simulated system makes no port");
    }
    c->test = t;
    c->framing = framing;
    c->next = t->clients;
    t->clients = c;
    c->connecting = true;
    c->receiving = os_connect(t->port, &to, NULL, &c->recv, &c->socket) == PORTICO_OK;
    c->closed = !c->receiving;
    players_settle(t);
    return c;
}

bool player_next(portico_client *c, frame *f) {
    const char *why = NULL;
    if (c->taken == c->in.used) {
        return false;
    }
    frame_result result = frame_parse(c->framing, c->in.data + c->taken, c->in.used - c->taken,
                                      frame_most_bytes(c->framing), &c->scanned, f, &why);
    if (result == FRAME_BROKEN) {
        TESTING_FAIL("the host has sent a broken frame: %s", why);
    }
    if (result != FRAME_WHOLE) {
        return false;
    }
    c->taken += f->frame_bytes;
    c->scanned = 0;
    return true;
}

void player_shift(portico_client *c) {
    if (c->taken > 0) {
        memmove(c->in.data, c->in.data + c->taken, c->in.used - c->taken);
        c->in.used -= c->taken;
        c->taken = 0;
    }
}

static void player_free(portico_client *c) {
    free(c->in.data);
    free(c->out.data);
    free(c->flight.data);
    free(c->packet.data);
    free(c);
}

void player_free_one(portico_client *c) {
    portico_test *t = c->test;
    portico_client **link = &t->clients;
    player_end(c, false);
    while (c->receiving || c->sending) {
        (void)pump(t, END_TIMEOUT_MS);
    }
    while (*link != c) {
        link = &(*link)->next;
    }
    *link = c->next;
    player_free(c);
}

void players_end(portico_test *t) {
    while (t->clients != NULL) {
        player_free_one(t->clients);
    }
    if (t->port != NULL) {
        os_port_destroy(t->port);
        t->port = NULL;
    }
}
