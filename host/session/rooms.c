/* rooms.c: how a session moves between rooms. See session.h.
 *
 * `target` is the room that the session is to be in; any thread sets it. `home` is the room that
 * its turn runs in; only the turn changes it, between two handlers. Each holds its room. The
 * session is a member of `home` when `joined` is set.
 */
#include "session/private.h"

#include <string.h>

/* The move to `target` has ended: posts the result that session_join asked for. */
static void session_post_result_locked(session *s, portico_status status) {
    message *m = s->join_result;
    if (m != NULL) {
        memcpy(m->bytes + offsetof(portico_room_result, status), &status, sizeof status);
        s->join_result = NULL;
        session_inbox_add_locked(s, m);
    }
}

/* In its home's turn: becomes a member, or is refused and must move out again. A refusal answers
 * only `move`: if the session has been sent away and back since, it tries again. */
static void turn_join(session *s, uint32_t move) {
    portico_status status = PORTICO_OK;
    session *paid = session_pays(s); /* also for what on_join says to the others */
    s->parks_at = room_enter(s->home, s->base.id, s->service->type->name, &status);
    (void)session_pays(paid);
    if (s->parks_at != NULL) {
        return;
    }
    s->joined = status == PORTICO_OK;
    room *refused = NULL;
    os_mutex_lock(&s->lock);
    bool answered = s->joined || s->moves == move;
    if (s->target == s->home && answered) { /* else session_move has posted the result */
        session_post_result_locked(s, status);
        if (!s->joined) {
            refused = s->target;
            s->target = NULL;
        }
    }
    if (!s->joined) {
        session_pend_locked(s, TURN_MOVE);
    }
    os_mutex_unlock(&s->lock);
    room_release(refused);
}

/* Ends the session's membership. False: it parks. */
static bool session_leave_home(session *s, portico_status reason) {
    if (s->joined) {
        /* It pays if it goes, but not if its room ends. */
        session *paid = session_pays(reason == PORTICO_OK ? s : NULL);
        s->parks_at = room_leave(s->home, s->base.id, s->service->type->name, reason);
        (void)session_pays(paid);
        s->joined = s->parks_at != NULL;
    }
    return !s->joined;
}

bool session_change_rooms(session *s) {
    os_mutex_lock(&s->lock);
    room *home = s->home;
    bool moving = s->target != home;
    uint32_t move = s->moves;
    portico_status reason = s->leave_reason;
    if (!moving && s->joined) {
        /* It was to move away and then back, and never left. */
        session_post_result_locked(s, PORTICO_OK);
    }
    os_mutex_unlock(&s->lock);
    if (!moving) {
        if (home != NULL && !s->joined) {
            turn_join(s, move);
        }
        return true;
    }
    if (!session_leave_home(s, reason)) {
        return true;
    }
    os_mutex_lock(&s->lock);
    s->home = s->target; /* which may have changed since */
    if (s->home != NULL) {
        entity_hold(room_entity(s->home));
        session_pend_locked(s, TURN_MOVE);
    }
    session_pass_turn_locked(s); /* never in the old room's turn, whose state it may not see */
    os_mutex_unlock(&s->lock);
    room_release(home);
    return false;
}

bool session_leave_rooms(session *s) {
    if (!session_leave_home(s, s->reason)) {
        return false;
    }
    os_mutex_lock(&s->lock);
    room *home = s->home;
    room *target = s->target;
    message *result = s->join_result;
    s->home = NULL;
    s->target = NULL;
    s->join_result = NULL;
    os_mutex_unlock(&s->lock);
    room_release(home);
    room_release(target);
    if (result != NULL) {
        message_free(result);
    }
    return true;
}

portico_status session_move(session *s, room *r, message *result) {
    portico_status status = PORTICO_OK;
    room *before = NULL;
    os_mutex_lock(&s->lock);
    if (s->state >= SESSION_DRAINING) {
        status = PORTICO_E_GONE;
    } else if (s->target == r) {
        status = r != NULL ? PORTICO_E_EXISTS : PORTICO_E_NOT_FOUND;
    } else if (result != NULL && s->inbox_count >= MESSAGES_WAITING_MAX) {
        session_refuse_message_locked(s);
        status = PORTICO_E_BACKLOG;
    } else {
        session_post_result_locked(s, PORTICO_E_CANCELLED);
        s->join_result = result;
        before = s->target;
        s->target = r;
        s->moves++;
        s->leave_reason = PORTICO_OK;
        if (r != NULL) {
            entity_hold(room_entity(r));
        }
        session_request_turn_locked(s, TURN_MOVE);
    }
    os_mutex_unlock(&s->lock);
    room_release(before);
    return status;
}

portico_status session_not_moved(session *s, message *result) {
    os_mutex_lock(&s->lock);
    portico_status status = session_take_message_locked(s, result);
    if (status == PORTICO_OK) {
        session_request_turn_locked(s, TURN_MOVE); /* a move to where it is holds up the packets */
    }
    os_mutex_unlock(&s->lock);
    return status;
}

void session_leave_room(entity *e, entity *room_left, portico_status reason) {
    session *s = (session *)e;
    room *r = room_from_entity(room_left);
    bool leaves = false;
    os_mutex_lock(&s->lock);
    if (s->target == r) {
        leaves = true;
        session_post_result_locked(s, PORTICO_E_ROOM_CLOSED);
        s->target = NULL;
        s->leave_reason = reason;
        session_request_turn_locked(s, TURN_MOVE);
    }
    os_mutex_unlock(&s->lock);
    if (leaves) {
        room_release(r);
    }
}

uint64_t session_room(session *s) {
    os_mutex_lock(&s->lock);
    uint64_t id = session_room_locked(s);
    os_mutex_unlock(&s->lock);
    return id;
}
