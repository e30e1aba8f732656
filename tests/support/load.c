/* load.c: see load.h. */
#include "support/load.h"

#include "support/check.h"
#include "support/clock.h"
#include "support/latency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct client {
    net_socket socket; /* NET_NONE once ended */
    uint64_t made;     /* frames built into `out` so far */
    uint64_t answered;
    uint64_t sent_us; /* when the latest frames were made */
    uint8_t *out;
    size_t out_size;
    size_t out_sent;
    uint8_t *in;
    size_t in_size;
} client;

struct load {
    load_options options;
    client *clients;
    net_poll_entry *entries;
    uint8_t *expected;
    size_t frame_max;
    size_t in_capacity;
    uint64_t answered;
    latencies latencies;
    uint64_t began_us;
    int ended;
    bool stopped;
};

load *load_create(const load_options *options) {
    load *l = calloc(1, sizeof *l);
    CHECK(l != NULL);
    CHECK(!options->numbered || options->payload_min >= sizeof(uint64_t));
    l->options = *options;
    size_t count = (size_t)options->connections;
    l->frame_max = options->payload_max + (size_t)WIRE_U32;
    l->in_capacity = l->frame_max + 65536;
    l->clients = calloc(count, sizeof *l->clients);
    l->entries = calloc(count, sizeof *l->entries);
    l->expected = malloc(l->frame_max);
    CHECK(l->clients != NULL && l->entries != NULL && l->expected != NULL);
    l->began_us = clock_now_us();
    for (size_t i = 0; i < count; i++) {
        client *c = &l->clients[i];
        c->socket = net_connect(options->port);
        net_set_nonblocking(c->socket);
        c->out = malloc(l->frame_max * (size_t)options->in_flight);
        c->in = malloc(l->in_capacity);
        CHECK(c->out != NULL && c->in != NULL);
    }
    return l;
}

void load_destroy(load *l) {
    for (int i = 0; i < l->options.connections; i++) {
        client *c = &l->clients[i];
        if (c->socket != NET_NONE) {
            net_close(c->socket);
        }
        free(c->out);
        free(c->in);
    }
    free(l->clients);
    free(l->entries);
    free(l->expected);
    free(l);
}

/* Frame `number` of connection `index`: what is sent, and what must come back. */
static size_t frame_make(const load *l, int index, uint64_t number, uint8_t *out) {
    const load_options *o = &l->options;
    uint64_t state = o->seed ^ (uint64_t)index << 40 ^ number;
    uint64_t choice = wire_random(&state);
    uint32_t size =
        o->payload_min + (uint32_t)((choice >> 16) % (o->payload_max - o->payload_min + 1));
    uint16_t opcode = o->opcode >= 0 ? (uint16_t)o->opcode : (uint16_t)choice;
    size_t header = wire_header(o->kind, out, (uint32_t)o->kind + size, opcode);
    wire_random_bytes(&state, out + header, size);
    for (int i = 0; o->numbered && i < 8; i++) {
        out[header + (size_t)i] = (uint8_t)(number >> 8 * i);
    }
    return header + size;
}

static bool client_all_made(const load *l, const client *c) {
    return l->stopped || (l->options.frames != 0 && c->made >= l->options.frames);
}

/* With a rate, each connection's frames are due at equal intervals, and the connections take
 * turns. */
static bool client_may_make(const load *l, int index) {
    const load_options *o = &l->options;
    const client *c = &l->clients[index];
    if (client_all_made(l, c) || c->made - c->answered >= (uint64_t)o->in_flight) {
        return false;
    }
    uint64_t turns = c->made * (uint64_t)o->connections + (uint64_t)index;
    uint64_t turns_a_second = (uint64_t)o->rate * (uint64_t)o->connections;
    return o->rate == 0 || clock_now_us() - l->began_us >= turns * 1000000 / turns_a_second;
}

static bool client_idle(const load *l, const client *c) {
    return c->socket == NET_NONE || (client_all_made(l, c) && c->answered == c->made);
}

static bool client_end(load *l, int index, const char *how) {
    client *c = &l->clients[index];
    net_close(c->socket);
    c->socket = NET_NONE;
    l->ended++;
    if (!l->options.may_end) {
        fprintf(stderr, "connection %d %s after %llu answers of %llu frames\n", index, how,
                (unsigned long long)c->answered, (unsigned long long)c->made);
    }
    return l->options.may_end;
}

/* Once the previous frames have all been sent, builds as many as may be in flight, and sends
 * them. */
static bool client_send(load *l, int index) {
    client *c = &l->clients[index];
    if (c->out_sent == c->out_size) {
        c->out_sent = 0;
        c->out_size = 0;
        c->sent_us = clock_now_us();
        while (client_may_make(l, index)) {
            c->out_size += frame_make(l, index, c->made++, c->out + c->out_size);
        }
    }
    if (c->out_size == c->out_sent) {
        return true;
    }
    int sent = net_send_some(c->socket, c->out + c->out_sent, c->out_size - c->out_sent);
    if (sent == NET_BROKEN) {
        return client_end(l, index, "broke while sending");
    }
    c->out_sent += sent > 0 ? (size_t)sent : 0;
    return true;
}

/* Compares the front of `in` with the frame that is due. 1: it is there, 0: it is incomplete, -1:
 * it differs. */
static int client_match(load *l, int index, const uint8_t *in, size_t size, size_t *frame_size) {
    client *c = &l->clients[index];
    *frame_size = frame_make(l, index, c->answered, l->expected);
    size_t both = size < *frame_size ? size : *frame_size;
    if (memcmp(in, l->expected, both) != 0 || c->answered >= c->made) {
        size_t at = 0;
        while (at < both && in[at] == l->expected[at]) {
            at++;
        }
        fprintf(stderr, "connection %d, frame %llu of %zu bytes: byte %zu is %d, expected %d\n",
                index, (unsigned long long)c->answered, *frame_size, at, at < size ? in[at] : -1,
                l->expected[at]);
        return -1;
    }
    return both == *frame_size ? 1 : 0;
}

static bool client_recv(load *l, int index) {
    client *c = &l->clients[index];
    int got = net_recv_some(c->socket, c->in + c->in_size, l->in_capacity - c->in_size);
    if (got == NET_TIMEOUT) {
        return true;
    }
    if (got == NET_END || got == NET_BROKEN) {
        return client_end(l, index,
                          got == NET_END ? "was closed by the host" : "broke while receiving");
    }
    c->in_size += (size_t)got;
    size_t at = 0;
    int matched = 0;
    size_t frame_size = 0;
    while (at < c->in_size &&
           (matched = client_match(l, index, c->in + at, c->in_size - at, &frame_size)) > 0) {
        at += frame_size;
        c->answered++;
        l->answered++;
        latency_add(&l->latencies, clock_now_us() - c->sent_us);
    }
    memmove(c->in, c->in + at, c->in_size - at);
    c->in_size -= at;
    return matched >= 0;
}

load_state load_step(load *l, uint32_t timeout_ms) {
    size_t count = (size_t)l->options.connections;
    bool idle = true;
    for (size_t i = 0; i < count; i++) {
        client *c = &l->clients[i];
        if (c->socket != NET_NONE && !client_send(l, (int)i)) {
            return LOAD_FAILED;
        }
        l->entries[i].socket = c->socket;
        l->entries[i].want_send = c->out_sent < c->out_size;
        idle = idle && client_idle(l, c);
    }
    if (idle) {
        return LOAD_DONE;
    }
    net_poll(l->entries, count, timeout_ms);
    for (size_t i = 0; i < count; i++) {
        if (l->entries[i].can_recv && !client_recv(l, (int)i)) {
            return LOAD_FAILED;
        }
    }
    return LOAD_RUNNING;
}

void load_run_for(load *l, uint32_t duration_ms) {
    uint64_t end_ms = clock_now_ms() + duration_ms;
    while (clock_now_ms() < end_ms) {
        CHECK(load_step(l, l->options.rate != 0 ? 1 : 10) != LOAD_FAILED);
    }
}

bool load_finish(load *l, uint32_t timeout_ms) {
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    for (;;) {
        load_state state = load_step(l, 50);
        if (state != LOAD_RUNNING) {
            return state == LOAD_DONE;
        }
        if (clock_now_ms() >= end_ms) {
            fprintf(stderr, "after %u ms only %llu frames were answered\n", timeout_ms,
                    (unsigned long long)l->answered);
            return false;
        }
    }
}

void load_stop(load *l) {
    l->stopped = true;
}

uint64_t load_answered(const load *l) {
    return l->answered;
}

void load_forget_latencies(load *l) {
    latency_forget(&l->latencies);
}

uint64_t load_latency_us(const load *l, double share) {
    return latency_us(&l->latencies, share);
}

int load_ended(const load *l) {
    return l->ended;
}
