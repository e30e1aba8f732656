/* A guard around a function that does not fault costs nothing else: it returns true. A fault that
 * the caller raises itself, and the state of the thread after one. */
#include "guards.h"

#include <fenv.h>

static bool refuse; /* of this test's hook */
static uint32_t asked;
static void *asked_owner;
static os_fault asked_fault;

static bool contain(const os_fault *fault, void *owner) {
    asked++;
    asked_owner = owner;
    asked_fault = *fault;
    return !refuse;
}

static const os_fault_hooks hooks = {contain, guards_end};

static void count(void *arg) {
    (*(int *)arg)++;
}

static void raise_memory(void *arg) {
    int *reached = arg;
    *reached = 1;
    os_guard_raise(OS_FAULT_MEMORY, "the name is not readable");
    *reached = 2;
}

static void check_before_start(void) {
    int calls = 0;
    CHECK(os_guard_call(count, &calls, &calls));
    CHECK_EQ(calls, 1);
}

static void check_calls(void) {
    int calls = 0;
    for (int i = 0; i < 100000; i++) {
        CHECK(os_guard_call(count, &calls, NULL));
    }
    CHECK_EQ(calls, 100000);
    CHECK_EQ(asked, 0);
    CHECK(os_guard_self() != NULL);
}

/* In no guard a raise only returns. */
static void check_raise(void) {
    int reached = 0;
    int owner = 0;
    os_guard_raise(OS_FAULT_MEMORY, "nothing happens");
    raise_memory(&reached);
    CHECK_EQ(reached, 2);
    CHECK_EQ(asked, 0);

    CHECK(!os_guard_call(raise_memory, &reached, &owner));
    CHECK_EQ(reached, 1);
    CHECK_EQ(asked, 1);
    CHECK(asked_owner == &owner);
    const os_fault *fault = os_guard_fault();
    CHECK_EQ(fault->kind, OS_FAULT_MEMORY);
    CHECK(fault->raised && fault->in_guard);
    CHECK(strcmp(fault->text, "the name is not readable") == 0);
    CHECK(fault->frame_count >= 2);
    uintptr_t in_function = fault->frames[0] - (uintptr_t)raise_memory;
    CHECK(in_function > 0 && in_function < 256);

    refuse = true;
    CHECK(os_guard_call(raise_memory, &reached, &owner));
    CHECK_EQ(reached, 2);
    CHECK_EQ(asked, 2);
    refuse = false;
}

static void change_rounding(void *arg) {
    (void)arg;
    CHECK_EQ(fesetround(FE_UPWARD), 0);
    guards_run(GUARD_WRITE_NULL, NULL);
}

static void change_rounding_and_abort(void *arg) {
    (void)arg;
    CHECK_EQ(fesetround(FE_DOWNWARD), 0);
    guards_run(GUARD_CALL_ABORT, NULL);
}

static void check_rounding(void) {
    volatile double one = 1;
    volatile double three = 3;
    double third = one / three;
    CHECK(!os_guard_call(change_rounding, NULL, NULL));
    CHECK_EQ(fegetround(), FE_TONEAREST);
    CHECK(one / three == third);
    CHECK(!os_guard_call(change_rounding_and_abort, NULL, NULL));
    CHECK_EQ(fegetround(), FE_TONEAREST);
    CHECK(one / three == third);
    long double more = (long double)one / three;
    CHECK(more > 0.3L && more < 0.4L);
}

/* The limit is below this frame, and the stack above it can be used. */
static void check_stack(void) {
    volatile char room[16384];
    room[0] = 1;
    CHECK(os_stack_limit != 0);
    CHECK((uintptr_t)&room[0] > os_stack_limit);
    CHECK(!os_stack_is_low());
}

SCENARIO(guard_call) {
    check_before_start();
    guards_start(&hooks);
    check_calls();
    check_raise();
    check_rounding();
    check_stack();
    for (int i = 0; i < OS_FAULT_KINDS; i++) {
        CHECK(os_fault_word((os_fault_kind)i)[0] != '\0');
    }
}
