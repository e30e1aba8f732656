/* faulty.h: the ways in which faulty.c can fault, where it can, and the packets that tell it so.
 * For the module and its tests.
 *
 * A handler first changes half of the state that it received (`begun`, `scratch`), then faults, and
 * would then change the other half (`done`). A state that was restored has begun == done and a
 * `scratch` of zeros. */
#ifndef TEST_FAULTY_H
#define TEST_FAULTY_H

#include <stdint.h>
#include <string.h>

/* The promises of the host. EITHER: nothing, but a process that ends does so with a report.
 * RETURNS: it is no fault. */
enum {
    FAULTY_CONTAINED = 1,
    FAULTY_ENDS = 2,
    FAULTY_EITHER = 3,
    FAULTY_HANGS = 4,
    FAULTY_RETURNS = 5
};

/* X(KIND, word, promise on Linux, promise on Windows). */
#define FAULTY_KIND_LIST(X)                                                              \
    X(NULL_READ, "null_read", CONTAINED, CONTAINED)                                      \
    X(NULL_WRITE, "null_write", CONTAINED, CONTAINED)                                    \
    X(WILD, "wild", CONTAINED, CONTAINED)                                                \
    X(NON_CANONICAL, "non_canonical", CONTAINED, CONTAINED)                              \
    X(READ_ONLY, "read_only", CONTAINED, CONTAINED)                                      \
    X(EXECUTE_DATA, "execute_data", CONTAINED, CONTAINED)                                \
    X(JUMP_NULL, "jump_null", CONTAINED, CONTAINED)                                      \
    X(DIVIDE, "divide", CONTAINED, CONTAINED)                                            \
    X(DIVIDE_MIN, "divide_min", CONTAINED, CONTAINED) /* INT_MIN / -1 */                 \
    X(UD2, "ud2", CONTAINED, CONTAINED)                                                  \
    X(INT3, "int3", CONTAINED, CONTAINED)                                                \
    X(HLT, "hlt", CONTAINED, CONTAINED) /* privileged */                                 \
    X(RECURSION, "recursion", CONTAINED, CONTAINED)                                      \
    X(ALLOCA, "alloca", CONTAINED, CONTAINED) /* 16 MiB */                               \
    X(ABORT, "abort", CONTAINED, CONTAINED)                                              \
    X(ASSERT, "assert", CONTAINED, CONTAINED)                                            \
    X(EXIT, "exit", CONTAINED, CONTAINED)                                                \
    X(EXIT_NOW, "exit_now", CONTAINED, CONTAINED)     /* _exit */                        \
    X(QUICK_EXIT, "quick_exit", CONTAINED, CONTAINED) /* on Windows ExitProcess */       \
    X(EXIT_THREAD, "exit_thread", CONTAINED, CONTAINED)                                  \
    X(THROW, "throw", CONTAINED, CONTAINED)                                              \
    X(TERMINATE, "terminate", CONTAINED, CONTAINED) /* an exception leaves a noexcept */ \
    X(PURE_VIRTUAL, "pure_virtual", CONTAINED, CONTAINED)                                \
    X(MEMCPY, "memcpy", CONTAINED, CONTAINED)                                            \
    X(MEMCPY_TO, "memcpy_to", CONTAINED, CONTAINED)                                      \
    X(STRLEN, "strlen", CONTAINED, CONTAINED)                                            \
    X(QSORT_CALLBACK, "qsort_callback", CONTAINED, CONTAINED)                            \
    X(HOST_SEND, "host_send", CONTAINED, CONTAINED)                                      \
    X(HOST_LOG, "host_log", CONTAINED, CONTAINED)                                        \
    X(HOST_POST, "host_post", CONTAINED, CONTAINED)                                      \
    X(HOST_REQUEST, "host_request", CONTAINED, CONTAINED)                                \
    X(HOST_JOB, "host_job", CONTAINED, CONTAINED)                                        \
    X(HOST_INFO, "host_info", CONTAINED, CONTAINED)                                      \
    X(HOST_LABEL, "host_label", CONTAINED, CONTAINED)                                    \
    X(HOST_LABEL_TO, "host_label_to", CONTAINED, CONTAINED)                              \
    X(HOST_DATA_PATH, "host_data_path", CONTAINED, CONTAINED)                            \
    X(HOST_DATA_PATH_TO, "host_data_path_to", CONTAINED, CONTAINED)                      \
    X(HOST_ROOM_CREATE, "host_room_create", CONTAINED, CONTAINED)                        \
    X(HOST_ROOM_DATA, "host_room_data", CONTAINED, CONTAINED)                            \
    X(HOST_ROOM_TO, "host_room_to", CONTAINED, CONTAINED)                                \
    X(HOST_LIST, "host_list", CONTAINED, CONTAINED)                                      \
    X(HOST_CHANNEL, "host_channel", CONTAINED, CONTAINED)                                \
    X(PRINTF, "printf", ENDS, EITHER)                                                    \
    X(QSORT_BASE, "qsort_base", EITHER, EITHER)                                          \
    X(WILD_FREE, "wild_free", ENDS, EITHER)                                              \
    X(DOUBLE_FREE, "double_free", ENDS, EITHER)                                          \
    X(USE_FREED, "use_freed", ENDS, EITHER)                                              \
    X(STACK_DAMAGE, "stack_damage", ENDS, ENDS)                                          \
    X(FORTIFY, "fortify", ENDS, EITHER)                                                  \
    X(THREAD_NULL, "thread_null", ENDS, ENDS) /* on a thread of its own */               \
    X(THREAD_ABORT, "thread_abort", ENDS, ENDS)                                          \
    X(THREAD_EXIT, "thread_exit", ENDS, ENDS)                                            \
    X(RAISE, "raise", EITHER, EITHER)      /* raise(SIGSEGV) */                          \
    X(BLOCKED, "blocked", ENDS, CONTAINED) /* blocks SIGSEGV, then reads NULL */         \
    X(LOOP, "loop", HANGS, HANGS)                                                        \
    X(SLEEP, "sleep", HANGS, HANGS)                                                      \
    X(NOTHING, "nothing", RETURNS, RETURNS) /* the same calls, to compare with */

enum {
    FAULTY_NONE = 0,
#define FAULTY_ENUM(kind, word, on_linux, on_windows) FAULTY_##kind,
    FAULTY_KIND_LIST(FAULTY_ENUM)
#undef FAULTY_ENUM
        FAULTY_KINDS
};

/* X(ENTRY, word). */
#define FAULTY_ENTRY_LIST(X)                                             \
    X(PACKET, "packet")                                                  \
    X(ANY_PACKET, "any_packet") /* on_packet: an opcode without a row */ \
    X(OPEN, "open")                                                      \
    X(CLOSE, "close")                                                    \
    X(SESSION_MESSAGE, "session_message")                                \
    X(WATERMARK, "watermark")                                            \
    X(ROOM_OPEN, "room_open")                                            \
    X(ROOM_CLOSE, "room_close")                                          \
    X(ROOM_MESSAGE, "room_message")                                      \
    X(TICK, "tick") /* a room's timer */                                 \
    X(JOIN, "join")                                                      \
    X(LEAVE, "leave")                                                    \
    X(MODULE_MESSAGE, "module_message")                                  \
    X(JOB, "job")                                                        \
    X(START, "start")                                                    \
    X(STOP, "stop")                                                      \
    X(STOPPING, "stopping")                                              \
    X(DEPENDENCY_SWAPS, "dependency_swaps") /* of faulty_guest */        \
    X(MIGRATE_QUERY, "migrate_query")                                    \
    X(MIGRATE_SESSION, "migrate_session")                                \
    X(MIGRATE_ROOM, "migrate_room")                                      \
    X(MIGRATE_MODULE, "migrate_module")

enum {
#define FAULTY_ENUM(entry, word) FAULTY_IN_##entry,
    FAULTY_ENTRY_LIST(FAULTY_ENUM)
#undef FAULTY_ENUM
        FAULTY_ENTRIES
};

static inline const char *faulty_kind_word(uint32_t kind) {
    static const char *const words[] = {"none",
#define FAULTY_WORD(kind, word, on_linux, on_windows) (word),
                                        FAULTY_KIND_LIST(FAULTY_WORD)
#undef FAULTY_WORD
    };
    return kind < FAULTY_KINDS ? words[kind] : "?";
}

static inline const char *faulty_entry_word(uint32_t entry) {
    static const char *const words[] = {
#define FAULTY_WORD(entry, word) (word),
        FAULTY_ENTRY_LIST(FAULTY_WORD)
#undef FAULTY_WORD
    };
    return entry < FAULTY_ENTRIES ? words[entry] : "?";
}

/* FAULTY_KINDS: there is no such kind. */
static inline uint32_t faulty_kind_of(const char *word) {
    uint32_t kind = 0;
    while (kind < FAULTY_KINDS && strcmp(faulty_kind_word(kind), word) != 0) {
        kind++;
    }
    return kind;
}

/* FAULTY_ENTRIES: there is no such entry. */
static inline uint32_t faulty_entry_of(const char *word) {
    uint32_t entry = 0;
    while (entry < FAULTY_ENTRIES && strcmp(faulty_entry_word(entry), word) != 0) {
        entry++;
    }
    return entry;
}

/* The promise of the host for a kind on this system. */
static inline int faulty_promise(uint32_t kind) {
    static const uint8_t promises[] = {
        FAULTY_EITHER,
#if defined(_WIN32)
#define FAULTY_PROMISE(kind, word, on_linux, on_windows) FAULTY_##on_windows,
#else
#define FAULTY_PROMISE(kind, word, on_linux, on_windows) FAULTY_##on_linux,
#endif
        FAULTY_KIND_LIST(FAULTY_PROMISE)
#undef FAULTY_PROMISE
    };
    return kind < FAULTY_KINDS ? promises[kind] : (int)FAULTY_EITHER;
}

/* ---- packets ------------------------------------------------------------------------------- */

/* Opcodes, with what they carry and the answer, which has the same opcode. A fault that returns
 * (there is no such fault on this system) is answered by FAULTY_SURVIVED. */
enum {
    FAULTY_ECHO = 1,  /* uint32 number; faulty_echo */
    FAULTY_FAULT = 2, /* uint32 kind: faults in this handler; no answer */
    FAULTY_PLAN = 3,  /* faulty_plan; the same */
    FAULTY_SHOW = 4,  /* uint32 FAULTY_OF_...; faulty_shown */
    FAULTY_JOIN = 5,  /* name of a room, which is created; int32 status, when the move has ended */
    FAULTY_LEAVE = 6, /* -; int32 status */
    FAULTY_CLOSE = 7, /* -; closes the room: int32 status */
    FAULTY_POST = 8,  /* faulty_post; the same. Posts a message that faults */
    FAULTY_REQUEST = 9, /* faulty_post; faulty_reply, when the reply has arrived */
    FAULTY_RUN = 10,    /* uint32 kind: runs a job that faults; faulty_reply */
    FAULTY_FLOOD = 11,  /* uint32 bytes to send, in packets of 1,000 with opcode FAULTY_FILLER */
    FAULTY_TICKS = 12,  /* uint32 ms: its room sends FAULTY_TICKED to all members, every so often */
    FAULTY_QUIT = 13,   /* -: the module closes the session */
    FAULTY_TICKED = 20, /* faulty_ticked */
    FAULTY_FILLER = 21,
    FAULTY_SURVIVED = 22,    /* uint32 kind */
    FAULTY_HELLO = 23,       /* uint32 generation: sent by on_open */
    FAULTY_ODD = 99,         /* no row: uint32 number; faulty_echo */
    FAULTY_GUEST_ECHO = 200, /* of faulty_guest: as FAULTY_ECHO, FAULTY_FAULT and FAULTY_PLAN */
    FAULTY_GUEST_FAULT = 201,
    FAULTY_GUEST_PLAN = 202
};

/* FAULTY_OF_GUEST: the share of faulty_guest in the session, answered by FAULTY_GUEST_ECHO only. */
enum { FAULTY_OF_SESSION = 0, FAULTY_OF_ROOM = 1, FAULTY_OF_MODULE = 2 };

typedef struct faulty_echo {
    uint32_t number; /* as sent */
    uint32_t generation;
    uint32_t begun; /* of the session's state, by all its handlers */
    uint32_t done;
    uint32_t sum; /* of all numbers */
} faulty_echo;

/* From now on `times` calls of `entry` fault, whichever entity they are for. 0: none. */
typedef struct faulty_plan {
    uint32_t entry;
    uint32_t kind;
    uint32_t times;
} faulty_plan;

typedef struct faulty_shown {
    uint32_t of;
    uint32_t generation;
    uint32_t begun;
    uint32_t done;
    uint32_t sum;
    uint32_t scratch;  /* bytes of it that are not 0 */
    uint32_t tried;    /* faults of this library so far */
    uint32_t survived; /* of these, that returned */
} faulty_shown;

/* A message to the session itself, its room or the module. */
typedef struct faulty_post {
    uint32_t to;   /* FAULTY_OF_... */
    uint32_t kind; /* FAULTY_NONE: its handler returns, and replies to a request */
    uint32_t ms;   /* of a message, its delay; of a request, its time-out */
} faulty_post;

/* Of a request or job. */
typedef struct faulty_reply {
    int32_t status;
    uint32_t size;       /* of the reply: 4, or 0 after a fault */
    uint32_t generation; /* that replied */
} faulty_reply;

typedef struct faulty_ticked {
    uint32_t ticks;
    uint32_t generation;
    uint32_t missed;
} faulty_ticked;

#endif
