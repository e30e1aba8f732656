/* shrink.c: see shrink.h. It changes one thing at a time and keeps the change if the run still
 * fails in the same way, with the same seed or one of the next few: another world rarely fails with
 * the same seed. */
#include "sim/shrink.h"

#include "sim/options.h"
#include "support/clock.h"

#include <inttypes.h>
#include <string.h>

enum { ROUNDS = 4, OTHER_SEEDS = 200, ATTEMPTS = 40 };

typedef struct attempt {
    sim_options options;
    limited counts[COUNTS_MAX]; /* usual: as the scenario asks */
    uint32_t count;
} attempt;

typedef struct shrinker {
    const run_spec *found;
    const run_result *failure;
    uint64_t end_ms;
    uint64_t attempt_ms; /* how long one attempt may take, with all its seeds */
    attempt best;
    run_result result; /* of it */
} shrinker;

static void spec_of(const shrinker *s, const attempt *a, run_spec *spec) {
    *spec = (run_spec){.scenario = s->found->scenario, .seed = a->options.seed};
    options_text(&a->options, spec->options, sizeof spec->options);
    for (uint32_t i = 0; i < a->count; i++) {
        size_t used = strlen(spec->options);
        snprintf(spec->options + used, sizeof spec->options - used, "%scount.%s=%" PRIu32,
                 used > 0 ? " " : "", a->counts[i].what, a->counts[i].limit);
    }
}

static bool in_time(const shrinker *s) {
    return clock_now_ms() < s->end_ms;
}

/* Whether it is the same failure, in a run that is not much longer. */
static bool is_same(const shrinker *s, const run_result *r) {
    return !r->passed && strcmp(r->failure, s->failure->failure) == 0 &&
           r->figures.calls <= 2 * s->result.figures.calls;
}

/* Keeps the attempt if it fails in the same way with its seed or one of `other_seeds` more. */
static bool keep_if_same(shrinker *s, attempt a, uint32_t other_seeds) {
    uint64_t end_ms = clock_now_ms() + s->attempt_ms;
    end_ms = end_ms < s->end_ms ? end_ms : s->end_ms;
    for (uint32_t i = 0; i <= other_seeds && clock_now_ms() < end_ms; i++, a.options.seed++) {
        run_spec spec;
        run_result result;
        spec_of(s, &a, &spec);
        run_apart(&spec, &result);
        if (is_same(s, &result)) {
            s->best = a;
            s->result = result;
            return true;
        }
    }
    return false;
}

/* ---- the world --------------------------------------------------------------------------- */

static bool smaller_world(shrinker *s) {
    bool any = false;
    for (uint32_t i = 0; i < s->best.count; i++) {
        uint32_t now = s->best.counts[i].limit;
        const uint32_t sizes[] = {0, 1, now / 4, now / 2, now - 1};
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0] && now > 0; k++) {
            attempt a = s->best;
            a.counts[i].limit = sizes[k];
            if (sizes[k] < now && keep_if_same(s, a, OTHER_SEEDS)) {
                any = true;
                break;
            }
        }
    }
    return any;
}

/* ---- the temper -------------------------------------------------------------------------- */

static bool no_faults_at_all(shrinker *s) {
    attempt a = s->best;
    memset(a.options.faults, 0, sizeof a.options.faults);
    return memcmp(a.options.faults, s->best.options.faults, sizeof a.options.faults) != 0 &&
           keep_if_same(s, a, OTHER_SEEDS);
}

static bool fewer_kinds_of_faults(shrinker *s) {
    bool any = false;
    for (int kind = 0; kind < SIM_FAULT_KINDS; kind++) {
        attempt a = s->best;
        a.options.faults[kind] = 0;
        any |= s->best.options.faults[kind] != 0 && keep_if_same(s, a, OTHER_SEEDS);
    }
    return any;
}

/* The values of an option from calm to wild; the first that still fails is kept. */
static bool calmer(shrinker *s, const char *key, const char *const *values) {
    for (; *values != NULL; values++) {
        char assignment[64];
        char before[RUN_OPTIONS_BYTES];
        char after[RUN_OPTIONS_BYTES];
        attempt a = s->best;
        options_text(&a.options, before, sizeof before);
        snprintf(assignment, sizeof assignment, "%s=%s", key, *values);
        (void)options_set(&a.options, assignment);
        options_text(&a.options, after, sizeof after);
        if (strcmp(after, before) == 0) {
            return false; /* as calm as that already */
        }
        if (keep_if_same(s, a, OTHER_SEEDS)) {
            return true;
        }
    }
    return false;
}

static bool calmer_system(shrinker *s) {
    static const struct {
        const char *key;
        const char *values[5];
    } rows[] = {
        {"wild", {"0"}},
        {"short_io", {"0"}},
        {"window_bytes", {"0"}},
        {"clock_tick_us", {"0"}},
        {"latency_us", {"0", "50", "1000"}},
        {"policy", {"0"}},
        {"atomic_switch", {"0", "4096", "512", "64"}},
        {"call_switch", {"0", "256", "64", "16"}},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        any |= calmer(s, rows[i].key, rows[i].values);
    }
    return any;
}

/* ---- the time of the faults -------------------------------------------------------------- */

/* Up to the last fault point that it allows a run is the same as with more of them, so the seed
 * stays, and halving finds the first one that suffices. */
static bool faults_end_sooner(shrinker *s) {
    uint64_t low = 0;
    uint64_t high = s->result.figures.fault_points;
    bool any = false;
    if (s->best.options.faults_to != 0 && s->best.options.faults_to < high) {
        high = s->best.options.faults_to;
    }
    while (low + 1 < high && in_time(s)) {
        attempt a = s->best;
        a.options.faults_to = low + (high - low) / 2;
        if (keep_if_same(s, a, 0)) {
            high = a.options.faults_to;
            any = true;
        } else {
            low = a.options.faults_to;
        }
    }
    return any;
}

static bool faults_begin_later(shrinker *s) {
    uint64_t low = s->best.options.faults_from;
    uint64_t high =
        s->best.options.faults_to != 0 ? s->best.options.faults_to : s->result.figures.fault_points;
    bool any = false;
    while (low + 1 < high && in_time(s)) {
        attempt a = s->best;
        a.options.faults_from = low + (high - low + 1) / 2;
        if (keep_if_same(s, a, 0)) {
            low = a.options.faults_from;
            any = true;
        } else {
            high = a.options.faults_from;
        }
    }
    return any;
}

void shrink(const run_spec *found, const run_result *failure, uint32_t seconds, run_spec *smallest,
            run_result *result) {
    static const sim_options none;
    shrinker s = {.found = found,
                  .failure = failure,
                  .attempt_ms = (uint64_t)seconds * 1000 / ATTEMPTS,
                  .end_ms = clock_now_ms() + (uint64_t)seconds * 1000,
                  .result = *failure};
    options_from_seed(&s.best.options, found->seed);
    (void)options_set_all(&s.best.options, found->options);
    s.best.count = failure->count;
    memcpy(s.best.counts, failure->counts, sizeof s.best.counts);
    for (int i = 0; i < ROUNDS && in_time(&s); i++) {
        bool any = smaller_world(&s);
        any |= no_faults_at_all(&s) || fewer_kinds_of_faults(&s);
        any |= calmer_system(&s);
        if (memcmp(s.best.options.faults, none.faults, sizeof none.faults) != 0) {
            any |= faults_end_sooner(&s);
            any |= faults_begin_later(&s);
        }
        if (!any) {
            break;
        }
    }
    spec_of(&s, &s.best, smallest);
    *result = s.result;
}
