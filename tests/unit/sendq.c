/* sendq.c: a session's bytes leave in order and unchanged, however they were queued. A broadcast is
 * referred to, not copied, unless it is smaller than a reference and something waits. Nothing
 * leaks. */
#include "wire/sendq.h"

#include "support/check.h"

/* A shared frame of `size` bytes, all of them `fill`. */
static shared *frame_of(uint32_t size, uint8_t fill) {
    shared *b = shared_create(size);
    CHECK(b != NULL);
    memset(b->bytes, fill, size);
    return b;
}

static bool share(sendq *q, shared *b) {
    bool copied = false;
    CHECK_INT(sendq_share(q, b, &copied), PORTICO_OK);
    return copied;
}

static void copy(sendq *q, char byte) {
    uint8_t *to = sendq_add(q, 1);
    CHECK(to != NULL);
    *to = (uint8_t)byte;
}

/* Takes the next list, checks that it is `size` bytes that begin with `expected`, and sends it. */
static void expect(sendq *q, const void *expected, uint32_t size) {
    static uint8_t found[65536];
    uint32_t used = 0;
    const os_buffer *list = sendq_take(q);
    CHECK(list != NULL);
    CHECK(sendq_take(q) == NULL); /* one flies at a time */
    for (; list != NULL; list = list->next) {
        memcpy(found + used, list->data, list->size);
        used += list->size;
    }
    CHECK_INT(used, size);
    CHECK(memcmp(found, expected, size) == 0);
    sendq_sent(q);
}

static void expect_empty(sendq *q) {
    CHECK(sendq_take(q) == NULL);
    CHECK_INT(q->queued_bytes, 0);
    CHECK_INT(q->memory_bytes, 0);
}

/* The only reference left is the caller's. */
static void expect_last(shared *b) {
    CHECK_INT(atomic_load(&b->refs), 1);
    shared_release(b);
}

static void idle_queue_refers_to_any_size(void) {
    sendq q = {0};
    for (uint32_t size = 1; size < 200; size++) {
        shared *b = frame_of(size, (uint8_t)size);
        CHECK(!share(&q, b));
        CHECK_INT(atomic_load(&b->refs), 2);
        expect(&q, b->bytes, size);
        expect_last(b);
    }
    expect_empty(&q);
}

static void only_small_frames_are_copied_after_others(void) {
    sendq q = {0};
    shared *first = frame_of(100, 'a');
    shared *large = frame_of(100, 'b');
    shared *small = frame_of(10, 'c');
    uint8_t expected[221];
    memset(expected, 'a', 100);
    memset(expected + 100, 'b', 100);
    memset(expected + 200, 'c', 10);
    memset(expected + 210, 'd', 1);
    memset(expected + 211, 'c', 10);
    CHECK(!share(&q, first));
    CHECK(!share(&q, large));
    CHECK(share(&q, small));
    copy(&q, 'd');
    CHECK(share(&q, small));
    CHECK_INT(q.queued_bytes, sizeof expected);
    CHECK(q.memory_bytes >= sizeof expected);
    expect(&q, expected, sizeof expected);
    expect_empty(&q);
    expect_last(first);
    expect_last(large);
    expect_last(small);
}

/* While the first list is being sent, its space is in use. */
static void what_flies_stays(void) {
    sendq q = {0};
    shared *b = frame_of(100, 'a');
    shared *small = frame_of(3, 'b');
    CHECK(!share(&q, b));
    const os_buffer *flying = sendq_take(&q);
    CHECK(flying != NULL && flying->data == b->bytes);
    CHECK(!share(&q, b));
    CHECK(share(&q, small));
    CHECK_INT(atomic_load(&b->refs), 3);
    CHECK(flying->data == b->bytes && flying->size == 100 && flying->next == NULL);
    sendq_sent(&q);
    CHECK(!share(&q, small)); /* its place is free again, at the end of the queue */
    uint8_t expected[106];
    memset(expected, 'a', 100);
    memset(expected + 100, 'b', 6);
    expect(&q, expected, sizeof expected);
    expect_empty(&q);
    expect_last(b);
    expect_last(small);
}

static void drop_frees_what_waits(void) {
    sendq q = {0};
    shared *b = frame_of(100, 'a');
    CHECK(!share(&q, b));
    CHECK(sendq_take(&q) != NULL);
    CHECK(!share(&q, b));
    copy(&q, 'x');
    sendq_drop(&q);
    CHECK_INT(q.queued_bytes, 100);
    CHECK_INT(atomic_load(&b->refs), 2);
    sendq_sent(&q);
    expect_empty(&q);
    CHECK(!share(&q, b));
    sendq_drop(&q);
    expect_empty(&q);
    expect_last(b);
}

/* More segments than one os_send takes are sent by several. */
static void long_queues_go_out_in_parts(void) {
    enum { COUNT = 3 * OS_SEND_BUFFERS_MAX + 5, SIZE = 70 };
    sendq q = {0};
    static uint8_t expected[COUNT * SIZE];
    for (uint32_t i = 0; i < COUNT; i++) {
        shared *b = frame_of(SIZE, (uint8_t)i);
        memcpy(expected + (size_t)i * SIZE, b->bytes, SIZE);
        CHECK(!share(&q, b));
        shared_release(b);
    }
    for (uint32_t i = 0; i < 3; i++) {
        expect(&q, expected + (size_t)i * OS_SEND_BUFFERS_MAX * SIZE, OS_SEND_BUFFERS_MAX * SIZE);
    }
    expect(&q, expected + (size_t)3 * OS_SEND_BUFFERS_MAX * SIZE, 5 * SIZE);
    expect_empty(&q);
}

/* Any mix of packets of any size, broadcasts and sends, compared with a plain list of bytes. */
static void any_mix_leaves_in_order(void) {
    enum { STEPS = 20000, MOST = 40000, PACKET = 3000, FRAME = 200 };
    static uint8_t bytes[2 * MOST]; /* what waits or flies */
    uint32_t waiting = 0;
    uint32_t flying = 0;
    uint32_t random = 1;
    sendq q = {0};
    for (uint32_t step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t what = random >> 8 & 7;
        uint32_t size = 1 + (random >> 11) % (what < 3 ? PACKET : FRAME);
        uint8_t fill = (uint8_t)(random >> 24);
        if (what < 3 && waiting < MOST) {
            uint8_t *to = sendq_add(&q, size);
            CHECK(to != NULL);
            memset(to, fill, size);
            memset(bytes + waiting, fill, size);
            waiting += size;
        } else if (what < 6 && waiting < MOST) {
            shared *b = frame_of(size, fill);
            (void)share(&q, b);
            shared_release(b);
            memset(bytes + waiting, fill, size);
            waiting += size;
        } else if (flying == 0) {
            for (const os_buffer *list = sendq_take(&q); list != NULL; list = list->next) {
                CHECK(memcmp(bytes + flying, list->data, list->size) == 0);
                flying += list->size;
            }
        } else {
            sendq_sent(&q);
            waiting -= flying;
            memmove(bytes, bytes + flying, waiting);
            flying = 0;
        }
        CHECK_INT(q.queued_bytes, waiting);
        CHECK(q.memory_bytes >= waiting);
    }
    sendq_sent(&q);
    sendq_drop(&q);
    expect_empty(&q);
}

SCENARIO(sendq) {
    idle_queue_refers_to_any_size();
    only_small_frames_are_copied_after_others();
    what_flies_stays();
    drop_frees_what_waits();
    long_queues_go_out_in_parts();
    any_mix_leaves_in_order();
}
