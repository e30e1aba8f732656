/* sweep.c: a session's time limits, and what waits for a time. See session.h.
 *
 * The sweep visits a session when it is due (entity_table.h). [worker]
 */
#include "session/private.h"

#include "base/stats.h"
#include "session/ahead.h"
#include "session/handshake.h"

static log_kind slow_frames = LOG_KIND("frames that are not completed");

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms) {
    return a_ms < b_ms ? a_ms : b_ms;
}

/* Checks an open session's time limits; returns when to check again. A packet postpones the idle
 * limit, and a frame that begins later has its whole time, so neither needs entity_sweep_soon. */
static uint64_t session_sweep_open_locked(session *s, uint64_t now_ms) {
    const config_service *limits = s->service->config;
    uint64_t last_ms = atomic_load_explicit(&s->last_packet_ms, memory_order_relaxed);
    uint64_t frame_ms = atomic_load_explicit(&s->frame_since_ms, memory_order_relaxed);
    uint64_t frame_due_ms = ENTITY_SWEEP_LATER;
    uint64_t first_due_ms = ENTITY_SWEEP_LATER;
    uint64_t idle_due_ms = ENTITY_SWEEP_LATER;
    if (limits->frame_timeout_s > 0) {
        frame_due_ms = (frame_ms != 0 ? frame_ms : now_ms) + limits->frame_timeout_s * 1000ull;
    }
    if (limits->first_packet_ms > 0 && !s->spoke) {
        first_due_ms = last_ms + limits->first_packet_ms;
    }
    if (limits->idle_timeout_s > 0) {
        idle_due_ms = last_ms + limits->idle_timeout_s * 1000ull;
    }
    if (now_ms >= frame_due_ms) {
        log_limited(&slow_frames, LOG_INFO, limits->name,
                    "session %llu: a frame is not complete after %u s: closed",
                    (unsigned long long)s->base.id, limits->frame_timeout_s);
        session_close_locked(s, PORTICO_E_TIMEOUT);
    } else if (now_ms >= first_due_ms) {
        stats_add(STAT_first_packets_missed, 1);
        log_debug(limits->name, "session %llu: no first packet for %u ms: closed",
                  (unsigned long long)s->base.id, limits->first_packet_ms);
        session_close_locked(s, PORTICO_E_TIMEOUT);
    } else if (now_ms >= idle_due_ms) {
        log_debug(limits->name, "session %llu: no packet for %u s: closed",
                  (unsigned long long)s->base.id, limits->idle_timeout_s);
        session_close_locked(s, PORTICO_E_TIMEOUT);
    }
    if (s->transport != NULL && s->state == SESSION_OPEN) {
        idle_due_ms = earlier(idle_due_ms, s->transport->sweep(s, now_ms));
    }
    return earlier(frame_due_ms, earlier(first_due_ms, idle_due_ms));
}

/* Its bytes wait for a module, for its room, which may do so itself, or for a rate. Its limits are
 * suspended: check again next time. */
static bool session_waits_locked(const session *s) {
    return s->parked || (s->pending & TURN_DATA) != 0 || s->slow_until_ms != 0;
}

/* Lets a slowed session read again once it may. Returns when to check again. */
static uint64_t session_resume_locked(session *s, uint64_t now_ms) {
    if (s->slow_until_ms > now_ms) {
        return earlier(s->slow_until_ms, now_ms + AHEAD_LOOK_MS);
    }
    if (s->slow_until_ms != 0) {
        s->slow_until_ms = 0;
        session_request_turn_locked(s, TURN_DATA);
    }
    return now_ms;
}

/* A function that enters a state with a deadline, or cannot queue a turn, calls
 * entity_sweep_soon. */
uint64_t session_sweep(entity *e, uint64_t now_ms) {
    session *s = (session *)e;
    uint64_t next_ms = ENTITY_SWEEP_LATER;
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPENING) {
        session_read_ahead_locked(s);
        next_ms = now_ms; /* its limits do not apply yet: check again next time */
    } else if (s->state == SESSION_OPEN && session_waits_locked(s)) {
        session_begin_limits_locked(s, now_ms);
        next_ms = session_resume_locked(s, now_ms);
        session_read_ahead_locked(s);
    } else if (s->state == SESSION_OPEN) {
        next_ms = session_sweep_open_locked(s, now_ms);
        session_read_ahead_locked(s); /* beside a handler that takes long */
    } else if (s->state != SESSION_CLOSED && now_ms < s->deadline_ms) {
        next_ms = s->deadline_ms;
    } else if (s->state == SESSION_CONNECTING) {
        session_abort_locked(s, PORTICO_E_TIMEOUT);
    } else if (s->state == SESSION_HANDSHAKE) {
        session_handshake_late_locked(s);
        next_ms = s->state != SESSION_CLOSED ? s->deadline_ms : ENTITY_SWEEP_LATER;
    } else if (s->state == SESSION_DRAINING) {
        /* Either the peer has been sent everything and does not hang up, or it does not read. */
        session_close_socket_locked(s, s->queue.queued_bytes > 0);
    }
    if (s->pending != 0) {
        session_request_turn_locked(s, 0); /* in case there was no memory to queue the turn */
    }
    os_mutex_unlock(&s->lock);
    return next_ms;
}
