/* standstill.c: see standstill.h. */
#include "session/standstill.h"

#include "session/private.h"

/* A gap between two sweeps, which come every 250 ms, that is long enough to count. */
enum { STOOD_MS = 2000 };

static _Atomic uint64_t swept_ms; /* when the last sweep began, or the first was asked for */

typedef struct standstill {
    uint64_t now_ms;
    uint64_t for_ms;
} standstill;

static void postpone(uint64_t *time_ms, uint64_t by_ms) {
    *time_ms += *time_ms != 0 ? by_ms : 0;
}

static void forgive(void *arg, session *s) {
    const standstill *stood = arg;
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPEN) {
        session_begin_limits_locked(s, stood->now_ms);
    } else {
        postpone(&s->deadline_ms, stood->for_ms);
    }
    postpone(&s->parked_ms, stood->for_ms);
    postpone(&s->room_waits_ms, stood->for_ms);
    os_mutex_unlock(&s->lock);
}

void standstill_start(void) {
    atomic_store(&swept_ms, os_monotonic_ms());
}

void standstill_look(uint64_t now_ms) {
    uint64_t before_ms = atomic_exchange(&swept_ms, now_ms);
    standstill stood = {.now_ms = now_ms};
    stood.for_ms = now_ms > before_ms ? now_ms - before_ms : 0;
    if (stood.for_ms >= STOOD_MS) {
        log_warn(
            "host",
            "nothing has looked after the sessions for %llu.%llu s: the process was suspended, "
            "or had no processor; their time limits begin anew",
            (unsigned long long)stood.for_ms / 1000, (unsigned long long)stood.for_ms / 100 % 10);
        sessions_each(forgive, &stood);
    }
}
