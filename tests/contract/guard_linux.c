/* Guards on signals leave some things alone, and restore others: the child of a fork(), threads of
 * a library's own, the signal mask, a signal that raise() sends. */
#include "guards.h"

#if defined(_WIN32)

SCENARIO(guard_linux) {
    contract_skip("there are no signals");
}

#else

#include <pthread.h>
#include <signal.h>

static bool is_blocked(int number) {
    sigset_t set;
    sigemptyset(&set);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &set), 0);
    return sigismember(&set, number) == 1;
}

static void check_mask(void) {
    int with_call = 1;
    CHECK(!guards_call(GUARD_MASK, NULL, NULL));
    CHECK_EQ(os_guard_fault()->kind, OS_FAULT_MEMORY);
    CHECK(!is_blocked(SIGUSR2));
    CHECK(!guards_call(GUARD_MASK, &with_call, NULL));
    CHECK_EQ(os_guard_fault()->kind, OS_FAULT_ABORT);
    CHECK(!is_blocked(SIGUSR2));
    CHECK(!is_blocked(SIGSEGV));
}

/* The child's exit is its own matter: it must not continue as a second host. */
static void check_fork(void) {
    int code = 0;
    CHECK(guards_call(GUARD_FORK, &code, NULL));
    CHECK_EQ(code, GUARD_EXIT_CODE);
}

static void check_raise(void) {
    CHECK(!guards_call(GUARD_RAISE, NULL, NULL));
    CHECK_EQ(os_guard_fault()->kind, OS_FAULT_MEMORY);
    CHECK_EQ(os_guard_fault()->code, SIGSEGV);
    CHECK(!guards_in_library(os_guard_fault()->frames[0]));
}

/* Then there is no backtrace, but the handler has a stack of its own. */
static void check_lost_stack(void) {
    for (int i = 0; i < 100; i++) {
        CHECK(!guards_call(GUARD_LOSE_STACK, NULL, NULL));
        CHECK_EQ(os_guard_fault()->kind, OS_FAULT_MEMORY);
        CHECK(os_guard_fault()->frame_count >= 1);
        CHECK(guards_in_library(os_guard_fault()->frames[0]));
    }
}

/* Each would end the process. The last one comes when a log's file may not grow any more. */
static void check_ignored(void) {
    static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        CHECK_EQ(raise(ignored[i]), 0);
    }
}

static void cancel_itself(void *arg) {
    CHECK_EQ(pthread_cancel(pthread_self()), 0);
    pthread_testcancel();
    *(bool *)arg = true;
}

/* It would otherwise end later, in the host. */
static void check_cancelled(void) {
    os_thread *thread = NULL;
    bool went_on = false;
    CHECK_OK(os_thread_start(&thread, "cancelled", cancel_itself, &went_on));
    os_thread_join(thread);
    CHECK(went_on);
}

SCENARIO(guard_linux) {
    guards_start(NULL);
    check_cancelled();
    check_ignored();
    check_lost_stack();
    check_mask();
    check_fork();
    check_raise();
    CHECK(guards_call(GUARD_OWN_THREAD, NULL, NULL));
}

#endif
