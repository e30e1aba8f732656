/* totals.c: see totals.h. */
#include "metrics/totals.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct summing {
    metric_total *all;
    uint32_t count;
    uint32_t first; /* of the present row */
} summing;

static const char *short_name(const char *name) {
    static const char *const prefixes[] = {"portico_", "process_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t size = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], size) == 0) {
            return name + size;
        }
    }
    return name;
}

static bool has_sum(const metric_row *row) {
    bool moment = row->kind == METRIC_GAUGE && strcmp(row->unit, "seconds") == 0;
    return (row->kind == METRIC_COUNTER || row->kind == METRIC_GAUGE) && !moment;
}

/* The row's total of that name, which is new if there is none; NULL: there is no room. */
static metric_total *total_of(summing *s, const metric_row *row, const char *name) {
    for (uint32_t i = s->first; i < s->count; i++) {
        if (strcmp(s->all[i].name, name) == 0) {
            return &s->all[i];
        }
    }
    if (s->count == METRIC_TOTALS_MAX) {
        return NULL;
    }
    metric_total *t = &s->all[s->count++];
    *t = (metric_total){.kind = row->kind};
    snprintf(t->name, sizeof t->name, "%s", name);
    return t;
}

static void add(summing *s, const metric_row *row, const char *name, double value) {
    metric_total *t = total_of(s, row, name);
    if (t != NULL) {
        t->value += value;
    }
}

static void begin(void *arg, const metric_row *row) {
    summing *s = arg;
    s->first = s->count;
    if (has_sum(row)) {
        add(s, row, short_name(row->name), 0);
    }
}

static void sample(void *arg, const metric_row *row, const metric_sample *found) {
    summing *s = arg;
    const char *name = short_name(row->name);
    double value = strtod(found->value, NULL);
    if (!has_sum(row)) {
        return;
    }
    add(s, row, name, value);
    for (uint32_t i = 0; i < found->label_count; i++) {
        const metric_label *l = &found->labels[i];
        if (strcmp(l->name, "reason") == 0 || strcmp(l->name, "result") == 0) {
            char part[METRIC_TOTAL_NAME];
            snprintf(part, sizeof part, "%s{%s=\"%.40s\"}", name, l->name, l->value);
            add(s, row, part, value);
        }
    }
}

uint32_t metrics_totals(metric_total totals[METRIC_TOTALS_MAX]) {
    summing s = {.all = totals};
    const metric_sink sink = {begin, sample, &s};
    metrics_walk(&sink);
    return s.count;
}
