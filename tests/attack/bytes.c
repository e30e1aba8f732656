/* bytes.c: see bytes.h. */
#include "bytes.h"

#include "abi/system.h"
#include "support/aside.h"
#include "support/check.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct client {
    net_socket socket; /* NET_NONE: not connected */
    size_t sent;
} client;

struct bytes_attackers {
    bytes_options options;
    client *clients;
    attackers_figures seen;
    system_thread thread;
    atomic_bool stop;
};

/* How many bytes the client sends at all. */
static size_t part_of(const bytes_attackers *a, const client *c) {
    size_t index = (size_t)(c - a->clients);
    return a->options.way == BYTES_PARTS ? index * 13 % a->options.size : a->options.size;
}

static bool send_more(const bytes_attackers *a, client *c) {
    size_t left = part_of(a, c) - c->sent;
    size_t most = a->options.way == BYTES_DRIBBLE && left > 1 ? 1 : left;
    int taken = most > 0 ? net_send_some(c->socket, a->options.bytes + c->sent, most) : 0;
    c->sent += taken > 0 ? (size_t)taken : 0;
    return taken != NET_BROKEN;
}

/* False: the connection has ended. *answered: something has come. */
static bool read_all(const client *c, bool *answered) {
    uint8_t dropped[8192];
    int got = 0;
    *answered = false;
    do {
        got = net_recv_some(c->socket, dropped, sizeof dropped);
        *answered = *answered || got > 0;
    } while (got > 0);
    return got == NET_TIMEOUT;
}

static void drop(client *c) {
    if (c->socket != NET_NONE) {
        net_reset(c->socket); /* leaves no port in TIME_WAIT */
    }
    c->socket = NET_NONE;
    c->sent = 0;
}

static void act(void *arg, int index) {
    bytes_attackers *a = arg;
    client *c = &a->clients[index];
    bool answered = false;
    a->seen.acts++;
    if (c->socket == NET_NONE) {
        c->socket = net_try_connect("127.0.0.1", a->options.port);
        a->seen.connects += c->socket != NET_NONE;
        a->seen.refused += c->socket == NET_NONE;
        if (c->socket == NET_NONE) {
            return;
        }
        net_set_nonblocking(c->socket);
    }
    if (!send_more(a, c) || !read_all(c, &answered)) {
        a->seen.ends++;
        drop(c);
    } else if (answered && a->options.way == BYTES_AGAIN) {
        drop(c);
    }
}

static system_thread_result SYSTEM_THREAD_CALL run(void *arg) {
    bytes_attackers *a = arg;
    aside_enter();
    attackers_pace(a->options.rate, a->options.clients, &a->stop, act, a);
    return 0;
}

bytes_attackers *bytes_start(const bytes_options *options) {
    bytes_attackers *a = calloc(1, sizeof *a);
    CHECK(a != NULL);
    a->options = *options;
    a->clients = calloc((size_t)options->clients, sizeof *a->clients);
    CHECK(a->clients != NULL);
    for (int i = 0; i < options->clients; i++) {
        a->clients[i].socket = NET_NONE;
    }
    CHECK(system_thread_start(&a->thread, run, a));
    return a;
}

attackers_figures bytes_stop(bytes_attackers *a) {
    atomic_store(&a->stop, true);
    system_thread_join(a->thread);
    for (int i = 0; i < a->options.clients; i++) {
        drop(&a->clients[i]);
    }
    attackers_figures seen = a->seen;
    free(a->clients);
    free(a);
    return seen;
}
