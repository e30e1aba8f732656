/* openmetrics.c: see openmetrics.h. */
#include "metrics/openmetrics.h"

#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 1024 };

typedef struct writer {
    bool old;
    openmetrics_write *write;
    void *arg;
} writer;

/* Appends a label's value, escaped. Whole, or nothing of it. */
static size_t put_value(char *to, size_t capacity, const char *value) {
    size_t used = 0;
    for (; *value != '\0' && used + 2 < capacity; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n') {
            to[used++] = '\\';
        }
        to[used++] = *value == '\n' ? 'n' : *value;
    }
    return used;
}

/* Writes `portico_sessions{listener="game"} 3` without a line's end. Returns its size. */
static size_t put_sample(char line[LINE_BYTES], const metric_row *row, const metric_sample *s) {
    size_t used = (size_t)snprintf(line, LINE_BYTES, "%s%s", row->name, s->suffix);
    for (uint32_t i = 0; i < s->label_count; i++) {
        const metric_label *l = &s->labels[i];
        used += (size_t)snprintf(line + used, LINE_BYTES - used, "%c%s=\"", i == 0 ? '{' : ',',
                                 l->name);
        used += put_value(line + used, METRIC_LABEL_TEXT + 2, l->value);
        line[used++] = '"';
    }
    used += (size_t)snprintf(line + used, LINE_BYTES - used, "%s %s", s->label_count > 0 ? "}" : "",
                             s->value);
    return used;
}

static void write_head(const writer *w, const char *word, const char *name, const char *suffix,
                       const char *text) {
    char line[LINE_BYTES];
    int size = snprintf(line, sizeof line, "# %s %s%s %s\n", word, name, suffix, text);
    w->write(w->arg, line, (size_t)size);
}

static void begin(void *arg, const metric_row *row) {
    const writer *w = arg;
    bool info = row->kind == METRIC_INFO;
    const char *suffix = !w->old                       ? ""
                         : info                        ? "_info"
                         : row->kind == METRIC_COUNTER ? "_total"
                                                       : "";
    write_head(w, "TYPE", row->name, suffix,
               w->old && info ? "gauge" : metric_kind_name(row->kind));
    if (!w->old && row->unit[0] != '\0') {
        write_head(w, "UNIT", row->name, suffix, row->unit);
    }
    write_head(w, "HELP", row->name, suffix, row->help);
}

static void sample(void *arg, const metric_row *row, const metric_sample *s) {
    const writer *w = arg;
    char line[LINE_BYTES];
    size_t size = put_sample(line, row, s);
    line[size++] = '\n';
    w->write(w->arg, line, size);
}

void openmetrics_text(bool old, openmetrics_write *write, void *arg) {
    static const char end[] = "# EOF\n";
    writer w = {old, write, arg};
    const metric_sink sink = {begin, sample, &w};
    metrics_walk(&sink);
    if (!old) {
        write(arg, end, sizeof end - 1);
    }
}

/* ---- for people ------------------------------------------------------------------------------ */

typedef struct liner {
    void (*line)(void *arg, const char *text);
    void *arg;
} liner;

static void skip(void *arg, const metric_row *row) {
    (void)arg;
    (void)row;
}

static void line_sample(void *arg, const metric_row *row, const metric_sample *s) {
    const liner *l = arg;
    char line[LINE_BYTES];
    line[put_sample(line, row, s)] = '\0';
    l->line(l->arg, line);
}

void openmetrics_lines(void (*line)(void *arg, const char *text), void *arg) {
    liner l = {line, arg};
    const metric_sink sink = {skip, line_sample, &l};
    metrics_walk(&sink);
}
