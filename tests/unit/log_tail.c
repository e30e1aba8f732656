/* log_tail.c: the log's last lines in memory: the oldest ones make way, and the numbers of those
 * that are left stay right. */
#include "base/log_tail.h"

#include "base/log_sink.h"
#include "support/check.h"

enum { LINES = 20000 };

static void add(uint32_t number) {
    char text[256];
    snprintf(text, sizeof text, "%u%*s", number, (int)(number * 7 % 200), "");
    os_mutex_lock(&log_lock);
    log_tail_put(number, 3, "test", text);
    os_mutex_unlock(&log_lock);
}

/* All lines that are left follow one another up to the last one. */
static void check(uint32_t last) {
    log_tail t;
    const log_record *r = NULL;
    CHECK(log_tail_copy(&t));
    uint64_t number = t.first;
    CHECK(last < 1000 ? number == 1 : number > 1 || last < 5000);
    for (; (r = log_ring_first(&t.ring)) != NULL; log_ring_drop(&t.ring), number++) {
        CHECK_INT(strtoull(log_record_text(r), NULL, 10), number);
        CHECK_INT(r->wall_ms, number);
        CHECK_TEXT(log_record_source(r), "test");
    }
    CHECK_INT(number, last + 1);
    log_tail_free(&t);
}

SCENARIO(log_tail) {
    check(0);
    for (uint32_t i = 1; i <= LINES; i++) {
        add(i);
        if (i % 997 == 0 || i < 5) {
            check(i);
        }
    }
    check(LINES);
}
