/* running.c: see running.h. */
#include "module/running.h"

#include <string.h>

_Thread_local running running_now;

static bool fate_becomes(running *r, running_fate fate) {
    running_fate open = FATE_OPEN;
    return atomic_compare_exchange_strong(&r->fate, &open, fate);
}

bool running_settle(void) {
    return fate_becomes(&running_now, FATE_SETTLES);
}

void running_settled(void) {
    atomic_store(&running_now.fate, FATE_OPEN);
}

bool running_abandon(running *r) {
    return fate_becomes(r, FATE_ABANDONED);
}

/* Replaces a byte by itself in one step, so that no write of another thread is lost. */
MAY_FAULT static void touch(volatile char *at, bool write) {
    if (write) {
        volatile _Atomic char *byte = (volatile _Atomic char *)at;
        char found = atomic_load_explicit(byte, memory_order_relaxed);
        (void)atomic_compare_exchange_strong_explicit(byte, &found, found, memory_order_relaxed,
                                                      memory_order_relaxed);
    } else {
        (void)*at;
    }
}

void running_probe_pages(const void *data, size_t size, bool write) {
    volatile char *at = (volatile char *)(uintptr_t)data;
    running_now.probing = true;
    for (size_t i = 0; i < size; i += RUNNING_PAGE) {
        touch(at + i, write);
    }
    if (size > 0) {
        touch(at + size - 1, write);
    }
    running_now.probing = false;
}

MAY_FAULT size_t running_probe_text(const char *text) {
    running_now.probing = true;
    atomic_signal_fence(memory_order_seq_cst); /* strlen stays between the two */
    volatile size_t length = strlen(text);     /* also if the caller does not need it */
    atomic_signal_fence(memory_order_seq_cst);
    running_now.probing = false;
    return length;
}
