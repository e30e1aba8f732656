/* watch_place.c: see watch_place.h. */
#include "admin/http/watch_place.h"

#include "admin/job.h"
#include "module/state_ask.h"

#include <stddef.h>

enum { FORGOTTEN_MS = 4 * WATCH_PLACE_MS };

static uint32_t taken[WATCH_SOURCES];
static watch_place *queues[WATCH_SOURCES]; /* the longest first */

static void leave_queue(watch_place *p) {
    watch_place **at = &queues[p->source];
    while (p->queued && *at != p) {
        at = &(*at)->next;
    }
    if (p->queued) {
        *at = p->next;
        p->queued = false;
    }
}

static void join_queue(watch_place *p) {
    watch_place **at = &queues[p->source];
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = p;
    p->next = NULL;
    p->queued = true;
}

/* How many that still ask come before it. */
static uint32_t before(const watch_place *p, uint64_t now_ms) {
    uint32_t count = 0;
    for (const watch_place *at = queues[p->source]; at != NULL && at != p; at = at->next) {
        count += now_ms - at->tried_ms < FORGOTTEN_MS;
    }
    return count;
}

static bool is_possible(watch_source source) {
    return source == WATCH_STATE ? state_ask_has_place() : job_has_place();
}

bool watch_place_take(watch_place *p, uint64_t now_ms) {
    if (p->source == WATCH_AT_ONCE) {
        return true;
    }
    p->tried_ms = now_ms;
    p->taken = taken[p->source] + before(p, now_ms) < WATCH_PLACES && is_possible(p->source);
    if (p->taken) {
        taken[p->source]++;
        leave_queue(p);
    } else if (!p->queued) {
        join_queue(p);
    }
    return p->taken;
}

void watch_place_give(watch_place *p) {
    if (p->taken) {
        taken[p->source]--;
        p->taken = false;
    }
    leave_queue(p);
}
