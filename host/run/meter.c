/* meter.c: see meter.h.
 *
 * The table is open-addressed. A thread takes a slot by writing the hash of the series' name
 * into `keys` with a compare-and-swap, and finds it again by that hash alone: among 512 hashes of
 * 64 bits, no two collide by chance. So a thread that counts never waits for the name. Only readers
 * need it, and they skip a slot until `named` is set. Slots are never freed.
 */
#include "run/meter.h"

#include "os/os.h"

#include <string.h>

typedef struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t sum_ns;
    _Atomic uint64_t worst_ns;
} histogram;

typedef struct series {
    _Alignas(128) atomic_bool named; /* the next three fields are written */
    meter_kind kind;
    uint32_t number;
    char type[METER_NAME_MAX];
    histogram handler;
    histogram latency;
} series;

enum { STAYS_ON = 1 };

_Atomic uint64_t meter_until_ns;
static _Atomic uint32_t stays; /* calls of meter_stay_on without their meter_stay_off */
_Atomic uint32_t meter_most = METER_MOST;

/* How the calling thread chooses the calls that it measures. */
static _Thread_local struct {
    uint32_t skip;   /* calls before the next one that is measured */
    uint32_t every;  /* one call in `every` is measured; 0: all are */
    uint32_t weight; /* of the call that is measured now */
    uint32_t chosen; /* in the window */
    uint64_t window_ns;
    uint32_t random;
} pace;

static _Atomic uint64_t keys[METER_SERIES_MAX]; /* 0: free */
static series all[METER_SERIES_MAX];
static series others = {.named = true, .kind = METER_OTHERS};

/* The value of meter_until_ns while nothing is measured. */
static uint64_t at_rest(void) {
    return atomic_load(&stays) > 0 ? STAYS_ON : 0;
}

/* Unless something is measured: sets meter_until_ns to what `stays` asks for. A thread that changes
 * `stays` at the same time calls this after its change, so the last call sees both changes. */
static void rest(void) {
    uint64_t from = atomic_load(&meter_until_ns);
    uint64_t to = at_rest();
    while (from <= STAYS_ON && from != to) {
        if (atomic_compare_exchange_strong(&meter_until_ns, &from, to)) {
            from = to;
        }
        to = at_rest();
    }
}

void meter_stay_on(void) {
    atomic_fetch_add(&stays, 1);
    rest();
}

void meter_stay_off(void) {
    atomic_fetch_sub(&stays, 1);
    rest();
}

void meter_measure(uint32_t duration_ms) {
    uint64_t until_ns = os_monotonic_ns() + duration_ms * 1000000ull;
    uint64_t before_ns = atomic_load(&meter_until_ns);
    while (before_ns < until_ns &&
           !atomic_compare_exchange_weak(&meter_until_ns, &before_ns, until_ns)) {
        /* Another thread has switched it off or asked for another time. */
    }
}

/* xorshift32 */
static uint32_t pace_random(void) {
    uint32_t x = pace.random != 0 ? pace.random : 2463534242;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    pace.random = x;
    return x;
}

/* Called for a measured call: chooses the next one, by the rate of the latest calls. */
static void pace_choose(uint64_t now_ns) {
    uint64_t passed_ns = now_ns - pace.window_ns;
    pace.weight = pace.every > 0 ? pace.every : 1;
    pace.chosen++;
    if (passed_ns >= METER_WINDOW_NS) {
        double calls = (double)pace.chosen * pace.weight * METER_WINDOW_NS / (double)passed_ns;
        double every = calls / atomic_load_explicit(&meter_most, memory_order_relaxed);
        pace.every = every >= METER_EVERY_MAX ? METER_EVERY_MAX : (uint32_t)every + 1;
        pace.chosen = 0;
        pace.window_ns = now_ns;
    }
    pace.skip = pace.every > 1 ? pace_random() % (2 * pace.every - 1) : 0;
}

uint32_t meter_weight(void) {
    return pace.weight;
}

/* The time now; 0: the call is not measured. If the time to measure is over, measuring is off from
 * now on. */
uint64_t meter_clock_ns(void) {
    uint64_t until_ns = atomic_load_explicit(&meter_until_ns, memory_order_relaxed);
    if (until_ns <= STAYS_ON) {
        return 0;
    }
    if (pace.skip > 0) {
        pace.skip--;
        return 0;
    }
    uint64_t now_ns = os_monotonic_ns();
    if (now_ns < until_ns) {
        pace_choose(now_ns);
        return now_ns;
    }
    uint64_t to = at_rest();
    if (atomic_compare_exchange_strong(&meter_until_ns, &until_ns, to)) {
        rest();
    } /* else it was just prolonged */
    return 0;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 32; /* a product carries nothing down, and the low bits choose the slot */
}

/* The hash of a series' name: kind, type and number. Never 0. */
static uint64_t hash_of(meter_kind kind, const char *type, uint32_t number) {
    uint64_t hash = mix(0, (uint64_t)(kind + 1) << 32 | number);
    uint64_t word = 0;
    size_t size = strlen(type);
    for (; size >= sizeof word; size -= sizeof word, type += sizeof word) {
        memcpy(&word, type, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, type, size);
    hash = mix(hash, word);
    return hash != 0 ? hash : 1;
}

static series *series_find(meter_kind kind, const char *type, uint32_t number) {
    uint64_t hash = hash_of(kind, type, number);
    for (uint32_t i = 0; i < METER_SERIES_MAX; i++) {
        uint32_t at = (uint32_t)(hash + i) % METER_SERIES_MAX;
        uint64_t key = atomic_load_explicit(&keys[at], memory_order_relaxed);
        if (key == 0 && atomic_compare_exchange_strong(&keys[at], &key, hash)) {
            series *s = &all[at];
            s->kind = kind;
            s->number = number;
            memcpy(s->type, type, strnlen(type, sizeof s->type - 1));
            atomic_store_explicit(&s->named, true, memory_order_release);
            return s;
        }
        if (key == hash) {
            return &all[at];
        }
    }
    return &others;
}

static void histogram_add(histogram *h, uint64_t ns) {
    atomic_fetch_add_explicit(&h->counts[histogram_bucket(ns)], pace.weight, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_ns, ns * pace.weight, memory_order_relaxed);
    uint64_t worst_ns = atomic_load_explicit(&h->worst_ns, memory_order_relaxed);
    while (ns > worst_ns &&
           !atomic_compare_exchange_weak_explicit(&h->worst_ns, &worst_ns, ns, memory_order_relaxed,
                                                  memory_order_relaxed)) {
        /* Another thread has raised it. */
    }
}

void meter_count(uint64_t began_ns, uint64_t received_ns, meter_kind kind, const char *type,
                 uint32_t number) {
    uint64_t now_ns = os_monotonic_ns();
    series *s = series_find(kind, type, number);
    histogram_add(&s->handler, now_ns - began_ns);
    if (received_ns != 0) {
        histogram_add(&s->latency, now_ns - received_ns);
    }
}

static void histogram_look(histogram *h, meter_histogram *view) {
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        view->counts[i] = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
    }
    view->sum_ns = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
    view->worst_ns = atomic_load_explicit(&h->worst_ns, memory_order_relaxed);
}

static void series_look(series *s, void (*each)(void *arg, const meter_series *series), void *arg) {
    if (!atomic_load_explicit(&s->named, memory_order_acquire)) {
        return;
    }
    meter_series view = {.kind = s->kind, .number = s->number};
    memcpy(view.type, s->type, sizeof view.type);
    histogram_look(&s->handler, &view.handler);
    histogram_look(&s->latency, &view.latency);
    each(arg, &view);
}

void meter_each(void (*each)(void *arg, const meter_series *series), void *arg) {
    for (uint32_t i = 0; i < METER_SERIES_MAX; i++) {
        if (atomic_load_explicit(&keys[i], memory_order_relaxed) !=
            0) { /* does not touch the pages of free slots */
            series_look(&all[i], each, arg);
        }
    }
    series_look(&others, each, arg);
}

const char *meter_kind_name(meter_kind kind) {
    static const char *const names[METER_KINDS] = {
#define METER_NAME(what, word) word,
        METER_LIST(METER_NAME)
#undef METER_NAME
    };
    return names[kind];
}
