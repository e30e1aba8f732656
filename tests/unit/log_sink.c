/* log_sink.c: a sink whose write does not return. Lines are queued without waiting, then dropped
 * and counted; those that were queued come in their order, and a line says how many are missing.
 * An end with a write that does not return takes no longer than it may. */
#include "base/log_sink.h"

#include "base/log.h"
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 100000, STALL_MS = 50, PATIENCE_MS = 60000 };

static os_mutex lock;
static os_cond opened;
static bool is_open;
static bool entered; /* a write has begun */
static uint32_t written;
static uint64_t next_number; /* of the line that is expected */
static uint64_t missing;     /* lines that dropped ones were reported for */
static bool saw_last;
static bool errand_done;
static uint64_t errand_after; /* next_number then */

static void read_record(const log_record *r) {
    const char *text = log_record_text(r);
    if (strcmp(log_record_source(r), "log") == 0) {
        char digits[32] = "";
        for (const char *at = text; *at != ' '; at++) {
            strncat(digits, at, *at == ',' ? 0 : 1);
        }
        CHECK(strstr(text, "dropped") != NULL);
        missing += strtoull(digits, NULL, 10);
        next_number += strtoull(digits, NULL, 10);
    } else if (strcmp(text, "the last") == 0) {
        saw_last = true;
    } else {
        CHECK_INT(strtoull(text + 5, NULL, 10), next_number);
        next_number++;
    }
    written++;
}

static void write_one(const log_record *r) {
    os_mutex_lock(&lock);
    entered = true;
    os_cond_wake_all(&opened);
    while (!is_open) {
        (void)os_cond_wait(&opened, &lock, UINT32_MAX);
    }
    read_record(r);
    os_mutex_unlock(&lock);
}

static void errand(void) {
    errand_done = true;
    errand_after = next_number;
}

static uint64_t tick(uint64_t now_ms) {
    (void)now_ms;
    return UINT64_MAX;
}

static const log_sink_kind kind = {"sink", write_one, errand, tick};
static log_sink sink = {.kind = &kind};

static void set_open(bool open) {
    os_mutex_lock(&lock);
    is_open = open;
    entered = false;
    os_cond_wake_all(&opened);
    os_mutex_unlock(&lock);
}

static void put(uint64_t number, int level) {
    char text[64];
    snprintf(text, sizeof text, "line %llu of a flood", (unsigned long long)number);
    os_mutex_lock(&log_lock);
    log_sink_put(&sink, number, level, "test", text);
    os_mutex_unlock(&log_lock);
}

static void wait_entered(void) {
    os_mutex_lock(&lock);
    while (!entered) {
        CHECK(os_cond_wait(&opened, &lock, PATIENCE_MS));
    }
    os_mutex_unlock(&lock);
}

/* The line left to the thread comes after all that was queued, and its slot is free again. */
static void wait_last(void) {
    while (atomic_load(&sink.last) != NULL) {
        os_sleep(1);
    }
    CHECK(saw_last);
    saw_last = false;
}

/* LINES lines for a sink that takes none. Returns how many are dropped. */
static uint64_t overfill(void) {
    put(0, LOG_INFO);
    wait_entered();
    for (uint64_t i = 1; i < LINES; i++) {
        put(i, LOG_INFO);
    }
    return sink.dropped;
}

static bool flush(uint32_t stall_ms) {
    os_mutex_lock(&log_lock);
    bool flushed = log_sink_flush(&sink, stall_ms);
    os_mutex_unlock(&log_lock);
    return flushed;
}

static void blocked(void) {
    bool stuck = false;
    uint64_t bytes[64];
    log_ring one = {.bytes = (uint8_t *)bytes, .size = sizeof bytes};
    CHECK(log_ring_put(&one, 0, 1, LOG_ERROR, "test", "the last"));
    CHECK_INT(log_sink_start(&sink), PORTICO_OK);
    uint64_t dropped = overfill();
    CHECK(dropped > 0 && dropped < LINES);
    CHECK(sink.ring.used <= LOG_QUEUE_BYTES - LOG_QUEUE_BYTES / 8);
    put(LINES, LOG_ERROR); /* has room, after the line about those that are missing */
    CHECK_INT(sink.dropped, 0);
    CHECK(!flush(STALL_MS));
    os_mutex_lock(&log_lock);
    CHECK(!log_sink_ask(&sink, STALL_MS));
    os_mutex_unlock(&log_lock);
    CHECK(!log_sink_last(&sink, log_ring_first(&one), &stuck) && stuck);
    stuck = false;
    CHECK(!log_sink_last(&sink, NULL, &stuck) && stuck); /* does not replace the one before */
    CHECK(atomic_load(&sink.last) == log_ring_first(&one));
    CHECK_INT(written, 0);
    set_open(true);
    CHECK(flush(PATIENCE_MS));
    wait_last();
    CHECK_INT(missing, dropped);
    CHECK_INT(next_number, LINES + 1);
    CHECK_INT(written, LINES + 1 - dropped + 1 + 1);
    CHECK(log_sink_last(&sink, log_ring_first(&one), &stuck) && !stuck && saw_last);
    os_mutex_lock(&log_lock);
    CHECK(log_sink_ask(&sink, PATIENCE_MS));
    CHECK(errand_done && errand_after == LINES + 1);
    CHECK(log_sink_stop(&sink, PATIENCE_MS));
    os_mutex_unlock(&log_lock);
}

/* The number of missing lines is reported even if no other line comes. */
static void reported_alone(void) {
    next_number = missing = 0;
    set_open(false);
    CHECK_INT(log_sink_start(&sink), PORTICO_OK);
    uint64_t dropped = overfill();
    set_open(true);
    os_mutex_lock(&log_lock);
    CHECK(log_sink_stop(&sink, PATIENCE_MS));
    os_mutex_unlock(&log_lock);
    CHECK_INT(missing, dropped);
    CHECK_INT(next_number, LINES);
}

/* The thread is left behind, and ends when its write returns. */
static void stuck_end(void) {
    next_number = missing = 0;
    set_open(false);
    CHECK_INT(log_sink_start(&sink), PORTICO_OK);
    (void)overfill();
    os_mutex_lock(&log_lock);
    CHECK(!log_sink_stop(&sink, STALL_MS));
    os_mutex_unlock(&log_lock);
    set_open(true);
    os_mutex_lock(&log_lock);
    CHECK(log_sink_stop(&sink, PATIENCE_MS));
    os_mutex_unlock(&log_lock);
}

SCENARIO(log_sink) {
    is_open = true;
    put(0, LOG_INFO); /* without a thread: at once */
    CHECK_INT(next_number, 1);
    next_number = written = 0;
    set_open(false);
    blocked();
    reported_alone();
    stuck_end();
}
