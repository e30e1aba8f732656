/* thread.c: threads on pthreads. */
#include "error.h"
#include "guard.h"
#include "os/hurry.h"
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Below the stack. A function with large arrays may step over a single page. */
enum { GUARD_BYTES = 1024 * 1024 };

static size_t stack_bytes; /* 0: the system's choice */

struct os_thread {
    pthread_t system;
    _Atomic pid_t id; /* 0: it has not begun */
    void (*fn)(void *);
    void *arg;
    char name[16];
};

static void *thread_main(void *arg) {
    os_thread *thread = arg;
    guard_host_thread = true;
    atomic_store_explicit(&thread->id, gettid(), memory_order_relaxed);
    /* A module that cancels this thread would end it later, in the host, with its locks held. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_setname_np(pthread_self(), thread->name);
    thread->fn(thread->arg);
    return NULL;
}

void os_threads_set_stack(uint32_t bytes) {
    stack_bytes = bytes;
}

portico_status os_thread_start(os_thread **result, const char *name, void (*fn)(void *),
                               void *arg) {
    os_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return error_set(ENOMEM);
    }
    thread->fn = fn;
    thread->arg = arg;
    snprintf(thread->name, sizeof thread->name, "%s", name);
    *result = thread; /* before the start: the new thread may read it */
    pthread_attr_t attributes;
    int code = pthread_attr_init(&attributes);
    if (code == 0) {
        pthread_attr_setguardsize(&attributes, GUARD_BYTES);
        code = stack_bytes > 0 ? pthread_attr_setstacksize(&attributes, stack_bytes) : 0;
        code = code != 0 ? code : pthread_create(&thread->system, &attributes, thread_main, thread);
        pthread_attr_destroy(&attributes);
    }
    if (code != 0) {
        *result = NULL;
        free(thread);
        error_set(code);
        return code == EAGAIN ? PORTICO_E_NO_HANDLES : error_status(code);
    }
    return PORTICO_OK;
}

uint64_t os_thread_cpu_ns(const os_thread *thread) {
    clockid_t clock;
    struct timespec used;
    if (pthread_getcpuclockid(thread->system, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return 0;
    }
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

void os_thread_join(os_thread *thread) {
    if (pthread_join(thread->system, NULL) != 0) {
        abort(); /* joined twice, or by the thread itself */
    }
    free(thread);
}

/* struct sched_attr of the kernel: its header does not go with <sched.h>. */
typedef struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t
        slice_ns; /* "runtime": for usual threads, how long at a time. 0: the system's choice */
    uint64_t deadline_ns;
    uint64_t period_ns;
    uint32_t least;
    uint32_t most;
} attributes;

/* The system's choice is 0.7 to 2.8 ms; 0.1 and 100 are the limits. RESET_ON_FORK: not for threads
 * that modules start. It cannot be taken back without a right. */
enum { QUICK_NS = 200000, BRISK_NS = 100000, LONG_NS = 100000000, RESET_ON_FORK = 1 };

/* https://docs.kernel.org/scheduler/sched-eevdf.html */
bool os_thread_pace(os_thread *thread, os_pace pace) {
    static const uint64_t slices_ns[] = {0, QUICK_NS, BRISK_NS, LONG_NS};
    attributes a = {0};
    pid_t id = thread != NULL ? atomic_load_explicit(&thread->id, memory_order_relaxed) : gettid();
    if (id == 0 || syscall(SYS_sched_getattr, id, &a, sizeof a, 0) != 0 ||
        (a.policy != SCHED_OTHER && a.policy != SCHED_BATCH)) {
        return false; /* or somebody has given it a policy of its own */
    }
    a.flags |= RESET_ON_FORK;
    a.slice_ns = slices_ns[pace];
    return syscall(SYS_sched_setattr, id, &a, 0) == 0;
}

void os_thread_hurry(void) {
    const struct sched_param least = {.sched_priority = sched_get_priority_min(SCHED_RR)};
    if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &least) != 0) { /* 0: this thread */
        (void)os_thread_pace(NULL, OS_PACE_BRISK);
    }
}

void os_yield(void) {
    (void)sched_yield();
}

void os_sleep(uint32_t timeout_ms) {
    struct timespec left = {.tv_sec = timeout_ms / 1000,
                            .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
        /* A signal came: `left` is what remains. */
    }
}
