/* The stack that an overflow has used is given back once the thread waits at a port. */
#include "guards.h"

#include <stdatomic.h>

enum { THREADS = 8, LEFT_BYTES = 2 << 20, POLL_MS = 20, PATIENCE_MS = 20000 };

static os_port *port;
static atomic_int overflowed;
static atomic_bool end;

static void overflow_main(void *arg) {
    os_completion completions[4];
    (void)arg;
    for (int i = 0; i < 2; i++) { /* the stack still works, and so does the next overflow */
        CHECK(!guards_call(GUARD_RECURSE, NULL, NULL));
        CHECK_EQ(os_guard_fault()->kind, OS_FAULT_STACK);
    }
    atomic_fetch_add(&overflowed, 1);
    while (!atomic_load(&end)) {
        (void)os_port_wait(port, completions, 4, POLL_MS);
    }
    CHECK(!guards_call(GUARD_RECURSE, NULL, NULL));
    CHECK_EQ(os_guard_fault()->kind, OS_FAULT_STACK);
}

static uint64_t memory_bytes(void) {
    os_usage usage;
    os_memory_trim();
    os_process_usage(&usage);
    return usage.memory_bytes;
}

SCENARIO(guard_stack) {
    os_thread *threads[THREADS];
    guards_start(NULL);
    CHECK_OK(os_port_create(&port));
    uint64_t before = memory_bytes();
    for (int i = 0; i < THREADS; i++) {
        CHECK_OK(os_thread_start(&threads[i], "overflows", overflow_main, NULL));
    }
    while (atomic_load(&overflowed) < THREADS) {
        os_sleep(POLL_MS);
    }
    /* Each has a stack of at least a megabyte. */
    uint64_t left = memory_bytes();
    uint64_t end_ms = os_monotonic_ms() + PATIENCE_MS;
    while (left >= before + LEFT_BYTES && os_monotonic_ms() < end_ms && !scale_sanitized()) {
        os_sleep(POLL_MS);
        left = memory_bytes();
    }
    CHECK(left < before + LEFT_BYTES || scale_sanitized());
    atomic_store(&end, true);
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    os_port_destroy(port);
}
