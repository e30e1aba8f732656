/* top.c: the answers of a host to `top`, of any version or none: two samples, their difference and
 * the screen. The screen is valid UTF-8 if the answers are, and fits a terminal of 24 lines.
 *
 * Input: lines of the first answer, an empty line, lines of the second.
 *
 * Covers: admin/top_sample.c, admin/top_screen.c, run/histogram.c */
#include "admin/top_screen.h"
#include "base/text.h"
#include "fuzz.h"
#include "os/os.h"

enum { SCREEN_BYTES = 256 * 1024, TERMINAL_LINES_MAX = 23 };

/* Empties a sample; most of it has never been used. */
static void sample_clear(top_sample *s, uint32_t series) {
    memset(s, 0, offsetof(top_sample, series));
    memset(s->series, 0, series * sizeof s->series[0]);
}

/* Returns whether all lines were plain text. */
static bool read_answer(top_sample *s, input *in) {
    bool plain = true;
    while (in->size > 0) {
        char *line = input_line(in);
        if (line[0] == '\0') {
            free(line);
            break;
        }
        plain = plain && text_is_plain(line, strlen(line));
        top_sample_line(s, line);
        free(line);
    }
    CHECK(s->worker_count <= TOP_WORKERS_MAX && s->series_count <= METER_SERIES_MAX + 1);
    CHECK(memchr(s->version, '\0', sizeof s->version) != NULL);
    for (int i = 0; i < DEPTH_COUNT; i++) {
        CHECK(memchr(s->depths[i].name, '\0', sizeof s->depths[i].name) != NULL);
    }
    return plain;
}

static void check_histogram(const meter_histogram *h) {
    uint64_t bound = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        bound = h->counts[i] != 0 ? i + 1 : bound;
    }
    CHECK(histogram_percentile_ns(h->counts, 0.5, h->worst_ns) <= h->worst_ns);
    CHECK(histogram_percentile_ns(h->counts, 0.99, h->worst_ns) <= h->worst_ns);
    CHECK(bound > 0 || histogram_percentile_ns(h->counts, 0.5, h->worst_ns) == 0);
}

static void check_difference(const top_sample *s, uint32_t before) {
    CHECK(s->series_count <= before);
    for (uint32_t i = 0; i < s->series_count; i++) {
        const meter_series *series = &s->series[i];
        CHECK(top_calls(&series->handler) > 0);
        CHECK(series->kind >= 0 && series->kind < METER_KINDS);
        CHECK(memchr(series->type, '\0', sizeof series->type) != NULL);
        CHECK(i == 0 || s->series[i - 1].handler.sum_ns >= series->handler.sum_ns);
        check_histogram(&series->handler);
        check_histogram(&series->latency);
    }
}

static void check_screen(const top_sample *s, bool terminal, bool plain) {
    static FILE *file;
    static char text[SCREEN_BYTES];
    if (file == NULL) {
        file = os_fopen("screen.txt", "w+b");
        CHECK(file != NULL);
        CHECK_INT(setvbuf(file, NULL, _IOFBF, SCREEN_BYTES), 0);
    }
    rewind(file);
    top_screen_show(file, s, terminal);
    long end = ftell(file);
    CHECK(end > 0 && end < SCREEN_BYTES);
    rewind(file);
    CHECK_INT(fread(text, 1, (size_t)end, file), end);
    int lines = 0;
    for (long i = 0; i < end; i++) {
        lines += text[i] == '\n';
    }
    if (plain) {
        CHECK(!terminal || lines <= TERMINAL_LINES_MAX);
        CHECK(text_is_utf8(text, (size_t)end));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static top_sample before;
    static top_sample after;
    input in = {data, size};
    bool plain = read_answer(&before, &in);
    plain = read_answer(&after, &in) && plain;
    uint32_t series = after.series_count;
    top_sample_since(&after, &before);
    check_difference(&after, series);
    check_screen(&after, size % 2 == 0, plain);
    sample_clear(&before, before.series_count);
    sample_clear(&after, series);
    return 0;
}
