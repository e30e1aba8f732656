/* sendq.h: what a session still has to send, in order.
 *
 * Bytes wait in segments. Copied packets fill segments; a broadcast packet is a reference to one
 * counted copy. sendq_take moves the first segments into flight, as the list that os_send takes;
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
    shared *frame;     /* what is referred to; NULL: the bytes follow the segment */
    uint32_t capacity; /* bytes of room after the segment */
    uint32_t pool;     /* where the segment came from; POOLS: malloc */
} segment;

typedef struct sendq {
    segment *first;
    segment *last;
    segment *flying;       /* the system's while the send is in flight */
    uint32_t queued_bytes; /* everything not sent yet, including what is in flight */
    uint32_t memory_bytes; /* of the segments and frames: what the send limit limits */
    uint32_t flying_bytes;
    segment own; /* for one reference at a time without an allocation */
} sendq;

/* Adds a shared whole frame at the end, as a reference or, if it is small and `own` is in use, as a
 * copy: *copied says which. */
portico_status sendq_share(sendq *q, shared *whole, bool *copied);

/* The last segment if `size` more bytes fit there, so that no more memory is needed; else NULL. */
static inline segment *sendq_tail(const sendq *q, uint32_t size) {
    segment *g = q->last;
    return g != NULL && g->frame == NULL && g->capacity - g->buffer.size >= size ? g : NULL;
}

/* Adds `size` bytes at the end: what sendq_tail has returned for it. The caller writes them before
 * it uses the queue again. */
static inline uint8_t *sendq_fill(sendq *q, segment *tail, uint32_t size) {
    uint8_t *to = (uint8_t *)(tail + 1) + tail->buffer.size;
    tail->buffer.size += size;
    q->queued_bytes += size;
    return to;
}

/* The same where there is no tail. NULL: out of memory. */
uint8_t *sendq_grow(sendq *q, uint32_t size);

static inline uint8_t *sendq_add(sendq *q, uint32_t size) {
    segment *tail = sendq_tail(q, size);
    return tail != NULL ? sendq_fill(q, tail, size) : sendq_grow(q, size);
}

/* Moves up to OS_SEND_BUFFERS_MAX segments into flight. NULL: nothing waits, or something is in
 * flight. */
os_buffer *sendq_take(sendq *q);

/* Frees what was in flight, sent or failed. */
void sendq_sent(sendq *q);

/* Frees what waits, but not what is in flight. */
void sendq_drop(sendq *q);

#endif
