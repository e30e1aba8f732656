/* faults_contained.c: every kind of fault that the host contains, in every kind of entry, beside
 * honest clients, who notice nothing: their answers come in order, each once, from whole states.
 *
 *     test-integration faults_contained                        a short one
 *     test-integration faults_contained TIMES CLIENTS [KIND]   the full one: 1000 100
 *
 * The full one has a host for each kind, so that its log can be read, and also reports how late
 * answers are, beside a run without faults. Entries of a module's life (start, stop, migrate ...),
 * which take a swap each, are tried a twentieth of the times. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/provoke.h"

#include <stdio.h>
#include <stdlib.h>

enum { RATE = 20, QUIET_MS = 5000, LIFE_SHARE = 20 };

typedef struct account {
    uint32_t by[PROVOKED_WRONG + 1];
    char what[300];
} account;

static int times;
static int clients;
static bool is_full;

static host *start(const char *name) {
    const faults_options options = {
        .name = name, .modules = "faulty faulty_guest", .module_keys = faults_no_policy};
    return faults_host(&options);
}

static honest *honest_of(host *h) {
    const honest_options options = {.port = host_port(h, "game"), .clients = clients, .rate = RATE};
    return honest_start(&options);
}

/* Prints what honest clients have seen. Whether that is as it must be. */
static bool honest_end(honest *others, const char *name) {
    honest_figures seen = honest_stop(others);
    printf("%-18s honest clients: %llu answers, %llu wrong, %llu missing, %d dropped; "
           "latency p50 %llu us, p99 %llu us, worst %llu us %s\n",
           name, (unsigned long long)seen.answers, (unsigned long long)seen.wrong,
           (unsigned long long)seen.unanswered, seen.dropped, (unsigned long long)seen.p50_us,
           (unsigned long long)seen.p99_us, (unsigned long long)seen.worst_us, seen.first);
    (void)fflush(stdout);
    return seen.wrong == 0 && seen.dropped == 0 && seen.unanswered == 0 && seen.answers > 0;
}

/* ---- faults -------------------------------------------------------------------------------- */

static void provoke_many(provoker *p, uint32_t entry, uint32_t kind, account *a) {
    int count = provoke_is_life(entry) ? (times + LIFE_SHARE - 1) / LIFE_SHARE : times;
    for (int i = 0; i < count && a->by[PROVOKED_ENDED] + a->by[PROVOKED_WRONG] == 0; i++) {
        provoked came = provoke(p, entry, kind);
        a->by[came]++;
        if (came >= PROVOKED_ENDED) {
            (void)snprintf(a->what, sizeof a->what, "in %s: %s", faulty_entry_word(entry),
                           came == PROVOKED_ENDED ? "the process ended" : p->what);
        }
    }
}

/* A short run under Wine tries each kind in every fifth entry. */
static bool is_tried(uint32_t entry, uint32_t kind) {
    return provoke_can(entry) && (is_full || (entry + kind) % (uint32_t)scale(1, 5) == 0);
}

/* Without a C++ compiler the module does not throw. */
static bool may_survive(uint32_t kind) {
    return kind >= FAULTY_THROW && kind <= FAULTY_PURE_VIRTUAL;
}

static bool provoke_all(provoker *p, uint32_t kind) {
    account a = {0};
    for (uint32_t entry = 0; entry < FAULTY_ENTRIES; entry++) {
        if (is_tried(entry, kind)) {
            provoke_many(p, entry, kind, &a);
        }
    }
    printf("%-18s %9u %8u %6u %6u  %s\n", faulty_kind_word(kind), a.by[PROVOKED_CONTAINED],
           a.by[PROVOKED_SURVIVED], a.by[PROVOKED_ENDED], a.by[PROVOKED_WRONG], a.what);
    (void)fflush(stdout);
    return a.by[PROVOKED_ENDED] + a.by[PROVOKED_WRONG] == 0 &&
           (a.by[PROVOKED_SURVIVED] == 0 || may_survive(kind));
}

/* In one host: kinds from `first` up to `end`. */
static bool kinds(uint32_t first, uint32_t end) {
    bool well = true;
    provoker p;
    host *h = start("contained");
    honest *others = honest_of(h);
    provoker_init(&p, h, false);
    for (uint32_t kind = first; kind < end && well; kind++) {
        well = faults_promise(kind) != FAULTY_CONTAINED || provoke_all(&p, kind);
    }
    provoker_fini(&p);
    well = honest_end(others, is_full ? "" : "all of these") && well;
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
    CHECK(honest_end(others, "(no fault)"));
    host_stop(h);
}

static void full(const char *only) {
    int failed = 0;
    quiet();
    for (uint32_t kind = 1; kind < FAULTY_KINDS; kind++) {
        if (faults_promise(kind) == FAULTY_CONTAINED &&
            (only == NULL || strcmp(only, faulty_kind_word(kind)) == 0)) {
            failed += !kinds(kind, kind + 1);
        }
    }
    CHECK_INT(failed, 0);
}

SCENARIO(faults_contained) {
    const char *asked = scenario_argument(0);
    is_full = asked != NULL;
    times = is_full ? atoi(asked) : scale(5, 1);
    clients = scenario_argument(1) != NULL ? atoi(scenario_argument(1)) : scale(10, 3);
    CHECK(times > 0 && clients > 0);
    printf("kind               contained survived  ended  wrong\n");
    if (is_full) {
        full(scenario_argument(2));
    } else {
        CHECK(kinds(1, FAULTY_KINDS));
    }
}
