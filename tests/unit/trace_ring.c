/* trace_ring.c: threads write records of many sizes without pause while one reads. None is lost,
 * torn or out of its writer's order, and a full ring says so at once. */
#include "trace/trace_ring.h"

#include "os/os.h"
#include "support/check.h"

#include <string.h>

enum { WRITERS = 3, RECORDS = 20000, CAPACITY = 16384, SIZE_MAX_BYTES = 5000 };

typedef struct record {
    uint32_t writer;
    uint32_t number;
    uint32_t size; /* with what follows */
    uint8_t rest[];
} record;

static trace_ring ring;
static atomic_uint full; /* how often a writer found it full */
static atomic_uint writing;

static uint32_t size_of(uint32_t writer, uint32_t number) {
    uint32_t mixed = (writer * 31 + number) * 2654435761u >> 8;
    return (uint32_t)sizeof(record) + mixed % (mixed % 16 == 0 ? SIZE_MAX_BYTES : 200);
}

static void write_all(void *arg) {
    uint32_t writer = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < RECORDS;) {
        uint32_t size = size_of(writer, i);
        record *r = trace_ring_reserve(&ring, size);
        if (r == NULL) {
            atomic_fetch_add(&full, 1);
            os_sleep(1);
            continue;
        }
        *r = (record){.writer = writer, .number = i, .size = size};
        memset(r->rest, (int)(i & 0xFF), size - sizeof *r);
        trace_ring_commit(r);
        i++;
    }
    atomic_fetch_sub(&writing, 1);
}

static void check(const record *r, uint32_t next[WRITERS]) {
    CHECK(r->writer < WRITERS);
    CHECK_INT(r->number, next[r->writer]);
    CHECK_INT(r->size, size_of(r->writer, r->number));
    for (uint32_t i = 0; i < r->size - sizeof *r; i++) {
        CHECK(r->rest[i] == (r->number & 0xFF));
    }
    next[r->writer]++;
}

static void race(void) {
    os_thread *threads[WRITERS];
    uint32_t next[WRITERS] = {0};
    uint32_t seen = 0;
    CHECK(trace_ring_init(&ring, CAPACITY));
    atomic_store(&writing, WRITERS);
    for (uintptr_t i = 0; i < WRITERS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "writer", write_all, (void *)i), PORTICO_OK);
    }
    while (seen < WRITERS * RECORDS) {
        const record *r = trace_ring_next(&ring);
        if (r != NULL) {
            check(r, next);
            trace_ring_release(&ring);
            seen++;
        } else {
            CHECK(atomic_load(&writing) > 0 || trace_ring_next(&ring) != NULL);
            os_sleep(0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK(trace_ring_next(&ring) == NULL);
    trace_ring_fini(&ring);
}

/* A record that is not committed hides those after it; a full ring has space again once the oldest
 * has been read. */
static void order(void) {
    CHECK(trace_ring_init(&ring, 4096));
    CHECK(trace_ring_next(&ring) == NULL);
    uint8_t *first = trace_ring_reserve(&ring, 1500);
    uint8_t *second = trace_ring_reserve(&ring, 1500);
    CHECK(first != NULL && second != NULL && trace_ring_reserve(&ring, 1500) == NULL);
    *second = 2;
    trace_ring_commit(second);
    CHECK(trace_ring_next(&ring) == NULL);
    *first = 1;
    trace_ring_commit(first);
    CHECK_INT(*(const uint8_t *)trace_ring_next(&ring), 1);
    CHECK(trace_ring_reserve(&ring, 1500) == NULL);
    trace_ring_release(&ring);
    uint8_t *third = trace_ring_reserve(&ring, 1500); /* at the start again */
    CHECK(third != NULL && third < second);
    *third = 3;
    trace_ring_commit(third);
    CHECK_INT(*(const uint8_t *)trace_ring_next(&ring), 2);
    trace_ring_release(&ring);
    CHECK_INT(*(const uint8_t *)trace_ring_next(&ring), 3);
    trace_ring_release(&ring);
    CHECK(trace_ring_next(&ring) == NULL);
    CHECK(trace_ring_reserve(&ring, 4096) == NULL); /* it never fits */
    trace_ring_fini(&ring);
}

SCENARIO(trace_ring) {
    order();
    race();
}
