/* turn.c: what modules see of a session, one thing at a time. See session.h.
 *
 * Whoever sets `turn` runs session_run_turn or queues it to a worker; whoever finds it set leaves its work in
 * `pending`. The turn ends only when it has seen, under the lock, that nothing is pending: so no work is
 * lost, and no two workers are ever in one session's handlers.
 */
#include "session/private.h"

#include "base/stats.h"
#include "base/status.h"
#include "os/compiler.h"
#include "session/call.h"
#include "session/channel.h"
#include "session/dispatch.h"
#include "session/follow.h"
#include "session/label.h"

#include <stdlib.h>

/* No module hears of a session that was closed before: turn_close may have come first. */
COLD static void turn_open(session *s) {
    if (s->state == SESSION_OPENING) {
        session_open_type(s);
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPENING) {
        session_set_state_locked(s, SESSION_OPEN);
        s->last_packet_ms = worker_now_ms();
    }
    if (session_arm_locked(s)) { /* also when closing, to see the end of the stream */
        session_hold(s);
    }
    os_mutex_unlock(&s->lock);
}

/* Modules have come to, gone from, or been swapped in the session's type. */
COLD static void turn_sync(session *s) {
    if (session_follow_type(s)) {
        for (uint32_t i = 0; i < s->attachment_count; i++) {
            call_catch_up(s, &s->attachments[i]);
        }
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
        if (a->watermark_told != above) {
            a->watermark_told = above;
            call_watermark(s, a, queued_bytes, above);
        }
    }
}

static void turn_messages(session *s) {
    os_mutex_lock(&s->lock);
    work *next = s->inbox;
    s->inbox = NULL;
    s->inbox_last = &s->inbox;
    s->inbox_count = 0;
    os_mutex_unlock(&s->lock);
    while (next != NULL && !(s->state == SESSION_OPEN && session_is_moving(s))) {
        message *m = (message *)next;
        next = next->next;
        if (s->state == SESSION_OPEN) {
            dispatch_message(s, m);
        }
        message_free(m);
    }
    if (next == NULL) {
        return;
    }
    /* The rest is for the next place, before what has come meanwhile. */
    work *last = next;
    uint32_t count = 1;
    for (; last->next != NULL; count++) {
        last = last->next;
    }
    os_mutex_lock(&s->lock);
    last->next = s->inbox;
    s->inbox_last = s->inbox == NULL ? &last->next : s->inbox_last;
    s->inbox = next;
    s->inbox_count += count;
    session_request_turn_locked(s, TURN_MESSAGE);
    os_mutex_unlock(&s->lock);
}

COLD static void turn_close(session *s) {
    log_debug(s->service->config->name, "session %llu closes: %s", (unsigned long long)s->base.id,
              status_text(s->reason));
    session_leave_rooms(s);
    turn_messages(s); /* frees them: the session is not open */
    attachments_end(s, s->reason);
    layout_release(s->layout);
    s->layout = NULL;
    channels_leave(s);
    label_drop(s);
    os_mutex_lock(&s->lock);
    s->flush_has_hold = s->flush_deferred; /* then the modules' hold goes to the flush */
    if (!s->flush_has_hold) {
        session_release_locked(s); /* the turn has its own */
    }
    os_mutex_unlock(&s->lock);
}

/* Does what is pending, once. False: the turn goes on elsewhere. */
static bool turn_do(session *s, uint32_t bits) {
    if (bits & TURN_OPEN) {
        turn_open(s);
    }
    if ((bits & TURN_MOVE) && s->state < SESSION_DRAINING && !session_change_rooms(s)) {
        return false;
    }
    if (bits & TURN_SYNC) {
        turn_sync(s);
    }
    if (bits & TURN_MESSAGE) {
        turn_messages(s);
    }
    if (bits & TURN_DATA) {
        session_deliver_received(s);
    }
    if (bits & TURN_WATERMARK) {
        turn_watermark(s);
    }
    if (bits & TURN_CLOSE) {
        turn_close(s);
    }
    return true;
}

/* A turn is bounded: with more to do it queues again, behind what else waits for a worker or for the room. */
void session_run_turn(session *s, uint32_t bits) {
    enum { ROUNDS = 4 };
    bool passed = false; /* the turn's hold, to the recv that it ends with */
    for (uint32_t round = 1; bits != 0; round++) {
        if (!turn_do(s, bits)) {
            return; /* the turn has its hold with it */
        }
        os_mutex_lock(&s->lock);
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
            return;
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
