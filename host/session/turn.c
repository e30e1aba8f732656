/* turn.c: runs a session's turn: everything that modules see of it, one thing at a time. See
 * session.h.
 *
 * The thread that sets `turn_taken` runs session_run_turn or queues the turn to a worker; every
 * other thread leaves its work in `pending`. A turn ends only after it has seen, under the lock,
 * that nothing is pending. So no work is lost, and no two workers are ever in one session's
 * handlers.
 */
#include "session/private.h"

#include "base/stats.h"
#include "base/status.h"
#include "os/compiler.h"
#include "run/request.h"
#include "run/schedule.h"
#include "session/call.h"
#include "session/channel.h"
#include "session/dispatch.h"
#include "session/follow.h"
#include "session/handshake.h"
#include "session/label.h"

#include <stdlib.h>

/* A session that was closed before this turn is never opened: turn_close may already have run. */
COLD static void turn_open(session *s) {
    if (s->state == SESSION_OPENING) {
        session_adopt_layout(s);
    }
    if (s->parks_at == NULL || s->parks_at != s->arrives_at) {
        session_arrived(s);
    }
    if (s->parks_at != NULL) {
        return;
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPENING) {
        session_set_state_locked(s, SESSION_OPEN);
        s->last_packet_ms = worker_now_ms();
    }
    /* Even if it is closing: to see the end of the stream. Bytes that came with the handshake are
     * delivered first. */
    if ((s->pending & TURN_DATA) == 0 && session_arm_locked(s)) {
        session_hold(s);
    }
    os_mutex_unlock(&s->lock);
}

/* Modules have joined or left the session's type, or been swapped. */
COLD static void turn_sync(session *s) {
    if (!session_follow_type(s)) {
        return;
    }
    session_open_parts(s); /* those that a parked turn has left */
    for (uint32_t i = 0; i < s->attachment_count && s->parks_at == NULL; i++) {
        (void)call_catch_up(s, &s->attachments[i]);
    }
}

COLD static void turn_watermark(session *s) {
    os_mutex_lock(&s->lock);
    bool above = s->above_watermark;
    uint32_t queued_bytes = s->queue.queued_bytes;
    bool tell = s->state == SESSION_OPEN;
    os_mutex_unlock(&s->lock);
    for (uint32_t i = 0; tell && i < s->attachment_count; i++) {
        attachment *a = &s->attachments[i];
        if (a->above_watermark != above) {
            if (!call_watermark(s, a, queued_bytes, above)) {
                return;
            }
            a->above_watermark = above;
        }
    }
}

/* Puts messages that the turn took, and did not handle, back before those that have arrived
 * since. */
static void inbox_put_back(session *s, work *first) {
    work *last = first;
    uint32_t count = 1;
    for (; last->next != NULL; count++) {
        last = last->next;
    }
    os_mutex_lock(&s->lock);
    last->next = s->inbox;
    s->inbox_last = s->inbox == NULL ? &last->next : s->inbox_last;
    s->inbox = first;
    s->inbox_count += count;
    session_request_turn_locked(s, TURN_MESSAGE);
    os_mutex_unlock(&s->lock);
}

/* Handles the messages of the inbox, until the session moves or parks; drops them if it is
 * closing. */
static void turn_messages(session *s) {
    os_mutex_lock(&s->lock);
    work *next = s->inbox;
    s->inbox = NULL;
    s->inbox_last = &s->inbox;
    s->inbox_count = 0;
    os_mutex_unlock(&s->lock);
    while (next != NULL && !(s->state == SESSION_OPEN && session_is_moving(s))) {
        message *m = (message *)next;
        work *after = next->next;
        if (s->state == SESSION_OPEN && !dispatch_message(s, m)) {
            break;
        }
        next = after;
        message_free(m);
    }
    if (next != NULL) {
        inbox_put_back(s, next); /* for the place that the session moves to, or for later */
    }
}

COLD static void turn_close(session *s) {
    log_debug(s->service->config->name, "session %llu closes: %s", (unsigned long long)s->base.id,
              status_text(s->reason));
    session_arrived(s);
    if (!session_leave_rooms(s)) {
        return;
    }
    turn_messages(s); /* drops them */
    if (!attachments_end(s, s->reason)) {
        session_let_go(s);
        return;
    }
    requests_end(&s->base);
    schedules_end(&s->base);
    layout_release(s->layout);
    s->layout = NULL;
    channels_leave(s);
    label_drop(s);
    os_mutex_lock(&s->lock);
    s->flush_has_hold = s->flush_deferred; /* it takes over the modules' hold */
    if (!s->flush_has_hold) {
        session_release_locked(s); /* the turn still has its own */
    }
    os_mutex_unlock(&s->lock);
}

/* Does the work of one bit. False: the turn continues in another place. */
static bool turn_step(session *s, uint32_t bit) {
    switch (bit) {
    case TURN_OPEN: turn_open(s); break;
    case TURN_MOVE: return s->state >= SESSION_DRAINING || session_change_rooms(s);
    case TURN_SYNC: turn_sync(s); break;
    case TURN_MESSAGE: turn_messages(s); break;
    case TURN_TRANSPORT: session_transport(s); break;
    case TURN_WATERMARK: turn_watermark(s); break;
    case TURN_LOOK: session_answer(s); break;
    case TURN_CLOSE: turn_close(s); break;
    default: break;
    }
    return true;
}

enum {
    TURN_BEFORE_DATA = TURN_DATA - 1, /* what a turn does before that, and after it */
    TURN_AFTER_DATA = ~(TURN_DATA | TURN_BEFORE_DATA),
    TURN_MOVED = 1 << 30 /* instead of what is not done: the turn continues in another place */
};

/* Does those works in `bits` that are in `mask`, until the turn moves or parks. Returns what is not
 * done. */
NOINLINE static uint32_t turn_do_some(session *s, uint32_t bits, uint32_t mask) {
    while ((bits & mask) != 0 && s->parks_at == NULL) {
        uint32_t first = bits & -bits;
        if (!turn_step(s, first)) {
            return TURN_MOVED;
        }
        bits -= s->parks_at == NULL ? first : 0;
    }
    return bits;
}

/* The turn is done with the received bytes, but parks: the next recv does not wait for that. */
COLD static void turn_arm(session *s) {
    os_mutex_lock(&s->lock);
    if (s->rearm && session_arm_locked(s)) {
        session_hold(s);
    }
    s->rearm = false;
    os_mutex_unlock(&s->lock);
}

COLD static bool turn_parks(session *s, uint32_t bits) {
    turn_arm(s);
    session_park(s, bits | (s->state == SESSION_OPEN ? TURN_SYNC : 0));
    return false;
}

/* Does the work in `bits`. False: the turn continues in another place, or later. */
static bool turn_do(session *s, uint32_t bits) {
    if ((bits & TURN_BEFORE_DATA) != 0) {
        bits = turn_do_some(s, bits, TURN_BEFORE_DATA);
        if (bits == TURN_MOVED) {
            return false;
        }
        if (s->parks_at != NULL) {
            return turn_parks(s, bits);
        }
    }
    if ((bits & TURN_DATA) != 0) {
        session_deliver_received(s);
        if (s->parks_at != NULL) {
            return turn_parks(s, bits);
        }
    }
    if ((bits & TURN_AFTER_DATA) != 0) {
        bits = turn_do_some(s, bits & ~(uint32_t)TURN_DATA, TURN_AFTER_DATA);
        if (s->parks_at != NULL) {
            return turn_parks(s, bits);
        }
    }
    return true;
}

/* A turn is bounded: if there is more to do after a few rounds, it queues again, after everything
 * else that waits for a worker or for the room. */
void session_run_turn(session *s, uint32_t bits) {
    enum { ROUNDS = 4 };
    bool passed = false; /* the turn's hold, to the recv that the turn ends with */
    for (uint32_t round = 1; bits != 0; round++) {
        if (!turn_do(s, bits)) {
            return; /* the turn has taken its hold along */
        }
        os_mutex_lock(&s->lock);
        s->parked_ms = 0;
        bool armed = s->rearm && session_arm_locked(s);
        s->rearm = false;
        bool queued = round == ROUNDS && s->pending != 0 && session_queue_turn_locked(s);
        bits = queued ? 0 : session_next_work_locked(s, 0);
        passed = armed && bits == 0 && !queued;
        if (armed && !passed) {
            session_hold(s);
        }
        os_mutex_unlock(&s->lock);
        if (queued) {
            return; /* the queued turn has the hold */
        }
    }
    if (!passed) {
        session_release(s);
    }
}

void session_run_own_turn(session *s, uint32_t bits) {
    entity *before = turn_enter(&s->base);
    session_run_turn(s, bits);
    turn_leave(before);
}
