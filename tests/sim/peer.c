/* peer.c: see peer.h. The thread waits on one port; everything but `wanted` is its own. */
#include "sim/peer.h"

#include "sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS = 16, HEADER_BYTES = 4, FRAME_MAX = 64, FRAMES_MAX = 12 };

/* An accepted connection. */
typedef struct link {
    os_op recv;
    os_op send;
    os_socket *socket; /* NULL: closed */
    bool used;
    bool receiving;
    bool sending;
    uint32_t number;
    uint32_t frames;  /* to exchange */
    uint32_t greeted; /* hellos that have arrived */
    uint32_t sent;
    uint32_t back;
    uint32_t have; /* bytes of the frame that arrives */
    uint8_t frame[FRAME_MAX];
    uint8_t arrived[256];
    uint8_t out[HEADER_BYTES + 8];
    os_buffer list; /* of `out` */
} link;

struct peer {
    os_thread *thread;
    os_port *port;
    os_address address;
    os_socket *listener;
    os_accept_op accept;
    bool accepting;
    peer_mode mode;
    peer_mode wanted;
    bool ends;
    os_op change;
    bool changing; /* `change` is posted */
    uint32_t made;
    uint32_t open;
    link links[LINKS];
};

static void link_close(peer *p, link *l, bool reset) {
    if (l->socket != NULL) {
        os_close(l->socket, reset);
        l->socket = NULL;
        p->open--;
    }
    l->used = l->receiving || l->sending;
}

static void link_receive(peer *p, link *l) {
    if (l->socket != NULL && !l->receiving) {
        l->receiving = true;
        if (os_recv(l->socket, &l->recv, l->arrived, sizeof l->arrived) != PORTICO_OK) {
            l->receiving = false;
            link_close(p, l, true);
        }
    }
}

static void link_finish(peer *p, link *l) {
    switch (p->mode == PEER_FICKLE ? sim_random(SIM_WORLD, 4) : 3) {
    case 0: link_close(p, l, false); break;
    case 1: link_close(p, l, true); break;
    case 2: os_shutdown(l->socket); break; /* the host then ends its side, too */
    default: break;
    }
}

static void link_send(peer *p, link *l) {
    if (l->sent == l->frames) {
        link_finish(p, l);
        return;
    }
    const uint32_t payload[2] = {l->number, l->sent++};
    const uint8_t head[HEADER_BYTES] = {sizeof l->out, 0, PEER_ECHO, 0};
    memcpy(l->out, head, sizeof head);
    memcpy(l->out + sizeof head, payload, sizeof payload);
    l->list = (os_buffer){.data = l->out, .size = sizeof l->out};
    l->sending = true;
    if (os_send(l->socket, &l->send, &l->list) != PORTICO_OK) {
        l->sending = false;
        link_close(p, l, true);
    }
}

/* A frame is complete. The next is sent when the last one is back and has left. */
static void link_frame(link *l, uint16_t opcode, const uint8_t *data, uint32_t size) {
    uint32_t payload[2] = {0};
    if (opcode == PEER_HELLO) {
        CHECK(l->greeted == 0 && l->back == 0);
        l->greeted++;
        return;
    }
    CHECK(opcode == PEER_ECHO && size == sizeof payload && l->greeted == 1);
    memcpy(payload, data, sizeof payload);
    CHECK(payload[0] == l->number && payload[1] == l->back && l->back < l->sent);
    l->back++;
}

static void link_take(link *l, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) {
        l->frame[l->have++] = l->arrived[i];
        uint32_t whole = l->have >= HEADER_BYTES ? l->frame[0] | (uint32_t)l->frame[1] << 8 : 0;
        CHECK(l->have < HEADER_BYTES || (whole >= HEADER_BYTES && whole <= FRAME_MAX));
        if (whole != 0 && l->have == whole) {
            uint16_t opcode = (uint16_t)(l->frame[2] | l->frame[3] << 8);
            link_frame(l, opcode, l->frame + HEADER_BYTES, whole - HEADER_BYTES);
            l->have = 0;
        }
    }
}

static void link_next(peer *p, link *l) {
    if (l->socket != NULL && l->greeted == 1 && l->back == l->sent && !l->sending) {
        link_send(p, l);
    }
}

static void link_received(peer *p, link *l, const os_completion *done) {
    l->receiving = false;
    if (l->socket == NULL || done->status != PORTICO_OK) {
        link_close(p, l, true);
        return;
    }
    if (done->bytes == 0) {
        CHECK(l->have == 0); /* an orderly end is never within a frame */
        link_close(p, l, false);
        return;
    }
    link_take(l, done->bytes);
    link_next(p, l);
    link_receive(p, l);
}

static void link_sent(peer *p, link *l, const os_completion *done) {
    l->sending = false;
    if (l->socket == NULL || done->status != PORTICO_OK) {
        link_close(p, l, true);
        return;
    }
    link_next(p, l);
}

static void peer_take(peer *p, os_socket *socket) {
    link *l = p->links;
    while (l < p->links + LINKS && l->used) {
        l++;
    }
    bool resets = p->mode == PEER_RESETS || p->mode == PEER_ABSENT; /* accepted just before */
    if (l == p->links + LINKS || p->mode == PEER_CLOSES || resets) {
        os_close(socket, resets);
        return;
    }
    memset(l, 0, sizeof *l);
    l->used = true;
    l->socket = socket;
    l->number = ++p->made;
    l->frames = world_random(FRAMES_MAX);
    p->open++;
    if (p->mode != PEER_DEAF) {
        link_receive(p, l);
    }
}

static void peer_accept(peer *p) {
    if (p->listener != NULL && !p->accepting && p->mode != PEER_ASLEEP) {
        p->accepting = true;
        CHECK(os_accept(p->listener, &p->accept) == PORTICO_OK);
    }
}

/* Ends all connections. */
static void peer_clear(peer *p) {
    for (link *l = p->links; l < p->links + LINKS; l++) {
        link_close(p, l, sim_random(SIM_WORLD, 2) == 0);
    }
}

static void peer_change(peer *p) {
    static const os_listen_options options = {.backlog = 8};
    p->mode = p->wanted;
    peer_clear(p);
    bool listens = p->mode != PEER_ABSENT;
    if (p->listener != NULL && (!listens || sim_random(SIM_WORLD, 2) == 0)) {
        os_close(p->listener, false);
        p->listener = NULL;
    }
    if (p->listener == NULL && listens) {
        CHECK(os_listen(p->port, &p->address, &options, &p->listener) == PORTICO_OK);
    }
    peer_accept(p);
}

static void peer_complete(peer *p, const os_completion *done) {
    if (done->op == &p->accept.op) {
        p->accepting = false;
        if (done->status == PORTICO_OK) {
            peer_take(p, p->accept.socket);
        }
        peer_accept(p);
        return;
    }
    if (done->op == &p->change) {
        p->changing = false;
        peer_change(p);
        return;
    }
    for (link *l = p->links; l < p->links + LINKS; l++) {
        if (done->op == &l->recv) {
            link_received(p, l, done);
        } else if (done->op == &l->send) {
            link_sent(p, l, done);
        }
    }
}

static bool peer_busy(const peer *p) {
    bool busy = p->accepting || p->changing;
    for (const link *l = p->links; l < p->links + LINKS; l++) {
        busy = busy || l->used;
    }
    return busy;
}

static void peer_main(void *arg) {
    peer *p = arg;
    while (!p->ends || peer_busy(p)) {
        os_completion done[4];
        uint32_t count = os_port_wait(p->port, done, 4, UINT32_MAX);
        for (uint32_t i = 0; i < count; i++) {
            peer_complete(p, &done[i]);
        }
    }
}

peer *peer_start(uint16_t port) {
    peer *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    CHECK(os_address_parse("127.0.0.1", port, &p->address) == PORTICO_OK);
    CHECK(os_port_create(&p->port) == PORTICO_OK);
    p->thread = world_thread("peer", peer_main, p);
    return p;
}

void peer_become(peer *p, peer_mode mode) {
    p->wanted = mode;
    if (!p->changing) {
        p->changing = true;
        CHECK(os_port_post(p->port, &p->change) == PORTICO_OK);
    }
}

uint32_t peer_connections(const peer *p) {
    return p->open;
}

void peer_stop(peer *p) {
    p->ends = true;
    peer_become(p, PEER_ABSENT);
    os_thread_join(p->thread);
    os_port_destroy(p->port);
    free(p);
}
