/* top_sample.c: see top_sample.h. */
#include "admin/top_sample.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns what follows `word` and a blank at the start of `line`; NULL: the line begins
 * differently. */
static const char *after(const char *line, const char *word) {
    size_t size = strlen(word);
    return strncmp(line, word, size) == 0 && line[size] == ' ' ? line + size + 1 : NULL;
}

/* Takes the next number of *text; 0 when there is none. */
static uint64_t next_number(const char **text) {
    char *end = NULL;
    uint64_t number = strtoull(*text, &end, 10);
    *text = end + (*end == ' ');
    return number;
}

/* Copies what fits; '?' replaces half a character at a cut. */
static void copy_text(char *to, size_t size, const char *text) {
    snprintf(to, size, "%s", text);
    text_make_plain(to);
}

static void read_count(top_sample *s, const char *text) {
    for (int i = 0; i < STAT_COUNT; i++) {
        const char *value = after(text, stats_name((stat)i));
        if (value != NULL) {
            s->counts[i] = next_number(&value);
        }
    }
}

static void read_worker(top_sample *s, const char *text) {
    uint64_t number = next_number(&text);
    if (number >= 1 && number <= TOP_WORKERS_MAX) {
        s->worker_count = s->worker_count < number ? (uint32_t)number : s->worker_count;
        s->workers[number - 1].batch_ns = next_number(&text);
        s->workers[number - 1].busy_ns = next_number(&text);
    }
}

static void read_queue(top_sample *s, const char *text) {
    for (int i = 0; i < DEPTH_COUNT; i++) {
        const char *value = after(text, depth_name((depth)i));
        if (value == NULL) {
            continue;
        }
        depth_view *view = &s->depths[i];
        view->sum = next_number(&value);
        const char *most = after(value, "most");
        if (most != NULL) {
            view->most = next_number(&most);
            copy_text(view->name, sizeof view->name, most);
        }
    }
}

/* "KIND NUMBER TYPE": the lines with its histograms follow. */
static void read_series(top_sample *s, const char *text) {
    if (s->series_count > METER_SERIES_MAX) {
        return;
    }
    for (int i = 0; i < METER_KINDS; i++) {
        const char *value = after(text, meter_kind_name((meter_kind)i));
        if (value != NULL) {
            meter_series *series = &s->series[s->series_count++];
            series->kind = (meter_kind)i;
            series->number = (uint32_t)next_number(&value);
            copy_text(series->type, sizeof series->type, value);
        }
    }
}

/* "SUM WORST BUCKET:COUNT ...": a long one has several lines. */
static void read_histogram(meter_histogram *h, const char *text) {
    h->sum_ns = next_number(&text);
    h->worst_ns = next_number(&text);
    while (*text != '\0') {
        uint64_t bucket = next_number(&text);
        if (*text != ':' || bucket >= HISTOGRAM_BUCKETS) {
            return;
        }
        text++;
        h->counts[bucket] = next_number(&text);
    }
}

static void read_figure(top_sample *s, const char *line) {
    const struct {
        const char *name;
        uint64_t *to;
    } figures[] = {{"uptime_s", &s->uptime_s},
                   {"sessions", &s->sessions},
                   {"rooms", &s->rooms},
                   {"timers", &s->timers},
                   {"now_ns", &s->now_ns}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const char *value = after(line, figures[i].name);
        if (value != NULL) {
            *figures[i].to = next_number(&value);
        }
    }
}

void top_sample_line(top_sample *s, const char *line) {
    const char *text = NULL;
    if ((text = after(line, "version")) != NULL) {
        copy_text(s->version, sizeof s->version, text);
    } else if ((text = after(line, "count")) != NULL) {
        read_count(s, text);
    } else if ((text = after(line, "worker")) != NULL) {
        read_worker(s, text);
    } else if ((text = after(line, "queue")) != NULL) {
        read_queue(s, text);
    } else if ((text = after(line, "series")) != NULL) {
        read_series(s, text);
    } else if ((text = after(line, "handler")) != NULL && s->series_count > 0) {
        read_histogram(&s->series[s->series_count - 1].handler, text);
    } else if ((text = after(line, "latency")) != NULL && s->series_count > 0) {
        read_histogram(&s->series[s->series_count - 1].latency, text);
    } else {
        read_figure(s, line);
    }
}

/* ---- differences ----------------------------------------------------------------------------- */

/* A counter that was read while others counted may seem to have gone back a little. */
static void subtract(uint64_t *later, uint64_t earlier) {
    *later = *later > earlier ? *later - earlier : 0;
}

uint64_t top_calls(const meter_histogram *h) {
    uint64_t calls = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        calls += h->counts[i];
    }
    return calls;
}

/* The worst of the difference is not known: it lies in the last bucket, and is at most the worst
 * ever. */
static void histogram_since(meter_histogram *later, const meter_histogram *earlier) {
    uint64_t bound_ns = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        subtract(&later->counts[i], earlier->counts[i]);
        bound_ns = later->counts[i] != 0 ? histogram_bound_ns(i + 1) - 1 : bound_ns;
    }
    subtract(&later->sum_ns, earlier->sum_ns);
    later->worst_ns = later->worst_ns < bound_ns ? later->worst_ns : bound_ns;
}

static const meter_series *find(const top_sample *s, const meter_series *like) {
    for (uint32_t i = 0; i < s->series_count; i++) {
        const meter_series *series = &s->series[i];
        if (series->kind == like->kind && series->number == like->number &&
            strcmp(series->type, like->type) == 0) {
            return series;
        }
    }
    return NULL;
}

static int by_time(const void *a, const void *b) {
    const meter_series *x = a;
    const meter_series *y = b;
    if (x->handler.sum_ns != y->handler.sum_ns) {
        return x->handler.sum_ns > y->handler.sum_ns ? -1 : 1;
    }
    return strcmp(x->type, y->type);
}

static void series_since(top_sample *later, const top_sample *earlier) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < later->series_count; i++) {
        meter_series *series = &later->series[i];
        const meter_series *before = find(earlier, series);
        if (before != NULL) {
            histogram_since(&series->handler, &before->handler);
            histogram_since(&series->latency, &before->latency);
        }
        if (top_calls(&series->handler) > 0) {
            later->series[kept++] = *series;
        }
    }
    later->series_count = kept;
    qsort(later->series, kept, sizeof later->series[0], by_time);
}

void top_sample_since(top_sample *later, const top_sample *earlier) {
    subtract(&later->now_ns, earlier->now_ns);
    for (int i = 0; i < STAT_COUNT; i++) {
        subtract(&later->counts[i], earlier->counts[i]);
    }
    for (uint32_t i = 0; i < later->worker_count; i++) {
        subtract(&later->workers[i].batch_ns, earlier->workers[i].batch_ns);
        subtract(&later->workers[i].busy_ns, earlier->workers[i].busy_ns);
    }
    series_since(later, earlier);
}
