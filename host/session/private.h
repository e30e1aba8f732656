/* session/private.h: what the files of session/ share, from the bottom of the staircase up.
 *
 * A function whose name ends in _locked is called with the session's lock held. All callers hold the session
 * (entity_table.h), or its modules do and need the lock to let go: so letting go of another hold under the lock never
 * frees it.
 */
#ifndef PORTICO_SESSION_PRIVATE_H
#define PORTICO_SESSION_PRIVATE_H

#include "os/compiler.h"
#include "session/session.h"

/* session.c */
void session_free(entity *e);
void session_set_state_locked(session *s, session_state to);
void session_hold(session *s);
void session_release_locked(session *s);
COLD void session_close_locked(session *s, portico_status reason);
COLD void session_abort_locked(session *s, portico_status reason);
/* The peer's stream has ended. */
COLD void session_ended_locked(session *s);
/* In DRAINING, when nothing is left to send: goes on to the end. */
void session_drained_locked(session *s);
portico_status session_take_message(entity *e, message *m);
void session_inbox_add_locked(session *s, message *m);
/* Puts the turn into the queue of where it belongs. False: the system had no memory for it. */
bool session_queue_turn_locked(session *s);
/* Adds to `pending`, and does nothing about it. */
void session_pend_locked(session *s, uint32_t bits);
/* Leaves work for the turn; queues the turn to a worker when nobody has it. */
void session_request_turn_locked(session *s, uint32_t bits);
/* Takes what is to be done next, of what is pending and `wanted`; 0, and the end of the turn, when nothing is. */
uint32_t session_next_work_locked(session *s, uint32_t wanted);
/* Leaves work for the turn. Not 0: nobody had it, and the caller has it now: it lets go of the lock and calls
 * session_run_own_turn with that, to which its hold goes. */
uint32_t session_claim_turn_locked(session *s, uint32_t wanted);

/* send.c */
void session_on_sent(const os_completion *completion);
void session_on_flush(deferred *d);

/* rooms.c */
/* The entity's `leave`. */
void session_leave_room(entity *e, entity *room_left, portico_status reason);
/* [turn] */
/* Whether the handlers have to stop, because the session is to be elsewhere. */
static inline bool session_is_moving(const session *s) {
    return (atomic_load_explicit(&s->pending, memory_order_relaxed) & TURN_MOVE) != 0;
}
/* Takes the session to where it is to be. False: its turn goes on there, and not here. */
bool session_change_rooms(session *s);
/* Out of its room for good. */
void session_leave_rooms(session *s);

/* recv.c */
/* True: the recv is in flight, for which the caller holds the session, or does so before it unlocks it. */
bool session_recv_locked(session *s, void *data, uint32_t capacity);
/* Submits the next recv when one is to be in flight and none is. True: it is, and a hold of the caller's goes to it, or one
 * that the caller takes before it unlocks the session. */
bool session_arm_locked(session *s);
void session_deliver_received(session *s); /* [turn] */

/* turn.c */
/* Runs the turn, which the caller has. */
void session_run_turn(session *s, uint32_t bits);
void session_run_own_turn(session *s, uint32_t bits);

#endif
