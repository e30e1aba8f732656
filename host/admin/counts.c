/* counts.c: see counts.h. */
#include "admin/counts.h"

#include "metrics/totals.h"

#include <stdio.h>
#include <string.h>

static struct {
    metric_total totals[METRIC_TOTALS_MAX];
    uint32_t count;
    uint64_t sums[STATS_SHOWN];
    rates rates;
} seen; /* [admin thread] */

const rates *counts_read(void) {
    seen.count = metrics_totals(seen.totals);
    for (int s = 0; s < STATS_SHOWN; s++) {
        seen.sums[s] = stats_sum((stat)s);
    }
    rates_look(&seen.rates);
    return &seen.rates;
}

/* The counter of that name; STATS_SHOWN: there is none. */
static stat find_stat(const char *name) {
    int s = 0;
    while (s < STATS_SHOWN && strcmp(stats_name((stat)s), name) != 0) {
        s++;
    }
    return (stat)s;
}

static bool is_total(const char *name) {
    uint32_t i = 0;
    while (i < seen.count && strcmp(seen.totals[i].name, name) != 0) {
        i++;
    }
    return i < seen.count;
}

void counts_each(void (*each)(void *arg, const count_view *c), void *arg) {
    for (uint32_t i = 0; i < seen.count; i++) {
        const metric_total *t = &seen.totals[i];
        stat same = find_stat(t->name);
        count_view c = {.name = t->name, .grows = t->kind == METRIC_COUNTER};
        c.has_rate = same != STATS_SHOWN;
        c.per_second = c.has_rate ? seen.rates.per_second[same] : 0;
        snprintf(c.value, sizeof c.value, "%.15g", t->value);
        each(arg, &c);
    }
    for (int s = 0; s < STATS_SHOWN; s++) {
        count_view c = {.name = stats_name((stat)s), .grows = true, .has_rate = true};
        if (!is_total(c.name)) {
            c.per_second = seen.rates.per_second[s];
            snprintf(c.value, sizeof c.value, "%llu", (unsigned long long)seen.sums[s]);
            each(arg, &c);
        }
    }
}
