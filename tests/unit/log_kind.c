/* log_kind.c: of a flood, the first ten lines are written, then one a second, and every line is
 * either written or counted. */
#include "base/log_kind.h"

#include "support/check.h"

#include <string.h>

/* Lines that come each `step_ms` for `for_ms`: how many are written and summed up, and in how many
 * summaries. */
typedef struct outcome {
    uint32_t lines;
    uint32_t written;
    uint32_t summaries;
    uint64_t counted;
} outcome;

static outcome run(log_kind *k, uint64_t from_ms, uint64_t for_ms, uint64_t step_ms) {
    outcome o = {0};
    char text[512];
    for (uint64_t now_ms = from_ms; now_ms < from_ms + for_ms; now_ms++) {
        if ((now_ms - from_ms) % step_ms == 0) {
            o.lines++;
            o.written += log_kind_admit(k, now_ms);
        }
        if (log_kind_due(k, now_ms, false)) {
            o.summaries++;
            o.counted += k->more;
            log_kind_sum(k, now_ms, text, sizeof text);
            CHECK_INT(k->more, 0);
        }
    }
    o.counted += k->more;
    return o;
}

SCENARIO(log_kind) {
    log_kind k = LOG_KIND("bad frames");
    char text[512];
    outcome o = run(&k, 5000, 10000, 1);
    CHECK_INT(o.lines, 10000);
    CHECK_INT(o.written, LOG_KIND_BURST);
    CHECK(o.summaries >= 9 && o.summaries <= 10);
    CHECK_INT(o.written + o.counted, o.lines);
    /* After a quiet time there are ten again, with a summary of the rest of the last flood. */
    CHECK(log_kind_due(&k, 15000, true));
    log_kind_sum(&k, 15000, text, sizeof text);
    o = run(&k, 60000, 5000, 1);
    CHECK_INT(o.written, LOG_KIND_BURST);
    CHECK_INT(o.written + o.counted, o.lines);
    /* One a second is written each time. */
    k = (log_kind)LOG_KIND("slow");
    o = run(&k, 1000, 100000, 1000);
    CHECK_INT(o.written, 100);
    CHECK_INT(o.counted, 0);
    /* Five a second: most are summed up, and there are at most two lines a second. */
    k = (log_kind)LOG_KIND("steady");
    o = run(&k, 1000, 100000, 200);
    CHECK_INT(o.written + o.counted, 500);
    CHECK(o.written + o.summaries <= LOG_KIND_BURST + 100 + 1);
    /* The words. */
    k = (log_kind)LOG_KIND("bad frames");
    for (int i = 0; i < LOG_KIND_BURST; i++) {
        CHECK(log_kind_admit(&k, 1000));
    }
    CHECK(!log_kind_due(&k, 1000, true));
    for (int i = 0; i < 1234; i++) {
        CHECK(!log_kind_admit(&k, 1000));
    }
    strcpy(k.last, "session 7 of 192.0.2.1:5");
    CHECK(!log_kind_due(&k, 1999, false));
    CHECK(log_kind_due(&k, 2000, false));
    log_kind_sum(&k, 2000, text, sizeof text);
    CHECK_TEXT(text,
               "bad frames: 1,234 more in the last second; the last one: session 7 of 192.0.2.1:5");
    CHECK(!log_kind_due(&k, 9000, true));
    for (int i = 0; i < 20; i++) {
        (void)log_kind_admit(&k, 2001);
    }
    log_kind_sum(&k, 14002, text, sizeof text); /* the threads were late */
    CHECK(strncmp(text, "bad frames: 20 more in the last 12 s; ", 38) == 0);
}
