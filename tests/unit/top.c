/* top.c: what `ctl top` shows of two answers (differences, order, long names, large numbers), and
 * its options. The screen is written to the working folder. */
#include "admin/top_options.h"
#include "admin/top_screen.h"
#include "os/os.h"

#include "support/check.h"

#include <stdlib.h>

enum { COLUMNS = 80 };

static const char *const first[] = {
    "version 0.1.0",
    "uptime_s 3600",
    "now_ns 1000000000",
    "count received_packets 1000",
    "worker 1 5000000 6000000",
    "series opcode 7 game.player",
    "handler 1000 100 0:10",
    "latency 2000 200 1:10",
    "series opcode 8 game.player",
    "handler 5 5 0:1",
};

static const char *const second[] = {
    "version 0.1.0",
    "a line of a newer host",
    "uptime_s 3602",
    "now_ns 3000000000",
    "sessions 12",
    "rooms 3",
    "timers 4",
    ("queue room_works 30 most 20 "
     "game.a_room_type_with_a_name a room that is called something very long"),
    "queue send_queue_bytes 18446744073709551615 most 18446744073709551615 18446744073709551615",
    "count received_packets 5000",
    "count received_bytes 18446744073709551615",
    "worker 1 1005000000 506000000",
    "worker 2 99999999999999 99999999999999",
    "series opcode 7 game.player",
    "handler 21000 1500 0:30 4:5", /* a long histogram comes in two lines */
    "handler 21000 1500 14:5",
    "latency 52000 9000 1:40",
    "series opcode 8 game.player",
    "handler 5 5 0:1", /* no calls since `first` */
    ("series room_message 4294967295 "
     "a_module_of_31_bytes_as_there_is.a_room_type_with_a_name_of_63_bytes"),
    "handler 90000000000 17179869183 107:10",
    "series message 1 game.player",
    "handler 3000000 999500 52:3",
    "series others 0 -",
};

static void read_lines(top_sample *s, const char *const *lines, size_t count) {
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < count; i++) {
        top_sample_line(s, lines[i]);
    }
}

static void differences(top_sample *before, top_sample *s) {
    read_lines(before, first, sizeof first / sizeof first[0]);
    read_lines(s, second, sizeof second / sizeof second[0]);
    top_sample_since(s, before);
    CHECK_INT(s->now_ns, 2000000000);
    CHECK_INT(s->counts[STAT_received_packets], 4000);
    CHECK_INT(s->worker_count, 2);
    CHECK_INT(s->workers[0].batch_ns, 1000000000);
    CHECK_INT(s->workers[0].busy_ns, 500000000);
    CHECK_INT(s->series_count, 3);
    CHECK_INT(s->series[0].kind, METER_ROOM_MESSAGE); /* the longest time comes first */
    CHECK_INT(s->series[1].kind, METER_MESSAGE);
    CHECK_INT(s->series[2].number, 7);
    const meter_histogram *h = &s->series[2].handler;
    CHECK_INT(top_calls(h), 30);
    CHECK_INT(h->sum_ns, 20000);
    CHECK_INT(h->worst_ns, 1500); /* the worst call is in the difference */
    CHECK_INT(s->series[2].latency.worst_ns,
              histogram_bound_ns(2) - 1); /* the worst call was earlier */
    CHECK_INT(top_calls(&s->series[2].latency), 30);
}

static void check_screen(const top_sample *s, bool terminal, int lines_max) {
    static char text[65536];
    FILE *file = fopen("screen.txt", "w+b");
    CHECK(file != NULL);
    top_screen_show(file, s, terminal);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    int lines = 0;
    for (const char *line = text; *line != '\0' && strchr(line, '\n') != NULL;
         line = strchr(line, '\n') + 1) {
        size_t hidden = terminal ? 3 + (lines == 0 ? 3 : 0) : 0; /* the escape sequences */
        CHECK(strcspn(line, "\n") <= COLUMNS + hidden);
        lines++;
    }
    CHECK(lines <= lines_max);
    CHECK(strstr(text, "up 1:00:02, over 2.00 s") != NULL);
    CHECK(strstr(text, "received_packets     ") != NULL);
    CHECK(strstr(text, "   1  25.0%   2 100.0%") != NULL); /* never more than 100 % */
    CHECK(strstr(text, "~ room msg 4294967295") != NULL);
    CHECK(strstr(text, "\ngame.player op 7            15.0") != NULL);
    CHECK(terminal == (strchr(text, '\x1b') != NULL));
}

/* Makes more of everything than fits on a terminal. */
static void crowd(top_sample *s) {
    s->worker_count = TOP_WORKERS_MAX;
    while (s->series_count <= METER_SERIES_MAX) {
        s->series[s->series_count] = s->series[0];
        s->series_count++;
    }
    meter_series kept = s->series[2];
    s->series[2] = s->series[5];
    s->series[1] = kept;
    for (int i = 0; i < DEPTH_COUNT; i++) {
        s->depths[i] = s->depths[DEPTH_send_queue_bytes];
    }
}

static void options(void) {
    static const struct {
        const char *text;
        uint32_t interval_ms;
        uint32_t count;
    } good[] = {{"", 1000, 0},
                {"--interval 60", 60000, 0},
                {"--interval .1", 100, 0},
                {"--count 1000000 --interval 0.25", 250, 1000000},
                {" --interval  2.  --count 3 ", 2000, 3}};
    static const char *const bad[] = {"x",
                                      "--count",
                                      "--count 0",
                                      "--count 1000001",
                                      "--count -1",
                                      "--interval",
                                      "--interval .",
                                      "--interval 0.09",
                                      "--count 1.0",
                                      "--interval 60.001",
                                      "--interval 1.0000",
                                      "--interval 1.1.1",
                                      "--interval 99999999999999999999999999"};
    char why[COMMAND_WHY_MAX];
    top_options o;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK(top_options_parse(good[i].text, &o, why));
        CHECK_INT(o.interval_ms, good[i].interval_ms);
        CHECK_INT(o.count, good[i].count);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!top_options_parse(bad[i], &o, why));
        CHECK(strstr(why, "found \"") != NULL);
    }
}

SCENARIO(top) {
    top_sample *samples = calloc(2, sizeof *samples);
    CHECK(samples != NULL);
    options();
    differences(&samples[0], &samples[1]);
    check_screen(&samples[1], false, 1000);
    check_screen(&samples[1], true, 23);
    crowd(&samples[1]);
    check_screen(&samples[1], false, 1000);
    check_screen(&samples[1], true, 23);
    free(samples);
}
