/* portico.h: everything a module sees of its host. Plain C11, also valid C++11. The guide is
 * sdk/README.md.
 *
 * A module is a shared library with one constant portico_module, which PORTICO_MODULE exports. It
 * names the module's session types, room types, messages, jobs and settings as tables. The host
 * checks all of it before it runs any of the module's code, and takes all of it or nothing.
 *
 * TURNS  Sessions, rooms and modules are entities. An entity runs one handler at a time, in its
 * turn; different entities run at the same time on different threads. A session in a room runs in
 * the room's turn. So the state of an entity needs no lock. Statics are shared by all threads: the
 * host writes the settings before `start`, `start` may write the others, and handlers only read.
 *
 * STATE  lives in host memory: one zeroed block per entity and per module that declares a state for
 * it, passed to each handler as `state`. Keep ids of other entities, never pointers to their state.
 *
 * THREADS  A function of the host may be called inside any function of the module that the host has
 * called, and on threads of the module's own until `stop` returns. It takes at most a short lock,
 * and returns before the host calls into any module. Exceptions have a tag:
 *   [handler]   only inside a function of the module that the host has called
 *   [own turn]  only in the turn of the entity
 *
 * FAULTS  A function of the module that the host has called faults if it uses a bad address,
 * divides by zero, exceeds the stack ([host] stack_bytes), calls abort or exit, fails an assert,
 * or lets an exception out. The call then ends there, and the host continues:
 *   undone      the states that the function received, and those that it got by room_state, are
 *               what they were before the call (see [modules] state_copy_limit_bytes)
 *   dropped     its packet, message or job. A request is answered with PORTICO_E_FAULT, and so is a
 *               session_join; the reply of a job is empty; a load or swap is refused
 *   closed      the session, with PORTICO_E_FAULT, after a fault in its migrate or in one of its
 *               handlers but on_close; the room after one in its migrate or on_open
 *   not undone  what the function has sent, posted, created, moved or closed; statics; locks,
 *               descriptors and memory that it had. Destructors of C++ objects do not run
 * If a build faults often, or soon after it has begun to serve, it is rolled back, or its module is
 * frozen until the next build: then nothing closes, everybody waits, and what was interrupted is
 * asked again (on_open, on_join, migrate). sdk/README.md, "When your code crashes", says more.
 * A bad pointer in a call of the host is a fault of the module as well, before the call has done
 * anything. The host touches all memory that a call names, also the part of an array that it does
 * not fill.
 * A fault ends the process if it is in a library that a function of the module has called in turn
 * (malloc, printf), in a constructor of the library, on a thread of the module's own, or if it
 * shows that memory is damaged.
 *
 * STATUSES  Beyond the ones listed at each function:
 *   PORTICO_E_NO_MEMORY  nothing has changed: the call may succeed later
 *   PORTICO_E_STATE      the function changes the running host, and was called by `migrate` with
 *                        `from` NULL, before a swap: nothing has changed, the log says so.
 *                        Functions that return a count return 0 instead.
 *
 * GROWTH  Structs and functions are only ever added at the end of a struct or table. A table says
 * how large its rows are, the module how large its portico_module is. Structs that the module fills
 * for one call begin with their size, which it sets to sizeof.
 *
 * TEXT is UTF-8, zero-terminated unless a size comes with it. Numbers on the wire are little
 * endian.
 */
#ifndef PORTICO_PORTICO_H
#define PORTICO_PORTICO_H

#include <portico/state.h>
#include <portico/status.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI of this header. A host loads modules of its own major version, of minor version 4 or
 * later, up to its own. */
#define PORTICO_ABI_MAJOR 0
#define PORTICO_ABI_MINOR 4

#if defined(_WIN32) && !defined(_WIN64)
#error "Portico needs 64-bit Windows"
#endif

#if defined(_WIN32)
#define PORTICO_EXPORT __declspec(dllexport)
#define PORTICO_HIDDEN
#else
#define PORTICO_EXPORT __attribute__((visibility("default")))
#define PORTICO_HIDDEN __attribute__((visibility("hidden")))
#endif

/* ---- ids ----------------------------------------------------------------------------------- */

/* Each is a struct of its own, so that the compiler refuses one in the place of another. Compare
 * the members: `a.id == b.id`. Ids are never reused while the host runs; id 0 is none. */
typedef struct portico_session { /* one connection */
    uint64_t id;
} portico_session;
typedef struct portico_room {
    uint64_t id;
} portico_room;
typedef struct portico_entity { /* a session, a room or a module: what can receive a message */
    uint64_t id;
} portico_entity;
typedef struct portico_timer {
    uint64_t id;
} portico_timer;

static inline portico_entity portico_session_entity(portico_session session) {
    portico_entity e = {session.id};
    return e;
}
static inline portico_entity portico_room_entity(portico_room room) {
    portico_entity e = {room.id};
    return e;
}

/* ---- tables -------------------------------------------------------------------------------- */

/* Several rows of one struct: PORTICO_TABLE(array). All zero: no rows. */
typedef struct portico_table {
    const void *rows;
    uint32_t count;
    uint32_t row_size; /* from one row to the next */
} portico_table;
#define PORTICO_TABLE(array) \
    { (array), (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0]) }

/* A packet as a handler sees it. `data` is valid until the handler returns and may be unaligned:
 * copy multi-byte values out with memcpy, or declare the packet (packet.h). */
typedef struct portico_packet {
    const uint8_t *data; /* never NULL; a zero byte follows, not counted in `size` */
    uint32_t size;       /* bytes in `data`; may be 0 */
    uint16_t opcode;     /* 0 with the framings `line` and `raw`, and of a text over WebSocket */
    uint16_t reserved;
} portico_packet;

/* A message inside the host, from a module, a timer or a job. Clients cannot send messages. */
typedef struct portico_message {
    const uint8_t *data;   /* never NULL; valid until the handler returns; may be unaligned */
    uint32_t size;         /* bytes in `data`; may be 0 */
    uint32_t id;           /* as posted */
    uint32_t missed;       /* post_every: periods that have been skipped since the last message */
    portico_status status; /* of a reply, see request; PORTICO_OK in any other message */
    portico_entity from;   /* of a request: the asker; of a reply: who was asked; otherwise 0 */
    uint64_t request;      /* of a request and its reply: their number; otherwise 0 */
} portico_message;

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
 * double for a float, more elements of an array. A struct with declared fields is carried over in
 * the same way, in an array row by row. Other structs, unions and pointers are opaque: their bytes
 * are copied if the size is the same, whatever is inside, also if only one of the two generations
 * declares the fields. Anything else refuses the swap, naming the field, unless the type has a
 * `migrate`. Each session and room is carried over in its next turn, before the handler that is
 * due; the module itself before `start`, always to another address. */

/* The argument of a migrate. */
typedef struct portico_migration {
    uint32_t from_version; /* version and ... */
    uint32_t from_size;    /* ... size of the state of the generation that wrote the block */
    const void *from;      /* the old block; NULL in the query before the swap */
    portico_entity entity; /* the session, room or module; 0 in the query */
} portico_migration;

/* Carries states of another shape over. The host calls the new generation's migrate
 *   first, before the swap, with `from` and `to` NULL: can it migrate this version and size? Any
 *     status but PORTICO_OK refuses the swap: nothing has changed and the old generation keeps
 *     serving.
 *   then, once per entity, in its next turn and before any other handler: `from` is the old block,
 *     `to` the new one, already filled with what could be carried over by name (zero elsewhere).
 *     Any status but PORTICO_OK closes the entity without calling this module for it again, not
 *     even on_close: do not fail for what the query accepted.
 * Runs as a handler of the entity and may call every host function; room_state of the room itself
 * is NULL. `from` is freed after it
 * returns. Not called for blocks that stay as they are. */
typedef portico_status (*portico_on_migrate)(const portico_migration *migration, void *to);

/* The description of a state. PORTICO_STATE_OF(player, 1) for a struct that PORTICO_STATE has
 * declared; PORTICO_STATE_MIGRATED(player, 2, player_migrate) with a migrate;
 * PORTICO_STATE_OPAQUE(struct player, 1) for a struct whose fields are not declared. All zero:
 * there is no state. This struct never grows. */
typedef struct portico_state {
    uint32_t size;                /* bytes; up to 1 MiB, for a room up to 16 MiB */
    uint32_t version;             /* increase it when the meaning of the state changes */
    const portico_fields *fields; /* NULL: not declared */
    portico_on_migrate migrate;   /* NULL: none */
} portico_state;
#define PORTICO_STATE_OF(S, version) \
    { (uint32_t)sizeof(S), (version), &S##_fields, NULL }
#define PORTICO_STATE_MIGRATED(S, version, migrate) \
    { (uint32_t)sizeof(S), (version), &S##_fields, (migrate) }
#define PORTICO_STATE_OPAQUE(S, version) \
    { (uint32_t)sizeof(S), (version), NULL, NULL }

/* ---- handlers ------------------------------------------------------------------------------ */

/* A session has opened. Any status but PORTICO_OK closes it for that reason; on_close is called
 * even then. `state` is this module's zeroed block for the session, or NULL if the type declares
 * none. */
typedef portico_status (*portico_on_open)(portico_session session, void *state);

/* A packet has arrived. Called for a session's packets one by one, in the order of their
 * arrival. */
typedef void (*portico_on_packet)(portico_session session, void *state,
                                  const portico_packet *packet);

/* The session has ended. Called once, after everything else, for each session whose on_open was
 * called. Sends to the session are refused by now, unless this module has joined another one's type
 * and is being unloaded: then the session stays open without it. `reason` is
 *   PORTICO_E_EOF, ..._E_RESET  the peer closed the connection, or it broke
 *   PORTICO_E_CLOSED            a module called session_close; other modules pass other statuses
 *   PORTICO_E_KICKED            `ctl kick`
 *   PORTICO_E_FRAME             the peer broke the framing, exceeded frame_limit_bytes, or sent a
 *                               packet that does not fit its opcode's row
 *   PORTICO_E_FLOOD, ..._E_BACKLOG, ..._E_TIMEOUT
 *                               the peer sends too many packets per second, does not read, or was
 *                               silent for too long
 *   PORTICO_E_LIMIT             all buffers exceed [host] memory_limit_bytes, and it had the most
 *   PORTICO_E_NOT_FOUND         the opcode has no handler, and unknown_opcode is `close`
 *   PORTICO_E_SHUTDOWN, ..._E_UNLOADED
 *                               the host is stopping, or the module is being unloaded
 *   PORTICO_E_FAULT             a handler has faulted, or an exception has left it; or the session
 *                               has waited too long for a frozen module
 *   another status              what on_open returned, or what the system reported */
typedef void (*portico_on_close)(portico_session session, void *state, portico_status reason);

/* The bytes waiting to be sent have risen above half of the send limit (`above` 1), or have fallen
 * below a quarter of it since (`above` 0). A module that sends much should pause in between. */
typedef void (*portico_on_watermark)(portico_session session, void *state, uint32_t queued_bytes,
                                     uint32_t above);

/* A message has arrived for a session, a room or the module; `state` is this module's state of it.
 * Runs in the entity's turn, in the order of posting; session_join says how that order and a
 * session's moves between rooms relate. */
typedef void (*portico_on_session_message)(portico_session session, void *state,
                                           const portico_message *message);
typedef void (*portico_on_room_message)(portico_room room, void *state,
                                        const portico_message *message);
typedef void (*portico_on_module_message)(portico_entity module, void *state,
                                          const portico_message *message);

/* Does blocking work on a thread of the host's pool, at the same time as everything else: it has no
 * state and must not touch any. Writes up to `reply_capacity` bytes to `reply` and returns how
 * many: they are posted to the `reply_to` of run_job as a message of the same id. */
typedef uint32_t (*portico_on_job)(uint32_t id, const void *data, uint32_t size, void *reply,
                                   uint32_t reply_capacity);

/* The room has been created, with `data` as room_create passed it (never NULL). Any status but
 * PORTICO_OK closes it; on_close is called even then. */
typedef portico_status (*portico_on_room_open)(portico_room room, void *state, const void *data,
                                               uint32_t size);

/* A session joins; room_members and room_send include it already. Any status but PORTICO_OK refuses
 * it: it is then in no room. */
typedef portico_status (*portico_on_join)(portico_room room, void *state, portico_session session);

/* A session has left and is no longer a member. Called once for each session that on_join accepted.
 * `reason` is
 *   PORTICO_OK             after session_leave, or session_join of another room
 *   PORTICO_E_ROOM_CLOSED  when the room closes, for whatever reason
 *   another status         when the session ends: the reason that its on_close receives */
typedef void (*portico_on_leave)(portico_room room, void *state, portico_session session,
                                 portico_status reason);

/* The room has ended. Called once, after everything else, when all members have left. */
typedef void (*portico_on_room_close)(portico_room room, void *state, portico_status reason);

/* ---- the rows of the tables ---------------------------------------------------------------- */

/* The handler of one opcode. A packet that does not fit never reaches it: the session is closed
 * with PORTICO_E_FRAME, and the log says what was expected and what was found. PORTICO_RAW makes a
 * row for bytes that the module reads itself; PORTICO_OPCODES of packet.h makes the rows of
 * declared packets. Of a type's opcodes each belongs to one module. */
typedef struct portico_opcode {
    portico_on_packet call;
    const portico_fields *packet; /* the declared packet; NULL: raw */
    const char *name;             /* for people: the log, inspect; NULL: none */
    uint32_t size_min;            /* raw: the bytes that are allowed */
    uint32_t size_max;
    uint16_t opcode;
    uint16_t reserved;
    uint32_t state_size; /* of the state that `call` expects; 0: any */
} portico_opcode;
#define PORTICO_RAW(opcode, size_min, size_max, call) \
    { (call), NULL, #opcode, (size_min), (size_max), (opcode), 0, 0 }
#define PORTICO_SIZE_ANY UINT32_MAX /* as size_max: whatever the listener's frame limit allows */
/* A row of `sends`: what the module sends with an opcode. The host needs it for nothing but to tell
 * others: inspect, and generators of clients. */
#define PORTICO_SENDS(opcode, packet) \
    { NULL, &packet##_fields, #opcode, 0, 0, (opcode), 0, 0 }

/* The handler of one message id. One macro serves all three: PORTICO_MESSAGE(TICK, field_on_tick).
 * Of a session type's ids each belongs to one module. */
typedef struct portico_session_message {
    portico_on_session_message call;
    const char *name; /* for people; NULL: none */
    uint32_t id;
    uint32_t reserved;
} portico_session_message;
typedef struct portico_room_message {
    portico_on_room_message call;
    const char *name;
    uint32_t id;
    uint32_t reserved;
} portico_room_message;
typedef struct portico_module_message {
    portico_on_module_message call;
    const char *name;
    uint32_t id;
    uint32_t reserved;
} portico_module_message;
#define PORTICO_MESSAGE(id, call) \
    { (call), #id, (id), 0 }

/* Blocking work that run_job runs: PORTICO_JOB(SAVE, save). */
typedef struct portico_job {
    portico_on_job call;
    const char *name; /* for people; NULL: none */
    uint32_t id;
    uint32_t reserved;
} portico_job;
#define PORTICO_JOB(id, call) \
    { (call), #id, (id), 0 }

/* The kind of a setting, and the type of its target. */
enum {
    PORTICO_SETTING_U32 = 1,      /* uint32_t: a whole number */
    PORTICO_SETTING_I64 = 2,      /* int64_t: a whole number */
    PORTICO_SETTING_REAL = 3,     /* double: "0.5" */
    PORTICO_SETTING_BOOL = 4,     /* bool: yes, no, on, off, true, false, 1 or 0 */
    PORTICO_SETTING_TEXT = 5,     /* const char *: of min to max bytes, kept by the host */
    PORTICO_SETTING_DURATION = 6, /* uint32_t: milliseconds, written as 250ms, 2s, 5m or 1h */
    PORTICO_SETTING_BYTES = 7,    /* uint64_t: bytes, written as 4096, 64k, 16m or 1g */
    PORTICO_SETTING_CHOICE = 8    /* uint32_t: the index of one of `choices` */
};

/* One key of the module's section [module NAME]. The host checks its value, writes it to the target
 * before it calls `start`, and refuses to load a module whose section has a wrong value or a key
 * that is no setting. `portico check` finds both without running the module. */
typedef struct portico_setting {
    /* 1 to 63 of a-z, 0-9 and '_'; not file, load, on_fault, hang_ms or memory_limit_bytes */
    const char *key;
    const char *fallback; /* the value if the section does not have the key, written as there */
    const char *help;     /* one line */
    void *target;
    const char *const *choices; /* CHOICE: the words, ended by NULL */
    int64_t min;                /* both included; of DURATION in ms; not of BOOL and CHOICE */
    int64_t max;
    double real_min; /* of REAL */
    double real_max;
    uint32_t kind; /* PORTICO_SETTING_... */
    uint32_t reserved;
} portico_setting;
/* One row each; the key is the name of the target, which must be a static of the right type:
 *     static uint32_t tick_ms;
 *     PORTICO_U32(tick_ms, "50", 10, 1000, "between two ticks of a field")
 * The conditional makes the compiler check the type. */
#define PORTICO_SETTING_OF(target, type, fallback, choices, min, max, rmin, rmax, kind, help) \
    {                                                                                         \
#target, (fallback), (help), (1 ? &(target) : (type *)NULL), (choices), (min), (max), \
            (rmin), (rmax), (kind), 0                                                         \
    }
#define PORTICO_U32(target, fallback, min, max, help) \
    PORTICO_SETTING_OF(target, uint32_t, fallback, NULL, min, max, 0, 0, PORTICO_SETTING_U32, help)
#define PORTICO_I64(target, fallback, min, max, help) \
    PORTICO_SETTING_OF(target, int64_t, fallback, NULL, min, max, 0, 0, PORTICO_SETTING_I64, help)
#define PORTICO_REAL(target, fallback, min, max, help) \
    PORTICO_SETTING_OF(target, double, fallback, NULL, 0, 0, min, max, PORTICO_SETTING_REAL, help)
#define PORTICO_BOOL(target, fallback, help) \
    PORTICO_SETTING_OF(target, bool, fallback, NULL, 0, 0, 0, 0, PORTICO_SETTING_BOOL, help)
#define PORTICO_TEXT(target, fallback, min, max, help)                                             \
    PORTICO_SETTING_OF(target, const char *, fallback, NULL, min, max, 0, 0, PORTICO_SETTING_TEXT, \
                       help)
#define PORTICO_DURATION(target, fallback, min, max, help)                                         \
    PORTICO_SETTING_OF(target, uint32_t, fallback, NULL, min, max, 0, 0, PORTICO_SETTING_DURATION, \
                       help)
#define PORTICO_BYTES(target, fallback, min, max, help)                                         \
    PORTICO_SETTING_OF(target, uint64_t, fallback, NULL, min, max, 0, 0, PORTICO_SETTING_BYTES, \
                       help)
#define PORTICO_CHOICE(target, fallback, choices, help)                                         \
    PORTICO_SETTING_OF(target, uint32_t, fallback, choices, 0, 0, 0, 0, PORTICO_SETTING_CHOICE, \
                       help)

/* Handlers and state for the sessions of one type. Everything but the name may be left out. */
typedef struct portico_session_type {
    /* "session" creates the type MODULE.session, for listeners and connectors to name.
     * "other.session" joins the type of the module `other`, which must be in `required`: this
     * module's on_open and on_watermark then run after the owner's, its on_close before the
     * owner's, with a state of their own. */
    const char *name;
    portico_state state;
    portico_on_open on_open;
    /* Packets whose opcode is in no table. Only for the type's owner: NULL when joining. */
    portico_on_packet on_packet;
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    portico_table opcodes;  /* of portico_opcode */
    portico_table messages; /* of portico_session_message */
    portico_table sends;    /* of portico_opcode: what is sent to these sessions */
} portico_session_type;

/* Handlers and state for the rooms of one type. Everything but the name may be left out. */
typedef struct portico_room_type {
    const char *name; /* "field" creates the type MODULE.field */
    portico_state state;
    portico_on_room_open on_open;
    portico_on_join on_join;
    portico_on_leave on_leave;
    portico_on_room_close on_close;
    portico_table messages; /* of portico_room_message */
    uint32_t max_members;   /* 0: no limit */
    uint32_t reserved;
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
    uint32_t max_members;             /* as declared; 0: no limit */
    uint32_t closing;                 /* 1: it has begun to close */
    char type[2 * PORTICO_LABEL_MAX]; /* "arena.field" */
    char name[PORTICO_LABEL_MAX];     /* as given to room_create */
    uint64_t opened_ms;               /* when it was created; monotonic, see clock_ms */
} portico_room_info;

/* The data of the message that session_join posts. Copy it out: it may be unaligned. */
typedef struct portico_room_result {
    portico_room room;     /* the room that the session was to join */
    portico_status status; /* see session_join */
    uint32_t reserved;
} portico_room_result;

typedef struct portico_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;

    /* Writes one line to the log under the module's name ("module" on a thread of its own). `level`
     * is PORTICO_LOG_.... Copies `text` and replaces its control characters. */
    void (*log)(uint32_t level, const char *text);

    /* Milliseconds of a clock that never goes back and starts at an arbitrary value. */
    uint64_t (*clock_ms)(void);

    /* Milliseconds since 1970, UTC. This clock may jump. */
    uint64_t (*wall_ms)(void);

    /* 64 random bits, good enough for secrets. A simulated run draws the same again. */
    uint64_t (*random)(void);

    /* Writes the path of one of the module's own files: FILE in the folder MODULE of [host]
     * data_dir, which is created. `file` is a name without a folder: letters, digits, '.', '_' and
     * '-', with no dot at either end, and none that Windows gives to a device ("nul", "com1.txt").
     * Reading and writing block: do it in a job.
     * PORTICO_E_INVALID  `file` is not allowed
     * PORTICO_E_TOO_BIG  the path does not fit into `capacity` bytes
     * PORTICO_E_STATE    on a thread of the module's own
     * PORTICO_E_ACCESS, ..._E_SYSTEM  the folder cannot be created: the log says why
     * [handler] */
    portico_status (*data_path)(const char *file, char *path, uint32_t capacity);

    /* The function table of the optional feature "portico.NAME/VERSION", or NULL if this host lacks
     * it: do without. There are no such features yet. */
    const void *(*get_extension)(const char *name);

    /* The calling module as an entity, to post to; the same for all its generations, also after an
     * unload that was given up. 0 on a thread of the module's own. [handler] */
    portico_entity (*self)(void);

    /* The module of that name as an entity, to post to; 0: it is not loaded. */
    portico_entity (*module_find)(const char *name);

    /* Queues one packet for `session`, after everything queued before it. The framing `line` adds a
     * line end; `line` and `raw` leave the opcode out. Copies `data`. PORTICO_OK means queued, not
     * delivered; a later failure closes the session.
     * PORTICO_E_GONE       the session has closed or the id is stale: stop sending
     * PORTICO_E_BACKLOG    the send limit is reached and nothing was queued: drop the packet. With
     *                      `backlog = close` the session closes now
     * PORTICO_E_TOO_BIG    the frame exceeds the listener's limit or that of its framing: send less
     * PORTICO_E_INVALID    `data` is NULL and `size` is not 0; or the session came over WebSocket,
     *                      which sends opcode 0 as text, and `data` is not UTF-8 */
    portico_status (*session_send)(portico_session session, uint16_t opcode, const void *data,
                                   uint32_t size);

    /* Closes a session. It receives no more packets. on_close is called with `reason`, a status
     * below 0, as soon as the running handler has returned: PORTICO_E_CLOSED unless there is a
     * better one. Queued packets are still sent, for at most the listener's close_timeout_ms. May
     * be called in the session's own handlers.
     * PORTICO_E_GONE     it is closing already or the id is stale: nothing to do
     * PORTICO_E_INVALID  `reason` is not one of status.h, or is PORTICO_OK */
    portico_status (*session_close)(portico_session session, portico_status reason);

    /* Fills *info, up to info->struct_size.
     * PORTICO_E_GONE     the session has ended or the id is stale
     * PORTICO_E_INVALID  `info` is NULL or its struct_size is not set */
    portico_status (*session_info)(portico_session session, portico_session_info *info);

    /* Gives a session a label that is unique within its session type, such as a player's name; ""
     * removes it. `ctl sessions` shows it, and it is free again once on_close has returned.
     * PORTICO_E_EXISTS   another session of the type has it: the old label stays
     * PORTICO_E_INVALID  not UTF-8, has control characters, or is PORTICO_LABEL_MAX bytes or longer
     * PORTICO_E_GONE     the session has closed or the id is stale */
    portico_status (*session_set_label)(portico_session session, const char *label);

    /* Writes a session's label, "" if it has none. Works until its on_close has returned.
     * PORTICO_E_GONE     the session has ended or the id is stale: `label` is ""
     * PORTICO_E_INVALID  `label` is NULL */
    portico_status (*session_label)(portico_session session, char label[PORTICO_LABEL_MAX]);

    /* The session of `type` ("module.type") that has this label, or 0. */
    portico_session (*session_find)(const char *type, const char *label);

    /* Writes up to `capacity` sessions of `type` ("module.type") that are open, in no particular
     * order, and returns how many there are. Looks at all sessions of the host: not for every
     * packet. */
    uint32_t (*session_list)(const char *type, portico_session *sessions, uint32_t capacity);

    /* Moves a session into a room, out of its current one. PORTICO_OK: the move has been queued. It
     * takes place between two handlers of the session: on_leave in the old room, on_join in the new
     * one, and from then on the session runs in the new room's turn. The room may close, be full or
     * refuse the session before it arrives: it is then in no room.
     * With `told` other than 0 the session receives the message `told` when the move has ended,
     * with a portico_room_result, in its turn and before later packets: exactly one for each call
     * that returned PORTICO_OK, unless the session closes first. The result's status:
     *   PORTICO_OK             the session is in the room: on_join has returned
     *   PORTICO_E_ROOM_CLOSED  the room closed before the session arrived, or before this call
     *   PORTICO_E_LIMIT        the room has max_members members
     *   PORTICO_E_CANCELLED    a later session_join or session_leave replaced this move
     *   PORTICO_E_FAULT        on_join has faulted
     *   another status         on_join refused the session with it, or PORTICO_E_NO_MEMORY
     * If the room had ended before this call, the session stays where it is.
     * Order of messages:
     *   - Once the move is queued, the session runs nothing but the handler it is in until the move
     *     has ended. Its waiting messages, among them all that this handler posts to it, run after
     *     on_join, in order of posting, and in the new room.
     *   - What was posted to the new room before this call runs before on_join, and so does what
     *     the session's running handler posts to it. (Not if an earlier call had sent the session
     *     there.)
     *   - What was posted to the old room may run before or after on_leave.
     * PORTICO_E_EXISTS   it is in that room or on its way there: nothing to do, no message follows
     * PORTICO_E_GONE     the session has closed; with `told` 0 also: the room has
     * PORTICO_E_BACKLOG  with `told`: too much waits for the session, nothing has changed */
    portico_status (*session_join)(portico_session session, portico_room room, uint32_t told);

    /* Moves a session out of its room, into none. PORTICO_OK: queued, as for session_join.
     * PORTICO_E_NOT_FOUND  it is in no room
     * PORTICO_E_GONE       the session has closed */
    portico_status (*session_leave)(portico_session session);

    /* The room that the session is in; 0 if it is in none or a move is queued. Reliable only in the
     * turn of that session or room. */
    portico_room (*session_room)(portico_session session);

    /* Adds a session to a channel, a named list of sessions to send to, or removes it. A channel
     * exists while it has members. A session may be in many and leaves them all after its on_close.
     * Names are 1 to 63 bytes of UTF-8 without control characters, shared by all modules: begin
     * yours with the module's name.
     * PORTICO_E_EXISTS     join: it is a member already
     * PORTICO_E_NOT_FOUND  leave: it is not a member
     * PORTICO_E_GONE       the session has closed or the id is stale
     * PORTICO_E_LIMIT      join: the session is in [modules] max_channels others
     * PORTICO_E_INVALID    the name is not allowed */
    portico_status (*channel_join)(const char *channel, portico_session session);
    portico_status (*channel_leave)(const char *channel, portico_session session);

    /* Queues one packet for every member except `except` ({0}: for all), and returns for how many.
     * Members with the same framing share one copy of the bytes. A member whose send limit is
     * reached misses the packet, as with session_send. A channel that does not exist has no
     * members. */
    uint32_t (*channel_send)(const char *channel, uint16_t opcode, const void *data, uint32_t size,
                             portico_session except);

    /* Writes up to `capacity` members, in the order of joining, and returns how many there are. */
    uint32_t (*channel_members)(const char *channel, portico_session *members, uint32_t capacity);

    /* Removes all members of a channel, and returns how many there were. */
    uint32_t (*channel_close)(const char *channel);

    /* Creates a room with a `name` that is unique within its type: 1 to 63 bytes of UTF-8 without
     * control characters. Its on_open receives a copy of `data`, and runs before anything else in
     * the room, possibly before this returns. *room (may be NULL) receives the room's id, or {0} on
     * failure. The room exists until room_close, or until its module is unloaded: an empty room
     * stays.
     * PORTICO_E_EXISTS     there is a room of that name: *room is its id, `data` is not used
     * PORTICO_E_NOT_FOUND  there is no such room type
     * PORTICO_E_LIMIT      there are too many rooms ([host] max_rooms, [modules] max_rooms), or
     *                      their module has used up its memory_limit_bytes: close some first
     * PORTICO_E_TOO_BIG    `size` is above 64 KiB
     * PORTICO_E_INVALID    the name is not allowed, or `data` is NULL and `size` is not 0 */
    portico_status (*room_create)(const char *type, const char *name, const void *data,
                                  uint32_t size, portico_room *room);

    /* The room of that type and name, or 0. */
    portico_room (*room_find)(const char *type, const char *name);

    /* Writes up to `capacity` rooms of `type` ("module.type") that are not closing, in no
     * particular order, and returns how many there are. Looks at all rooms of the host. */
    uint32_t (*room_list)(const char *type, portico_room *rooms, uint32_t capacity);

    /* Closes a room: its members leave, then on_close is called with `reason`, as for
     * session_close. Messages that wait for the room are dropped. Its name is free at once.
     * PORTICO_E_GONE     it is closing already or the id is stale: nothing to do
     * PORTICO_E_INVALID  `reason` is not one of status.h, or is PORTICO_OK */
    portico_status (*room_close)(portico_room room, portico_status reason);

    /* Fills *info, up to info->struct_size. Works until the room's on_close has returned.
     * PORTICO_E_GONE     the room has ended or the id is stale
     * PORTICO_E_INVALID  `info` is NULL or its struct_size is not set */
    portico_status (*room_info)(portico_room room, portico_room_info *info);

    /* The state of a room: in handlers of the room and of its members. NULL elsewhere, for a room
     * of another module, and for a type without state. [own turn] */
    void *(*room_state)(portico_room room);

    /* Lists a room's members, as channel_members does, and sends to them, as channel_send does. */
    uint32_t (*room_members)(portico_room room, portico_session *members, uint32_t capacity);
    uint32_t (*room_send)(portico_room room, uint16_t opcode, const void *data, uint32_t size,
                          portico_session except);

    /* Queues a message for an entity, after those that the same thread has posted to it before.
     * Copies `data`. If the entity ends first, the message is dropped.
     * PORTICO_E_GONE     the entity has ended or the id is stale: stop posting
     * PORTICO_E_TOO_BIG  more than 1 MiB
     * PORTICO_E_BACKLOG  100,000 messages or too many bytes ([modules] module_inbox_limit_bytes,
     *                    room_..., session_...) already wait for it, or its module has used up its
     *                    memory_limit_bytes: drop the message
     * PORTICO_E_INVALID  `data` is NULL and `size` is not 0 */
    portico_status (*post)(portico_entity entity, uint32_t id, const void *data, uint32_t size);

    /* Posts a message once, `delay_ms` from now. *timer (may be NULL) receives an id for
     * timer_cancel. The timer ends with the entity and with the module that started it. Statuses as
     * for post, but without PORTICO_E_BACKLOG: if too much waits when it is due, the message is
     * dropped. For an entity that has just ended, PORTICO_OK is possible: nothing is posted.
     * PORTICO_E_LIMIT  the module has [modules] max_timers, or has used up its memory_limit_bytes
     */
    portico_status (*post_after)(portico_entity entity, uint32_t id, const void *data,
                                 uint32_t size, uint32_t delay_ms, portico_timer *timer);

    /* Posts a message every `period_ms`, the n-th at start + n * period_ms however long the
     * handlers take. While one waits for its turn, or too much waits, further ones are not
     * queued but counted in the next one's `missed`. Ends by timer_cancel, otherwise like
     * post_after. Statuses as for post_after.
     * PORTICO_E_INVALID  also if period_ms is 0 */
    portico_status (*post_every)(portico_entity entity, uint32_t id, const void *data,
                                 uint32_t size, uint32_t period_ms, portico_timer *timer);

    /* Ends a timer. A message that it has already posted still arrives, as does one whose handler
     * is about to begin on another thread.
     * PORTICO_E_GONE  it has ended: nothing to do */
    portico_status (*timer_cancel)(portico_timer timer);

    /* Posts a message that asks for an answer. The answer reaches the asker, whose handler the
     * caller runs in (a session also if it is in a room; in `start`: the module), as the message
     * `reply_id`, whose `request` is *number: exactly one for each call that returned PORTICO_OK,
     * unless the asker ends first. Its status:
     *   PORTICO_OK           `data` is what `reply` was called with
     *   PORTICO_E_GONE       the entity ended without a reply
     *   PORTICO_E_NOT_FOUND  the entity has no handler for `id`
     *   PORTICO_E_TIMEOUT    there was no reply for `timeout_ms`
     *   PORTICO_E_FAULT      its handler has faulted without having replied
     *   PORTICO_E_BACKLOG    there was a reply, but too many bytes wait for the asker
     * The handler finds `from` and `request` in the message, and may reply at once or later.
     * *number may be NULL. Statuses as for post.
     * PORTICO_E_BACKLOG  also if 100,000 requests of the asker, or [modules] max_requests of its
     *                    module, have no answer yet
     * PORTICO_E_STATE    also on a thread of the module's own, in a job, and if the asker has ended
     * [handler] */
    portico_status (*request)(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t reply_id, uint32_t timeout_ms, uint64_t *number);

    /* Answers a request. Copies `data`.
     * PORTICO_E_GONE     it has been answered, has timed out, or the asker has ended
     * PORTICO_E_BACKLOG  too many bytes wait for the asker: it receives this status instead of
     *                    `data`
     * PORTICO_E_TOO_BIG  more than 1 MiB
     * PORTICO_E_INVALID  `data` is NULL and `size` is not 0 */
    portico_status (*reply)(uint64_t request, const void *data, uint32_t size);

    /* Runs this module's job `id` on the pool for blocking work, then posts its reply to `reply_to`
     * ({0}: to nobody) as a message of the same id; an empty one if the job faults. Copies `data`.
     * PORTICO_E_NOT_FOUND  the module has no such job
     * PORTICO_E_BACKLOG    too many jobs already wait ([host] blocking_queue), or they have too
     *                      many bytes ([host] blocking_queue_bytes, the module's
     *                      memory_limit_bytes): try later or give up
     * PORTICO_E_TOO_BIG    more than 1 MiB
     * PORTICO_E_INVALID    `data` is NULL and `size` is not 0
     * PORTICO_E_STATE      also on a thread of the module's own
     * [handler] */
    portico_status (*run_job)(uint32_t id, const void *data, uint32_t size,
                              portico_entity reply_to);
} portico_host;

/* The host's functions. PORTICO_MODULE defines this pointer, and the host sets it before it calls
 * anything in the module: every file of a module may use it. */
extern const portico_host *portico PORTICO_HIDDEN;

/* Formats a line for the log: portico->log with up to 1023 bytes. */
#if defined(__GNUC__) && !defined(_WIN32)
__attribute__((format(printf, 2, 3)))
#endif
static inline void
portico_logf(uint32_t level, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    portico->log(level, text);
}

/* ---- the module --------------------------------------------------------------------------- */

/* Describes a module. Everything but name and version may be left out. */
typedef struct portico_module {
    const char *name;    /* unique in the host: a-z, 0-9 and '_', a letter first, up to 31 bytes */
    const char *version; /* free text, such as "1.4.2" */
    const char *description; /* one sentence in one line */
    /* Names of modules that must be loaded first, ended by NULL. */
    const char *const *required;
    portico_state state;         /* of the module itself */
    portico_table session_types; /* of portico_session_type */
    portico_table room_types;    /* of portico_room_type */
    portico_table messages;      /* of portico_module_message: to the module itself */
    portico_table jobs;          /* of portico_job */
    portico_table settings;      /* of portico_setting */

    /* The module is part of the host from now on: create rooms, start timers and threads. `why` is
     * PORTICO_START_.... `state` is the module's state, after a swap the one that the generation
     * before has left. No handler of this generation runs before this returns. Any status but
     * PORTICO_OK gives up the load or swap, and `stop` is not called: free what was allocated.
     * Then nothing is left of the rooms and timers that this has begun, of messages to the module
     * itself, and of jobs; what it has sent to others has been sent. Runs on a thread of the host
     * that makes only such calls. If it does not return within [modules] swap_timeout_ms (at the
     * start of the host: stop_timeout_ms, if that is longer), that is a fault, and like any fault
     * here it gives up the load or swap. */
    portico_status (*start)(void *state, uint32_t why);

    /* The host is stopping, or the module is about to be unloaded. Its sessions are still open:
     * send last words now. May run at the same time as handlers. If a handler does not return in
     * time now, the unload is given up: the module keeps serving, but its rooms and the sessions of
     * its own types have been closed. Its timers and messages have waited. */
    void (*stopping)(void *state);

    /* The last call: join the module's own threads, free its own memory. `why` is PORTICO_STOP_....
     * No handler of the module runs. After PORTICO_STOP_REPLACED the next generation takes over
     * `state`, and `start` is called again if a roll-back, or a swap that is given up, brings this
     * generation back. Runs where `start` does, with the same limit of time; at the end of the host
     * and at an unload that is stop_timeout_ms, if that is longer. After a fault here the host
     * continues as if it had returned, and keeps the library in memory. */
    void (*stop)(void *state, uint32_t why);

    /* The module `name`, one of `required`, is about to be replaced by its `version`. Any status
     * but PORTICO_OK refuses that swap. May run at the same time as handlers. NULL: always
     * agrees. */
    portico_status (*dependency_swaps)(void *state, const char *name, const char *version);
} portico_module;

enum {
    PORTICO_START_LOADED = 1,  /* the module has been loaded */
    PORTICO_START_SWAPPED = 2, /* it replaces another generation */
    PORTICO_START_RETURNED = 3 /* it was replaced, and serves again: a roll-back, or a swap that was
                                  given up */
};
enum {
    PORTICO_STOP_REPLACED = 1, /* another generation takes over */
    PORTICO_STOP_UNLOADED = 2,
    PORTICO_STOP_SHUTDOWN = 3 /* the host ends */
};

/* The one export of a module's library, as data: the host needs to call nothing. A binding for
 * another language fills it in a constructor of the library, at the latest. This struct never
 * changes. */
typedef struct portico_entry {
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t module_size; /* sizeof(portico_module) */
    const portico_module *module;
    const portico_host **host; /* the host writes the address of its functions here, first of all */
} portico_entry;
#define PORTICO_ENTRY_SYMBOL "portico_module_entry"

#ifdef __cplusplus
#define PORTICO_EXTERN_C extern "C"
#else
#define PORTICO_EXTERN_C
#endif

/* Exports a static portico_module, in one file of the module: PORTICO_MODULE(chat); */
#define PORTICO_MODULE(module)                                                        \
    const portico_host *portico = NULL;                                               \
    PORTICO_EXTERN_C PORTICO_EXPORT const portico_entry portico_module_entry;         \
    const portico_entry portico_module_entry = {PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR, \
                                                (uint32_t)sizeof(module), &(module), &portico}

#ifdef __cplusplus
}
#endif
#endif
