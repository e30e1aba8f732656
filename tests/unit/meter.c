/* meter.c: the bounds and percentiles of histograms against a sorted array of random durations. No
 * call is lost that several threads count at once, under several names or under more names than
 * there is room for; nothing is counted while nobody looks. */
#include "os/os.h"
#include "run/meter.h"

#include "support/check.h"
#include "support/wire.h"

#include <stdlib.h>

enum { THREADS = 4, CALLS = 20000, TYPES = 3, NUMBERS = 5, VALUES = 20000 };

static void bounds(void) {
    CHECK_INT(histogram_bound_ns(0), 0);
    CHECK_INT(histogram_bucket(0), 0);
    CHECK_INT(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    CHECK_INT(histogram_bound_ns(HISTOGRAM_BUCKETS - 1), 1ull << 34);
    CHECK(histogram_bound_ns(HISTOGRAM_BUCKETS) == UINT64_MAX);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t from_ns = histogram_bound_ns(i);
        uint64_t to_ns = histogram_bound_ns(i + 1);
        CHECK(to_ns > from_ns);
        CHECK(i == HISTOGRAM_BUCKETS - 1 || from_ns < 256 || (to_ns - from_ns) * 4 <= from_ns);
        CHECK_INT(histogram_bucket(from_ns), i);
        CHECK_INT(histogram_bucket(to_ns - 1), i);
    }
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* A percentile lies in the bucket of the right value: at most a quarter or 64 ns away from it. */
static void percentiles(uint64_t seed, int count, uint32_t powers) {
    static const double shares[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
    static uint64_t values[VALUES];
    uint64_t counts[HISTOGRAM_BUCKETS] = {0};
    uint64_t before = 0;
    for (int i = 0; i < count; i++) {
        values[i] = wire_random(&seed) >> (64 - powers + wire_random(&seed) % powers);
        counts[histogram_bucket(values[i])]++;
    }
    qsort(values, (size_t)count, sizeof values[0], compare);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        uint64_t found = histogram_percentile_ns(counts, shares[i], values[count - 1]);
        double rank = shares[i] * count;
        int at = (int)rank;
        at = at < rank ? at : at - 1; /* the first of which `rank` values are not above it */
        uint64_t right = values[at > 0 ? at : 0];
        uint64_t away = found > right ? found - right : right - found;
        CHECK(away <= 64 || away * 4 <= right || histogram_bucket(right) == HISTOGRAM_BUCKETS - 1);
        CHECK(found >= before && found <= values[count - 1]);
        before = found;
    }
}

static void count_some(void *arg) {
    static const char *const types[TYPES] = {"game.player", "game.monster", "chat.talker"};
    uint64_t random = (uint64_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < CALLS; i++) {
        uint64_t began_ns = meter_begin();
        CHECK(began_ns != 0);
        meter_end(began_ns, i % 2 == 0 ? began_ns : 0, METER_OPCODE, types[i % TYPES],
                  (uint32_t)(wire_random(&random) % NUMBERS));
    }
}

typedef struct sums {
    uint64_t calls;
    uint64_t latencies;
    uint32_t series;
    uint64_t others;
} sums;

static void add(void *arg, const meter_series *series) {
    sums *s = arg;
    uint64_t calls = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        calls += series->handler.counts[i];
        s->latencies += series->latency.counts[i];
    }
    CHECK((series->type[0] == '\0') == (series->kind == METER_OTHERS));
    CHECK(series->handler.worst_ns <= series->handler.sum_ns);
    s->calls += calls;
    s->series += calls > 0;
    s->others += series->kind == METER_OTHERS ? calls : 0;
}

static void writers(void) {
    os_thread *threads[THREADS];
    sums s = {0};
    CHECK_INT(meter_begin(), 0); /* nobody looks */
    meter_each(add, &s);
    CHECK_INT(s.calls, 0);
    atomic_store(&meter_most, UINT32_MAX); /* for this and the next ones: all calls */
    meter_measure(60000);
    meter_measure(1); /* somebody else does, and for longer */
    for (uintptr_t i = 0; i < THREADS; i++) {
        /* cppcheck-suppress intToPointerCast ; a number for the thread */
        CHECK_INT(os_thread_start(&threads[i], "counts", count_some, (void *)(i + 1)), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    meter_each(add, &s);
    CHECK_INT(s.calls, (uint64_t)THREADS * CALLS);
    CHECK_INT(s.latencies, (uint64_t)THREADS * CALLS / 2);
    CHECK_INT(s.series, TYPES * NUMBERS);
    CHECK_INT(s.others, 0);
}

/* Names beyond the limit are counted together. */
static void too_many(void) {
    enum { MORE = 2 * METER_SERIES_MAX };
    sums s = {0};
    uint64_t began_ns = meter_begin();
    for (uint32_t i = 0; i < MORE; i++) {
        meter_end(began_ns, 0, METER_ROOM_MESSAGE, "game.room", i);
    }
    meter_each(add, &s);
    CHECK_INT(s.calls, (uint64_t)THREADS * CALLS + MORE);
    CHECK_INT(s.series, METER_SERIES_MAX + 1);
    CHECK_INT(s.others, MORE - (METER_SERIES_MAX - TYPES * NUMBERS));
}

static void ends(void) {
    atomic_store(&meter_until_ns, os_monotonic_ns()); /* the time is over */
    CHECK_INT(meter_begin(), 0);
    CHECK_INT(atomic_load(&meter_until_ns), 0);
    meter_stay_on(); /* while nothing is measured, ... */
    CHECK(meter_on());
    CHECK_INT(meter_begin(), 0);
    meter_stay_on();
    meter_stay_off();
    CHECK(meter_on());
    meter_measure(60000); /* ... while something is, and after it */
    CHECK(meter_begin() != 0);
    atomic_store(&meter_until_ns, os_monotonic_ns());
    CHECK_INT(meter_begin(), 0);
    CHECK(meter_on());
    meter_stay_off();
    CHECK(!meter_on());
    meter_measure(60000);
    CHECK(meter_begin() != 0);
}

/* More calls than are measured: one that is counts for the others. */
static void many(void) {
    enum { MANY = 1000000 };
    sums before = {0};
    sums after = {0};
    uint32_t measured = 0;
    atomic_store(&meter_most, METER_MOST);
    meter_each(add, &before);
    for (uint32_t i = 0; i < MANY; i++) {
        uint64_t began_ns = meter_begin();
        measured += began_ns != 0;
        meter_end(began_ns, 0, METER_OPCODE, "game.player", 1);
    }
    meter_each(add, &after);
    uint64_t calls = after.calls - before.calls;
    CHECK(measured < MANY / 2);
    CHECK(calls > MANY / 10 * 8 && calls < MANY / 10 * 12);
}

SCENARIO(meter) {
    bounds();
    percentiles(1, VALUES, 40);
    percentiles(2, VALUES, 20);
    percentiles(3, 1, 30);
    percentiles(4, 7, 12);
    writers();
    too_many();
    ends();
    many();
}
