/* portico.h: all that a module sees of its host. Plain C11, also valid C++11.
 *
 * A module is a shared library that exports one function, portico_module(), which PORTICO_MODULE
 * defines. The host asks it for the module's description, calls its `load`, and from then on calls
 * the handlers that `load` has registered.
 *
 * WHAT RUNS WHEN  One session runs one handler at a time, in the order of its packets; different
 * sessions run at the same moment on different threads. So a session's own state needs no lock;
 * what a module keeps for all sessions (its statics, its module state) must not be written by
 * handlers. To share among sessions, use labels and channels, which are the host's.
 *
 * WHERE STATE LIVES  In memory of the host, zeroed, one block per session and per module that has
 * handlers on it. It is found again by the handler's `state` argument. Keep ids, never pointers, to
 * what is not yours; the host keeps no pointer into yours but those that `load` registered.
 *
 * TAGS of a function say where it may be called:
 *   [load]         only inside the module's `load`
 *   [handler]      inside any function of the module that the host has called
 *   [any-thread]   those and threads of the module's own, until its `unload` returns
 * and what it does:
 *   [never-blocks] takes at most a short lock
 *   [no-reentry]   does not call into any module before it returns
 *
 * STRUCTS that cross begin with their size, set by whoever fills them to sizeof, and only ever grow
 * at their end: what the other side does not know, it does not read.
 *
 * TEXT is UTF-8, zero-terminated unless a size stands beside it. Bytes on the wire are little endian.
 */
#ifndef PORTICO_PORTICO_H
#define PORTICO_PORTICO_H

#include <portico/state.h>
#include <portico/status.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI of this header. A host loads a module of the same major and of a minor up to its own. */
#define PORTICO_ABI_MAJOR 0
#define PORTICO_ABI_MINOR 3

#if defined(_WIN32)
#define PORTICO_CALL __cdecl
#define PORTICO_EXPORT __declspec(dllexport)
#else
#define PORTICO_CALL
#define PORTICO_EXPORT __attribute__((visibility("default")))
#endif

/* Names one connection. Never used again for another one while the host runs; 0 is no session. */
typedef uint64_t portico_session;

/* Names one room; as portico_session. 0 is no room. */
typedef uint64_t portico_room;

/* Names whatever can be sent a message: a session, a room, a module. */
typedef uint64_t portico_entity;

/* Names one timer. 0 is no timer. */
typedef uint64_t portico_timer;

/* A packet as a handler sees it. `data` is valid until the handler returns, and stands at any address: copy
 * out of it (memcpy), since not every processor reads larger numbers from odd places. */
typedef struct portico_packet {
    uint32_t struct_size;
    uint32_t size;       /* bytes in `data`; may be 0 */
    const uint8_t *data; /* never NULL; one zero byte follows that `size` does not count */
    uint16_t opcode;     /* 0 with the framings `line` and `raw` */
    uint16_t reserved;
} portico_packet;

/* ---- state that outlives its code ---------------------------------------------------------- */

/* When a module is replaced, each state block of its sessions, of its rooms and its own stays. What becomes of
 * a block depends on how the new generation declares it:
 *   size, version and fields are equal       it is kept as it is, at its address
 *   both generations declared their fields   values go over by the fields' names: what is new is zero, what
 *                                            is gone is dropped. The version alone makes no difference
 *   else                                     only `migrate` can help
 * By name a value goes over when the new field holds every value of the old one: the same kind and size, a wider
 * integer of the same sign, a signed one that is wider than the unsigned one it was, a double that was a
 * float, an array with more elements. All else is refused, with the field's name, unless the type has `migrate`.
 * It happens at each entity's next turn, before the handler that is due. */

/* What a migrate is told. Since 0.3 */
typedef struct portico_migration {
    uint32_t struct_size;
    uint32_t from_version; /* state_version and state_size of the generation that wrote the block */
    uint32_t from_size;
    uint32_t reserved;
    const void *from; /* the old block; NULL when it is only asked */
    uint64_t entity;  /* the session, the room or the module; 0 when it is only asked */
} portico_migration;

/* Takes states of other shapes over. The new generation's, called
 *   first, before the swap, with `from` and `to` NULL: can you take states of this version and size? Any status
 *     but PORTICO_OK refuses the swap: nothing has changed, and the old generation goes on.
 *   then once for each entity, at its next turn and before any other handler, with `from` its old block and `to`
 *     its new one, which holds what could be taken over by name (zeros where nothing could). A status that is not
 *     PORTICO_OK then closes that entity: do not fail what you have accepted.
 * Runs as a handler of that entity: every host function may be called. `from` is gone when it returns.
 * It is not called for blocks that are kept as they are. Since 0.3 */
typedef portico_status(PORTICO_CALL *portico_on_migrate)(const portico_migration *migration,
                                                         void *to);

/* ---- what a module registers -------------------------------------------------------------- */

/* A session has come. Any status but PORTICO_OK closes it with that reason; its on_close is then
 * called like any other's. `state` is this module's zeroed block for the session, or NULL where
 * its state_size is 0. */
typedef portico_status(PORTICO_CALL *portico_on_open)(portico_session session, void *state);

/* A packet has come. Packets of one session never overtake each other. */
typedef void(PORTICO_CALL *portico_on_packet)(portico_session session, void *state,
                                              const portico_packet *packet);

/* The session has ended: called once, after everything else, for each session whose on_open was
 * called. The session takes no more sends. `reason` is a status: PORTICO_E_EOF, ..._E_KICKED, ... */
typedef void(PORTICO_CALL *portico_on_close)(portico_session session, void *state,
                                             portico_status reason);

/* The bytes waiting to be sent went over half of the send limit (`above` 1) or below a quarter
 * again (`above` 0). A session that pushes much should pause between the two. */
typedef void(PORTICO_CALL *portico_on_watermark)(portico_session session, void *state,
                                                 uint32_t queued_bytes, uint32_t above);

/* Handlers and state for the sessions of one type. Every function may be NULL. */
typedef struct portico_session_type {
    uint32_t struct_size;
    uint32_t state_size;    /* bytes of state per session, up to 1 MiB; 0 for none */
    uint32_t state_version; /* count it up when the meaning of the state changes */
    uint32_t reserved;
    /* "session" makes a new type named MODULE.session, to be named by a listener or connector.
     * "other.session" joins the type of another module, which must stand in `required`: this
     * module's functions then run beside the owner's, after it, with a state block of their own. */
    const char *name;
    portico_on_open on_open;
    portico_on_packet
        on_packet; /* packets whose opcode nobody has registered; owner of the type only */
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    const portico_state_fields
        *state_fields;          /* what is in the state; NULL: not declared. Since 0.3 */
    portico_on_migrate migrate; /* Since 0.3 */
} portico_session_type;

/* What modules, timers and the host's pool send inside the host. Clients cannot send any. */
typedef struct portico_message {
    uint32_t struct_size;
    uint32_t id;         /* as posted */
    uint32_t size;       /* bytes in `data`; may be 0 */
    uint32_t missed;     /* post_every: how many came due since the last one and were left out */
    const uint8_t *data; /* never NULL; valid until the handler returns */
} portico_message;

/* A message has come for `entity`; `state` is this module's state of it: of the session, of the room, or of
 * the module. Runs in the entity's turn, in the order of posting. Since 0.2 */
typedef void(PORTICO_CALL *portico_on_message)(portico_entity entity, void *state,
                                               const portico_message *message);

/* Runs on the host's pool for blocking work, beside everything else: it has no state and must not touch any.
 * It may write up to `reply_capacity` bytes to `reply` and returns how many it wrote: they arrive at the
 * caller's `reply_to` as a message of the same id. Since 0.2 */
typedef uint32_t(PORTICO_CALL *portico_on_blocking)(uint32_t id, const void *data, uint32_t size,
                                                    void *reply, uint32_t reply_capacity);

/* Rooms: serialised places that sessions join. While a session is in a room, its handlers run in the room's
 * turn: one thing at a time in the whole room, and room_state gives them the room's state. */

/* The room has been made. Any status but PORTICO_OK closes it at once. Since 0.2 */
typedef portico_status(PORTICO_CALL *portico_on_room_open)(portico_room room, void *state);

/* A session comes in. Any status but PORTICO_OK refuses it: it is in no room then. Since 0.2 */
typedef portico_status(PORTICO_CALL *portico_on_join)(portico_room room, void *state,
                                                      portico_session session);

/* A session has left: once for each that on_join let in. `reason`: PORTICO_OK by room_leave or room_join of
 * another room; PORTICO_E_ROOM_CLOSED when the room closes, whatever closes it (to 0.2: PORTICO_E_CLOSED); else
 * why the session ends, as its on_close is told: PORTICO_E_CLOSED by session_close. Since 0.2 */
typedef void(PORTICO_CALL *portico_on_leave)(portico_room room, void *state,
                                             portico_session session, portico_status reason);

/* The room ends: once, after everything else; its members have left. Since 0.2 */
typedef void(PORTICO_CALL *portico_on_room_close)(portico_room room, void *state,
                                                  portico_status reason);

/* A kind of rooms. Every function may be NULL. */
typedef struct portico_room_type {
    uint32_t struct_size;
    uint32_t state_size;    /* bytes of state per room, up to 16 MiB; 0 for none */
    uint32_t state_version; /* count it up when the meaning of the state changes */
    uint32_t max_members;   /* 0: no limit */
    const char *name;       /* "field" makes MODULE.field */
    portico_on_room_open on_open;
    portico_on_join on_join;
    portico_on_leave on_leave;
    portico_on_room_close on_close;
    const portico_state_fields
        *state_fields;          /* what is in the state; NULL: not declared. Since 0.3 */
    portico_on_migrate migrate; /* Since 0.3 */
} portico_room_type;

/* ---- what the host offers ----------------------------------------------------------------- */

enum { PORTICO_LOG_ERROR = 1, PORTICO_LOG_WARN = 2, PORTICO_LOG_INFO = 3, PORTICO_LOG_DEBUG = 4 };

enum { PORTICO_LABEL_MAX = 64 };    /* bytes of a label or channel name, its zero included */
enum { PORTICO_ADDRESS_TEXT = 72 }; /* room for any address as text */

typedef struct portico_session_info {
    uint32_t struct_size;            /* set by the caller */
    uint32_t outgoing;               /* 1: a [connector] made it, 0: it came through a [listener] */
    char service[PORTICO_LABEL_MAX]; /* NAME of that [listener NAME] or [connector NAME] */
    char type[2 * PORTICO_LABEL_MAX]; /* the session type */
    char peer[PORTICO_ADDRESS_TEXT];  /* "127.0.0.1:50123" */
    char label[PORTICO_LABEL_MAX];    /* "" when none is set */
    uint64_t opened_ms;               /* monotonic, see clock_ms */
    uint32_t queued_bytes;            /* waiting to be sent */
    uint32_t reserved;
} portico_session_info;

typedef struct portico_room_info {
    uint32_t struct_size; /* set by the caller */
    uint32_t members;     /* sessions in it now */
    uint32_t max_members; /* as registered; 0: no limit */
    uint32_t closing;     /* 1: room_close or the end of its module has begun to end it */
    char type[2 * PORTICO_LABEL_MAX]; /* "arena.field" */
    char name[PORTICO_LABEL_MAX];     /* as room_create was given it */
    uint64_t opened_ms;               /* when it was made; monotonic, see clock_ms */
} portico_room_info;

/* What the message of room_join_tell carries. */
typedef struct portico_room_result {
    uint32_t struct_size;  /* as the host has it; may be more than the module's own */
    portico_status status; /* see room_join_tell */
    portico_room room;     /* the one that was asked for */
} portico_room_result;

/* The host's functions. Valid from the call of `load` until `unload` has returned. */
typedef struct portico_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* Writes one line to the host's log under the module's name; `level` is PORTICO_LOG_....
     * Copies `text`; control characters are replaced.
     * [any-thread] [no-reentry]  Since 0.1 */
    void(PORTICO_CALL *log)(uint32_t level, const char *text);

    /* The value of `key` in this module's [module NAME] section, or `fallback` when it is not there.
     * The text is the host's and stays valid until `unload` has returned.
     * [load] [never-blocks] [no-reentry]  Since 0.1 */
    const char *(PORTICO_CALL *config_text)(const char *key, const char *fallback);

    /* The same as a whole number from `min` to `max`, into *value. PORTICO_E_INVALID: it is none, or out
     * of range; the log names file, line and what is allowed, *value is `fallback`: return the status.
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *config_integer)(const char *key, int64_t fallback, int64_t min,
                                                 int64_t max, int64_t *value);

    /* Registers a session type or joins another module's, see portico_session_type. Copies all.
     * PORTICO_E_INVALID     a field is not allowed: the log says which
     * PORTICO_E_EXISTS      this module has registered that name already
     * PORTICO_E_DEPENDENCY  the type's module is not in `required`
     * PORTICO_E_NOT_FOUND   that module has no such type
     * PORTICO_E_STATE       not inside `load`
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *register_session_type)(const portico_session_type *type);

    /* Registers the handler of one opcode of a type that register_session_type has named before.
     * PORTICO_E_NOT_FOUND   this module has not registered or joined that type
     * PORTICO_E_EXISTS      a module has registered that opcode on the type: the log says which
     * PORTICO_E_INVALID     `handler` is NULL
     * PORTICO_E_STATE       not inside `load`
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *register_handler)(const char *type, uint16_t opcode,
                                                   portico_on_packet handler);

    /* Queues one packet for `session`, after everything queued before it. With the framing `line` a
     * line end is added; with `line` and `raw` the opcode is left out.
     * Copies `data`: the caller keeps it. PORTICO_OK means queued, not delivered; a later failure
     * arrives as on_close.
     * PORTICO_E_GONE     the session has closed or the id is stale: just stop
     * PORTICO_E_BACKLOG  the send limit is reached: nothing was queued; with `backlog = close` the
     *                    session closes now
     * PORTICO_E_TOO_BIG  the frame would be above the listener's limit or that of its framing
     * PORTICO_E_INVALID  `data` is NULL and `size` is not 0
     * PORTICO_E_NO_MEMORY nothing was queued
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_send)(portico_session session, uint16_t opcode,
                                               const void *data, uint32_t size);

    /* Closes a session: no more packets come from it, on_close follows with PORTICO_E_CLOSED as soon
     * as its running handler has returned, and what was queued is still sent (for at most the listener's
     * close_timeout_ms). Legal from inside
     * its own handlers and from anywhere else; closing twice is once.
     * PORTICO_E_GONE  it has closed already, or the id is stale: nothing to do
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_close)(portico_session session);

    /* Fills *info up to info->struct_size. PORTICO_E_GONE as above.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_info)(portico_session session, portico_session_info *info);

    /* Names a session, uniquely within its session type: a player's name. Shown by `ctl sessions`,
     * dropped when the session closes. "" takes the label away.
     * PORTICO_E_EXISTS   another session of the type has it: the old label stays
     * PORTICO_E_INVALID  not UTF-8, has control characters, or is PORTICO_LABEL_MAX bytes or longer
     * PORTICO_E_GONE     as above
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_set_label)(portico_session session, const char *label);

    /* The session of `type` ("module.type") that has this label, or 0.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_session(PORTICO_CALL *session_by_label)(const char *type, const char *label);

    /* Channels: named lists of sessions to send to. A channel is there while it has members; a
     * session may be in many and leaves them all when it closes. Names are the whole host's: begin
     * them with the module's name. Allowed are 1 to 63 bytes of UTF-8 without control characters.
     * PORTICO_E_EXISTS   it is a member already (join)
     * PORTICO_E_NOT_FOUND it is no member (leave)
     * PORTICO_E_GONE, PORTICO_E_INVALID, PORTICO_E_NO_MEMORY as above
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *channel_join)(const char *channel, portico_session session);
    portico_status(PORTICO_CALL *channel_leave)(const char *channel, portico_session session);

    /* Queues one packet for every member but `except` (0: for all). One copy of the bytes is shared by
     * all members of one framing. A member whose send limit is reached misses it, as with session_send.
     * Returns how many it was queued for; a channel that is not there has no members.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint32_t(PORTICO_CALL *channel_send)(const char *channel, uint16_t opcode, const void *data,
                                         uint32_t size, portico_session except);

    /* Writes up to `capacity` members in the order of their joining; returns how many there are.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint32_t(PORTICO_CALL *channel_members)(const char *channel, portico_session *members,
                                            uint32_t capacity);

    /* Milliseconds that never go back; the start is arbitrary.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint64_t(PORTICO_CALL *clock_ms)(void);

    /* The table of an optional feature named "portico.NAME/VERSION", or NULL: this host has none yet.
     * [load] [never-blocks] [no-reentry]  Since 0.1 */
    const void *(PORTICO_CALL *get_extension)(const char *name);

    /* Registers a type of rooms; statuses as register_session_type. Copies all.
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_room_type)(const portico_room_type *type);

    /* Registers the handler of the messages of one id: for the sessions of a type that this module has
     * registered or joined, for the rooms of a type of its own, or with `type` NULL for the module itself.
     * Ids are the type's, as opcodes are: the modules of one session type agree on them.
     * PORTICO_E_NOT_FOUND, ..._E_EXISTS, ..._E_INVALID, ..._E_STATE as register_handler
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_message)(const char *type, uint32_t id,
                                                   portico_on_message handler);

    /* Registers what run_blocking(id, ...) runs. Statuses as register_handler.
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_blocking)(uint32_t id, portico_on_blocking handler);

    /* This module, to post to. 0 on a thread of the module's own.
     * [load] [handler] [never-blocks] [no-reentry]  Since 0.2 */
    portico_entity(PORTICO_CALL *self)(void);

    /* Makes a room called `name`, unique within its type, 1 to 63 bytes as a label. Its on_open runs before
     * anything else of it, perhaps before this returns.
     * PORTICO_E_EXISTS     there is such a room: *room is that one
     * PORTICO_E_NOT_FOUND  there is no such room type
     * PORTICO_E_INVALID    the name is not allowed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_create)(const char *type, const char *name,
                                              portico_room *room);

    /* The room of that type and name, or 0.  [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_room(PORTICO_CALL *room_find)(const char *type, const char *name);

    /* Closes a room: its members leave, then on_close is called. Its name is free at once.
     * PORTICO_E_GONE  it has closed already, or the id is stale
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_close)(portico_room room);

    /* Lets a session go into a room, out of the one it is in. PORTICO_OK means that it is on its way: the
     * handler that runs now is not disturbed, then on_leave and on_join are called, and all later packets of the
     * session run in the room's turn.
     * PORTICO_E_EXISTS  it is in that room, or on its way there
     * PORTICO_E_GONE    the session or the room has closed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_join)(portico_room room, portico_session session);

    /* Lets a session go out of its room. PORTICO_E_NOT_FOUND: it is in none.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_leave)(portico_session session);

    /* The room that the session is in, or 0. Sure only in the turn of that session or room.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_room(PORTICO_CALL *session_room)(portico_session session);

    /* The state of a room, inside its turn: in handlers of the room and of its members. NULL elsewhere, for a room of
     * another module, and where the type has no state.
     * [handler] [never-blocks] [no-reentry]  Since 0.2 */
    void *(PORTICO_CALL *room_state)(portico_room room);

    /* As channel_members, in the order of their joining.  [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    uint32_t(PORTICO_CALL *room_members)(portico_room room, portico_session *members,
                                         uint32_t capacity);

    /* As channel_send, to all members but `except`.  [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    uint32_t(PORTICO_CALL *room_send)(portico_room room, uint16_t opcode, const void *data,
                                      uint32_t size, portico_session except);

    /* Queues a message for an entity, after those that were posted to it before by the same thread. Copies `data`.
     * A message whose entity ends before its turn is dropped.
     * PORTICO_E_GONE       the entity has ended, or the id is stale
     * PORTICO_E_TOO_BIG    more than 1 MiB
     * PORTICO_E_BACKLOG    100,000 messages wait for it already
     * PORTICO_E_NO_MEMORY, PORTICO_E_INVALID
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post)(portico_entity entity, uint32_t id, const void *data,
                                       uint32_t size);

    /* The same once, `delay_ms` from now; *timer (may be NULL) is for timer_cancel.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post_after)(portico_entity entity, uint32_t id, const void *data,
                                             uint32_t size, uint32_t delay_ms,
                                             portico_timer *timer);

    /* The same again and again: the n-th comes at start + n * period_ms, whatever the ones before took. While
     * one still waits for its turn, those that come due are left out and counted in the next one's `missed`. Ends
     * with timer_cancel, with the entity, and with the module.
     * PORTICO_E_INVALID  period_ms is 0
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post_every)(portico_entity entity, uint32_t id, const void *data,
                                             uint32_t size, uint32_t period_ms,
                                             portico_timer *timer);

    /* Ends a timer. What it has posted already still comes. PORTICO_E_GONE: it has ended.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *timer_cancel)(portico_timer timer);

    /* Runs the handler that register_blocking gave for `id` on the pool, then posts what it replied to
     * `reply_to` (0: nobody), with the same id. Copies `data`.
     * PORTICO_E_NOT_FOUND  no such handler
     * PORTICO_E_BACKLOG    too many wait already ([host] blocking_queue)
     * PORTICO_E_TOO_BIG, PORTICO_E_NO_MEMORY
     * [handler] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *run_blocking)(uint32_t id, const void *data, uint32_t size,
                                               portico_entity reply_to);

    /* Fills *info up to info->struct_size: a room's own name, and more. Answers until on_close has returned.
     * PORTICO_E_GONE     the room has ended, or the id is stale
     * PORTICO_E_INVALID  `info` is NULL or its struct_size is not set
     * [any-thread] [never-blocks] [no-reentry]  Since 0.3 */
    portico_status(PORTICO_CALL *room_info)(portico_room room, portico_room_info *info);

    /* As room_join; and when the way is over, the session gets the message `id` with a portico_room_result, in the
     * turn of where it then is, before later packets: exactly one for each call that returned PORTICO_OK, unless
     * the session closes first. Copy it out of the message's data, which stands at any address. Its status:
     *   PORTICO_OK             it is in the room: on_join has returned
     *   PORTICO_E_ROOM_CLOSED  the room had closed, or did before it got there
     *   PORTICO_E_LIMIT        max_members are in there
     *   PORTICO_E_CANCELLED    a later room_join or room_leave has overtaken this one
     *   PORTICO_E_NO_MEMORY, or whatever on_join refused it with
     * Whoever is refused on arrival is in no room then.
     * PORTICO_E_EXISTS     it is in that room, or on its way there: no message
     * PORTICO_E_GONE       the session has closed
     * PORTICO_E_BACKLOG    100,000 messages wait for the session: nothing has changed
     * PORTICO_E_NO_MEMORY  nothing has changed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.3 */
    portico_status(PORTICO_CALL *room_join_tell)(portico_room room, portico_session session,
                                                 uint32_t id);
} portico_host;

/* ---- the module --------------------------------------------------------------------------- */

/* What a module is. Filled in statically; the host copies what it keeps. */
typedef struct portico_module_info {
    uint32_t struct_size;
    uint16_t abi_major; /* PORTICO_ABI_MAJOR */
    uint16_t abi_minor; /* the lowest minor that has all that the module uses */
    const char *name; /* a-z, 0-9, '_', up to 31 bytes, begins with a letter; unique in the host */
    const char *version;     /* free text, such as "1.4.2" */
    const char *description; /* one sentence, or NULL */
    const char *const
        *required;       /* names of modules that must be loaded before, NULL at the end; or NULL */
    uint32_t state_size; /* bytes of module state, up to 1 MiB; 0 for none */
    uint32_t state_version;

    /* Registers types and handlers. `state` is the zeroed module state, or NULL. Any status but
     * PORTICO_OK gives the load up: nothing stays registered, `unload` is not called.
     * Runs on the host's control thread, no handler of this module runs before it returns.
     * At a swap the new generation's `load` is called while the old one still serves: it may only register and
     * read its configuration; everything that would change the running host is refused with PORTICO_E_STATE.
     * `state` is then a fresh block, at the address that the handlers will get; at the exchange the old
     * generation's values replace what `load` has written there. What is more than registering belongs
     * into `start`. When the swap is given up after `load`, `unload` is called. */
    portico_status(PORTICO_CALL *load)(const portico_host *host, void *state);

    /* The host stops, or the module is about to be unloaded: the sessions are still there, for the
     * last words. May run beside handlers. May be NULL. */
    void(PORTICO_CALL *stopping)(void *state);

    /* The last call: every session of the module has had its on_close. The module joins its own
     * threads and frees what it allocated. Also called for a new generation whose `load` went well and whose swap
     * was given up: `state` is then as `load` left it. May be NULL. */
    void(PORTICO_CALL *unload)(void *state);

    const portico_state_fields
        *state_fields;          /* what is in the module state; NULL: not declared. Since 0.3 */
    portico_on_migrate migrate; /* of the module state. Since 0.3 */

    /* Once, after `load`, when the module is part of the host: make rooms, start timers and threads here. Not
     * called at a swap: swap_in is called instead. Any status but PORTICO_OK gives the load up. May be NULL.
     * Since 0.3 */
    portico_status(PORTICO_CALL *start)(void *state);

    /* This generation is about to be replaced: it stops its own threads. No handler of the module runs. The next
     * generation then takes `state` over. A roll-back may call swap_in of this generation later; if none
     * does, this was the last call: `unload` is not called for a generation that was replaced. May be NULL.
     * Since 0.3 */
    void(PORTICO_CALL *swap_out)(void *state);

    /* This generation takes over: `state` holds what the one before has left; it starts its own threads. No
     * handler of the module runs before it returns. Any status but PORTICO_OK gives the swap up, and the old
     * generation's swap_in is called. May be NULL. Since 0.3 */
    portico_status(PORTICO_CALL *swap_in)(void *state);

    /* The module `name`, which stands in `required`, is about to be replaced by its `version`. Any status but
     * PORTICO_OK refuses that. May run beside handlers. NULL: agrees. Since 0.3 */
    portico_status(PORTICO_CALL *dependency_swaps)(void *state, const char *name,
                                                   const char *version);
} portico_module_info;

/* The one exported symbol. */
typedef const portico_module_info *(PORTICO_CALL *portico_module_function)(void);
#define PORTICO_MODULE_SYMBOL "portico_module"

#ifdef __cplusplus
#define PORTICO_EXTERN_C extern "C"
#else
#define PORTICO_EXTERN_C
#endif

/* Defines the exported function: PORTICO_MODULE(info); where `info` is a static portico_module_info. */
#define PORTICO_MODULE(info)                                                                       \
    PORTICO_EXTERN_C PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void);  \
    PORTICO_EXTERN_C PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void) { \
        return &(info);                                                                            \
    }                                                                                              \
    struct portico_module_needs_a_semicolon

/* The first fields of a portico_module_info, to be followed by the others in their order. */
#define PORTICO_MODULE_HEAD sizeof(portico_module_info), PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR

#ifdef __cplusplus
}
#endif
#endif
