/* machine.c: a machine without disk, handles or memory. Whoever is connected is served, what fails
 * says why, and afterwards all is as before. Only where a test can limit a running process.
 *
 *     test-attack machine                    a short run
 *     test-attack machine SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRY_MS = 100, MORE_HANDLES = 8, MORE_MEMORY = 256 << 10 };

typedef struct shortage {
    host *host;
    process_limit what;
    uint64_t more;
    attack kind; /* of the clients who then need it */
    int clients;
    attackers *there;
    int64_t sessions; /* before */
    int64_t failures; /* of accepts, before */
    uint64_t next_ms;
    uint64_t refused; /* swaps */
    uint64_t done;
} shortage;

static void begin(void *arg) {
    shortage *m = arg;
    const attackers_options options = {.kind = m->kind,
                                       .port = host_port(m->host, "victims"),
                                       .clients = m->clients,
                                       .rate = 1000};
    CHECK(host_limit_to(m->host, m->what, m->more));
    m->there = attackers_start(&options);
    m->next_ms = 0;
}

/* A swap needs a file, handles and memory. */
static void step(void *arg) {
    char answer[4096];
    shortage *m = arg;
    if (clock_now_ms() >= m->next_ms) {
        bool well = host_try_admin(m->host, "swap --force greedy", answer, sizeof answer);
        m->refused += !well;
        m->done += well;
        CHECK(well || strlen(answer) > 20); /* a reason */
        m->next_ms = clock_now_ms() + TRY_MS;
    }
}

static void end(void *arg, char *often, size_t size) {
    shortage *m = arg;
    (void)attackers_stop(m->there);
    host_limit_lift(m->host, m->what);
    host_wait_figure(m->host, "sessions", m->sessions);
    host_admin(m->host, "swap --force greedy", NULL, 0);
    int64_t failures = host_figure(m->host, "accept_failures");
    (void)snprintf(often, size, "%llu swaps refused with a reason, %llu done, %lld failed accepts",
                   (unsigned long long)m->refused, (unsigned long long)m->done,
                   (long long)(failures - m->failures));
}

static const struct {
    const char *word;
    const char *sentence;
    process_limit what;
    uint64_t more;
    attack kind;
    int clients;
} shortages[] = {
    {"disk", "no file can be written", PROCESS_FILE_BYTES, 1, ATTACK_FAULT, 4},
    {"handles", "8 are left for 100 connections", PROCESS_HANDLES, MORE_HANDLES, ATTACK_CROWD, 100},
    {"memory", "256 KiB of addresses are left", PROCESS_MEMORY, MORE_MEMORY, ATTACK_SLOW, 60},
};
enum { SHORTAGES = sizeof shortages / sizeof shortages[0] };

static void attack_by(siege *s, host *h, int i) {
    char what[96];
    shortage m = {.host = h,
                  .what = shortages[i].what,
                  .more = shortages[i].more,
                  .kind = shortages[i].kind,
                  .clients = shortages[i].clients,
                  .sessions = host_figure(h, "sessions"),
                  .failures = host_figure(h, "accept_failures")};
    (void)snprintf(what, sizeof what, "no %s: %s", shortages[i].word, shortages[i].sentence);
    const siege_attack a = {
        .what = what, .where = "machine", .arg = &m, .begin = begin, .step = step, .end = end};
    siege_against(s, &a);
    CHECK(m.refused > 0 || host_figure(h, "accept_failures") > m.failures);
}

SCENARIO(machine) {
    const char *seconds = scenario_argument(0);
    const char *only = seconds != NULL ? scenario_argument(1) : NULL;
    host *h = siege_host("machine", NULL);
    if (!host_limit_to(h, PROCESS_HANDLES, 1000)) {
        printf("skipped: a test cannot limit a running process of this system\n");
        host_stop(h);
        return;
    }
    host_limit_lift(h, PROCESS_HANDLES);
    host_expect_error(h, "cannot be written"); /* the ready file */
    const siege_options options = siege_of(h, seconds);
    siege *s = siege_begin(&options);
    for (int i = 0; i < SHORTAGES; i++) {
        if (only == NULL || strcmp(only, shortages[i].word) == 0) {
            attack_by(s, h, i);
        }
    }
    siege_end(s);
    host_stop(h);
}
