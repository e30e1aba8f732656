/* honest.c: see honest.h. */
#include "support/honest.h"

#include "abi/faulty.h"
#include "abi/system.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/latency.h"
#include "support/wire.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_MAX = 512, LAST_ANSWERS_MS = 20000, FRAME_HEADER = 4 };

typedef struct client {
    net_socket socket; /* NET_NONE once ended */
    uint32_t number;   /* of the last packet sent */
    bool waits;        /* for its answer */
    uint64_t sent_us;
    uint64_t next_us;
    uint8_t in[IN_MAX];
    size_t in_size;
} client;

struct honest {
    honest_options options;
    client *clients;
    net_poll_entry *entries;
    honest_figures seen;
    system_thread thread;
    atomic_bool stop;
    _Atomic uint64_t answers;
    _Atomic uint64_t lost;
    latencies latencies;
};

uint64_t honest_latency_us(const honest *h, double share) {
    return latency_us(&h->latencies, share);
}

static void wrong(honest *h, const client *c, const char *what, uint32_t found) {
    h->seen.wrong++;
    atomic_fetch_add(&h->lost, 1);
    if (h->seen.first[0] == '\0') {
        (void)snprintf(h->seen.first, sizeof h->seen.first, "client %d, packet %u: %s %u",
                       (int)(c - h->clients), c->number, what, found);
    }
}

static void client_end(honest *h, client *c, const char *how) {
    if (h->seen.first[0] == '\0') {
        (void)snprintf(h->seen.first, sizeof h->seen.first, "client %d, packet %u: %s",
                       (int)(c - h->clients), c->number, how);
    }
    net_close(c->socket);
    c->socket = NET_NONE;
    h->seen.dropped++;
    atomic_fetch_add(&h->lost, 1);
}

static void client_send(honest *h, client *c) {
    uint8_t frame[64];
    uint32_t number = ++c->number;
    size_t size = wire_frame(WIRE_U16, frame, FAULTY_ECHO, &number, sizeof number);
    c->sent_us = clock_now_us();
    c->next_us += 1000000u / h->options.rate;
    c->next_us = c->next_us < c->sent_us ? c->sent_us : c->next_us;
    c->waits = true;
    /* A connection without an answer to read never refuses a few bytes. */
    if (net_send_some(c->socket, frame, size) != (int)size) {
        client_end(h, c, "cannot send");
    }
}

static void client_answer(honest *h, client *c, const uint8_t *payload, size_t size,
                          uint64_t ago_us) {
    faulty_echo echo;
    if (!c->waits || size != sizeof echo) {
        wrong(h, c, "an answer that nobody asked for, of bytes", (uint32_t)size);
        return;
    }
    memcpy(&echo, payload, sizeof echo);
    uint64_t us = clock_now_us() - c->sent_us;
    us -= ago_us < us ? ago_us : us;
    c->waits = false;
    latency_add(&h->latencies, us);
    h->seen.worst_us = us > h->seen.worst_us ? us : h->seen.worst_us;
    atomic_fetch_add(&h->answers, 1);
    if (echo.number != c->number) {
        wrong(h, c, "the answer has number", echo.number);
    } else if (echo.begun != echo.done) {
        wrong(h, c, "a state that is half changed, by calls", echo.begun - echo.done);
    } else if (echo.begun != c->number + 1) { /* and on_open */
        wrong(h, c, "the state knows of calls", echo.begun);
    } else if (echo.sum != (uint32_t)((uint64_t)c->number * (c->number + 1) / 2)) {
        wrong(h, c, "the state's sum is", echo.sum);
    }
}

static void client_recv(honest *h, client *c) {
    uint64_t ago_us = 0;
    int got = net_recv_arrived(c->socket, c->in + c->in_size, sizeof c->in - c->in_size, &ago_us);
    if (got == NET_END || got == NET_BROKEN) {
        client_end(h, c, got == NET_END ? "was closed by the host" : "was broken by the host");
    }
    if (got <= 0) {
        return;
    }
    c->in_size += (size_t)got;
    size_t at = 0;
    while (c->in_size - at >= FRAME_HEADER) {
        size_t size = (size_t)c->in[at] | (size_t)c->in[at + 1] << 8;
        if (size < FRAME_HEADER || size > IN_MAX) {
            client_end(h, c, "received a frame that is none");
            return;
        }
        if (c->in_size - at < size) {
            break;
        }
        if (c->in[at + 2] == FAULTY_ECHO) {
            client_answer(h, c, c->in + at + FRAME_HEADER, size - FRAME_HEADER, ago_us);
        }
        at += size;
    }
    memmove(c->in, c->in + at, c->in_size - at);
    c->in_size -= at;
}

/* One round for all clients. Returns how many wait for an answer. */
static int step(honest *h, bool may_send) {
    int waiting = 0;
    uint64_t now_us = clock_now_us();
    for (int i = 0; i < h->options.clients; i++) {
        client *c = &h->clients[i];
        if (c->socket != NET_NONE && may_send && !c->waits && now_us >= c->next_us) {
            client_send(h, c);
        }
        h->entries[i].socket = c->socket;
        waiting += c->socket != NET_NONE && c->waits;
    }
    (void)net_poll(h->entries, (size_t)h->options.clients, 1);
    for (int i = 0; i < h->options.clients; i++) {
        if (h->clients[i].socket != NET_NONE && h->entries[i].can_recv) {
            client_recv(h, &h->clients[i]);
        }
    }
    return waiting;
}

static system_thread_result SYSTEM_THREAD_CALL run(void *arg) {
    honest *h = arg;
    while (!atomic_load(&h->stop)) {
        (void)step(h, true);
    }
    uint64_t end_ms = clock_now_ms() + LAST_ANSWERS_MS;
    while (step(h, false) > 0 && clock_now_ms() < end_ms) {
    }
    return 0;
}

honest *honest_start(const honest_options *options) {
    honest *h = calloc(1, sizeof *h);
    CHECK(h != NULL);
    h->options = *options;
    h->clients = calloc((size_t)options->clients, sizeof *h->clients);
    h->entries = calloc((size_t)options->clients, sizeof *h->entries);
    CHECK(h->clients != NULL && h->entries != NULL);
    uint64_t began_us = clock_now_us();
    for (int i = 0; i < options->clients; i++) {
        client *c = &h->clients[i];
        c->socket = net_connect(options->port);
        net_set_nonblocking(c->socket);
        net_note_arrivals(c->socket);
        /* The clients take turns. */
        c->next_us = began_us + 1000000u / options->rate * (uint64_t)i / (uint64_t)options->clients;
    }
    uint64_t end_ms = clock_now_ms() + LAST_ANSWERS_MS;
    while (atomic_load(&h->answers) < (uint64_t)options->clients) {
        (void)step(h, true);
        CHECK(clock_now_ms() < end_ms);
    }
    CHECK_TEXT(h->seen.first, "");
    honest_forget(h);
    CHECK(system_thread_start(&h->thread, run, h));
    return h;
}

uint64_t honest_answers(const honest *h) {
    return atomic_load(&h->answers);
}

uint64_t honest_lost(const honest *h) {
    return atomic_load(&h->lost);
}

void honest_forget(honest *h) {
    latency_forget(&h->latencies);
}

honest_figures honest_stop(honest *h) {
    atomic_store(&h->stop, true);
    system_thread_join(h->thread);
    for (int i = 0; i < h->options.clients; i++) {
        if (h->clients[i].socket != NET_NONE) {
            h->seen.unanswered += h->clients[i].waits;
            net_close(h->clients[i].socket);
        }
    }
    honest_figures seen = h->seen;
    seen.answers = atomic_load(&h->answers);
    seen.p50_us = honest_latency_us(h, 0.5);
    seen.p99_us = honest_latency_us(h, 0.99);
    free(h->clients);
    free(h->entries);
    free(h);
    return seen;
}

void honest_stop_well(honest *h) {
    honest_figures seen = honest_stop(h);
    CHECK_TEXT(seen.first, "");
    CHECK_INT(seen.wrong, 0);
    CHECK_INT(seen.dropped, 0);
    CHECK_INT(seen.unanswered, 0);
    CHECK(seen.answers > 0);
}
