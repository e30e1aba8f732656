/* A thread has the stack that was asked for, not more and not less, and all of it can be used. */
#include "guards.h"

enum { KEPT_BYTES = 192 * 1024, PAGE = 4096 };

static uintptr_t deepest;

/* Uses the stack down to where host functions refuse to run. */
__attribute__((noinline)) static void use_stack(void) {
    volatile char page[PAGE];
    page[0] = 1;
    if (os_stack_is_low()) {
        deepest = (uintptr_t)__builtin_frame_address(0);
    } else {
        use_stack();
    }
    page[1] = page[0]; /* so that the call above is no jump */
}

static void measure(void *arg) {
    uintptr_t *used = arg;
    char top;
    (void)os_guard_self(); /* it sets os_stack_limit */
    CHECK(os_stack_limit != 0);
    use_stack();
    *used = (uintptr_t)&top - deepest;
}

SCENARIO(thread_stack) {
    static const uint32_t sizes[] = {OS_STACK_MIN, 3 << 20, 5 << 20};
    guards_start(NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        os_thread *thread = NULL;
        uintptr_t used = 0;
        os_threads_set_stack(sizes[i]);
        CHECK_OK(os_thread_start(&thread, "measures", measure, &used));
        os_thread_join(thread);
        CHECK(used <= sizes[i]);
        CHECK(used >= sizes[i] - KEPT_BYTES || scale_sanitized());
    }
}
