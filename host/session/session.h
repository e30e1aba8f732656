/* session.h: one connection, from its accept or connect to the last completion of its last
 * operation.
 *
 * WHO HOLDS A SESSION (entity_table.h). The last release frees it.
 *
 *   holder                    from                         until
 *   its socket                session_create               session_close_socket_locked
 *   its modules               session_create               the end of turn_close, or (1)
 *   a recv, connect or send   its submit                   its completion, or (2)
 *   the turn                  it is queued or claimed      its end, or (3)
 *   a message to it           message_create               message_free
 *   a finder                  session_find                 session_release
 *   a walk                    sessions_each                the return of `each`
 *
 *   (1) A deferred flush has no hold of its own. If one is still due at the end of turn_close, it
 *       takes over the modules' hold (flush_has_hold).
 *   (2) A recv that brings bytes passes its hold to the turn that it claims.
 *   (3) A turn that ends by submitting a recv passes its hold to that recv.
 *
 * A function that has passed its hold on under the lock must not touch the session after unlocking:
 * the next thread to take the lock may free it.
 *
 * THE TURN. All module code that serves a session runs in the session's turn. One worker at a time
 * has the turn; every other thread leaves its work in `pending` for that worker. Fields marked
 * [turn] belong to the worker that has the turn.
 *
 * A session in a room has no turn of its own: it is one work in the room's strand, so everything in
 * the room runs one at a time. It changes rooms between two handlers: in the old room's turn it
 * leaves, then it runs as a work of the new room's strand and joins there.
 *
 * If the gate of a module is shut for longer than a moment, the turn parks: it stays taken, its
 * hold and what it has not done stay in the session, and no worker waits. When the gate opens,
 * session_revive queues the turn. Until then nothing else of the session runs, so the order is
 * kept. Its time limits are suspended, except the one for frozen modules.
 *
 * A session that is over a rate may be slowed (rates.c): its turn leaves the received bytes where
 * they are and submits no recv, and the sweep later requests the turn again. All other work of the
 * session runs.
 *
 * THE LOCK guards the fields marked [lock] and every use of the socket, so no operation is
 * submitted to a closed socket. It is never held while module code runs. Lock order: a session's
 * lock, then the leaves (session type, service, strand); never the locks of two sessions at once.
 *
 *   CONNECTING -> HANDSHAKE -> OPENING -> OPEN -> DRAINING -> CLOSED
 *        \____________\___________\________\_______________/
 *
 * HANDSHAKE only where the service has one (handshake.h). on_open is called in OPENING, on_close
 * once after the session has left OPENING or OPEN.
 */
#ifndef PORTICO_SESSION_H
#define PORTICO_SESSION_H

#include "room/room.h"
#include "run/inbox.h"
#include "run/worker.h"
#include "session/attachment.h"
#include "session/service.h"
#include "wire/sendq.h"

typedef enum session_state {
    SESSION_CONNECTING, /* a connector's connect is in flight */
    SESSION_HANDSHAKE,  /* connected; the two sides agree on a transport. No module knows of it */
    SESSION_OPENING,    /* connected; on_open has not returned yet */
    SESSION_OPEN,       /* packets are delivered */
    SESSION_DRAINING,   /* closing: sends what is queued, then waits for the peer to hang up */
    SESSION_CLOSED,     /* the socket is closed; operations in flight are still completing */
    SESSION_STATES
} session_state;

/* Work left for the turn, which does it in this order. */
enum {
    TURN_OPEN = 1,
    TURN_MOVE = 2, /* into or out of a room; all but TURN_CLOSE then waits for the new place */
    TURN_SYNC = 4, /* the type's layout has changed */
    TURN_MESSAGE = 8,
    TURN_TRANSPORT = 16, /* a handshake continues */
    TURN_DATA = 32,      /* there are bytes in the receive block */
    TURN_WATERMARK = 64,
    TURN_LOOK = 128, /* a state_ask waits */
    TURN_CLOSE = 256
};

/* The protocol that carries the packets of a session, if it is more than TCP. */
typedef struct transport {
    /* Turns the last `fresh` of the *used bytes, which are new, into what frame_parse reads.
     * `bytes` is the receive block or the one aside (ahead.h). [lock] */
    void (*received)(struct session *s, uint8_t *bytes, uint32_t *used, uint32_t fresh);
    /* Everything before the end that the transport has found, for which it has set `peer_ended`,
     * has been delivered. False: that is not what has ended. True: the session has begun to close,
     * and reads on to the end of the stream. [lock] */
    bool (*ended)(struct session *s);
    /* The session begins to close. [lock] */
    void (*closes)(struct session *s, portico_status reason);
    /* The peer waits for the host: its silence so far does not count. [lock] */
    void (*waits)(struct session *s, uint64_t now_ms);
    /* The session is open. Returns when to look again. [lock] */
    uint64_t (*sweep)(struct session *s, uint64_t now_ms);
} transport;

/* The fields that every packet touches come first and together: with thousands of sessions, these
 * are the cache lines that a packet has to fetch. */
typedef struct session {
    entity base;      /* first */
    service *service; /* set once */
    os_mutex lock;
    _Atomic session_state state; /* written under the lock, read anywhere */
    _Atomic uint32_t pending;    /* [lock] TURN_...; the turn reads it without the lock */
    /* [lock] */
    bool turn_taken;  /* a worker has the turn, or the turn is queued, ... */
    bool turn_queued; /* ... in the room, and no worker has begun it */
    bool flush_deferred;
    bool recv_armed;
    bool recv_probe; /* the armed recv is a recv-ready ... */
    bool ahead;      /* ... of ahead.h */
    bool aside;      /* ahead.h has read beside a handler */
    bool peer_ended; /* the end of the peer's stream has been read */
    bool above_watermark;
    bool watermark_wanted; /* some module has an on_watermark */
    bool connected;        /* has reached OPENING, or DRAINING from there */
    os_socket *socket;     /* NULL once closed */
    room *home; /* held; its turn runs in this room's. NULL: its own. Set in the turn only */
    /* [turn]; while a recv is in flight, the first three belong to its completion */
    block *in; /* bytes received and not delivered; NULL: none */
    uint32_t in_used;
    uint32_t in_scanned; /* see frame_parse */
    layout *layout;
    attachment *attachments;
    uint32_t attachment_count;
    uint32_t layout_version;
    bool joined;         /* the session is a member of `home` */
    bool rearm;          /* submit the next recv before the turn ends */
    bool flush_has_hold; /* [lock] the deferred flush has taken over the modules' hold */
    _Atomic bool spoke;  /* has sent a whole packet */
    _Atomic uint64_t last_packet_ms;
    _Atomic uint64_t frame_since_ms; /* when the incomplete frame in `in` began; 0: there is none */
    uint64_t received_ns;            /* when a worker was handed the latest bytes of `in` */
    uint64_t over_until_ns; /* over a rate until then; 0: it is not. [as `in`; lock to set it] */
    deferred flush;
    /* [lock] */
    sendq queue;
    uint32_t high_bytes;    /* half of the send limit; while above_watermark: UINT32_MAX */
    uint32_t packets_out;   /* queued, and not yet counted in the statistics */
    uint32_t counted_bytes; /* of the queue: counted in the statistics as waiting */
    os_op recv_op;

    os_op send_op;
    os_op turn_op;
    work room_work; /* its place in its room's strand */
    /* [turn, and lock to set it]; set once, but where a PROXY header says it: then in HANDSHAKE it
     * is the balancer first */
    os_address peer;
    /* set once */
    uint64_t opened_ms;
    /* [lock] */
    portico_status reason;               /* why it closes */
    portico_status leave_reason;         /* for on_leave */
    uint64_t deadline_ms;                /* but in OPENING and OPEN: when to close the socket */
    uint8_t layer;                       /* [turn] of service.handshake: which one is next, ... */
    bool layer_begun;                    /* ... and whether it has begun */
    bool address_counted;                /* [turn] for the limits, after a PROXY header */
    const struct session_sealing *seal;  /* set once, in HANDSHAKE; NULL: it has no TLS */
    struct session_secure *secure;       /* of that */
    const struct transport *transport;   /* set once, in HANDSHAKE; NULL: just TCP */
    struct session_websocket *websocket; /* of that transport */
    room *target;         /* where it is to be, held: `home`, or where it moves; NULL: no room */
    message *join_result; /* posted when the move to `target` has ended; NULL: not wanted */
    work *inbox;          /* messages, in order */
    work **inbox_last;
    uint32_t inbox_count;
    struct inbox waiting; /* counts their bytes */
    _Atomic uint32_t
        grown_bytes;     /* of `in` if it is larger than usual, else 0; written in the turn */
    uint32_t moves;      /* calls that have changed `target` */
    struct label *label; /* [lock of the labels] */
    struct membership *memberships; /* [lock of the channels] */
    bool parked;            /* the turn is taken, but no worker has it: session_revive queues it */
    uint64_t room_waits_ms; /* [lock] since when its turn was seen to wait in a room that is parked;
                             * 0: it is not */
    uint64_t parked_ms;     /* [lock] since when, in spite of a session_sync;
                             * 0: it is not ... */
    module *parked_at;      /* [lock] ... and at whose gate; its layout holds the module */
    module *parks_at;       /* [turn] whose gate is shut, so that the turn parks; NULL: none */
    module *arrives_at;     /* [turn] which counts it in `arrivals`; NULL: none */
    uint64_t packet_due_ns; /* [turn] buckets (base/bucket.h) of packets_per_second, ... */
    uint64_t byte_due_ns;   /* [as `in`] ... byte_rate and ... */
    uint64_t fanout_due_ns; /* [lock] ... fanout_rate */
    uint64_t slow_until_ms; /* [lock] it is slowed: when it may read again; 0: it is not */
} session;

/* Makes a session of a connected socket and runs its on_open. Takes over the socket, also on
 * failure. [worker] */
void session_accept(service *from, os_socket *socket, const os_address *peer);

/* Makes a session that connects. After PORTICO_OK, `from` is notified of its end by
 * on_session_freed, also when the connect fails. [any thread] */
portico_status session_connect(service *from, const os_address *to, const os_address *local);

/* Closes the session once everything queued has been sent. False: it is already closing.
 * [any thread] */
bool session_close(session *s, portico_status reason);

/* Closes at once and drops what is queued. [any thread] */
void session_abort(session *s, portico_status reason);

/* Queues one packet. Statuses: see portico_host.session_send. [any thread] */
portico_status session_send(session *s, uint16_t opcode, const void *data, uint32_t size);

/* A packet with that payload has been sent to `to`: the session whose handler the calling thread
 * runs pays for it as for a broadcast, unless it is `to` itself. */
void session_charge_send(const session *to, uint32_t size);

/* One packet for many sessions, encoded once per framing that its receivers use. */
typedef struct broadcast broadcast;
struct broadcast {
    uint16_t opcode;
    uint32_t size;
    const void *data;
    uint32_t copies;       /* of the payload, made so far */
    bool no_text;          /* the payload is not UTF-8, so WebSocket cannot carry it as opcode 0 */
    uint64_t room;         /* whose members receive it, for traces; 0: none */
    const char *room_type; /* of that */
    shared *frames[FRAME_KINDS_ALL];
};
void broadcast_fini(broadcast *b);

/* Writes up to `capacity` members of `of` and returns how many there are. */
typedef uint32_t (*member_list)(const void *of, portico_session *members, uint32_t capacity);

/* Queues the packet for every member but `except`; returns for how many. [any thread, no lock
 * held] */
uint32_t broadcast_to_members(broadcast *b, member_list list, const void *of, uint64_t except);

/* Moves the session into `r`, out of its current room; NULL: out of its room. PORTICO_OK: the move
 * is queued. Other statuses: see portico_host.session_join and session_leave. `result` is
 * a message with a portico_room_result, taken over on PORTICO_OK; NULL: none. [any thread] */
portico_status session_move(session *s, room *r, message *result);

/* There is no room to move to: posts `result`, which the session receives before any later packet.
 * Statuses and `result` as for session_move. [any thread] */
portico_status session_not_moved(session *s, message *result);

/* The room that the session is in, or 0. [any thread] */
uint64_t session_room(session *s);

/* Queues the session's turn again if it is parked at the gate of that module. [control thread] */
void session_revive(session *s, const module *at);

/* Closes the session with PORTICO_E_FAULT if it has waited for a frozen module for that long.
 * Whether it has. [any thread] */
bool session_expire_frozen(session *s, uint64_t now_ms, uint64_t limit_ms);

/* Makes the session adopt its type's new layout in its next turn, which this requests. [any
 * thread] */
void session_sync(session *s);

/* An entity_sweep: closes a session that has exceeded a time limit. [worker] */
uint64_t session_sweep(entity *e, uint64_t now_ms);

/* The session, held for the caller; NULL when the id is stale or names something else. [any
 * thread] */
session *session_find(uint64_t id);
void session_release(session *s);

/* See entity_each. */
void sessions_each(void (*each)(void *arg, session *s), void *arg);

/* Answers the asks for its modules' states (state_ask.h) in its turn, or at once if the turn is
 * parked. [any thread] */
void session_ask(session *s);

const char *session_state_name(session_state state);

typedef struct session_view {
    session_state state;
    os_address peer;
    uint32_t queued_bytes;
    uint32_t messages;     /* in its inbox */
    uint64_t memory_bytes; /* of what is queued, received and not delivered, and of its messages */
    uint64_t room;         /* as session_room */
} session_view;
session_view session_look(session *s);

#endif
