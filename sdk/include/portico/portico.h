/* portico.h: everything a module sees of its host. Plain C11, also valid C++11. The guide is
 * sdk/README.md.
 *
 * A module is a shared library that exports one function, portico_module(), defined by
 * PORTICO_MODULE. The host calls it for the module's description, calls the description's `load`,
 * and from then on calls the handlers that `load` registered.
 *
 * TURNS  Sessions, rooms and modules are entities. An entity runs one handler at a time, in its
 * turn; different entities run at the same time on different threads. A session in a room runs in
 * the room's turn. So the state of an entity needs no lock. Statics are shared by all threads:
 * write them in `load` and only read them in handlers.
 *
 * STATE  lives in host memory: one zeroed block per entity and per module that declares a state for
 * it, passed to each handler as `state`. Keep ids of other entities, never pointers to their state.
 * The host keeps no pointers into a module except those that its `load` registered.
 *
 * TAGS say where a function may be called:
 *   [load]         only inside the module's `load`
 *   [handler]      inside any function of the module that the host has called
 *   [any-thread]   there, and on the module's own threads until its `unload` returns
 * and what it does:
 *   [never-blocks] takes at most a short lock
 *   [no-reentry]   returns before it calls into any module
 *
 * STATUSES  Beyond the ones listed at each function:
 *   PORTICO_E_NO_MEMORY  nothing has changed: the call may succeed later
 *   PORTICO_E_STATE      the function changes the running host, and was called while a swap is
 *                        being prepared (in the new generation's `load`, or in `migrate` with
 *                        `from` NULL): nothing has changed, the log says so. Call it in `start` or
 *                        `swap_in`. Functions that return a count return 0 instead.
 *
 * STRUCTS that cross the boundary begin with their size, which the side that fills them sets to
 * sizeof. They only ever grow at their end, and neither side reads beyond the other's size.
 *
 * TEXT is UTF-8, zero-terminated unless a size comes with it. Numbers on the wire are little
 * endian.
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

/* The ABI of this header. A host loads modules of its own major version and of any minor version up
 * to its own. */
#define PORTICO_ABI_MAJOR 0
#define PORTICO_ABI_MINOR 3

#if defined(_WIN32)
#define PORTICO_CALL __cdecl
#define PORTICO_EXPORT __declspec(dllexport)
#else
#define PORTICO_CALL
#define PORTICO_EXPORT __attribute__((visibility("default")))
#endif

/* Identifies one connection. Never reused while the host runs; 0 is no session. */
typedef uint64_t portico_session;

/* Identifies one room. Never reused while the host runs; 0 is no room. Since 0.2 */
typedef uint64_t portico_room;

/* Identifies anything that can receive a message: a session, a room or a module. Since 0.2 */
typedef uint64_t portico_entity;

/* Identifies one timer. 0 is no timer. Since 0.2 */
typedef uint64_t portico_timer;

/* A packet as a handler sees it. `data` is valid until the handler returns and may be unaligned:
 * copy multi-byte values out with memcpy. */
typedef struct portico_packet {
    uint32_t struct_size;
    uint32_t size;       /* bytes in `data`; may be 0 */
    const uint8_t *data; /* never NULL; a zero byte follows, not counted in `size` */
    uint16_t opcode;     /* 0 with the framings `line` and `raw` */
    uint16_t reserved;
} portico_packet;

/* ---- state that outlives its code ---------------------------------------------------------- */

/* When a module is swapped, the states of its sessions, of its rooms and of the module itself stay.
 * What happens to a state depends on what the old and the new generation declare:
 *   equal size and version, and, if both declare fields, equal fields
 *                                the block stays as it is, at its address
 *   both declare their fields    values are carried over by field name: added fields are zero,
 *                                removed ones are dropped. The version alone makes no difference
 *   there was no state           the new one is zero
 *   anything else                only `migrate` can carry the state over
 * Except in the first case, the type's `migrate` is called if there is one.
 * A value is carried over by name if the new field can hold every value of the old one: the same
 * kind and size, a wider integer of the same sign, a wider signed integer for an unsigned one, a
 * double for a float, more elements of an array. Structs, unions and pointers are opaque: their
 * bytes are copied if the size is the same, whatever is inside. Anything else refuses the swap,
 * naming the field, unless the type has a `migrate`. Each entity is carried over in its next turn,
 * before the handler that is due. */

/* The argument of a migrate. Since 0.3 */
typedef struct portico_migration {
    uint32_t struct_size;
    uint32_t from_version; /* state_version and ... */
    uint32_t from_size;    /* ... state_size of the generation that wrote the block */
    uint32_t reserved;
    const void *from; /* the old block; NULL in the query before the swap */
    uint64_t entity;  /* the session, room or module; 0 in the query */
} portico_migration;

/* Carries states of another shape over. The host calls the new generation's migrate
 *   first, before the swap, with `from` and `to` NULL: can it migrate this version and size? Any
 *     status but PORTICO_OK refuses the swap: nothing has changed and the old generation keeps
 *     serving.
 *   then, once per entity, in its next turn and before any other handler: `from` is the old block,
 *     `to` the new one, already filled with what could be carried over by name (zero elsewhere).
 *     Any status but PORTICO_OK closes the entity without calling this module for it again, not even
 *     on_close: do not fail for what the query accepted.
 * Runs as a handler of the entity and may call every host function. `from` is freed after it
 * returns. Not called for blocks that stay as they are. Since 0.3 */
typedef portico_status(PORTICO_CALL *portico_on_migrate)(const portico_migration *migration,
                                                         void *to);

/* ---- what a module registers -------------------------------------------------------------- */

/* A session has opened. Any status but PORTICO_OK closes it for that reason; on_close is called
 * even then. `state` is this module's zeroed block for the session, or NULL if its state_size is
 * 0. */
typedef portico_status(PORTICO_CALL *portico_on_open)(portico_session session, void *state);

/* A packet has arrived. Called for a session's packets one by one, in the order of their
 * arrival. */
typedef void(PORTICO_CALL *portico_on_packet)(portico_session session, void *state,
                                              const portico_packet *packet);

/* The session has ended. Called once, after everything else, for each session whose on_open was
 * called. Sends to the session are refused by now, unless this module has joined another one's type
 * and is being unloaded: then the session stays open without it. `reason` is
 *   PORTICO_E_EOF, ..._E_RESET  the peer closed the connection, or it broke
 *   PORTICO_E_CLOSED            a module called session_close
 *   PORTICO_E_KICKED            `ctl kick`
 *   PORTICO_E_FRAME             the peer broke the framing or exceeded frame_limit_bytes
 *   PORTICO_E_FLOOD, ..._E_BACKLOG, ..._E_TIMEOUT
 *                               the peer sends too many packets per second, does not read, or was
 *                               silent for too long
 *   PORTICO_E_NOT_FOUND         the opcode has no handler, and unknown_opcode is `close`
 *   PORTICO_E_SHUTDOWN, ..._E_UNLOADED
 *                               the host is stopping, or the module is being unloaded
 *   another status              what on_open returned, or what the system reported */
typedef void(PORTICO_CALL *portico_on_close)(portico_session session, void *state,
                                             portico_status reason);

/* The bytes waiting to be sent have risen above half of the send limit (`above` 1), or have fallen
 * below a quarter of it since (`above` 0). A module that sends much should pause in between. */
typedef void(PORTICO_CALL *portico_on_watermark)(portico_session session, void *state,
                                                 uint32_t queued_bytes, uint32_t above);

/* Handlers and state for the sessions of one type. Every function may be NULL. */
typedef struct portico_session_type {
    uint32_t struct_size;
    uint32_t state_size;    /* bytes of state per session, up to 1 MiB; 0 for none */
    uint32_t state_version; /* increase it when the meaning of the state changes */
    uint32_t reserved;
    /* "session" creates the type MODULE.session, for listeners and connectors to name.
     * "other.session" joins the type of the module `other`, which must be in `required`: this
     * module's on_open and on_watermark then run after the owner's, its on_close before the owner's,
     * with a state of their own. */
    const char *name;
    portico_on_open on_open;
    /* Packets whose opcode no module has registered. Only for the type's owner: NULL when
     * joining. */
    portico_on_packet on_packet;
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    const portico_state_fields *state_fields; /* NULL: not declared. Since 0.3 */
    portico_on_migrate migrate;               /* Since 0.3 */
} portico_session_type;

/* A message inside the host, from a module, a timer or the pool for blocking work. Clients cannot
 * send messages. Since 0.2 */
typedef struct portico_message {
    uint32_t struct_size;
    uint32_t id;         /* as posted */
    uint32_t size;       /* bytes in `data`; may be 0 */
    uint32_t missed;     /* post_every: periods that have been skipped since the last message */
    const uint8_t *data; /* never NULL; valid until the handler returns; may be unaligned */
} portico_message;

/* A message has arrived for `entity`. `state` is this module's state of the session, the room or
 * the module. Runs in the entity's turn, in the order of posting; room_join says how that order and
 * a session's moves between rooms relate. Since 0.2 */
typedef void(PORTICO_CALL *portico_on_message)(portico_entity entity, void *state,
                                               const portico_message *message);

/* Does blocking work on a thread of the host's pool, at the same time as everything else: it has no
 * state and must not touch any. Writes up to `reply_capacity` bytes to `reply` and returns how
 * many: they are posted to the `reply_to` of run_blocking as a message of the same id. Since 0.2 */
typedef uint32_t(PORTICO_CALL *portico_on_blocking)(uint32_t id, const void *data, uint32_t size,
                                                    void *reply, uint32_t reply_capacity);

/* The room has been created. Any status but PORTICO_OK closes it; on_close is called even then.
 * Since 0.2 */
typedef portico_status(PORTICO_CALL *portico_on_room_open)(portico_room room, void *state);

/* A session joins; room_members and room_send include it already. Any status but PORTICO_OK refuses
 * it: it is then in no room. Since 0.2 */
typedef portico_status(PORTICO_CALL *portico_on_join)(portico_room room, void *state,
                                                      portico_session session);

/* A session has left and is no longer a member. Called once for each session that on_join accepted.
 * `reason` is
 *   PORTICO_OK             after room_leave, or room_join of another room
 *   PORTICO_E_ROOM_CLOSED  when the room closes, for whatever reason (0.2 passed PORTICO_E_CLOSED)
 *   another status         when the session ends: the reason that its on_close receives
 * Since 0.2 */
typedef void(PORTICO_CALL *portico_on_leave)(portico_room room, void *state,
                                             portico_session session, portico_status reason);

/* The room has ended. Called once, after everything else, when all members have left. Since 0.2 */
typedef void(PORTICO_CALL *portico_on_room_close)(portico_room room, void *state,
                                                  portico_status reason);

/* Handlers and state for the rooms of one type. Every function may be NULL. Since 0.2 */
typedef struct portico_room_type {
    uint32_t struct_size;
    uint32_t state_size;    /* bytes of state per room, up to 16 MiB; 0 for none */
    uint32_t state_version; /* increase it when the meaning of the state changes */
    uint32_t max_members;   /* 0: no limit */
    const char *name;       /* "field" creates the type MODULE.field */
    portico_on_room_open on_open;
    portico_on_join on_join;
    portico_on_leave on_leave;
    portico_on_room_close on_close;
    const portico_state_fields *state_fields; /* NULL: not declared. Since 0.3 */
    portico_on_migrate migrate;               /* Since 0.3 */
} portico_room_type;

/* ---- what the host offers ----------------------------------------------------------------- */

enum { PORTICO_LOG_ERROR = 1, PORTICO_LOG_WARN = 2, PORTICO_LOG_INFO = 3, PORTICO_LOG_DEBUG = 4 };

enum { PORTICO_LABEL_MAX = 64 };    /* bytes of a label or name, including its zero */
enum { PORTICO_ADDRESS_TEXT = 72 }; /* enough for any address as text */

typedef struct portico_session_info {
    uint32_t struct_size;             /* set by the caller */
    uint32_t outgoing;                /* 1: opened by a [connector], 0: accepted by a [listener] */
    char service[PORTICO_LABEL_MAX];  /* NAME of that [listener NAME] or [connector NAME] */
    char type[2 * PORTICO_LABEL_MAX]; /* the session type */
    char peer[PORTICO_ADDRESS_TEXT];  /* "127.0.0.1:50123" */
    char label[PORTICO_LABEL_MAX];    /* "" if none is set */
    uint64_t opened_ms;               /* monotonic, see clock_ms */
    uint32_t queued_bytes;            /* waiting to be sent */
    uint32_t reserved;
} portico_session_info;

typedef struct portico_room_info {
    uint32_t struct_size;             /* set by the caller */
    uint32_t members;                 /* sessions in it now */
    uint32_t max_members;             /* as registered; 0: no limit */
    uint32_t closing;                 /* 1: it has begun to close */
    char type[2 * PORTICO_LABEL_MAX]; /* "arena.field" */
    char name[PORTICO_LABEL_MAX];     /* as given to room_create */
    uint64_t opened_ms;               /* when it was created; monotonic, see clock_ms */
} portico_room_info;

/* What the message of room_join_tell carries. */
typedef struct portico_room_result {
    uint32_t struct_size;  /* the host's, which may be larger than the module's */
    portico_status status; /* see room_join_tell */
    portico_room room;     /* the room that the session was to join */
} portico_room_result;

/* The host's functions. Valid from the call of `load` until `unload` has returned. */
typedef struct portico_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* Writes one line to the log under the module's name ("module" on a thread of its own). `level`
     * is PORTICO_LOG_.... Copies `text` and replaces its control characters.
     * [any-thread] [no-reentry]  Since 0.1 */
    void(PORTICO_CALL *log)(uint32_t level, const char *text);

    /* The value of `key` in this module's [module NAME] section, or `fallback` if it has no such
     * key. The host owns the text and keeps it until `unload` has returned.
     * [load] [never-blocks] [no-reentry]  Since 0.1 */
    const char *(PORTICO_CALL *config_text)(const char *key, const char *fallback);

    /* The same as a whole number from `min` to `max`, in *value.
     * PORTICO_E_INVALID  the value is no number or out of range: *value is `fallback`, and the log
     *                    names file, line and range. Return the status from `load`
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *config_integer)(const char *key, int64_t fallback, int64_t min,
                                                 int64_t max, int64_t *value);

    /* Registers a session type or joins another module's (see portico_session_type). Copies
     * everything. On any failure the log says what is wrong: return the status from `load`.
     * PORTICO_E_INVALID     a field is not allowed
     * PORTICO_E_EXISTS      this module has already registered the name
     * PORTICO_E_DEPENDENCY  the type's module is not in `required`
     * PORTICO_E_NOT_FOUND   the type's module has no such type
     * PORTICO_E_STATE       called outside `load`
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *register_session_type)(const portico_session_type *type);

    /* Registers the handler of one opcode for a type that this module has registered or joined. On
     * any failure the log says what is wrong: return the status from `load`.
     * PORTICO_E_NOT_FOUND  this module has not registered or joined the type
     * PORTICO_E_EXISTS     a module has already registered the opcode for the type: choose another
     * PORTICO_E_INVALID    `type` or `handler` is NULL
     * PORTICO_E_STATE      called outside `load`
     * [load] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *register_handler)(const char *type, uint16_t opcode,
                                                   portico_on_packet handler);

    /* Queues one packet for `session`, after everything queued before it. The framing `line` adds a
     * line end; `line` and `raw` leave the opcode out. Copies `data`. PORTICO_OK means queued, not
     * delivered; a later failure closes the session.
     * PORTICO_E_GONE       the session has closed or the id is stale: stop sending
     * PORTICO_E_BACKLOG    the send limit is reached and nothing was queued: drop the packet. With
     *                      `backlog = close` the session closes now
     * PORTICO_E_TOO_BIG    the frame exceeds the listener's limit or that of its framing: send less
     * PORTICO_E_INVALID    `data` is NULL and `size` is not 0
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_send)(portico_session session, uint16_t opcode,
                                               const void *data, uint32_t size);

    /* Closes a session. It receives no more packets. on_close is called with PORTICO_E_CLOSED as
     * soon as the running handler has returned. Queued packets are still sent, for at most the
     * listener's close_timeout_ms. May be called in the session's own handlers.
     * PORTICO_E_GONE  it is closing already or the id is stale: nothing to do
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_close)(portico_session session);

    /* Fills *info, up to info->struct_size.
     * PORTICO_E_GONE     the session has ended or the id is stale
     * PORTICO_E_INVALID  `info` is NULL or its struct_size is not set
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_info)(portico_session session, portico_session_info *info);

    /* Gives a session a label that is unique within its session type, such as a player's name; ""
     * removes it. `ctl sessions` shows it, and it is free again once on_close has returned.
     * PORTICO_E_EXISTS   another session of the type has it: the old label stays
     * PORTICO_E_INVALID  not UTF-8, has control characters, or is PORTICO_LABEL_MAX bytes or longer
     * PORTICO_E_GONE     the session has closed or the id is stale
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *session_set_label)(portico_session session, const char *label);

    /* The session of `type` ("module.type") that has this label, or 0.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_session(PORTICO_CALL *session_by_label)(const char *type, const char *label);

    /* Adds a session to a channel, a named list of sessions to send to, or removes it. A channel
     * exists while it has members. A session may be in many and leaves them all after its on_close.
     * Names are 1 to 63 bytes of UTF-8 without control characters, shared by all modules: begin
     * yours with the module's name.
     * PORTICO_E_EXISTS     join: it is a member already
     * PORTICO_E_NOT_FOUND  leave: it is not a member
     * PORTICO_E_GONE       the session has closed or the id is stale
     * PORTICO_E_INVALID    the name is not allowed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    portico_status(PORTICO_CALL *channel_join)(const char *channel, portico_session session);
    portico_status(PORTICO_CALL *channel_leave)(const char *channel, portico_session session);

    /* Queues one packet for every member except `except` (0: for all), and returns for how many.
     * Members with the same framing share one copy of the bytes. A member whose send limit is
     * reached misses the packet, as with session_send. A channel that does not exist has no
     * members.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint32_t(PORTICO_CALL *channel_send)(const char *channel, uint16_t opcode, const void *data,
                                         uint32_t size, portico_session except);

    /* Writes up to `capacity` members, in the order of joining, and returns how many there are.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint32_t(PORTICO_CALL *channel_members)(const char *channel, portico_session *members,
                                            uint32_t capacity);

    /* Milliseconds of a clock that never goes back and starts at an arbitrary value.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.1 */
    uint64_t(PORTICO_CALL *clock_ms)(void);

    /* The function table of the optional feature "portico.NAME/VERSION", or NULL if this host lacks
     * it: do without. There are no such features yet.
     * [load] [never-blocks] [no-reentry]  Since 0.1 */
    const void *(PORTICO_CALL *get_extension)(const char *name);

    /* Registers a room type. Copies everything. Statuses as for register_session_type.
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_room_type)(const portico_room_type *type);

    /* Registers the handler of one message id: for the sessions of a type that this module has
     * registered or joined, for the rooms of its own type, or, if `type` is NULL, for the module
     * itself. Like an opcode, an id belongs to one of the modules of a session type. Statuses as
     * for register_handler.
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_message)(const char *type, uint32_t id,
                                                   portico_on_message handler);

    /* Registers what run_blocking(id, ...) runs. Statuses as for register_handler.
     * [load] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *register_blocking)(uint32_t id, portico_on_blocking handler);

    /* The calling module as an entity, to post to; the same for all its generations. 0 on a thread
     * of the module's own.
     * [load] [handler] [never-blocks] [no-reentry]  Since 0.2 */
    portico_entity(PORTICO_CALL *self)(void);

    /* Creates a room with a `name` that is unique within its type: 1 to 63 bytes of UTF-8 without
     * control characters. *room (may be NULL) receives its id, or 0 on failure. The room's on_open
     * runs before anything else in it, possibly before this returns. The room exists until
     * room_close, or until its module is unloaded: an empty room stays.
     * PORTICO_E_EXISTS     there is a room of that name: *room is its id
     * PORTICO_E_NOT_FOUND  there is no such room type
     * PORTICO_E_INVALID    the name is not allowed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_create)(const char *type, const char *name,
                                              portico_room *room);

    /* The room of that type and name, or 0.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_room(PORTICO_CALL *room_find)(const char *type, const char *name);

    /* Closes a room: its members leave, then on_close is called. Messages that wait for the room
     * are dropped. Its name is free at once.
     * PORTICO_E_GONE  it is closing already or the id is stale: nothing to do
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_close)(portico_room room);

    /* Moves a session into a room, out of its current one. PORTICO_OK: the move has been queued. It
     * takes place between two handlers of the session: on_leave in the old room, on_join in the new
     * one, and from then on the session runs in the new room's turn. The room may close, be full or
     * refuse the session before it arrives: it is then in no room, and only room_join_tell reports
     * that. Order of messages:
     *   - Once the move is queued, the session runs nothing but the handler it is in until the move
     *     has ended. Its waiting messages, among them all that this handler posts to it, run after
     *     on_join, in order of posting, and in the new room.
     *   - What was posted to the new room before this call runs before on_join, and so does what
     *     the session's running handler posts to it. (Not if an earlier call had sent the session
     *     there.)
     *   - What was posted to the old room may run before or after on_leave.
     * PORTICO_E_EXISTS  it is in that room or on its way there: nothing to do
     * PORTICO_E_GONE    the session or the room has closed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_join)(portico_room room, portico_session session);

    /* Moves a session out of its room, into none. PORTICO_OK: queued, as for room_join.
     * PORTICO_E_NOT_FOUND  it is in no room
     * PORTICO_E_GONE       the session has closed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *room_leave)(portico_session session);

    /* The room that the session is in; 0 if it is in none or a move is queued. Reliable only in the
     * turn of that session or room.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_room(PORTICO_CALL *session_room)(portico_session session);

    /* The state of a room, in its turn: in handlers of the room and of its members. NULL elsewhere,
     * for a room of another module, and for a type without state.
     * [handler] [never-blocks] [no-reentry]  Since 0.2 */
    void *(PORTICO_CALL *room_state)(portico_room room);

    /* Lists a room's members, as channel_members does.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    uint32_t(PORTICO_CALL *room_members)(portico_room room, portico_session *members,
                                         uint32_t capacity);

    /* Sends to a room's members, as channel_send does.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    uint32_t(PORTICO_CALL *room_send)(portico_room room, uint16_t opcode, const void *data,
                                      uint32_t size, portico_session except);

    /* Queues a message for an entity, after those that the same thread has posted to it before.
     * Copies `data`. If the entity ends first, the message is dropped.
     * PORTICO_E_GONE     the entity has ended or the id is stale: stop posting
     * PORTICO_E_TOO_BIG  more than 1 MiB
     * PORTICO_E_BACKLOG  100,000 messages already wait for it: drop the message
     * PORTICO_E_INVALID  `data` is NULL and `size` is not 0
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post)(portico_entity entity, uint32_t id, const void *data,
                                       uint32_t size);

    /* Posts a message once, `delay_ms` from now. *timer (may be NULL) receives an id for
     * timer_cancel. The timer ends with the entity and with the module that started it. Statuses as
     * for post, but without PORTICO_E_BACKLOG: if 100,000 messages wait when it is due, the message
     * is dropped. For an entity that has just ended, PORTICO_OK is possible: nothing is posted.
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post_after)(portico_entity entity, uint32_t id, const void *data,
                                             uint32_t size, uint32_t delay_ms,
                                             portico_timer *timer);

    /* Posts a message every `period_ms`, the n-th at start + n * period_ms however long the
     * handlers take. While one waits for its turn, or 100,000 messages wait, further ones are not
     * queued but counted in the next one's `missed`. Ends by timer_cancel, otherwise like
     * post_after. Statuses as for post_after.
     * PORTICO_E_INVALID  also if period_ms is 0
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *post_every)(portico_entity entity, uint32_t id, const void *data,
                                             uint32_t size, uint32_t period_ms,
                                             portico_timer *timer);

    /* Ends a timer. A message that it has already posted still arrives, as does one whose handler is
     * about to begin on another thread.
     * PORTICO_E_GONE  it has ended: nothing to do
     * [any-thread] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *timer_cancel)(portico_timer timer);

    /* Runs this module's blocking handler `id` on the pool, then posts its reply to `reply_to` (0:
     * to nobody) as a message of the same id. Copies `data`.
     * PORTICO_E_NOT_FOUND  no such handler is registered
     * PORTICO_E_BACKLOG    too many jobs already wait ([host] blocking_queue): try later or give up
     * PORTICO_E_TOO_BIG    more than 1 MiB
     * PORTICO_E_INVALID    `data` is NULL and `size` is not 0
     * PORTICO_E_STATE      also on a thread of the module's own
     * [handler] [never-blocks] [no-reentry]  Since 0.2 */
    portico_status(PORTICO_CALL *run_blocking)(uint32_t id, const void *data, uint32_t size,
                                               portico_entity reply_to);

    /* Fills *info, up to info->struct_size. Works until the room's on_close has returned.
     * PORTICO_E_GONE     the room has ended or the id is stale
     * PORTICO_E_INVALID  `info` is NULL or its struct_size is not set
     * [any-thread] [never-blocks] [no-reentry]  Since 0.3 */
    portico_status(PORTICO_CALL *room_info)(portico_room room, portico_room_info *info);

    /* Like room_join, but when the move has ended the session receives message `id` with a
     * portico_room_result, in its turn and before later packets: exactly one for each call that
     * returned PORTICO_OK, unless the session closes first. Copy the result out of the message's
     * data, which may be unaligned. Its status:
     *   PORTICO_OK             the session is in the room: on_join has returned
     *   PORTICO_E_ROOM_CLOSED  the room closed before the session arrived, or before this call
     *   PORTICO_E_LIMIT        the room has max_members members
     *   PORTICO_E_CANCELLED    a later room_join or room_leave replaced this move
     *   another status         on_join refused the session with it, or PORTICO_E_NO_MEMORY
     * A session that was turned away on arrival is in no room. If the room had ended before this
     * call, the session stays where it is.
     * PORTICO_E_EXISTS   it is in that room or on its way there: no message follows
     * PORTICO_E_GONE     the session has closed
     * PORTICO_E_BACKLOG  100,000 messages wait for the session: nothing has changed
     * [any-thread] [never-blocks] [no-reentry]  Since 0.3 */
    portico_status(PORTICO_CALL *room_join_tell)(portico_room room, portico_session session,
                                                 uint32_t id);
} portico_host;

/* ---- the module --------------------------------------------------------------------------- */

/* Describes a module. Defined statically; the host copies what it keeps. */
typedef struct portico_module_info {
    uint32_t struct_size;
    uint16_t abi_major;  /* PORTICO_ABI_MAJOR */
    uint16_t abi_minor;  /* the lowest minor version that has everything the module uses */
    const char *name;    /* unique in the host: a-z, 0-9 and '_', a letter first, up to 31 bytes */
    const char *version; /* free text, such as "1.4.2" */
    const char *description; /* one sentence, or NULL */
    /* Names of modules that must be loaded first, ended by NULL; or NULL. */
    const char *const *required;
    uint32_t state_size; /* bytes of module state, up to 1 MiB; 0 for none */
    uint32_t state_version;

    /* Registers types and handlers and reads settings. Leave everything else to `start`. `state` is
     * the zeroed module state, or NULL. Any status but PORTICO_OK gives up the load: nothing stays
     * registered and `unload` is not called, so free what was allocated. Runs on the host's control
     * thread, before any handler of this generation.
     *
     * At a swap, the new generation's `load` runs while the old one serves, with a fresh `state` at
     * the address that the handlers will see. What it writes there is replaced by the carried-over
     * state. If the swap is given up after `load`, `unload` is called. */
    portico_status(PORTICO_CALL *load)(const portico_host *host, void *state);

    /* The host is stopping, or the module is about to be unloaded. Its sessions are still open:
     * send last words now. May run at the same time as handlers. May be NULL. */
    void(PORTICO_CALL *stopping)(void *state);

    /* The last call, after the on_close of every session: join your threads, free your memory. Also
     * called for a new generation whose swap was given up after its `load`; `state` is then as
     * `load` left it. Not called for a generation that was replaced. May be NULL. */
    void(PORTICO_CALL *unload)(void *state);

    /* Of the module state. Since 0.3 */
    const portico_state_fields *state_fields; /* NULL: not declared */
    portico_on_migrate migrate;

    /* The module has become part of the host: create rooms, start timers and threads. Called once,
     * after the first `load`; at a swap swap_in is called instead. Any status but PORTICO_OK gives
     * up the load, and `unload` is called. May be NULL. Since 0.3 */
    portico_status(PORTICO_CALL *start)(void *state);

    /* This generation is about to be replaced: stop its own threads, free its own memory. No
     * handler of the module is running. The next generation then takes over `state`. This is the
     * last call, unless a roll-back, or a swap that is given up, calls swap_in of this generation.
     * May be NULL. Since 0.3 */
    void(PORTICO_CALL *swap_out)(void *state);

    /* This generation takes over, with the `state` of the previous one: start its own threads. No
     * handler of the module runs before it returns. Any status but PORTICO_OK gives up the swap,
     * and the old generation's swap_in is called. May be NULL. Since 0.3 */
    portico_status(PORTICO_CALL *swap_in)(void *state);

    /* The module `name`, one of `required`, is about to be replaced by its `version`. Any status
     * but PORTICO_OK refuses that swap. May run at the same time as handlers. NULL: always agrees.
     * Since 0.3 */
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

/* Defines the exported function. Write PORTICO_MODULE(info); with a static portico_module_info. */
#define PORTICO_MODULE(info)                                                                       \
    PORTICO_EXTERN_C PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void);  \
    PORTICO_EXTERN_C PORTICO_EXPORT const portico_module_info *PORTICO_CALL portico_module(void) { \
        return &(info);                                                                            \
    }                                                                                              \
    struct portico_module_needs_a_semicolon

/* The first fields of a portico_module_info; the others follow in their order. */
#define PORTICO_MODULE_HEAD sizeof(portico_module_info), PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR

#ifdef __cplusplus
}
#endif
#endif
