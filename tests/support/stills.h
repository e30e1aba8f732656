/* stills.h: hosts whose module `stills` has rooms in which nothing happens, and clients that say
 * nothing: to compare what it costs to look at a full host and at an empty one. Header only. */
#ifndef TEST_STILLS_H
#define TEST_STILLS_H

#include "support/host.h"
#include "support/net.h"
#include "support/process.h"

#include <stdio.h>

/* Starts one that also serves HTTP, and waits until it has the rooms. */
static inline host *stills_start(const char *name, int rooms, uint32_t workers) {
    char body[128];
    snprintf(body, sizeof body, "[module stills]\nfile = {tests}/stills{so}\nrooms = %d\n", rooms);
    host_options options = {
        .name = name,
        .workers = workers,
        .admin_keys = "http_port = 0\n",
        .listeners = {{"game", "stills.session",
                       "max_sessions = 20000\nmax_per_address = 20000\n"}},
        .body = body,
    };
    host *h = host_start(&options);
    host_wait_figure(h, "rooms", rooms);
    return h;
}

/* Connects `most` clients, or as many as the process may have, and waits until they are sessions.
 * Returns how many. */
static inline int stills_connect(host *h, net_socket *sockets, int most) {
    enum { SPARE = 200 };
    int count = (int)process_raise_handle_limit() - SPARE;
    count = count < most ? count : most;
    for (int i = 0; i < count; i++) {
        sockets[i] = net_connect(host_port(h, "game"));
    }
    host_wait_figure(h, "sessions", count);
    return count;
}

static inline void stills_close(net_socket *sockets, int count) {
    for (int i = 0; i < count; i++) {
        net_close(sockets[i]);
    }
}

#endif
