/* session/private.h: what the files of session/ share. From the top: events, turn, recv, dispatch,
 * follow, call, attachment; send, rooms, messages, look, ahead and traced beside them; sweep, rates
 * and session.c below. Each calls only those below.
 *
 * A function whose name ends in _locked is called with the session's lock held, by a caller that
 * holds the session (entity_table.h) or acts for its modules, which need the lock to release it. So
 * releasing another hold under the lock never frees the session.
 */
#ifndef PORTICO_SESSION_PRIVATE_H
#define PORTICO_SESSION_PRIVATE_H

#include "os/compiler.h"
#include "session/session.h"

/* The services of TLS to the files below it (secure.h). [lock] */
typedef struct session_sealing {
    /* Encrypts and sends what is queued, until nothing is left or a send is in flight. */
    void (*flush)(session *s);
    /* Everything queued has been sent: tells the peer that nothing more comes. True: that has been
     * sent as well. */
    bool (*finish)(session *s);
    /* Whether the handshake is being computed, so that no recv is due. */
    bool (*waits)(const session *s);
    /* Receives what has arrived: up to `space` bytes of plaintext, of which *size come to `to`.
     * Returns how many bytes of ciphertext. *rest: what byte_rate is to charge for them besides.
     * See ahead.h. */
    uint32_t (*read_ahead)(session *s, uint8_t *to, uint32_t space, uint32_t *size, uint32_t *rest);
    void (*on_recv)(const os_completion *completion); /* of recv_op */
    void (*free)(struct session_secure *secure);      /* without the lock */
} session_sealing;

/* session.c */
void session_hold(session *s);
void session_release_locked(session *s);
void session_free(entity *e);
/* Aborts the host when the table of states does not allow it. */
void session_set_state_locked(session *s, session_state to);
/* A session that was connecting or in its handshake may be opened: OPENING, and counted as
 * connected. */
COLD void session_may_open_locked(session *s);
COLD void session_close_locked(session *s, portico_status reason);
COLD void session_abort_locked(session *s, portico_status reason);
void session_close_socket_locked(session *s, bool reset);
uint64_t session_room_locked(const session *s); /* as session_room */
/* The client has waited for the host, and not the host for it: its limits begin again. The turn is
 * parked, or has not yet begun to look at the bytes: it writes neither. */
void session_begin_limits_locked(session *s, uint64_t now_ms);
/* The peer's stream has ended. */
COLD void session_ended_locked(session *s);
/* Once a DRAINING session has sent everything: shuts down its side, or closes if the peer has
 * ended. */
void session_drained_locked(session *s);
/* Leaves work for the turn without requesting the turn. */
void session_pend_locked(session *s, uint32_t bits);
/* Leaves work for the turn, and queues the turn unless it is taken. */
void session_request_turn_locked(session *s, uint32_t bits);
/* Leaves work for the turn. Not 0: the caller now has the turn; it unlocks and passes the result
 * and its hold to session_run_own_turn. */
uint32_t session_claim_turn_locked(session *s, uint32_t bits);
/* Removes from `pending`, to which it adds `bits`, the work to do next. 0: nothing; the turn has
 * ended. */
uint32_t session_next_work_locked(session *s, uint32_t bits);
/* Queues the turn to the strand of its room, or to the port. False: out of memory. */
bool session_queue_turn_locked(session *s);
/* The same for a caller that has the turn: takes over the turn and the caller's hold. Out of
 * memory, it ends the turn, and the sweep requests it again. */
COLD void session_pass_turn_locked(session *s);
/* Parks the turn at s->parks_at: leaves `bits` for later, and takes over the turn and the caller's
 * hold. If the gate has opened by now, the turn is queued. */
COLD void session_park(session *s, uint32_t bits);
/* It no longer waits to be opened. [turn] */
void session_arrived(session *s);

/* Tells the statistics how many bytes wait to be sent. Of session.c. */
void session_count_queue_locked(session *s);

/* messages.c */
/* Whatever waits already. */
void session_inbox_add_locked(session *s, message *m);
portico_status session_take_message_locked(session *s, message *m);
/* Counts and logs that too much waits for one more. */
COLD void session_refuse_message_locked(session *s);
/* The entity's `take`. */
portico_status session_take_message(entity *e, message *m);

/* send.c */
/* Queues bytes of the transport itself, which are no packet; also in HANDSHAKE. `always`: even
 * above the send limit. PORTICO_OK: they are queued. Other statuses as session_send. */
COLD portico_status session_queue_locked(session *s, const void *bytes, uint32_t size, bool always);
void session_on_sent(const os_completion *completion);
void session_on_flush(deferred *d);
/* The same for a session with TLS. */
void session_on_sealed_flush(deferred *d);
/* Sends what is queued, with the consequences for the watermark and for a session that is
 * draining. */
COLD void session_send_queued_locked(session *s);

/* The same for shared bytes, always. */
COLD portico_status session_queue_shared_locked(session *s, shared *whole);

/* rooms.c */
/* The entity's `leave`. */
void session_leave_room(entity *e, entity *room_left, portico_status reason);
/* Whether handlers must stop because the session has to move first. [turn] */
static inline bool session_is_moving(const session *s) {
    return (atomic_load_explicit(&s->pending, memory_order_relaxed) & TURN_MOVE) != 0;
}
/* Moves the session towards `target`, unless parks_at is set afterwards. False: its turn continues
 * in the new place, so the caller does not have it any more. [turn] */
COLD bool session_change_rooms(session *s);
/* Takes a closing session out of its room and ends any move. False: parks_at is set; call it again.
 * [turn] */
bool session_leave_rooms(session *s);

/* rates.c */
/* Counts a packet that is about to be delivered; only where service.rates_packets is set. False:
 * the session is over a rate, and the packet is to come again. [turn] */
bool session_charge_packet(session *s);
/* The packet comes again for another reason. */
COLD void session_return_packet(session *s);
/* Counts received bytes; only where byte_rate is set. [lock] */
void session_charge_bytes_locked(session *s, uint32_t bytes);
/* Says which session pays for the packets that this thread sends to others, besides those of its
 * own handlers; NULL: none. Returns the previous one, to restore it. [turn of the session] */
session *session_pays(session *s);
/* Charges a broadcast to that session or, without one, to the session whose handler the calling
 * thread runs, if it runs one. */
void session_charge_fanout(uint32_t receivers, uint32_t bytes);
/* over_until_ns is not 0: whether the session still is over a rate. [turn] */
COLD bool session_is_over(session *s);
/* Closes the session or slows it, as over_rate says. True: it is slowed, and continues with
 * TURN_DATA. [turn] */
COLD bool session_slow(session *s);

/* events.c: of recv_op. */
void session_on_recv(const os_completion *completion);
/* The last `bytes` of the receive block are new: charges them, and turns them into what frame_parse
 * reads; needed where service.looks_at_bytes is set. Returns the work for the turn. */
uint32_t session_look_locked(session *s, uint32_t bytes);

/* recv.c */
/* Drops the first `delivered` bytes of the block and keeps the rest. [turn] */
void session_keep_rest(session *s, uint32_t delivered);
/* Submits a recv; `capacity` 0: a recv-ready. True: it is in flight and needs a hold, which the
 * caller passes on or takes before it unlocks. */
bool session_recv_locked(session *s, void *data, uint32_t capacity);
/* Submits the next recv if one is due and none is in flight. Returns as session_recv_locked. */
bool session_arm_locked(session *s);
/* `bytes` more are in the receive block (events.c). Returns as session_claim_turn_locked. */
uint32_t session_take_received_locked(session *s, uint32_t bytes);
/* Delivers the complete frames of the receive block. [turn] */
void session_deliver_received(session *s);

/* look.c */
/* Answers all asks for its modules' states. [turn, or instead of it] */
COLD void session_answer(session *s);

/* turn.c */
/* Runs the turn, which the caller has, beginning with `bits`. Takes over the caller's hold. */
void session_run_turn(session *s, uint32_t bits);
/* The same for a session that is in no room. */
void session_run_own_turn(session *s, uint32_t bits);
/* The same with the result of session_claim_turn_locked, which may be 0. */
static inline void session_run_claimed(session *s, uint32_t bits) {
    if (bits != 0) {
        session_run_own_turn(s, bits);
    } else {
        session_release(s);
    }
}

#endif
