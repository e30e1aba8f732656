/* faults_ended.c: the faults that the host cannot contain: damaged memory, faults inside the C
 * library or on a module's own thread. The process ends with a report and a documented exit code,
 * and never as if it had been stopped.
 *
 *     test-integration faults_ended                  a short one
 *     test-integration faults_ended TIMES [KIND]     each kind so often in each entry
 *
 * Kinds of which nothing is promised on this system may also be contained or have no effect. A
 * thread that has blocked its signal is ended by Linux itself, which calls no handler: there is no
 * report. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/provoke.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 3, RATE = 20 };

typedef struct account {
    uint32_t by[PROVOKED_WRONG + 1];
    uint32_t reported; /* of those ended: with a report */
    uint64_t answers;
    uint64_t wrong;
    int exit_code;
    bool odd_exit_code;
    char what[300];
} account;

/* The process has ended: as documented? */
static void look(account *a, host *h, uint32_t entry) {
    char folder[1200];
    (void)snprintf(folder, sizeof folder, "%s/run/faults", host_folder(h));
    int code = host_wait_exit(h, NET_TIMEOUT_MS);
    bool reported = folder_count(folder, "") > 0 && host_log_errors(h) > 0;
    a->exit_code = code;
    a->reported += reported;
    if ((!faults_is_end(code) || !reported) && a->what[0] == '\0') {
        a->odd_exit_code = !faults_is_end(code);
        (void)snprintf(a->what, sizeof a->what, "in %s: exit code %d, %s", faulty_entry_word(entry),
                       code, reported ? "a report" : "no report");
    }
}

static void provoke_once(uint32_t entry, uint32_t kind, account *a) {
    char name[64];
    (void)snprintf(name, sizeof name, "ended_%s", faulty_kind_word(kind));
    const faults_options options = {
        .name = name, .modules = "faulty faulty_guest", .module_keys = faults_no_policy};
    provoker p;
    host *h = faults_host(&options);
    const honest_options clients = {.port = host_port(h, "game"), .clients = CLIENTS, .rate = RATE};
    honest *others = honest_start(&clients);
    provoker_init(&p, h, true);
    provoked came = provoke(&p, entry, kind);
    a->by[came]++;
    if (came == PROVOKED_ENDED) {
        look(a, h, entry);
    } else if (faults_promise(kind) == FAULTY_ENDS && a->what[0] == '\0') {
        (void)snprintf(a->what, sizeof a->what, "in %s: %s", faulty_entry_word(entry),
                       came == PROVOKED_WRONG ? p.what : "the process goes on");
    }
    provoker_fini(&p);
    honest_figures seen = honest_stop(others);
    a->answers += seen.answers;
    a->wrong += seen.wrong;
    host_drop(h);
}

static bool is_asked(uint32_t entry, bool full) {
    bool some = entry == FAULTY_IN_PACKET || (scale(1, 0) == 1 && entry == FAULTY_IN_TICK);
    return provoke_can(entry) && (full || some);
}

static bool kind_of_fault(uint32_t kind, int times, bool full) {
    account a = {0};
    for (uint32_t entry = 0; entry < FAULTY_ENTRIES; entry++) {
        for (int i = 0; i < times && is_asked(entry, full); i++) {
            provoke_once(entry, kind, &a);
        }
    }
    printf("%-14s %6u %9u %9d %10u %9u %6u  %9llu %6llu  %s\n", faulty_kind_word(kind),
           a.by[PROVOKED_ENDED], a.reported, a.exit_code, a.by[PROVOKED_CONTAINED],
           a.by[PROVOKED_SURVIVED], a.by[PROVOKED_WRONG], (unsigned long long)a.answers,
           (unsigned long long)a.wrong, a.what);
    (void)fflush(stdout);
    bool none_else = a.by[PROVOKED_CONTAINED] + a.by[PROVOKED_SURVIVED] + a.by[PROVOKED_WRONG] == 0;
    return !a.odd_exit_code && a.wrong == 0 &&
           (a.reported == a.by[PROVOKED_ENDED] || kind == FAULTY_BLOCKED) &&
           (faults_promise(kind) == FAULTY_EITHER || none_else);
}

SCENARIO(faults_ended) {
    const char *asked = scenario_argument(0);
    const char *only = scenario_argument(1);
    int times = asked != NULL ? atoi(asked) : 1;
    int failed = 0;
    CHECK(times > 0);
    printf(
        "                faults                                                    answers\n"
        "kind            ended  reported exit code  contained  survived  wrong        all  wrong\n");
    for (uint32_t kind = 1; kind < FAULTY_KINDS; kind++) {
        int promise = faults_promise(kind);
        if ((promise == FAULTY_ENDS || promise == FAULTY_EITHER) &&
            (only == NULL || strcmp(only, faulty_kind_word(kind)) == 0)) {
            failed += !kind_of_fault(kind, times, asked != NULL);
        }
    }
    CHECK_INT(failed, 0);
}
