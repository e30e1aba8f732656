/* clients.c: hostile clients cost a bounded amount, and others notice nothing.
 *
 *     test-attack clients                    a short run
 *     test-attack clients SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session costs at most what may wait to be sent to it, a frame that is not complete, its buffers
 * and itself. */
enum { SEND_LIMIT = 256 << 10, FRAME_LIMIT = 4096, SESSION_BYTES = 16 << 10, CROWD = 300 };

/* What the first reports of faults take: they read the debug information of host and modules. */
enum { REPORT_BYTES = 48 << 20 };

static const struct {
    int clients;
    uint32_t rate; /* acts a second */
} strength[ATTACKS] = {
    [ATTACK_SLOW] = {20, 100},      [ATTACK_DRIBBLE] = {100, 1000},  [ATTACK_SILENT] = {200, 1000},
    [ATTACK_CROWD] = {CROWD, 1500}, [ATTACK_FLOOD] = {20, 2000},     [ATTACK_VANISH] = {10, 200},
    [ATTACK_RESET] = {10, 300},     [ATTACK_HALF_CLOSE] = {20, 500}, [ATTACK_URGENT] = {20, 500},
    [ATTACK_OVERSIZED] = {20, 500}, [ATTACK_NOISE] = {20, 300},      [ATTACK_GUESS] = {4, 50},
    [ATTACK_FAULT] = {4, 40},
};

typedef struct crowd {
    host *host;
    attack kind;
    attackers *there;
    attackers_figures seen;
    int64_t sessions; /* of the honest clients */
    uint64_t attacked_ms;
} crowd;

static void begin(void *arg) {
    crowd *c = arg;
    const char *listener = c->kind == ATTACK_GUESS ? "admin" : "victims";
    attackers_options options = {
        .kind = c->kind,
        .port = host_port(c->host, listener),
        .clients = scale(strength[c->kind].clients, (strength[c->kind].clients + 4) / 5),
        .rate = (uint32_t)scale((int)strength[c->kind].rate, (int)strength[c->kind].rate / 10)};
    c->attacked_ms -= clock_now_ms();
    c->there = attackers_start(&options);
}

static void end(void *arg, char *often, size_t size) {
    crowd *c = arg;
    attackers_figures seen = attackers_stop(c->there);
    c->attacked_ms += clock_now_ms();
    c->seen.acts += seen.acts;
    c->seen.connects += seen.connects;
    c->seen.ends += seen.ends;
    (void)snprintf(often, size, "%llu acts, %llu connections, %llu closed by the host",
                   (unsigned long long)c->seen.acts, (unsigned long long)c->seen.connects,
                   (unsigned long long)c->seen.ends);
    host_wait_figure(c->host, "sessions", c->sessions);
}

static void attack_by(siege *s, host *h, attack kind) {
    char what[96];
    crowd c = {.host = h, .kind = kind, .sessions = host_figure(h, "sessions")};
    (void)snprintf(what, sizeof what, "%s: %s", attack_word(kind), attack_sentence(kind));
    const siege_attack a = {.what = what,
                            .where = "clients",
                            .bound = (int64_t)strength[kind].clients *
                                         (SEND_LIMIT + FRAME_LIMIT + SESSION_BYTES) +
                                     (kind == ATTACK_FAULT ? REPORT_BYTES : 0),
                            .arg = &c,
                            .begin = begin,
                            .end = end};
    siege_against(s, &a);
    CHECK(c.seen.acts > 0);
}

SCENARIO(clients) {
    const char *seconds = scenario_argument(0);
    const char *only = seconds != NULL ? scenario_argument(1) : NULL;
    host *h = siege_host("clients", NULL);
    const siege_options options = siege_of(h, seconds);
    siege *s = siege_begin(&options);
    for (attack kind = 0; kind < ATTACKS; kind++) {
        if (only == NULL || strcmp(only, attack_word(kind)) == 0) {
            attack_by(s, h, kind);
        }
    }
    siege_end(s);
    host_stop(h);
}
