/* faults_frozen_end.c: sessions that end while their module is frozen: players hang up, are kicked,
 * wait too long or are too many. on_close comes when the module is thawed; a stop does not wait for
 * that. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <stdlib.h>

enum { BACKLOG = 3 };

static host *h;

static void freeze(void) {
    net_socket s = faults_connect(h, "victims", 1);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    net_close(s);
}

static void start(const char *name, const char *keys) {
    const faults_options options = {.name = name, .module_keys = keys, .workers = 2};
    h = faults_host(&options);
}

/* The number of the session that `ctl sessions` shows with the label's peer, by its port. */
static uint64_t newest_session(void) {
    static char answer[65536];
    uint64_t newest = 0;
    host_admin(h, "sessions", answer, sizeof answer);
    for (const char *line = answer; line != NULL && *line != '\0';) {
        uint64_t id = strtoull(line, NULL, 10);
        newest = strstr(line, "victims") != NULL && id > newest ? id : newest;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    CHECK(newest != 0);
    return newest;
}

static void hang_up_and_kick(void) {
    char command[64];
    start("frozen_end", "probation_s = 3600\n");
    net_socket leaves = faults_connect(h, "game", 1);
    net_socket kicked = faults_connect(h, "victims", 1);
    uint64_t id = newest_session();
    net_socket stays = faults_connect(h, "game", 1);
    freeze();
    net_close(leaves);
    (void)snprintf(command, sizeof command, "kick %llu", (unsigned long long)id);
    host_admin(h, command, NULL, 0);
    CHECK(faults_ended(kicked));
    CHECK_INT(host_log_settled(h, " closed -"), 0); /* nothing of it is called */
    host_admin(h, "thaw faulty", NULL, 0);
    (void)faults_echo(stays, 1);
    host_wait_figure(h, "sessions", 1);
    host_wait_log(h, " closed -", 3);
    host_wait_log(h, "half changed 0", 3);
    net_close(stays);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* Closes the one that the host has closed, and returns which. */
static int find_ended(net_socket *all, int count) {
    for (int i = 0; i < 100 * count; i++) {
        if (net_wait_end(all[i % count], 50)) {
            net_close(all[i % count]);
            return i % count;
        }
    }
    CHECK(false);
    return 0;
}

/* No more than frozen_backlog newcomers wait; they are served in the end. */
static void backlog(void) {
    net_socket waiting[BACKLOG + 1];
    start("frozen_backlog", "probation_s = 3600\nfrozen_backlog = 3\n");
    freeze();
    for (int i = 0; i < BACKLOG + 1; i++) {
        waiting[i] = net_connect(host_port(h, "victims"));
    }
    int refused = find_ended(waiting, BACKLOG + 1); /* the last to come, on whichever worker */
    host_admin(h, "thaw faulty", NULL, 0);
    for (int i = 0; i < BACKLOG + 1; i++) {
        if (i != refused) {
            (void)faults_echo(waiting[i], 1);
            net_close(waiting[i]);
        }
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* After frozen_timeout_s they are closed, but not before. */
static void timeout(void) {
    start("frozen_timeout", "probation_s = 3600\nfrozen_timeout_s = 1\n");
    net_socket s = faults_connect(h, "game", 1);
    freeze();
    uint64_t began_ms = clock_now_ms();
    faults_send(s, FAULTY_ECHO, 1);
    CHECK(faults_ended(s));
    CHECK(clock_now_ms() - began_ms >= 990);
    host_admin(h, "thaw faulty", NULL, 0);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* The host stops and unloads with a module that is frozen. */
static void ends(void) {
    start("frozen_stop", "probation_s = 3600\n");
    net_socket s = faults_connect(h, "game", 1);
    freeze();
    faults_send(s, FAULTY_ECHO, 1);
    host_stop(h);
    net_close(s);
    start("frozen_unload", "probation_s = 3600\n");
    s = faults_connect(h, "game", 1);
    freeze();
    host_admin(h, "unload faulty", NULL, 0);
    CHECK(faults_ended(s));
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

SCENARIO(faults_frozen_end) {
    hang_up_and_kick();
    backlog();
    timeout();
    ends();
}
