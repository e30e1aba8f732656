/* session.h: one connection, from its accept or connect to the last completion of its last operation.
 *
 * WHO OWNS WHAT  A session is held (entity_table.h) by: its socket until it is closed, its modules until
 * they have been told of the end, each operation in flight, its turn while it runs or is queued, and whoever has found it
 * by id. The last to let go frees it. A deferred flush has no hold of its own: the modules', if they are told of the end
 * before it has run, goes to it.
 *
 * THE TURN  Everything that module code sees happens in the session's turn: one worker at a time takes it,
 * and what must happen meanwhile is left in `pending` for that worker. Fields marked [turn] belong to it.
 *
 * A session in a room has no turn of its own: it is one work in the room's strand, so that everything in the
 * room runs one at a time. It moves between two handlers: out of its room in the room's turn, then, as a
 * work of the next room's strand, into that one.
 *
 * THE LOCK  guards the fields marked [lock] and every use of the socket, so that a submit never meets a
 * closed one. It is never held while module code runs. Lock order: session, then whatever a leaf takes
 * (session type, service); no two sessions' locks at once. Whoever has passed its hold on under the lock does not
 * touch the session behind the unlock: who gets the lock next may free it.
 *
 *   CONNECTING -> OPENING -> OPEN -> DRAINING -> CLOSED      on_open is called in OPENING, on_close once
 *        \___________\_________\________________/            after OPEN or OPENING has been left
 */
#ifndef PORTICO_SESSION_H
#define PORTICO_SESSION_H

#include "room/room.h"
#include "run/worker.h"
#include "session/attachment.h"
#include "session/service.h"
#include "wire/sendq.h"

typedef enum session_state {
    SESSION_CONNECTING, /* a connector's connect is in flight */
    SESSION_OPENING,    /* connected; on_open has not returned yet */
    SESSION_OPEN,       /* packets are delivered */
    SESSION_DRAINING,   /* closing: sends what is queued, then waits for the peer's end */
    SESSION_CLOSED,     /* the socket is closed; the operations come home */
    SESSION_STATES
} session_state;

/* What is left for the turn, done in this order. */
enum {
    TURN_SYNC = 1, /* the type's layout has changed */
    TURN_OPEN = 2,
    TURN_DATA = 4, /* bytes are in the receive block */
    TURN_WATERMARK = 8,
    TURN_CLOSE = 16,
    TURN_MESSAGE = 32,
    TURN_MOVE = 64 /* into or out of a room; before all others but TURN_OPEN */
};

/* What every packet touches comes first, together: with thousands of sessions that is what the cache has to fetch. */
typedef struct session {
    entity base;      /* first */
    service *service; /* set once */
    os_mutex lock;
    _Atomic session_state state; /* written under the lock, read anywhere */
    _Atomic uint32_t pending;    /* [lock] TURN_...; the turn reads it without */
    /* [lock] */
    bool turn_taken; /* somebody has the turn, or it is queued */
    bool flush_deferred;
    bool recv_armed;
    bool recv_probe; /* the armed recv is a recv-ready */
    bool peer_ended; /* the end of the peer's stream was read */
    bool above_watermark;
    bool watermark_wanted; /* some module has an on_watermark */
    bool connected;        /* has been in OPENING */
    os_socket *socket;     /* NULL once closed */
    room *home; /* whose turn it runs in, held; NULL: its own. Changed in the turn only */
    /* [turn]; the recv completion passes it on to the turn */
    block *in; /* what has been received and not delivered; NULL when nothing has */
    uint32_t in_used;
    uint32_t in_scanned; /* see frame_parse */
    layout *layout;
    attachment *attachments;
    uint32_t attachment_count;
    uint32_t layout_version;
    bool joined;           /* it is among the members of `home` */
    bool rearm;            /* the next recv is to be submitted before the turn ends */
    bool flush_has_hold;   /* [lock] the deferred flush has the modules' hold */
    _Atomic bool may_idle; /* idle_timeout_s is not for it */
    _Atomic uint64_t last_packet_ms;
    _Atomic uint64_t frame_since_ms; /* a frame has begun then and is not complete; 0: none */
    uint64_t received_ns;            /* when the last of `in` was handed out to a worker */
    deferred flush;
    sendq queue; /* [lock] */
    os_op recv_op;

    os_op send_op;
    os_op turn_op;
    work room_work; /* its place in its room's strand */
    /* set once */
    os_address peer;
    uint64_t opened_ms;
    /* [lock] */
    portico_status reason;       /* why it closes */
    portico_status leave_reason; /* what on_leave is told */
    uint64_t deadline_ms;        /* CONNECTING, DRAINING: closed then */
    room *target;                /* the room that it is to be in, held */
    message
        *join_result; /* to be told when it is in `target`, or will not be; NULL: nobody asked */
    work *inbox;      /* messages, in order */
    work **inbox_last;
    uint32_t inbox_count;
    struct label *label;            /* [lock of the labels] */
    struct membership *memberships; /* [lock of the channels] */
    uint64_t rate_due_ns; /* [turn] packets_per_second: when the packets so far were due */
} session;

/* Makes a session over a connected socket and runs its on_open; takes the socket in any case. [worker] */
void session_accept(service *from, os_socket *socket, const os_address *peer);

/* Makes a session that connects. With PORTICO_OK `from` hears of its end by on_session_freed, also when the
 * connect fails. [any thread] */
portico_status session_connect(service *from, const os_address *to, const os_address *local);

/* Closes: what is queued is still sent. False when it is closing already. [any thread] */
bool session_close(session *s, portico_status reason);

/* Closes at once: what is queued is dropped. [any thread] */
void session_abort(session *s, portico_status reason);

/* One frame for many sessions; encoded once for each framing that is met. */
typedef struct broadcast broadcast;
struct broadcast {
    uint16_t opcode;
    uint32_t size;
    const void *data;
    uint32_t copies; /* made of the payload so far */
    shared *frames[FRAME_KINDS];
};

/* Queues one packet; statuses as portico_host.session_send. [any thread] */
portico_status session_send(session *s, uint16_t opcode, const void *data, uint32_t size);
void broadcast_fini(broadcast *b);

/* Writes up to `capacity` members of `of` and returns how many there are. */
typedef uint32_t (*member_list)(const void *of, portico_session *members, uint32_t capacity);

/* Queues it for every member but `except`; returns for how many. [any thread, no lock held] */
uint32_t broadcast_to_members(broadcast *b, member_list list, const void *of,
                              portico_session except);

/* Lets it go into `r`; with NULL out of the one it is in. Statuses as portico_host.room_join, room_leave,
 * room_join_tell. `result` is a message with a portico_room_result, taken over with PORTICO_OK; NULL: none.
 * [any thread] */
portico_status session_move(session *s, room *r, message *result);

/* The room that it is in, or 0. [any thread] */
portico_room session_room(session *s);

/* Lets the session take over its type's new layout. [any thread] */
void session_sync(session *s);

/* An entity_sweep: times out what is overdue. [worker] */
uint64_t session_sweep(entity *e, uint64_t now_ms);

/* The session with a hold for the caller, or NULL when the id is stale, or of something else. [any thread] */
session *session_find(portico_session id);
void session_release(session *s);

/* As entity_each. */
void sessions_each(void (*each)(void *arg, session *s), void *arg);

const char *session_state_name(session_state state);

typedef struct session_view {
    session_state state;
    uint32_t queued_bytes;
    uint32_t messages; /* in its inbox */
} session_view;
session_view session_look(session *s);

#endif
