/* session_turn.c: what modules see of a session, one thing at a time. See session.h.
 *
 * Whoever sets `turn` runs session_turn or queues it to a worker; whoever finds it set leaves its work in
 * `pending`. The turn ends only when it has seen, under the lock, that nothing is pending: so no work is
 * lost, and no two workers are ever in one session's handlers.
 */
#include "session/private.h"

#include "base/stats.h"
#include "base/status.h"
#include "os/compiler.h"
#include "session/call.h"
#include "session/channel.h"
#include "session/label.h"

#include <stdlib.h>

/* Puts the layout `next` (with its reference) in place of the session's. */
static bool session_change_layout(session *s, layout *next, uint32_t version) {
    if (!attachments_follow(s, next)) {
        layout_release(next);
        return false;
    }
    layout_release(s->layout);
    s->layout = next;
    s->layout_version = version;
    os_mutex_lock(&s->lock);
    s->watermark_wanted = next->has_watermark;
    if (s->watermark_wanted && s->above_watermark) {
        session_want_locked(s, TURN_WATERMARK); /* for a module that comes in the midst of it */
    }
    os_mutex_unlock(&s->lock);
    return true;
}

/* Calls on_open of the modules that have not seen the session yet. False: one refused it. */
static bool session_open_parts(session *s) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (s->attachments[i].opened) {
            continue;
        }
        portico_status status = call_open(s, &s->attachments[i]);
        if (status != PORTICO_OK) {
            log_debug(s->attachments[i].module->name, "session %llu refused by on_open: %s",
                      (unsigned long long)s->base.id, status_text(status));
            session_close(s, status);
            return false;
        }
    }
    return true;
}

COLD static void session_open_type(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED); /* its module went while the connection came */
    } else if (!session_change_layout(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
}

/* No module hears of a session that was closed before: turn_close may have come first. */
COLD static void turn_open(session *s) {
    if (s->state == SESSION_OPENING) {
        session_open_type(s);
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPENING) {
        session_move_locked(s, SESSION_OPEN);
        s->last_packet_ms = worker_now_ms();
    }
    if (session_arm_locked(s)) { /* also when closing, to see the end of the stream */
        session_hold(s);
    }
    os_mutex_unlock(&s->lock);
}

/* The type has another layout by now. Returns as session_follow_type. */
COLD static bool session_take_layout(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED);
    } else if (!session_change_layout(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
    return s->state < SESSION_DRAINING;
}

bool session_follow_type(session *s) {
    if (s->layout == NULL || s->state >= SESSION_DRAINING) {
        return false; /* not open yet: turn_open takes what is current; or closing: turn_close ends all */
    }
    return atomic_load(&s->service->type->version) == s->layout_version || session_take_layout(s);
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
            call_message(s, m);
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
    session_want_locked(s, TURN_MESSAGE);
    os_mutex_unlock(&s->lock);
}

bool session_queue_turn_locked(session *s) {
    if (s->home != NULL) {
        strand_push(room_strand(s->home), &s->room_work);
        return true;
    }
    bool posted = os_port_post(s->service->port, &s->turn_op) == PORTICO_OK;
    if (posted) {
        stats_add(STAT_ops_submitted, 1);
    }
    return posted;
}

void session_inbox_add_locked(session *s, message *m) {
    m->work.next = NULL;
    *s->inbox_last = &m->work;
    s->inbox_last = &m->work.next;
    s->inbox_count++;
    session_want_locked(s, TURN_MESSAGE);
}

portico_status session_take(entity *e, message *m) {
    session *s = (session *)e;
    portico_status status = PORTICO_OK;
    os_mutex_lock(&s->lock);
    if (s->state != SESSION_OPEN && s->state != SESSION_OPENING) {
        status = PORTICO_E_GONE;
    } else if (s->inbox_count >= MESSAGES_WAITING_MAX) {
        status = PORTICO_E_BACKLOG;
    } else {
        session_inbox_add_locked(s, m);
    }
    os_mutex_unlock(&s->lock);
    return status;
}

COLD static void turn_close(session *s) {
    log_debug(s->service->config->name, "session %llu closes: %s", (unsigned long long)s->base.id,
              status_text(s->reason));
    session_turn_leave_all(s);
    turn_messages(s); /* frees them: the session is not open */
    attachments_end(s, s->reason);
    layout_release(s->layout);
    s->layout = NULL;
    channels_leave(s);
    label_drop(s);
    os_mutex_lock(&s->lock);
    s->flush_holds = s->flush_deferred; /* then the modules' hold goes to the flush */
    if (!s->flush_holds) {
        session_release_locked(s); /* the turn has its own */
    }
    os_mutex_unlock(&s->lock);
}

/* Does what is pending, once. False: the turn goes on elsewhere. */
static bool turn_do(session *s, uint32_t bits) {
    if (bits & TURN_OPEN) {
        turn_open(s);
    }
    if ((bits & TURN_MOVE) && s->state < SESSION_DRAINING && !session_turn_move(s)) {
        return false;
    }
    if (bits & TURN_SYNC) {
        turn_sync(s);
    }
    if (bits & TURN_MESSAGE) {
        turn_messages(s);
    }
    if (bits & TURN_DATA) {
        session_deliver_all(s);
    }
    if (bits & TURN_WATERMARK) {
        turn_watermark(s);
    }
    if (bits & TURN_CLOSE) {
        turn_close(s);
    }
    return true;
}

/* Takes what is to be done next, of what is pending and `wanted`; 0, and the end of the turn, when nothing is. */
static uint32_t session_next_locked(session *s, uint32_t wanted) {
    uint32_t next = atomic_load_explicit(&s->pending, memory_order_relaxed) | wanted;
    uint32_t rest = 0;
    if ((next & TURN_MOVE) &&
        !(next & TURN_OPEN)) { /* to move is to leave the rest for the next place */
        rest = next & ~(uint32_t)(TURN_MOVE | TURN_CLOSE);
        next &= TURN_MOVE | TURN_CLOSE;
    }
    atomic_store_explicit(&s->pending, rest, memory_order_relaxed);
    s->turn = next != 0;
    return next;
}

/* A turn is bounded: with more to do it queues again, behind what else waits for a worker or for the room. */
static void session_turn(session *s, uint32_t bits) {
    enum { ROUNDS = 4 };
    bool passed = false; /* the turn's hold, to the recv that it ends with */
    for (uint32_t round = 1; bits != 0; round++) {
        if (!turn_do(s, bits)) {
            return; /* the turn has its hold with it */
        }
        os_mutex_lock(&s->lock);
        bool armed = s->arms && session_arm_locked(s);
        s->arms = false;
        bool queued = round == ROUNDS && s->pending != 0 && session_queue_turn_locked(s);
        bits = queued ? 0 : session_next_locked(s, 0);
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

static void session_turn_queued(session *s) {
    os_mutex_lock(&s->lock);
    uint32_t bits = session_next_locked(s, 0);
    os_mutex_unlock(&s->lock);
    session_turn(s, bits);
}

void session_on_turn(const os_completion *completion) {
    session *s = container_of(completion->op, session, turn_op);
    entity *before = turn_enter(&s->base);
    session_turn_queued(s);
    turn_leave(before);
}

/* In the strand of its room, which has entered the room's turn. */
void session_on_room_turn(work *w) {
    session_turn_queued(container_of(w, session, room_work));
}

void session_pend_locked(session *s, uint32_t bits) {
    atomic_store_explicit(&s->pending, s->pending | bits, memory_order_relaxed);
}

void session_want_locked(session *s, uint32_t bits) {
    session_pend_locked(s, bits);
    if (s->turn) {
        return;
    }
    session_hold(s);
    s->turn = true;
    if (!session_queue_turn_locked(s)) {
        entity_sweep_soon(&s->base); /* which tries again */
        s->turn = false;
        session_release_locked(s);
    }
}

uint32_t session_claim_locked(session *s, uint32_t wanted) {
    if (s->turn || s->home != NULL) {
        session_want_locked(s, wanted);
        return 0;
    }
    return session_next_locked(s, wanted);
}

void session_take_turn(session *s, uint32_t bits) {
    entity *before = turn_enter(&s->base);
    session_turn(s, bits);
    turn_leave(before);
}

void session_run(session *s, uint32_t wanted) {
    session_hold(s);
    os_mutex_lock(&s->lock);
    uint32_t bits = session_claim_locked(s, wanted);
    os_mutex_unlock(&s->lock);
    if (bits != 0) {
        session_take_turn(s, bits);
    } else {
        session_release(s);
    }
}
