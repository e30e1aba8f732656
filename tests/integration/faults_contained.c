/* faults_contained.c: every kind of fault that the host contains, in every kind of entry, beside
 * honest clients, who notice nothing: their answers come in order, each once, from whole states.
 *
 *     test-integration faults_contained                        a short one
 *     test-integration faults_contained TIMES CLIENTS [KIND]   the full one: 1000 100
 *
 * The full one also reports how late answers are, beside a run without faults. Entries of a module's
 * life (start, stop, migrate ...), which take a swap each, are tried a twentieth of the times. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/provoke.h"

#include <stdio.h>
#include <stdlib.h>

enum { RATE = 20, QUIET_MS = 3000, LIFE_SHARE = 20 };

typedef struct account {
    uint32_t by[PROVOKED_WRONG + 1];
    uint32_t first_wrong; /* the entry */
    char what[300];
} account;

static int times;
static int clients;
static bool is_full;

/* Without a C++ compiler the module does not throw. */
static bool may_survive(uint32_t kind) {
    return kind >= FAULTY_THROW && kind <= FAULTY_PURE_VIRTUAL;
}

static void provoke_many(provoker *p, uint32_t entry, uint32_t kind, account *a) {
    int count = provoke_is_life(entry) ? (times + LIFE_SHARE - 1) / LIFE_SHARE : times;
    for (int i = 0; i < count && a->by[PROVOKED_ENDED] == 0; i++) {
        provoked came = provoke(p, entry, kind);
        a->by[came]++;
        if (came >= PROVOKED_ENDED && a->what[0] == '\0') {
            a->first_wrong = entry;
            (void)snprintf(a->what, sizeof a->what, "%s in %s: %s", faulty_kind_word(kind),
                           faulty_entry_word(entry),
                           came == PROVOKED_ENDED ? "the process ended" : p->what);
        }
        if (came == PROVOKED_SURVIVED && !is_full) {
            return;
        }
    }
}

static host *start(const char *name) {
    const faults_options options = {
        .name = name, .modules = "faulty faulty_guest", .module_keys = faults_no_policy};
    return faults_host(&options);
}

static honest *honest_of(host *h) {
    const honest_options options = {.port = host_port(h, "game"), .clients = clients, .rate = RATE};
    return honest_start(&options);
}

/* A host for each kind, so that the logs of a full run do not grow too large to be read. */
static bool kind_of_fault(uint32_t kind) {
    account a = {0};
    provoker p;
    host *h = start("contained");
    honest *others = honest_of(h);
    provoker_init(&p, h, false);
    for (uint32_t entry = 0; entry < FAULTY_ENTRIES; entry++) {
        if (provoke_can(entry)) {
            provoke_many(&p, entry, kind, &a);
        }
    }
    provoker_fini(&p);
    honest_figures seen = honest_stop(others);
    printf("%-18s %9u %8u %6u %6u   %9llu %6llu %7d   %7llu %7llu  %s\n", faulty_kind_word(kind),
           a.by[PROVOKED_CONTAINED], a.by[PROVOKED_SURVIVED], a.by[PROVOKED_ENDED],
           a.by[PROVOKED_WRONG], (unsigned long long)seen.answers, (unsigned long long)seen.wrong,
           seen.dropped, (unsigned long long)seen.p50_us, (unsigned long long)seen.p99_us,
           a.what[0] != '\0' ? a.what : seen.first);
    (void)fflush(stdout);
    bool well = a.by[PROVOKED_ENDED] + a.by[PROVOKED_WRONG] == 0 &&
                (a.by[PROVOKED_SURVIVED] == 0 || may_survive(kind)) && seen.wrong == 0 &&
                seen.dropped == 0 && seen.unanswered == 0;
    if (well) {
        host_stop(h);
    } else {
        host_drop(h);
    }
    return well;
}

static void quiet(void) {
    host *h = start("quiet");
    honest *others = honest_of(h);
    clock_sleep_ms(QUIET_MS);
    honest_figures seen = honest_stop(others);
    printf("%-18s %9s %8s %6s %6s   %9llu %6llu %7d   %7llu %7llu\n", "(no fault)", "", "", "", "",
           (unsigned long long)seen.answers, (unsigned long long)seen.wrong, seen.dropped,
           (unsigned long long)seen.p50_us, (unsigned long long)seen.p99_us);
    host_stop(h);
}

SCENARIO(faults_contained) {
    const char *asked = scenario_argument(0);
    const char *only = scenario_argument(2);
    is_full = asked != NULL;
    times = is_full ? atoi(asked) : scale(3, 1);
    clients = scenario_argument(1) != NULL ? atoi(scenario_argument(1)) : scale(10, 3);
    CHECK(times > 0 && clients > 0);
    int failed = 0;
    printf("                     faults                              answers            latency\n"
           "kind               contained survived  ended  wrong         all  wrong dropped"
           "    p50 us  p99 us\n");
    if (is_full) {
        quiet();
    }
    for (uint32_t kind = 1; kind < FAULTY_KINDS; kind++) {
        if (faulty_promise(kind) == FAULTY_CONTAINED &&
            (only == NULL || strcmp(only, faulty_kind_word(kind)) == 0)) {
            failed += !kind_of_fault(kind);
        }
    }
    CHECK_INT(failed, 0);
}
