/* status.h: every outcome of a function of the host or a module, and every reason for closing.
 *
 * PORTICO_STATUS_LIST(X) expands to X(NAME, NUMBER, SENTENCE) for each status. 0 is success, errors
 * are negative. Numbers never change their meaning and are never reused; new ones are added at the
 * end.
 */
#ifndef PORTICO_STATUS_H
#define PORTICO_STATUS_H

#include <stdint.h>

/* clang-format off */
#define PORTICO_STATUS_LIST(X)                                                       \
    X(OK,                 0, "success")                                              \
    X(E_INVALID,         -1, "an argument is not allowed")                           \
    X(E_NO_MEMORY,       -2, "out of memory")                                        \
    X(E_GONE,            -3, "it has ended, or its id is stale")                     \
    X(E_BACKLOG,         -4, "too much is waiting already")                          \
    X(E_STATE,           -5, "not allowed at this time")                             \
    X(E_NOT_FOUND,       -6, "there is no such thing")                               \
    X(E_EXISTS,          -7, "it is there already")                                  \
    X(E_LIMIT,           -8, "a configured limit is reached")                        \
    X(E_TOO_BIG,         -9, "more bytes than allowed")                              \
    X(E_TIMEOUT,        -10, "timed out")                                            \
    X(E_CANCELLED,      -11, "the operation was cancelled")                          \
    X(E_EOF,            -12, "the peer closed the connection")                       \
    X(E_RESET,          -13, "the connection broke")                                 \
    X(E_REFUSED,        -14, "refused")                                              \
    X(E_UNREACHABLE,    -15, "the network or host cannot be reached")                \
    X(E_ADDRESS_IN_USE, -16, "the address is in use")                                \
    X(E_ADDRESS,        -17, "the address is not available on this machine")         \
    X(E_NO_HANDLES,     -18, "the system is out of handles")                         \
    X(E_ACCESS,         -19, "permission denied")                                    \
    X(E_FRAME,          -20, "the bytes break the rules of the framing or packet")   \
    X(E_FLOOD,          -21, "more packets per second than allowed")                 \
    X(E_KICKED,         -22, "closed by the administrator")                          \
    X(E_SHUTDOWN,       -23, "the host is stopping")                                 \
    X(E_UNLOADED,       -24, "the module was unloaded")                              \
    X(E_CLOSED,         -25, "closed by the module")                                 \
    X(E_ABI,            -26, "built for another version of the ABI")                 \
    X(E_NOT_A_MODULE,   -27, "not a module")                                         \
    X(E_DEPENDENCY,     -28, "a module that this one requires is missing")           \
    X(E_LOAD,           -29, "the module's start failed")                            \
    X(E_UNSUPPORTED,    -30, "not supported here")                                   \
    X(E_SYSTEM,         -31, "the system reported an error")                         \
    X(E_ROOM_CLOSED,    -32, "the room has closed")                                  \
    X(E_FAULT,          -33, "the module's code failed")
/* clang-format on */

typedef int32_t portico_status;

enum {
#define PORTICO_STATUS_ENUM(name, number, sentence) PORTICO_##name = (number),
    PORTICO_STATUS_LIST(PORTICO_STATUS_ENUM)
#undef PORTICO_STATUS_ENUM
};

/* The list's sentence, which is true for every function that returns the status. Never NULL. */
static inline const char *portico_status_text(portico_status status) {
    switch (status) {
#define PORTICO_STATUS_CASE(name, number, sentence) \
    case PORTICO_##name: return sentence;
        PORTICO_STATUS_LIST(PORTICO_STATUS_CASE)
#undef PORTICO_STATUS_CASE
    default: return "a status that this version does not know";
    }
}

#endif
