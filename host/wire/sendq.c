/* sendq.c: see sendq.h. */
#include "wire/sendq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The first segment of an idle session is medium, since most answers are small; the next ones are
 * large. What comes between two broadcast frames is small, and so is a reference to one. */

/* Up to this size a shared frame is copied while the queue's own reference is in use: another
 * reference takes more memory, counting the allocator's share, and os_send takes only
 * OS_SEND_BUFFERS_MAX of them at once. Measured: in an idle queue a reference costs a fourteenth of
 * a copy of any size. Sixteen deep, a copy of 32 bytes costs half as much as a reference, one of 64
 * bytes three times as much, one of 500 bytes eight times. */
enum { COPY_BYTES = 64 };

static_assert(COPY_BYTES >= sizeof(segment), "a reference would be smaller than the copy");

/* Makes a segment with room for `size` bytes: from the pool `usual` if they fit there, else exactly
 * that large. */
static segment *segment_create(uint32_t size, pool usual) {
    uint32_t capacity = pool_bytes(usual) - (uint32_t)sizeof(segment);
    pool from = usual;
    if (size > capacity) {
        capacity = size;
        from = POOLS;
    }
    segment *g = from != POOLS ? pool_take(from) : buffer_allocate(sizeof *g + (uint64_t)size);
    if (g != NULL) {
        *g = (segment){
            .buffer = {.data = (const uint8_t *)(g + 1)}, .capacity = capacity, .pool = from};
    }
    return g;
}

static void segment_free(segment *g) {
    if (g->pool < POOLS) {
        pool_give((pool)g->pool, g);
    } else {
        buffer_free(g, sizeof *g + (uint64_t)g->capacity);
    }
}

static uint32_t segment_memory(const segment *g) {
    return (uint32_t)sizeof *g + g->capacity + (g->frame != NULL ? g->frame->size : 0);
}

static void segments_free(sendq *q, segment *g) {
    while (g != NULL) {
        segment *next = g->next;
        q->memory_bytes -= segment_memory(g);
        shared_release(g->frame);
        g->frame = NULL;
        if (g != &q->own) {
            segment_free(g);
        }
        g = next;
    }
}

static void sendq_append(sendq *q, segment *g) {
    if (q->last != NULL) {
        q->last->next = g;
    } else {
        q->first = g;
    }
    q->last = g;
    q->memory_bytes += segment_memory(g);
}

uint8_t *sendq_grow(sendq *q, uint32_t size) {
    const segment *last = q->last;
    pool usual = q->queued_bytes == 0                  ? POOL_MEDIUM
                 : last != NULL && last->frame != NULL ? POOL_SMALL
                                                       : POOL_LARGE;
    segment *g = segment_create(size, usual);
    if (g == NULL) {
        return NULL;
    }
    sendq_append(q, g);
    return sendq_fill(q, g, size);
}

portico_status sendq_share(sendq *q, shared *whole, bool *copied) {
    segment *g = &q->own;
    *copied = g->frame != NULL && whole->size <= COPY_BYTES;
    if (*copied) {
        uint8_t *to = sendq_add(q, whole->size);
        if (to == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        memcpy(to, whole->bytes, whole->size);
        return PORTICO_OK;
    }
    if (g->frame != NULL && (g = segment_create(0, POOL_SMALL)) == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    g->next = NULL;
    g->frame = shared_hold(whole);
    g->buffer = (os_buffer){.data = whole->bytes, .size = whole->size};
    sendq_append(q, g);
    q->queued_bytes += whole->size;
    return PORTICO_OK;
}

os_buffer *sendq_take(sendq *q) {
    if (q->flying != NULL || q->first == NULL) {
        return NULL;
    }
    segment *g = q->first;
    q->flying = g;
    q->flying_bytes = g->buffer.size;
    for (uint32_t count = 1; g->next != NULL && count < OS_SEND_BUFFERS_MAX; count++) {
        g->buffer.next = &g->next->buffer;
        g = g->next;
        q->flying_bytes += g->buffer.size;
    }
    q->first = g->next;
    if (q->first == NULL) {
        q->last = NULL;
    }
    g->next = NULL;
    g->buffer.next = NULL;
    return &q->flying->buffer;
}

void sendq_sent(sendq *q) {
    segments_free(q, q->flying);
    q->flying = NULL;
    q->queued_bytes -= q->flying_bytes;
    q->flying_bytes = 0;
}

void sendq_drop(sendq *q) {
    segments_free(q, q->first);
    q->first = NULL;
    q->last = NULL;
    q->queued_bytes = q->flying_bytes;
}
