/* top_screen.c: see top_screen.h. */
#include "admin/top_screen.h"

#include "base/text.h"

#include <string.h>

enum {
    NAME_COLUMNS = 24,
    TIME_TEXT = 24,
    WORKERS_A_LINE = 6,
    TERMINAL_WORKER_LINES = 2,
    TERMINAL_LINES = 23 /* of 24: the cursor is in the last one */
};

/* Escape sequences that both systems' terminals know, once os_terminal has turned them on. */
static const char to_top[] = "\x1b[H";
static const char clear_rest_of_line[] = "\x1b[K";
static const char clear_below[] = "\x1b[J";

typedef struct screen {
    FILE *to;
    const top_sample *s;
    bool terminal;
    uint32_t lines; /* so far */
} screen;

static void line_end(screen *c) {
    fprintf(c->to, "%s\n", c->terminal ? clear_rest_of_line : "");
    c->lines++;
}

/* "850ns", "1.2us", "12ms", "3.4s": at most 5 columns. */
static const char *time_text(double ns, char text[TIME_TEXT]) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    while (ns >= 999.5 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    snprintf(text, TIME_TEXT, "%.*f%s", unit > 0 && ns < 9.95 ? 1 : 0, ns, units[unit]);
    return text;
}

/* "0.0", "12.5", "1234", "567.8k", "1.2M": at most 6 columns. */
static const char *number_text(double number, char text[TIME_TEXT]) {
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    int unit = 0;
    if (number < 99999.5) {
        snprintf(text, TIME_TEXT, "%.*f", number < 999.95 ? 1 : 0, number);
        return text;
    }
    while (number >= 999.95 && unit < 6) {
        number /= 1000;
        unit++;
    }
    snprintf(text, TIME_TEXT, "%.1f%s", number, units[unit]);
    return text;
}

/* The same for whole numbers. */
static const char *count_text(uint64_t count, char text[TIME_TEXT]) {
    if (count < 1000) {
        snprintf(text, TIME_TEXT, "%u", (uint32_t)count);
        return text;
    }
    return number_text((double)count, text);
}

static double seconds(const top_sample *s) {
    return s->now_ns > 0 ? (double)s->now_ns / 1e9 : 1;
}

static const char *rate_text(screen *c, stat what, char text[TIME_TEXT]) {
    return number_text((double)c->s->counts[what] / seconds(c->s), text);
}

/* The share of one processor, in percent. */
static double percent(const top_sample *s, uint64_t ns) {
    return (double)ns / seconds(s) / 1e7;
}

static double worker_percent(const top_sample *s, uint64_t ns) {
    double share = percent(s, ns); /* may exceed 100: the clocks are read one after the other */
    return share < 100 ? share : 100;
}

static void show_head(screen *c) {
    const top_sample *s = c->s;
    unsigned long long up = s->uptime_s;
    fprintf(c->to, "portico %s, up %llu:%02llu:%02llu, over %.2f s", s->version, up / 3600,
            up / 60 % 60, up % 60, seconds(s));
    line_end(c);
    fprintf(c->to, "now      sessions %llu   rooms %llu   timers %llu",
            (unsigned long long)s->sessions, (unsigned long long)s->rooms,
            (unsigned long long)s->timers);
    line_end(c);
}

static void show_rates(screen *c) {
    enum { COLUMNS = 3 };
    const stat none = STAT_COUNT;
    static const int widths[COLUMNS] = {20, 18, 10};
    const stat rows[][COLUMNS] = {
        {STAT_received_packets, STAT_sent_packets, STAT_broadcasts},
        {STAT_received_bytes, STAT_sent_bytes, STAT_batches},
        {STAT_recv_calls, STAT_send_calls, none},
        {STAT_connections_accepted, STAT_connections_closed, none},
        {STAT_broadcast_packets, STAT_send_overflows, none},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[TIME_TEXT];
        fprintf(c->to, "%s", i == 0 ? "a second" : "        ");
        for (int k = 0; k < COLUMNS && rows[i][k] != none; k++) {
            fprintf(c->to, " %-*s %6s", widths[k], stats_name(rows[i][k]),
                    rate_text(c, rows[i][k], text));
        }
        line_end(c);
    }
}

static void show_workers(screen *c) {
    const top_sample *s = c->s;
    uint32_t shown = s->worker_count;
    double busy = 0;
    double batch = 0;
    if (c->terminal && shown > WORKERS_A_LINE * TERMINAL_WORKER_LINES) {
        shown = WORKERS_A_LINE * TERMINAL_WORKER_LINES;
    }
    for (uint32_t i = 0; i < s->worker_count; i++) {
        busy += worker_percent(s, s->workers[i].busy_ns) / s->worker_count;
        batch += worker_percent(s, s->workers[i].batch_ns) / s->worker_count;
    }
    fprintf(c->to,
            "workers  mean of %u: busy %.1f%%, in batches %.1f%%; busy each:", s->worker_count,
            busy, batch);
    for (uint32_t i = 0; i < shown; i++) {
        if (i % WORKERS_A_LINE == 0) {
            line_end(c);
            fprintf(c->to, "       ");
        }
        fprintf(c->to, " %3u %5.1f%%", i + 1, worker_percent(s, s->workers[i].busy_ns));
    }
    if (shown < s->worker_count) {
        fprintf(c->to, " ...");
    }
    line_end(c);
}

/* Prints at most `most` bytes of a text, and '?' for half a character at their end. */
static void show_start(screen *c, const char *text, int most) {
    char start[METER_NAME_MAX];
    snprintf(start, sizeof start, "%.*s", most, text);
    text_make_plain(start);
    fprintf(c->to, "%s", start);
}

static void show_depths(screen *c) {
    enum { PLACE_BYTES = 30 };
    char text[TIME_TEXT];
    for (int i = 0; i < DEPTH_COUNT; i++) {
        const depth_view *v = &c->s->depths[i];
        if (i > 0 && v->sum == 0 && c->terminal) {
            continue; /* the lines are needed for handlers */
        }
        fprintf(c->to, "%s %-17s %8s", i == 0 ? "waiting " : "        ", depth_name((depth)i),
                count_text(v->sum, text));
        if (v->most > 0 && v->name[0] != '\0') {
            fprintf(c->to, "   most %s: ", count_text(v->most, text));
            show_start(c, v->name, PLACE_BYTES);
            fprintf(c->to, "%s", strlen(v->name) > PLACE_BYTES ? "~" : "");
        }
        line_end(c);
    }
}

/* Prints what a series measures, in NAME_COLUMNS: "chat.talker op 17". A type's name that is cut
 * ends with '~'. */
static void show_name(screen *c, const meter_series *series) {
    static const char *const words[METER_KINDS] = {"", "op", "op", "msg", "room msg", "mod msg"};
    char number[TIME_TEXT];
    if (series->kind == METER_OTHERS) {
        fprintf(c->to, "%-*s", NAME_COLUMNS, "(all others)");
        return;
    }
    snprintf(number, sizeof number, "%u", series->number);
    const char *shown = series->kind == METER_ANY_OPCODE ? "*" : number;
    int tail = (int)(strlen(words[series->kind]) + strlen(shown)) + 2; /* at most 20 */
    int size = (int)strlen(series->type);
    bool cut = size > NAME_COLUMNS - tail;
    size = cut ? NAME_COLUMNS - tail - 1 : size;
    show_start(c, series->type, size);
    fprintf(c->to, "%s %s %s%*s", cut ? "~" : "", words[series->kind], shown,
            NAME_COLUMNS - tail - size - (cut ? 1 : 0), "");
}

static void show_times(screen *c, const meter_histogram *h, bool with_mean) {
    char text[TIME_TEXT];
    uint64_t calls = top_calls(h);
    if (with_mean) {
        fprintf(c->to, " %5s",
                time_text((double)h->sum_ns / (double)(calls > 0 ? calls : 1), text));
    }
    if (calls == 0) {
        fprintf(c->to, " %5s %5s %5s", "-", "-", "-");
        return;
    }
    fprintf(c->to, " %5s",
            time_text((double)histogram_percentile_ns(h->counts, 0.5, h->worst_ns), text));
    fprintf(c->to, " %5s",
            time_text((double)histogram_percentile_ns(h->counts, 0.99, h->worst_ns), text));
    fprintf(c->to, " %5s", time_text((double)h->worst_ns, text));
}

static void show_series(screen *c, const meter_series *series) {
    char text[TIME_TEXT];
    show_name(c, series);
    fprintf(c->to, " %7s", number_text((double)top_calls(&series->handler) / seconds(c->s), text));
    double share = percent(c->s, series->handler.sum_ns);
    fprintf(c->to, " %5.*f", share < 999.95 ? 1 : 0, share);
    show_times(c, &series->handler, true);
    show_times(c, &series->latency, false);
    line_end(c);
}

static void show_all_series(screen *c) {
    const top_sample *s = c->s;
    fprintf(c->to, "%-*s %7s %5s |------ handler ------| |--- latency ---|", NAME_COLUMNS, "", "",
            "");
    line_end(c);
    fprintf(c->to, "%-*s %7s %5s %5s %5s %5s %5s %5s %5s %5s", NAME_COLUMNS,
            "TYPE, OPCODE OR MESSAGE", "CALLS/S", "TIME%", "MEAN", "50%", "99%", "WORST", "50%",
            "99%", "WORST");
    line_end(c);
    uint32_t space = TERMINAL_LINES - c->lines;
    uint32_t shown = c->terminal && s->series_count > space ? space - 1 : s->series_count;
    for (uint32_t i = 0; i < shown; i++) {
        show_series(c, &s->series[i]);
    }
    if (shown < s->series_count) {
        fprintf(c->to, "... and %u more that took less time", s->series_count - shown);
        line_end(c);
    }
}

void top_screen_show(FILE *to, const top_sample *s, bool terminal) {
    screen c = {.to = to, .s = s, .terminal = terminal};
    fprintf(to, "%s", terminal ? to_top : "");
    show_head(&c);
    show_rates(&c);
    show_workers(&c);
    show_depths(&c);
    show_all_series(&c);
    fprintf(to, "%s", terminal ? clear_below : "\n");
    fflush(to);
}
