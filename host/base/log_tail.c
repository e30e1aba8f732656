/* log_tail.c: see log_tail.h. */
#include "base/log_tail.h"

#include "base/log_sink.h"

#include <stdlib.h>
#include <string.h>

static uint64_t bytes[LOG_TAIL_BYTES / sizeof(uint64_t)];

/* Under log_lock. */
static struct {
    log_ring ring;
    uint64_t dropped;
} tail = {.ring = {.bytes = (uint8_t *)bytes, .size = sizeof bytes}};

void log_tail_put(uint64_t wall_ms, int level, const char *source, const char *text) {
    while (!log_ring_put(&tail.ring, 0, wall_ms, level, source, text)) {
        if (log_ring_first(&tail.ring) == NULL) {
            return; /* longer than the ring */
        }
        log_ring_drop(&tail.ring);
        tail.dropped++;
    }
}

bool log_tail_copy(log_tail *t) {
    uint8_t *copy = malloc(LOG_TAIL_BYTES);
    if (copy == NULL) {
        return false;
    }
    memset(copy, 0, LOG_TAIL_BYTES); /* no page is new under the lock, for which lines wait */
    os_mutex_lock(&log_lock);
    t->ring = tail.ring;
    t->first = tail.dropped + 1;
    memcpy(copy, bytes, LOG_TAIL_BYTES); /* tens of microseconds */
    os_mutex_unlock(&log_lock);
    t->ring.bytes = copy;
    return true;
}

void log_tail_free(log_tail *t) {
    free(t->ring.bytes);
    *t = (log_tail){0};
}
