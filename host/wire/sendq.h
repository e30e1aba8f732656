/* sendq.h: what a session still has to send, in order.
 *
 * Bytes wait in segments: copied packets share segments that are filled up, broadcast packets refer to one
 * counted copy. sendq_take moves the first segments into flight as the list that os_send wants;
 * sendq_sent frees them. Guarded by the session's lock. All bytes zero is an empty queue.
 */
#ifndef PORTICO_SENDQ_H
#define PORTICO_SENDQ_H

#include "os/os.h"
#include "wire/buffer.h"
#include "wire/frame.h"

typedef struct segment {
    os_buffer buffer; /* first: os_send walks the segments through it */
    struct segment *next;
    shared *frame;     /* what is referred to; NULL: the bytes stand behind the segment */
    uint32_t capacity; /* of those */
    uint32_t pool;     /* where the segment came from; POOLS: from none */
} segment;

typedef struct sendq {
    segment *first;
    segment *last;
    segment *flying;       /* belong to the system while the send is in flight */
    uint32_t queued_bytes; /* all that is not sent, in flight too */
    uint32_t memory_bytes; /* what all that takes: what the send limit is held against */
    uint32_t flying_bytes;
    segment own; /* refers to one shared frame at a time without an allocation */
} sendq;

/* Adds `size` bytes to the end, which the caller writes before it does anything else with the queue. NULL when out of
 * memory. */
uint8_t *sendq_add(sendq *q, uint32_t size);

/* Puts a whole frame that is shared to the end, with a reference of its own; or a copy, when it is small and the frame
 * shared before it still waits or flies: *copied says which. */
portico_status sendq_share(sendq *q, shared *whole, bool *copied);

/* Whether `size` more bytes would take no more memory. */
static inline bool sendq_fits(const sendq *q, uint32_t size) {
    const segment *g = q->last;
    return g != NULL && g->frame == NULL && g->capacity - g->buffer.size >= size;
}

/* Moves up to OS_SEND_BUFFERS_MAX segments into flight; NULL when nothing waits or something flies. */
os_buffer *sendq_take(sendq *q);

/* What flew has arrived or failed: frees it. */
void sendq_sent(sendq *q);

/* Frees what waits; what flies stays. */
void sendq_drop(sendq *q);

#endif
