/* shortages.c: a machine without disk, handles or memory as attacks of siege.h. Limits are set on
 * the running host and lifted again; what fails says why. */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"

#include <stdio.h>
#include <string.h>

enum { TRY_MS = 100, MORE_HANDLES = 8, MORE_MEMORY = 256 << 10 };

typedef struct shortage {
    host *host;
    process_limit what;
    uint64_t more;
    attack kind; /* of the clients who then need it */
    int clients;
    uint32_t rate; /* acts a second of each */
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
                                       .rate = m->rate};
    CHECK(host_limit_to(m->host, m->what, m->more));
    m->there = attackers_start(&options);
    m->next_ms = 0;
}

/* A swap needs a file, handles and memory. */
static void step(void *arg) {
    char answer[4096];
    shortage *m = arg;
    if (clock_now_ms() >= m->next_ms) {
        bool well = host_try_admin(m->host, "swap --force glutton", answer, sizeof answer);
        m->refused += !well;
        m->done += well;
        CHECK(well || strlen(answer) > 20); /* a reason */
        m->next_ms = clock_now_ms() + TRY_MS;
    }
}

static void end(void *arg) {
    const shortage *m = arg;
    (void)attackers_stop(m->there);
    host_limit_lift(m->host, m->what);
}

static void settle(void *arg, char *often, size_t size) {
    const shortage *m = arg;
    int64_t failed = host_figure(m->host, "accept_failures") - m->failures;
    CHECK(m->refused > 0 || failed > 0);
    host_wait_figure(m->host, "sessions", m->sessions);
    host_admin(m->host, "swap --force glutton", NULL, 0);
    (void)snprintf(often, size, "%llu swaps refused with a reason, %llu done, %lld failed accepts",
                   (unsigned long long)m->refused, (unsigned long long)m->done, (long long)failed);
}

static const struct {
    const char *word;
    const char *sentence;
    process_limit what;
    uint64_t more;
    attack kind;
    int clients;
    uint32_t rate;
} shortages[] = {
    {"disk", "full: no file can be written", PROCESS_FILE_BYTES, 1, ATTACK_FAULT, 4, 40},
    {"handles", "8 are left for 100 connections", PROCESS_HANDLES, MORE_HANDLES, ATTACK_CROWD, 100,
     1000},
    {"memory", "256 KiB of addresses are left", PROCESS_MEMORY, MORE_MEMORY, ATTACK_SLOW, 60, 1000},
};
enum { SHORTAGES = sizeof shortages / sizeof shortages[0] };

int siege_shortages(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]) {
    static shortage all[SHORTAGES];
    int64_t sessions = host_figure(h, "sessions");
    if (!host_limit_to(h, PROCESS_HANDLES, 1000)) {
        printf("A process of this system cannot be limited\n");
        return 0;
    }
    host_limit_lift(h, PROCESS_HANDLES);
    for (int i = 0; i < SHORTAGES; i++) {
        all[i] = (shortage){.host = h,
                            .what = shortages[i].what,
                            .more = shortages[i].more,
                            .kind = shortages[i].kind,
                            .clients = shortages[i].clients,
                            .rate = shortages[i].rate,
                            .sessions = sessions,
                            .failures = host_figure(h, "accept_failures")};
        attacks[i] = (siege_attack){.word = shortages[i].word,
                                    .sentence = shortages[i].sentence,
                                    .by = "machine",
                                    .arg = &all[i],
                                    .begin = begin,
                                    .step = step,
                                    .end = end,
                                    .settle = settle};
    }
    return scale_sanitized() ? SHORTAGES - 1 : SHORTAGES; /* sanitizers end without memory */
}
