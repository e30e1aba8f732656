/* samples.c: makes samples of figures: see collect.h. */
#include "metrics/collect.h"

#include <stdio.h>
#include <string.h>

static metric_label *label_add(metric_sample *s, const char *name, size_t size) {
    metric_label *l = &s->labels[s->label_count++];
    snprintf(l->name, sizeof l->name, "%.*s", (int)size, name);
    return l;
}

/* A sample with the row's labels. */
static metric_sample sample_of(const metric_out *to, const metric_names *names,
                               const char *suffix) {
    metric_sample s = {.suffix = suffix};
    const char *at = to->row->labels;
    for (uint32_t i = 0; *at != '\0' && i < METRIC_LABELS_MAX - 1; i++) {
        size_t size = strcspn(at, ",");
        const char *value = names->values[i];
        metric_label *l = label_add(&s, at, size);
        snprintf(l->value, sizeof l->value, "%s", value != NULL ? value : "");
        at += size + (at[size] == ',');
    }
    return s;
}

static void give(const metric_out *to, const metric_sample *s) {
    to->sink->sample(to->sink->arg, to->row, s);
}

static const char *suffix_of(metric_kind kind) {
    return kind == METRIC_COUNTER ? "_total" : kind == METRIC_INFO ? "_info" : "";
}

void metric_count(metric_out *to, const metric_names *names, uint64_t value) {
    metric_sample s = sample_of(to, names, suffix_of(to->row->kind));
    snprintf(s.value, sizeof s.value, "%llu", (unsigned long long)value);
    give(to, &s);
}

void metric_real(metric_out *to, const metric_names *names, double value) {
    metric_sample s = sample_of(to, names, suffix_of(to->row->kind));
    snprintf(s.value, sizeof s.value, "%.15g", value);
    give(to, &s);
}

void metric_seconds(metric_out *to, const metric_names *names, uint64_t ns) {
    metric_real(to, names, (double)ns / 1e9);
}

void metric_durations(metric_out *to, const metric_names *names, const durations_view *view) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < DURATIONS_BUCKETS; i++) {
        metric_sample s = sample_of(to, names, "_bucket");
        metric_label *l = label_add(&s, "le", 2);
        if (i < DURATIONS_BOUNDS) {
            snprintf(l->value, sizeof l->value, "%.12g", (double)durations_bound_ns(i) / 1e9);
        } else {
            snprintf(l->value, sizeof l->value, "+Inf");
        }
        sum += view->counts[i];
        snprintf(s.value, sizeof s.value, "%llu", (unsigned long long)sum);
        give(to, &s);
    }
    metric_sample s = sample_of(to, names, "_sum");
    snprintf(s.value, sizeof s.value, "%.15g", (double)view->sum_ns / 1e9);
    give(to, &s);
    s.suffix = "_count";
    snprintf(s.value, sizeof s.value, "%llu", (unsigned long long)sum);
    give(to, &s);
}
