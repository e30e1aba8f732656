/* Threads come, fault and go: what the handler needs per thread is given back, or used again. */
#include "guards.h"

#include <stdatomic.h>

static _Atomic(os_guard_thread *) seen[8];
static atomic_int distinct;

static void remember(os_guard_thread *self) {
    CHECK(self != NULL);
    for (int i = 0; i < 8; i++) {
        os_guard_thread *none = NULL;
        if (atomic_compare_exchange_strong(&seen[i], &none, self)) {
            atomic_fetch_add(&distinct, 1);
            return;
        }
        if (none == self) {
            return;
        }
    }
    contract_fail(__FILE__, __LINE__, "os_guard_self() is new for each thread");
}

static void fault_main(void *arg) {
    CHECK(!guards_call(GUARD_WRITE_NULL, NULL, NULL));
    CHECK(os_stack_limit != 0);
    remember(os_guard_self());
    if (*(const int *)arg % 20 == 0) { /* it touches the whole stack, which takes long */
        CHECK(!guards_call(GUARD_RECURSE, NULL, NULL));
        CHECK_EQ(os_guard_fault()->kind, OS_FAULT_STACK);
    }
}

/* Two threads at a time. */
static void run_threads(int count) {
    for (int i = 0; i < count; i += 2) {
        os_thread *threads[2];
        for (int j = 0; j < 2; j++) {
            CHECK_OK(os_thread_start(&threads[j], "faults", fault_main, &i));
        }
        os_thread_join(threads[0]);
        os_thread_join(threads[1]);
    }
}

static uint64_t memory_bytes(void) {
    os_usage usage;
    os_memory_trim();
    os_process_usage(&usage);
    return usage.memory_bytes;
}

SCENARIO(guard_threads) {
    guards_start(NULL);
    run_threads(20);
    uint64_t before = memory_bytes();
    int threads = scale(2000, 100);
    run_threads(threads);
    if (!scale_sanitized() && before != 0) {
        /* A leaked stack of a handler would be 64 KiB of addresses, and two pages of memory. */
        CHECK(memory_bytes() < before + (uint64_t)threads * 2048);
    }
    CHECK(atomic_load(&distinct) <= 4);
}
