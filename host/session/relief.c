/* relief.c: see relief.h. */
#include "session/relief.h"

#include "base/log.h"
#include "base/log_pause.h"
#include "base/stats.h"
#include "run/memory.h"
#include "session/session.h"

#include <string.h>

enum { CANDIDATES = 64, TELL_AGAIN_MS = 1000 };

typedef struct candidate {
    session *session; /* held */
    uint64_t bytes;
} candidate;

/* The sessions for which most waits, the largest first. */
typedef struct candidates {
    candidate all[CANDIDATES];
    uint32_t count;
} candidates;

/* Closed sessions that the log has not mentioned yet. Only the sweep uses this. */
static struct {
    bool was_full;
    log_pause told;
    uint32_t sessions;
    uint64_t bytes;
} relief;

static void consider(void *arg, session *s) {
    candidates *most = arg;
    uint64_t bytes = session_look(s).memory_bytes;
    uint32_t at = most->count;
    if (bytes < RELIEF_LEAST_BYTES || s->state == SESSION_CLOSED) {
        return;
    }
    while (at > 0 && most->all[at - 1].bytes < bytes) {
        at--;
    }
    if (at == CANDIDATES) {
        return;
    }
    if (most->count == CANDIDATES) {
        session_release(most->all[--most->count].session);
    }
    memmove(&most->all[at + 1], &most->all[at], (most->count - at) * sizeof most->all[0]);
    entity_hold(&s->base);
    most->all[at] = (candidate){s, bytes};
    most->count++;
}

static void close_one(const candidate *c) {
    char peer[OS_ADDRESS_TEXT];
    session_view view = session_look(c->session);
    os_address_format(&view.peer, peer);
    log_debug(c->session->service->config->name,
              "session %llu of %s is closed: %llu bytes wait for it, and memory_limit_bytes is "
              "exceeded",
              (unsigned long long)c->session->base.id, peer, (unsigned long long)c->bytes);
    session_abort(c->session, PORTICO_E_LIMIT);
    stats_add(STAT_memory_closed, 1);
    relief.sessions++;
    relief.bytes += c->bytes;
}

/* One line a second at most. */
static void tell(uint64_t used) {
    uint64_t now_ms = os_monotonic_ms();
    if (relief.sessions > 0 && log_pause_over(&relief.told, now_ms, TELL_AGAIN_MS)) {
        log_warn("host",
                 "buffers and messages take %llu bytes, memory_limit_bytes is %llu: closed the %u "
                 "sessions with the largest queues, %llu bytes",
                 (unsigned long long)used, (unsigned long long)memory_limit(), relief.sessions,
                 (unsigned long long)relief.bytes);
        relief.sessions = 0;
        relief.bytes = 0;
    }
}

static void relieve(uint64_t excess) {
    candidates most = {.count = 0};
    sessions_each(consider, &most);
    uint64_t covered = 0;
    for (uint32_t i = 0; i < most.count; i++) {
        if (covered < excess) {
            close_one(&most.all[i]);
            covered += most.all[i].bytes;
        }
        session_release(most.all[i].session);
    }
}

void relief_sweep(void) {
    bool full = memory_is_full();
    uint64_t used = memory_used();
    if (full && relief.was_full && used > memory_limit()) {
        relieve(used - memory_limit());
    }
    relief.was_full = full;
    tell(used);
}
