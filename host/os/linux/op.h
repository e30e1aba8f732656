/* op.h: what is inside an os_op, and the queues of ops.
 *
 * While an op is in flight it belongs either to its socket (pending, under the socket's lock) or to
 * one queue (completed, under the port's lock or a waiter's). Never to two.
 */
#ifndef PORTICO_LINUX_OP_H
#define PORTICO_LINUX_OP_H

#include "os/os.h"

#include <assert.h>

/* may_alias: the same storage is an os_op for the caller. */
typedef struct __attribute__((may_alias)) op {
    struct op *next;   /* in a queue, or among the accepts of a listener */
    void *data;        /* recv: where to; NULL for recv-ready */
    os_buffer *list;   /* send: what is left of the list */
    uint32_t capacity; /* recv */
    uint32_t bytes;    /* moved so far */
    portico_status status;
    int32_t system_error;
} op;

static_assert(sizeof(op) <= offsetof(os_op, done), "os_op is too small, and `done` is not ours");

typedef struct op_queue {
    op *first;
    op *last;
} op_queue;

static inline void op_queue_push(op_queue *queue, op *o) {
    o->next = NULL;
    if (queue->first == NULL) {
        queue->first = o;
    } else {
        queue->last->next = o;
    }
    queue->last = o;
}

static inline void op_queue_push_front(op_queue *queue, op *o) {
    o->next = queue->first;
    if (queue->first == NULL) {
        queue->last = o;
    }
    queue->first = o;
}

/* NULL when the queue is empty. */
static inline op *op_queue_pop(op_queue *queue) {
    op *o = queue->first;
    if (o != NULL) {
        queue->first = o->next;
    }
    return o;
}

/* False when `o` is not in the queue. */
static inline bool op_queue_remove(op_queue *queue, op *o) {
    op *before = NULL;
    for (op *at = queue->first; at != NULL; before = at, at = at->next) {
        if (at != o) {
            continue;
        }
        if (before == NULL) {
            queue->first = o->next;
        } else {
            before->next = o->next;
        }
        if (queue->last == o) {
            queue->last = before;
        }
        return true;
    }
    return false;
}

#endif
