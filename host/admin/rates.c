/* rates.c: see rates.h. */
#include "admin/rates.h"

#include "run/worker.h"

#include <string.h>

/* The sweep comes every 250 ms: it takes a sample that is due within half of that. */
static const uint64_t PERIOD_NS = 875000000;

typedef struct sample {
    uint64_t at_ns; /* 0: not taken yet */
    uint64_t counts[STAT_COUNT];
    uint32_t workers;
    uint64_t worker_busy_ns[RATES_WORKERS_MAX];
} sample;

static struct {
    os_mutex lock; /* a leaf */
    sample before;
    sample last;
} rates_of;

void rates_sample(void) {
    uint64_t now_ns = os_monotonic_ns();
    if (rates_of.last.at_ns != 0 && now_ns - rates_of.last.at_ns < PERIOD_NS) {
        return; /* read without the lock: only this thread writes it */
    }
    os_mutex_lock(&rates_of.lock);
    rates_of.before = rates_of.last;
    sample *s = &rates_of.last;
    s->at_ns = now_ns;
    for (int i = 0; i < STAT_COUNT; i++) {
        s->counts[i] = stats_sum((stat)i);
    }
    s->workers = workers_count() < RATES_WORKERS_MAX ? workers_count() : RATES_WORKERS_MAX;
    for (uint32_t i = 0; i < s->workers; i++) {
        s->worker_busy_ns[i] = worker_busy_ns(i);
    }
    os_mutex_unlock(&rates_of.lock);
}

void rates_look(rates *view) {
    memset(view, 0, sizeof *view);
    os_mutex_lock(&rates_of.lock);
    const sample *from = &rates_of.before;
    const sample *to = &rates_of.last;
    bool two = from->at_ns != 0;
    double span_ns = (double)(to->at_ns - from->at_ns);
    for (int i = 0; two && i < STAT_COUNT; i++) {
        view->per_second[i] = (double)(to->counts[i] - from->counts[i]) * 1e9 / span_ns;
    }
    view->workers = two ? to->workers : 0;
    for (uint32_t i = 0; i < view->workers; i++) {
        view->worker_busy[i] = (double)(to->worker_busy_ns[i] - from->worker_busy_ns[i]) / span_ns;
    }
    os_mutex_unlock(&rates_of.lock);
}
