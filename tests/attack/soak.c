/* soak.c: all attacks in a random mixture, beside swaps, loads and contained faults, with a rest
 * after each mixture: what the host has then must not grow. Memory is measured as the host sees it,
 * and again after the C library has given back what it keeps: see soak.py.
 *
 *     test-attack soak                   a short run
 *     test-attack soak SECONDS [FILE]    so long; samples go to FILE, for tests/attack/soak.py
 *
 * scripts/soak.sh runs it. A short run does not judge growth. */
#include "siege.h"
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENTS = 20,
    RATE = 20,
    MIXED = 3,      /* attacks at once */
    MIX_MS = 10000, /* of each mixture */
    REST_MS = 2000,
    SAMPLE_MS = 2000,
    SWAP_MS = 700,
    STEP_MS = 5,
    SHORT_MS = 6000,
    SHORT_MIX_MS = 1500,
    ALL = 3 * SIEGE_ATTACKS_MAX
};

typedef struct soak {
    host *host;
    honest *others;
    FILE *samples;
    uint64_t began_ms;
    uint64_t random;
    siege_attack attacks[ALL];
    int count;
    const siege_attack *now[MIXED]; /* NULL: fewer are mixed */
    uint64_t swaps;
    uint64_t refused; /* swaps and loads, for instance without disk */
} soak;

static int take(soak *s, int (*make)(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX])) {
    int made = make(s->host, s->attacks + s->count);
    s->count += made;
    return made;
}

/* One line: when, what the host has, what others feel since the sample before, and what happens. */
static void sample(soak *s, bool at_rest) {
    host *h = s->host;
    siege_memory m = {0};
    int64_t before = host_figure(h, "resident_memory_bytes");
    if (at_rest) { /* it would disturb an attack */
        m = siege_look_at_memory(h);
    }
    fprintf(s->samples, "%.1f,%d,%lld,%lld,%lld,%lld,%lld,%lld,%llu,%llu,%llu,%llu,%lld,%llu,",
            (double)(clock_now_ms() - s->began_ms) / 1000, at_rest, (long long)before,
            (long long)m.resident, (long long)m.allocated, (long long)m.buffers,
            (long long)host_figure(h, "open_fds"), (long long)host_figure(h, "sessions"),
            (unsigned long long)honest_latency_us(s->others, 0.5),
            (unsigned long long)honest_latency_us(s->others, 0.99),
            (unsigned long long)honest_answers(s->others), (unsigned long long)s->swaps,
            (long long)host_figure(h, "module_faults"), (unsigned long long)honest_lost(s->others));
    for (int i = 0; i < MIXED && !at_rest; i++) {
        fprintf(s->samples, "%s%s", i > 0 ? " " : "", s->now[i] != NULL ? s->now[i]->word : "");
    }
    fputc('\n', s->samples);
    CHECK(fflush(s->samples) == 0);
    CHECK_INT(honest_lost(s->others), 0);
    honest_forget(s->others);
}

/* Swaps the module of the honest clients, and loads or unloads another one. */
static void swap(soak *s) {
    static const char *const files[] = {"faulty_2", "faulty_3", "faulty"};
    char path[1024];
    char command[1200];
    host_module_path(files[s->swaps % 3], path, sizeof path);
    (void)snprintf(command, sizeof command, "swap faulty %s", path);
    bool well = host_try_admin(s->host, command, NULL, 0);
    s->swaps += well;
    s->refused += !well;
    (void)snprintf(command, sizeof command, "%s echo", s->swaps % 2 == 0 ? "load" : "unload");
    s->refused += !host_try_admin(s->host, command, NULL, 0);
}

/* The first ones are faults: their reports read the debug information, which stays in memory. */
static void choose(soak *s) {
    int count = 1 + (int)(wire_random(&s->random) % MIXED);
    for (int i = 0; i < MIXED; i++) {
        const siege_attack *one = &s->attacks[wire_random(&s->random) % (uint64_t)s->count];
        bool chosen = i >= count;
        for (int j = 0; j < i; j++) {
            chosen = chosen || s->now[j] == one;
        }
        s->now[i] = chosen ? NULL : one;
    }
    if (s->swaps == 0) {
        s->now[0] = &s->attacks[ATTACK_FAULT];
        s->now[1] = NULL;
        s->now[2] = NULL;
    }
}

static void attack_for(soak *s, uint32_t duration_ms) {
    uint64_t now_ms = clock_now_ms();
    uint64_t end_ms = now_ms + duration_ms;
    uint64_t sample_ms = now_ms + SAMPLE_MS;
    uint64_t swap_ms = now_ms;
    honest_forget(s->others);
    for (; now_ms < end_ms; now_ms = clock_now_ms()) {
        for (int i = 0; i < MIXED; i++) {
            if (s->now[i] != NULL && s->now[i]->step != NULL) {
                s->now[i]->step(s->now[i]->arg);
            }
        }
        if (now_ms >= swap_ms) {
            swap(s);
            swap_ms = clock_now_ms() + SWAP_MS;
        }
        if (now_ms >= sample_ms) {
            sample(s, false);
            sample_ms = clock_now_ms() + SAMPLE_MS;
        }
        clock_sleep_ms(STEP_MS);
    }
}

static void mixture(soak *s, uint32_t duration_ms) {
    char often[128];
    choose(s);
    for (int i = 0; i < MIXED; i++) {
        if (s->now[i] != NULL) {
            s->now[i]->begin(s->now[i]->arg);
        }
    }
    attack_for(s, duration_ms);
    for (int i = 0; i < MIXED; i++) {
        if (s->now[i] != NULL) {
            s->now[i]->end(s->now[i]->arg);
        }
    }
    for (int i = 0; i < MIXED; i++) {
        if (s->now[i] != NULL) {
            s->now[i]->settle(s->now[i]->arg, often, sizeof often);
        }
    }
    honest_forget(s->others);
    clock_sleep_ms(duration_ms < REST_MS ? duration_ms : REST_MS); /* others have time to answer */
    sample(s, true);
}

SCENARIO(soak) {
    const char *seconds = scenario_argument(0);
    const char *file = seconds != NULL ? scenario_argument(1) : NULL;
    uint32_t duration_ms = seconds != NULL ? (uint32_t)atoi(seconds) * 1000 : SHORT_MS;
    static soak s;
    s.host = siege_host("soak");
    s.random = clock_now_us();
    s.began_ms = clock_now_ms();
    s.samples = file != NULL ? fopen(file, "w") : stdout;
    CHECK(s.samples != NULL);
    fprintf(s.samples,
            "seconds,rest,memory,trimmed,allocated,buffers,handles,sessions,p50_us,p99_us,"
            "answers,swaps,faults,lost,attacks\n");
    const honest_options how = {.port = host_port(s.host, "game"),
                                .clients = scale(CLIENTS, CLIENTS / 4),
                                .rate = (uint32_t)scale(RATE, RATE / 2)};
    s.others = honest_start(&how);
    CHECK(take(&s, siege_crowds) + take(&s, siege_greeds) + take(&s, siege_shortages) > 0);
    host_expect_error(s.host, "echo");
    while (clock_now_ms() - s.began_ms < duration_ms) {
        mixture(&s, seconds != NULL ? MIX_MS : SHORT_MIX_MS);
    }
    printf("%llu swaps, %llu swaps and loads refused, %lld faults contained\n",
           (unsigned long long)s.swaps, (unsigned long long)s.refused,
           (long long)host_figure(s.host, "module_faults"));
    honest_figures seen = honest_stop(s.others);
    printf("honest clients: %llu answers; %llu wrong, %llu missing, %d dropped %s\n",
           (unsigned long long)seen.answers, (unsigned long long)seen.wrong,
           (unsigned long long)seen.unanswered, seen.dropped, seen.first);
    CHECK_TEXT(seen.first, "");
    CHECK_INT(seen.unanswered, 0);
    CHECK(s.swaps > 0);
    host_stop(s.host);
}
