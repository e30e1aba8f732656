/* op.h: what is inside an os_op while it is in flight: all that its completion needs. */
#ifndef PORTICO_WINDOWS_OP_H
#define PORTICO_WINDOWS_OP_H

#include "private.h"

typedef enum op_kind { OP_POST, OP_ACCEPT, OP_CONNECT, OP_RECV, OP_SEND } op_kind;

typedef struct op {
    OVERLAPPED overlapped; /* first: its address is what the port hands out */
    op_kind kind;
    uint32_t wanted_bytes; /* OP_RECV: the capacity; OP_SEND: fewer bytes are a failure */
    os_socket *held;       /* the socket it was submitted on; NULL for OP_POST */
    os_socket *accepted;   /* OP_ACCEPT: the socket that the connection is accepted into */
    union {
        void *data; /* OP_RECV */
        void *copy; /* OP_SEND: of the list, for a pipe, or NULL. From malloc */
    };
    struct op *next; /* in an op_queue */
    DWORD code;      /* with `kept`: how it ended */
    bool kept;       /* its end is in `code`, not in the OVERLAPPED */
    bool early;      /* OP_RECV: has taken what was received early */
    bool deferred;   /* OP_RECV: has not begun. With `cancelled`, under the socket's lock */
    bool cancelled;  /* OP_RECV: cancelled before it began */
} op;

_Static_assert(sizeof(op) <= sizeof(((os_op *)0)->sys), "os_op is too small");

typedef struct op_queue {
    op *first;
    op *last; /* valid when there is a first */
} op_queue;

#endif
