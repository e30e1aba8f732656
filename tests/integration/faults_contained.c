/* faults_contained.c: every kind of fault that the host contains, in every kind of entry, beside
 * honest clients, who notice nothing: their answers come in order, each once, from whole states.
 *
 *     test-integration faults_contained                a short one
 *     test-integration faults_contained TIMES CLIENTS [KIND [RATE]]
 *                                                      the full one: 1000 100
 *
 * The full one has a host for each kind, so that its log can be read. Entries of a module's life
 * (start, stop, migrate ...), which take a swap each, are tried a twentieth of the times.
 *
 * It also reports how late answers are: with honest clients alone ("quiet"); beside the same calls
 * and swaps without a fault ("nothing"), as fast as they can be made; and beside each kind of
 * fault. So quiet against nothing is the price of the traffic, and nothing against a kind that of
 * the faults. Each kind has two rows: as many faults as can be made, some hundreds to a thousand a
 * second on two processors, which the test shares with the host; and POLICY_RATE, the most that the
 * limits let through before a module is frozen (fault_limit 8 in fault_window_s 1; by default 0.2 a
 * second). KIND may be `all`. RATE replaces both with a limit in calls a second. What makes the
 * calls leaves the processors to the host and the honest clients (aside.h). */
#include "support/aside.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/provoke.h"

#include <stdio.h>
#include <stdlib.h>

enum { RATE = 20, QUIET_MS = 5000, LIFE_SHARE = 20, POLICY_RATE = 7, POLICY_TIMES = 3 };

typedef struct account {
    uint32_t by[PROVOKED_WRONG + 1];
    char what[300];
} account;

static int times;
static int clients;
static uint32_t rate; /* 0: as fast as possible */
static bool is_full;
static uint64_t quiet_p99_us; /* 0: not measured */

/* The rows of a kind, and the latency of the same calls without a fault. */
enum { FLOOD, POLICY, ROWS };
static int row;
static uint64_t nothing_p99_us[ROWS];

static host *start(const char *name) {
    const faults_options options = {
        .name = name, .modules = "faulty faulty_guest", .module_keys = faults_no_policy};
    return faults_host(&options);
}

static honest *honest_of(host *h) {
    const honest_options options = {.port = host_port(h, "game"), .clients = clients, .rate = RATE};
    return honest_start(&options);
}

static void print_ratio(uint64_t p99_us, uint64_t to_us, const char *what) {
    if (to_us > 0) {
        printf("; %.1f times %s", (double)p99_us / (double)to_us, what);
    }
}

/* Prints what honest clients have seen. Whether that is as it must be. */
static bool honest_end(honest *others, const char *name, uint64_t *p99_us) {
    honest_figures seen = honest_stop(others);
    printf("%-18s honest clients: %llu answers, %llu wrong, %llu missing, %d dropped; "
           "latency p50 %llu us, p99 %llu us, worst %llu us %s",
           name, (unsigned long long)seen.answers, (unsigned long long)seen.wrong,
           (unsigned long long)seen.unanswered, seen.dropped, (unsigned long long)seen.p50_us,
           (unsigned long long)seen.p99_us, (unsigned long long)seen.worst_us, seen.first);
    print_ratio(seen.p99_us, quiet_p99_us, "quiet");
    print_ratio(seen.p99_us, nothing_p99_us[row], "nothing");
    printf("\n");
    (void)fflush(stdout);
    *p99_us = seen.p99_us;
    return seen.wrong == 0 && seen.dropped == 0 && seen.unanswered == 0 && seen.answers > 0;
}

/* ---- faults -------------------------------------------------------------------------------- */

/* Waits until the next call may be made. */
static void keep_rate(void) {
    static uint64_t next_us;
    uint64_t now_us = clock_now_us();
    if (rate > 0 && now_us < next_us) {
        clock_sleep_ms((uint32_t)((next_us - now_us) / 1000));
    }
    now_us = clock_now_us();
    next_us = next_us < now_us ? now_us : next_us;
    next_us += rate > 0 ? 1000000u / rate : 0;
}

static void provoke_many(provoker *p, uint32_t entry, uint32_t kind, account *a) {
    int count = provoke_is_life(entry) ? (times + LIFE_SHARE - 1) / LIFE_SHARE : times;
    for (int i = 0; i < count && a->by[PROVOKED_ENDED] + a->by[PROVOKED_WRONG] == 0; i++) {
        keep_rate();
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
    return (kind >= FAULTY_THROW && kind <= FAULTY_PURE_VIRTUAL) || kind == FAULTY_NOTHING;
}

static bool provoke_all(provoker *p, uint32_t kind) {
    account a = {0};
    uint64_t from_ms = clock_now_ms();
    for (uint32_t entry = 0; entry < FAULTY_ENTRIES; entry++) {
        if (is_tried(entry, kind)) {
            provoke_many(p, entry, kind, &a);
        }
    }
    uint64_t took_ms = clock_now_ms() - from_ms + 1;
    uint64_t calls = a.by[PROVOKED_CONTAINED] + a.by[PROVOKED_SURVIVED];
    printf("%-18s %9u %8u %6u %6u %8llu  %s\n", faulty_kind_word(kind), a.by[PROVOKED_CONTAINED],
           a.by[PROVOKED_SURVIVED], a.by[PROVOKED_ENDED], a.by[PROVOKED_WRONG],
           (unsigned long long)(calls * 1000 / took_ms), a.what);
    (void)fflush(stdout);
    return a.by[PROVOKED_ENDED] + a.by[PROVOKED_WRONG] == 0 &&
           (a.by[PROVOKED_SURVIVED] == 0 || may_survive(kind));
}

static bool is_provoked(uint32_t kind) {
    int promise = faults_promise(kind);
    return promise == FAULTY_CONTAINED || promise == FAULTY_RETURNS;
}

typedef struct kinds_run {
    provoker p;
    uint32_t first;
    uint32_t end;
    bool well;
} kinds_run;

static void provoke_kinds(void *arg) {
    kinds_run *r = arg;
    for (uint32_t kind = r->first; kind < r->end && r->well; kind++) {
        r->well = !is_provoked(kind) || provoke_all(&r->p, kind);
    }
}

/* In one host: kinds from `first` up to `end`. */
static bool kinds(uint32_t first, uint32_t end, uint64_t *p99_us) {
    kinds_run r = {.first = first, .end = end, .well = true};
    host *h = start("contained");
    honest *others = honest_of(h);
    provoker_init(&r.p, h, false);
    aside_run(provoke_kinds, &r);
    provoker_fini(&r.p);
    bool well = honest_end(others, is_full ? "" : "all of these", p99_us) && r.well;
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
    CHECK(honest_end(others, "quiet", &quiet_p99_us));
    host_stop(h);
}

/* One kind at the rate that was asked for, or at both. Returns how many rows failed. */
static int rows(uint32_t kind, uint64_t p99_us[ROWS]) {
    int asked_times = times;
    int failed = !kinds(kind, kind + 1, &p99_us[FLOOD]);
    if (rate == 0) {
        row = POLICY;
        rate = POLICY_RATE;
        times = times < POLICY_TIMES ? times : POLICY_TIMES;
        failed += !kinds(kind, kind + 1, &p99_us[POLICY]);
        row = FLOOD;
        rate = 0;
        times = asked_times;
    }
    return failed;
}

static void full(const char *only) {
    int failed = 0;
    uint64_t p99_us[ROWS] = {0};
    quiet();
    failed += rows(FAULTY_NOTHING, nothing_p99_us);
    for (uint32_t kind = 1; kind < FAULTY_KINDS; kind++) {
        if (faults_promise(kind) == FAULTY_CONTAINED &&
            (strcmp(only, "all") == 0 || strcmp(only, faulty_kind_word(kind)) == 0)) {
            failed += rows(kind, p99_us);
        }
    }
    CHECK_INT(failed, 0);
}

SCENARIO(faults_contained) {
    const char *asked = scenario_argument(0);
    const char *only = scenario_argument(2);
    uint64_t p99_us = 0;
    is_full = asked != NULL;
    times = is_full ? atoi(asked) : scale(5, 1);
    clients = scenario_argument(1) != NULL ? atoi(scenario_argument(1)) : scale(10, 3);
    rate = scenario_argument(3) != NULL ? (uint32_t)atoi(scenario_argument(3)) : 0;
    CHECK(times > 0 && clients > 0);
    printf("kind               contained survived  ended  wrong a second\n");
    if (is_full) {
        aside_measures();
        full(only != NULL ? only : "all");
    } else {
        CHECK(kinds(1, FAULTY_KINDS, &p99_us));
    }
}
