/* A thread is stopped, described, and goes on or ends its guard's call: while it runs, while it
 * waits in the system, between two guards, and after its end. */
#include "guards.h"

#include <stdatomic.h>

static atomic_int stage;
static atomic_int spin_ends; /* read by the library as a volatile int */
static _Atomic(os_guard_thread *) target;
static atomic_bool refuse;
static atomic_int asked;

static bool contain(const os_fault *fault, void *owner) {
    CHECK_EQ(fault->kind, OS_FAULT_HANG);
    CHECK(fault->in_guard && owner == &stage);
    atomic_fetch_add(&asked, 1);
    return !atomic_load(&refuse);
}

static const os_fault_hooks hooks = {contain, guards_end};

static void wait_for(int number) {
    for (int i = 0; atomic_load(&stage) < number && i < 30000; i++) {
        os_sleep(1);
    }
    CHECK(atomic_load(&stage) >= number);
}

static void sleep_in_guard(void *arg) {
    uint64_t begin_ns = os_monotonic_ns();
    atomic_store(&stage, *(const int *)arg);
    os_sleep(300);
    CHECK((os_monotonic_ns() - begin_ns) / 1000000 >= 300 - 16);
}

static os_mutex lock;
static os_cond changed;
static bool told;

static void wait_in_guard(void *arg) {
    os_mutex_lock(&lock);
    atomic_store(&stage, *(const int *)arg);
    while (!told) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void hang_main(void *arg) {
    (void)arg;
    CHECK(guards_call(GUARD_SPIN, &(int){1}, NULL));
    atomic_store(&target, os_guard_self());
    atomic_store(&stage, 1);
    CHECK(guards_call(GUARD_SPIN, &spin_ends, &stage)); /* only looked at */
    atomic_store(&spin_ends, 0);
    for (int i = 0; i < 20; i++) {
        atomic_store(&stage, 2 + i);
        CHECK(!guards_call(GUARD_SPIN, &spin_ends, &stage));
        CHECK_EQ(os_guard_fault()->kind, OS_FAULT_HANG);
        CHECK(guards_in_library(os_guard_fault()->frames[0]));
    }
    CHECK(os_guard_call(sleep_in_guard, &(int){30}, &stage));
    CHECK(os_guard_call(wait_in_guard, &(int){40}, &stage));
    atomic_store(&stage, 50);
    guards_run(GUARD_SPIN, &spin_ends); /* in no guard */
}

/* Stops the thread until it is in the library: its stage comes a moment before. */
static bool interrupt(bool end) {
    os_guard_thread *thread = atomic_load(&target);
    for (int i = 0; i < 1000; i++) {
        os_fault fault;
        bool seen = false;
        memset(&fault, 0, sizeof fault);
        bool ended = os_guard_interrupt(thread, false, &fault, &seen);
        CHECK(!ended);
        if (seen && guards_in_library(fault.frames[0])) {
            CHECK_EQ(fault.kind, OS_FAULT_HANG);
            CHECK(fault.frame_count >= 3);
            CHECK(fault.register_count > 8);
            CHECK(fault.thread != 0);
            ended = os_guard_interrupt(thread, end, &fault, &seen);
            CHECK(seen || !ended);
            if (seen) {
                return ended;
            }
        }
    }
    contract_fail(__FILE__, __LINE__, "the thread is never seen in the library");
}

static void check_looks(void) {
    wait_for(1);
    for (int i = 0; i < 100; i++) {
        CHECK(!interrupt(false));
    }
    CHECK_EQ(atomic_load(&asked), 0);
    atomic_store(&refuse, true);
    CHECK(!interrupt(true));
    CHECK_EQ(atomic_load(&asked), 1);
    atomic_store(&refuse, false);
    atomic_store(&spin_ends, 1);
}

static void check_ends(void) {
    for (int i = 0; i < 20; i++) {
        wait_for(2 + i);
        CHECK(interrupt(true));
    }
}

/* In the system: looked at, and the wait goes on. */
static void check_waits(void) {
    os_fault fault;
    bool seen = false;
    atomic_store(&refuse, true);
    wait_for(30);
    for (int i = 0; i < 20; i++) {
        CHECK(!os_guard_interrupt(atomic_load(&target), true, &fault, &seen));
        CHECK(!seen || fault.frame_count > 0);
    }
    wait_for(40);
    for (int i = 0; i < 20; i++) {
        CHECK(!os_guard_interrupt(atomic_load(&target), false, &fault, &seen));
    }
    os_mutex_lock(&lock);
    told = true;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
}

static void check_no_guard(void) {
    wait_for(50);
    int before = atomic_load(&asked);
    CHECK(!interrupt(true));
    CHECK_EQ(atomic_load(&asked), before);
    atomic_store(&spin_ends, 1);
}

SCENARIO(guard_interrupt) {
    os_thread *thread = NULL;
    os_fault fault;
    bool seen = true;
    guards_start(&hooks);
    CHECK_OK(os_thread_start(&thread, "hangs", hang_main, NULL));
    check_looks();
    check_ends();
    check_waits();
    check_no_guard();
    os_thread_join(thread);
    CHECK(!os_guard_interrupt(atomic_load(&target), true, &fault, &seen));
    CHECK(!seen);
}
