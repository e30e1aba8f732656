/* log_sink.c: see log_sink.h. */
#include "base/log_sink.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/text.h"

#include <stdio.h>

enum {
    LAST_STEP_MS = 1,
    LAST_STALL_MS = 2000, /* of one write, in a handler of faults */
    WAIT_STALLS = 5       /* a wait ends after so many stalls, whatever is written */
};

os_mutex log_lock;

static _Thread_local const log_sink *own; /* of the sink's thread */

/* ---- the thread ------------------------------------------------------------------------------ */

/* False: there is no room for it. */
static bool tell_dropped(log_sink *s) {
    char count[TEXT_COUNT];
    char text[128];
    text_count(s->dropped, count);
    snprintf(text, sizeof text, "%s line%s dropped: more came than could be written", count,
             s->dropped == 1 ? " was" : "s were");
    if (!log_ring_put(&s->ring, 0, os_wall_ms(), LOG_WARN, "log", text)) {
        return false;
    }
    s->dropped = 0;
    s->queued++;
    return true;
}

/* Writes the record; NULL: runs the errand. */
static void sink_write(log_sink *s, const log_record *record) {
    atomic_store(&s->writing, true);
    os_mutex_unlock(&log_lock);
    if (record != NULL) {
        s->kind->write(record);
    } else {
        s->kind->errand();
    }
    os_mutex_lock(&log_lock);
    atomic_store(&s->writing, false);
}

/* Whether there was something to do. */
static bool sink_work(log_sink *s) {
    if (s->asks && atomic_load(&s->written) >= s->asked) {
        sink_write(s, NULL);
        s->asks = false;
        return true;
    }
    const log_record *record = log_ring_first(&s->ring);
    if (record != NULL) {
        sink_write(s, record);
        log_ring_drop(&s->ring);
        atomic_fetch_add(&s->written, 1);
        return true;
    }
    if (s->dropped > 0 && tell_dropped(s)) {
        return true;
    }
    record = atomic_load(&s->last);
    if (record != NULL) {
        sink_write(s, record);
        atomic_store(&s->last, NULL);
        return true;
    }
    return false;
}

static void sink_sleep(log_sink *s, uint64_t until_ms, uint64_t now_ms) {
    uint32_t timeout_ms = UINT32_MAX;
    if (until_ms != UINT64_MAX) {
        timeout_ms = until_ms > now_ms ? (uint32_t)(until_ms - now_ms) : 1;
    }
    s->sleeps = true;
    (void)os_cond_wait(&s->changed, &log_lock, timeout_ms);
    s->sleeps = false;
}

static void sink_main(void *arg) {
    log_sink *s = arg;
    own = s;
    os_mutex_lock(&log_lock);
    for (;;) {
        uint64_t now_ms = os_monotonic_ms();
        uint64_t until_ms = s->kind->tick(now_ms);
        bool worked = sink_work(s);
        if (worked && s->waiters > 0) {
            os_cond_wake_all(&s->progress);
        }
        if (!worked && s->stops) {
            break;
        }
        if (!worked) {
            sink_sleep(s, until_ms, now_ms);
        }
    }
    s->ended = true;
    os_cond_wake_all(&s->progress);
    os_mutex_unlock(&log_lock);
}

portico_status log_sink_start(log_sink *s) {
    s->ring = (log_ring){.bytes = (uint8_t *)s->bytes, .size = sizeof s->bytes};
    s->sleeps = s->stops = s->ended = s->asks = false;
    s->dropped = s->queued = 0;
    atomic_store(&s->written, 0);
    atomic_store(&s->last, NULL);
    portico_status status = os_thread_start(&s->thread, s->kind->name, sink_main, s);
    atomic_store(&s->runs, status == PORTICO_OK);
    return status;
}

/* ---- the other threads ----------------------------------------------------------------------- */

void log_sink_wake(log_sink *s) {
    if (s->sleeps) {
        os_cond_wake_all(&s->changed);
    }
}

/* There is no thread yet, or none any more. */
static void put_directly(log_sink *s, uint64_t wall_ms, int level, const char *source,
                         const char *text) {
    uint64_t bytes[LOG_RECORD_MAX / sizeof(uint64_t)];
    log_ring one = {.bytes = (uint8_t *)bytes, .size = sizeof bytes};
    if (log_ring_put(&one, 0, wall_ms, level, source, text)) {
        s->kind->write(log_ring_first(&one));
    }
}

void log_sink_put(log_sink *s, uint64_t wall_ms, int level, const char *source, const char *text) {
    if (!atomic_load(&s->runs)) {
        put_directly(s, wall_ms, level, source, text);
        return;
    }
    uint32_t reserve = level <= LOG_WARN ? 0 : LOG_QUEUE_BYTES / 8;
    /* Where lines are missing, a line says so, for which there must be room as well. */
    bool room = s->dropped == 0 || s->ring.size - s->ring.used >= reserve + 2 * LOG_RECORD_MAX;
    if (room && (s->dropped == 0 || tell_dropped(s)) &&
        log_ring_put(&s->ring, reserve, wall_ms, level, source, text)) {
        s->queued++;
    } else {
        s->dropped++;
        stats_add(STAT_log_lines_dropped, 1);
    }
    log_sink_wake(s);
}

static bool is_written(const log_sink *s, uint64_t goal) {
    return atomic_load(&s->written) >= goal;
}

static bool has_run(const log_sink *s, uint64_t goal) {
    (void)goal;
    return !s->asks;
}

static bool has_ended(const log_sink *s, uint64_t goal) {
    (void)goal;
    return s->ended;
}

/* Waits until `done`. A thread that is not in a write is only late, and waited for. */
static bool sink_wait(log_sink *s, uint32_t stall_ms, bool (*done)(const log_sink *, uint64_t),
                      uint64_t goal) {
    uint64_t seen = UINT64_MAX;
    uint64_t now_ms = os_monotonic_ms();
    uint64_t since_ms = now_ms;
    uint64_t end_ms = now_ms + (uint64_t)stall_ms * WAIT_STALLS;
    s->waiters++;
    log_sink_wake(s);
    while (!done(s, goal)) {
        now_ms = os_monotonic_ms();
        uint64_t written = atomic_load(&s->written);
        if (written != seen || !atomic_load(&s->writing)) {
            seen = written;
            since_ms = now_ms;
        }
        if (now_ms - since_ms >= stall_ms || now_ms >= end_ms) {
            break;
        }
        (void)os_cond_wait(&s->progress, &log_lock, (uint32_t)(since_ms + stall_ms - now_ms));
    }
    s->waiters--;
    return done(s, goal);
}

bool log_sink_ask(log_sink *s, uint32_t stall_ms) {
    s->asks = true;
    s->asked = s->queued;
    return sink_wait(s, stall_ms, has_run, 0);
}

bool log_sink_flush(log_sink *s, uint32_t stall_ms) {
    return !atomic_load(&s->runs) || sink_wait(s, stall_ms, is_written, s->queued);
}

bool log_sink_stop(log_sink *s, uint32_t stall_ms) {
    if (!atomic_load(&s->runs)) {
        return true;
    }
    s->stops = true;
    if (!sink_wait(s, stall_ms, has_ended, 0)) {
        return false;
    }
    os_mutex_unlock(&log_lock);
    os_thread_join(s->thread);
    os_mutex_lock(&log_lock);
    s->thread = NULL;
    atomic_store(&s->runs, false);
    return true;
}

/* The wake-up is without the lock and may come too early, so it is repeated. A sleep may take far
 * longer than asked for (15.6 ms on Windows), so the clock counts. */
bool log_sink_last(log_sink *s, const log_record *record, bool *stuck) {
    *stuck = false;
    if (!atomic_load(&s->runs) || own == s) {
        return false;
    }
    if (atomic_load(&s->last) != NULL) {
        *stuck = true; /* it has not even written the one before */
        return false;
    }
    uint64_t seen = atomic_load(&s->written);
    uint64_t begun_ms = os_monotonic_ms();
    uint64_t now_ms = begun_ms;
    uint64_t since_ms = begun_ms;
    atomic_store(&s->last, record);
    while (now_ms - since_ms < LAST_STALL_MS && now_ms - begun_ms < LAST_STALL_MS * WAIT_STALLS) {
        os_cond_wake_all(&s->changed);
        os_sleep(LAST_STEP_MS);
        if (atomic_load(&s->last) == NULL) {
            return true;
        }
        uint64_t written = atomic_load(&s->written);
        now_ms = os_monotonic_ms();
        since_ms = written != seen ? now_ms : since_ms;
        seen = written;
    }
    *stuck = atomic_load(&s->writing);
    return false;
}
