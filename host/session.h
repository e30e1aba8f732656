/* session.h: one connection, from its accept or connect to the last completion of its last operation.
 *
 * WHO OWNS WHAT  A session is held (session_table.h) by: its socket until it is closed, its modules until
 * they have been told of the end, each operation in flight, its turn while it runs or is queued, its flush
 * while it is deferred, and whoever has found it by id. The last to let go frees it.
 *
 * THE TURN  Everything that module code sees happens in the session's turn: one worker at a time takes it,
 * and what must happen meanwhile is left in `pending` for that worker. Fields marked [turn] belong to it.
 *
 * THE LOCK  guards the fields marked [lock] and every use of the socket, so that a submit never meets a
 * closed one. It is never held while module code runs. Lock order: session, then whatever a leaf takes
 * (session type, service); no two sessions' locks at once.
 *
 *   CONNECTING -> OPENING -> OPEN -> DRAINING -> CLOSED      on_open is called in OPENING, on_close once
 *        \___________\_________\________________/            after OPEN or OPENING has been left
 */
#ifndef PORTICO_SESSION_H
#define PORTICO_SESSION_H

#include "sendq.h"
#include "service.h"
#include "session_table.h"
#include "worker.h"

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
    TURN_CLOSE = 16
};

typedef struct attachment {
    module *module;
    void *state;
    bool opened; /* its on_open has been called */
} attachment;

typedef struct session {
    /* set once */
    portico_session id;
    service *service;
    os_address peer;
    uint64_t opened_ms;
    os_op recv_op;
    os_op send_op;
    os_op turn_op;
    deferred flush;

    os_mutex lock;
    _Atomic session_state state; /* written under the lock, read anywhere */
    /* [lock] */
    portico_status reason; /* why it closes */
    os_socket *socket;     /* NULL once closed */
    sendq queue;
    uint64_t deadline_ms; /* CONNECTING, DRAINING: closed then */
    uint32_t pending;     /* TURN_... */
    bool turn;            /* somebody has the turn, or it is queued */
    bool flush_deferred;
    bool recv_armed;
    bool recv_probe; /* the armed recv is a recv-ready */
    bool peer_ended; /* the end of the peer's stream was read */
    bool above_watermark;
    bool watermark_wanted;          /* some module has an on_watermark */
    bool connected;                 /* has been in OPENING */
    struct label *label;            /* [lock of the labels] */
    struct membership *memberships; /* [lock of the channels] */

    /* [turn]; the recv completion passes it on to the turn */
    block *in; /* what has been received and not delivered; NULL when nothing has */
    uint32_t in_used;
    uint32_t in_scanned; /* see frame_parse */
    layout *layout;
    uint32_t layout_version;
    uint32_t attachment_count;
    attachment *attachments;
    bool watermark_told;  /* what on_watermark was last called with */
    uint64_t rate_due_ns; /* packets_per_second: when the packets so far were due */

    _Atomic bool may_idle; /* idle_timeout_s is not for it */
    _Atomic uint64_t last_packet_ms;
    _Atomic uint64_t frame_since_ms; /* a frame has begun then and is not complete; 0: none */
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

/* One frame for one or more sessions; encoded once for each framing that is met. */
typedef struct cast {
    uint16_t opcode;
    uint32_t size;
    const void *data;
    shared *frames[FRAME_KINDS];
} cast;

/* Queues one packet; statuses as portico_host.session_send. [any thread] */
portico_status session_send(session *s, uint16_t opcode, const void *data, uint32_t size);
portico_status session_send_cast(session *s, cast *c);
void cast_fini(cast *c);

/* Lets the session take over its type's new layout. [any thread] */
void session_sync(session *s);

/* Times out what is overdue. Called now and then for every session. [worker] */
void session_sweep(session *s, uint64_t now_ms);

void session_release(session *s);

const char *session_state_name(session_state state);

typedef struct session_view {
    session_state state;
    uint32_t queued_bytes;
} session_view;
session_view session_look(session *s);

#endif
