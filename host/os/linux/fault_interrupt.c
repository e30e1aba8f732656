/* fault_interrupt.c: stops a thread for a moment, to describe it or to end the call of its guard.
 *
 * A signal asks the thread, whose handler answers in its os_guard_thread. The steps are in
 * `question`; only the asking thread takes a question back, and only until the handler has taken
 * it. So a signal that comes too late finds no question.
 */
#include "guard.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The thread sanitizer does not see the steps in this file. */
#if defined(PORTICO_TSAN)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define BEFORE_STEP(thread) __tsan_release(thread)
#define AFTER_STEP(thread) __tsan_acquire(thread)
#else
#define BEFORE_STEP(thread) ((void)0)
#define AFTER_STEP(thread) ((void)0)
#endif

enum {
    WAIT_MS = 100,   /* for the thread to notice */
    ANSWER_MS = 5000 /* for the answer of one that has noticed */
};

/* The thread's answer to os_guard_interrupt. */
static void on_interrupt(int number, siginfo_t *info, void *arg) {
    ucontext_t *context = arg;
    os_guard_thread *self = guard_own;
    int kept = errno;
    int asked = QUESTION_ASKED;
    (void)info;
    if (self == NULL || frames_busy() ||
        !atomic_compare_exchange_strong(&self->question, &asked, QUESTION_TAKEN)) {
        errno = kept;
        return;
    }
    AFTER_STEP(self);
    guard_describe_thread(&self->answer);
    self->answer.kind = OS_FAULT_HANG;
    self->answer.code = number;
    frames_interrupted(context, false, &self->answer);
    cpu_registers(context, &self->answer);
    self->answer.in_host = frames_is_host(self->answer.frames[0]);
    self->answer_ended = self->question_end && guard_contains(&self->answer);
    if (self->answer_ended) {
        guard_land_after(context);
    }
    BEFORE_STEP(self);
    atomic_store(&self->question, QUESTION_ANSWERED);
    errno = kept;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits until the question is no longer at `step`. False: the time ran out. */
static bool wait_while(os_guard_thread *thread, guard_question step, uint32_t timeout_ms) {
    uint64_t end_ms = now_ms() + timeout_ms;
    struct timespec pause = {.tv_nsec = 20000};
    while (atomic_load(&thread->question) == (int)step) {
        if (now_ms() >= end_ms) {
            return false;
        }
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 1000000 ? 2 * pause.tv_nsec : pause.tv_nsec;
    }
    return true;
}

/* Asks, with the lock of the threads held. False: no answer. */
static bool ask(os_guard_thread *thread, bool end) {
    thread->question_end = end;
    thread->answer_ended = false;
    BEFORE_STEP(thread);
    atomic_store(&thread->question, QUESTION_ASKED);
    if (syscall(SYS_tgkill, getpid(), thread->id, GUARD_INTERRUPT) != 0) {
        atomic_store(&thread->question, QUESTION_NONE);
        return false;
    }
    if (!wait_while(thread, QUESTION_ASKED, WAIT_MS)) {
        int asked = QUESTION_ASKED;
        if (atomic_compare_exchange_strong(&thread->question, &asked, QUESTION_NONE)) {
            return false; /* it blocks the signal, or the system is in the way */
        }
    }
    bool answered = wait_while(thread, QUESTION_TAKEN, ANSWER_MS);
    atomic_store(&thread->question, QUESTION_NONE);
    AFTER_STEP(thread);
    return answered;
}

bool os_guard_interrupt(os_guard_thread *thread, bool end, os_fault *fault, bool *seen) {
    bool ended = false;
    bool in_system = false;
    *seen = false;
    if (thread == NULL || thread == guard_own || !guard_active()) {
        return false;
    }
    guard_threads_lock();
    if (thread->id != 0 && guard_waits(thread, fault, &in_system)) {
        *seen = true; /* it is not in a module's code, so its call would not be ended */
    } else if (thread->id != 0 && ask(thread, end)) {
        *seen = true;
        *fault = thread->answer;
        fault->in_system = in_system;
        ended = thread->answer_ended;
    }
    guard_threads_unlock();
    return ended;
}

portico_status guard_interrupts_start(void) {
    return guard_install(GUARD_INTERRUPT, on_interrupt, SA_RESTART);
}
