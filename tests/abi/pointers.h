/* pointers.h: what the module `pointers` can be told to do, see pointers.c. */
#ifndef TEST_POINTERS_H
#define TEST_POINTERS_H

#include <stdint.h>

/* Opcodes. */
enum {
    POINTERS_CALL = 1, /* a pointers_call; a function that returns is answered by an int32_t */
    POINTERS_USE = 2,  /* uses every function as it should be; answered by an int32_t: 0, or where
                          it went wrong */
    POINTERS_DIVE = 3  /* calls itself until the stack is used up, and the host each time */
};

/* How the memory is used. */
typedef enum pointers_kind { POINTERS_TEXT, POINTERS_READ, POINTERS_WRITE } pointers_kind;

/* X(name, kind, answer): each pointer that a function of the host receives, and what it returns
 * for NULL, which is no fault: a status, or 0 where it returns something else. */
#define POINTERS_LIST(X)                           \
    X(LOG, TEXT, PORTICO_OK)                       \
    X(DATA_PATH_FILE, TEXT, PORTICO_E_INVALID)     \
    X(DATA_PATH, WRITE, PORTICO_E_INVALID)         \
    X(GET_EXTENSION, TEXT, PORTICO_OK)             \
    X(MODULE_FIND, TEXT, PORTICO_OK)               \
    X(SESSION_SEND, READ, PORTICO_E_INVALID)       \
    X(SESSION_SEND_LARGE, READ, PORTICO_E_INVALID) \
    X(SESSION_SEND_OTHER, READ, PORTICO_E_INVALID) \
    X(SESSION_INFO, WRITE, PORTICO_E_INVALID)      \
    X(SESSION_SET_LABEL, TEXT, PORTICO_E_INVALID)  \
    X(SESSION_LABEL, WRITE, PORTICO_E_INVALID)     \
    X(SESSION_FIND_TYPE, TEXT, PORTICO_OK)         \
    X(SESSION_FIND, TEXT, PORTICO_OK)              \
    X(SESSION_LIST_TYPE, TEXT, PORTICO_OK)         \
    X(SESSION_LIST, WRITE, PORTICO_OK)             \
    X(CHANNEL_JOIN, TEXT, PORTICO_E_INVALID)       \
    X(CHANNEL_LEAVE, TEXT, PORTICO_E_INVALID)      \
    X(CHANNEL_SEND_CHANNEL, TEXT, PORTICO_OK)      \
    X(CHANNEL_SEND, READ, PORTICO_OK)              \
    X(CHANNEL_MEMBERS_CHANNEL, TEXT, PORTICO_OK)   \
    X(CHANNEL_MEMBERS, WRITE, PORTICO_OK)          \
    X(CHANNEL_CLOSE, TEXT, PORTICO_OK)             \
    X(ROOM_CREATE_TYPE, TEXT, PORTICO_E_INVALID)   \
    X(ROOM_CREATE_NAME, TEXT, PORTICO_E_INVALID)   \
    X(ROOM_CREATE_DATA, READ, PORTICO_E_INVALID)   \
    X(ROOM_CREATE, WRITE, PORTICO_OK)              \
    X(ROOM_FIND_TYPE, TEXT, PORTICO_OK)            \
    X(ROOM_FIND, TEXT, PORTICO_OK)                 \
    X(ROOM_LIST_TYPE, TEXT, PORTICO_OK)            \
    X(ROOM_LIST, WRITE, PORTICO_OK)                \
    X(ROOM_INFO, WRITE, PORTICO_E_INVALID)         \
    X(ROOM_MEMBERS, WRITE, PORTICO_OK)             \
    X(ROOM_SEND, READ, PORTICO_OK)                 \
    X(POST, READ, PORTICO_E_INVALID)               \
    X(POST_AFTER_DATA, READ, PORTICO_E_INVALID)    \
    X(POST_AFTER, WRITE, PORTICO_OK)               \
    X(POST_EVERY_DATA, READ, PORTICO_E_INVALID)    \
    X(POST_EVERY, WRITE, PORTICO_OK)               \
    X(REQUEST_DATA, READ, PORTICO_E_INVALID)       \
    X(REQUEST, WRITE, PORTICO_OK)                  \
    X(REPLY, READ, PORTICO_E_INVALID)              \
    X(RUN_JOB, READ, PORTICO_E_INVALID)

typedef enum pointers_what {
#define POINTERS_WHAT(name, kind, answer) POINTERS_##name,
    POINTERS_LIST(POINTERS_WHAT)
#undef POINTERS_WHAT
        POINTERS_WHATS
} pointers_what;

/* Where the memory is. */
typedef enum pointers_where {
    POINTERS_NULL,
    POINTERS_UNMAPPED,
    POINTERS_PARTLY, /* it begins just before the end of what is mapped; a text has no end there */
    POINTERS_HOLE,   /* of three pages the one in the middle is missing */
    POINTERS_READ_ONLY, /* for what is written */
    POINTERS_WHERES
} pointers_where;

typedef struct pointers_call {
    uint32_t what;
    uint32_t where;
} pointers_call;

#endif
