/* fault_thread.c: what each thread needs for guards: a stack for the handlers, which it keeps to
 * its end, and a description for other threads.
 *
 * A thread prepares itself at its first guard, and gives its os_guard_thread up at its end. Those
 * are never unmapped; the next thread takes one over. One mapping has all of it, from below: a page
 * without access, the handlers' stack, the os_guard_thread.
 */
#include "guard.h"

#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_LEFT = 65536 }; /* for host functions: see os_stack_limit */

/* A handler's own frames take 10 KiB, the saved registers 1 to 3, or 11 with AMX; and there may be
 * a fault in a fault. */
enum { HANDLER_STACK = 65536 };

#if !defined(AT_MINSIGSTKSZ)
#define AT_MINSIGSTKSZ 51
#endif

_Thread_local uintptr_t os_stack_limit;
_Thread_local guard_frame *guard_top;
_Thread_local uint64_t guard_deep;
_Thread_local os_guard_thread *guard_own;
_Thread_local bool guard_host_thread;
guard_frame guard_none;

static struct {
    bool started;
    pthread_key_t key; /* its destructor is the end of a thread */
    pthread_mutex_t lock;
    os_guard_thread *unused; /* under the lock */
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER};

void guard_threads_lock(void) {
    pthread_mutex_lock(&threads.lock);
}

void guard_threads_unlock(void) {
    pthread_mutex_unlock(&threads.lock);
}

os_guard_thread *os_guard_self(void) {
    if (guard_own == NULL) {
        (void)guard_prepare();
    }
    return guard_own;
}

static void *map_thread(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stack = (HANDLER_STACK + 2 * getauxval(AT_MINSIGSTKSZ) + page - 1) & ~(page - 1);
    size_t size = page + stack + ((sizeof(os_guard_thread) + page - 1) & ~(page - 1));
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    /* cppcheck-suppress invalidFunctionArg // -1 is right for MAP_ANONYMOUS */
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(memory, page, PROT_NONE) != 0) {
        munmap(memory, size);
        return NULL;
    }
    os_guard_thread *thread = (os_guard_thread *)(void *)(memory + page + stack);
    thread->handler_stack = (stack_t){.ss_sp = memory + page, .ss_size = stack};
    return thread;
}

static os_guard_thread *take_thread(void) {
    guard_threads_lock();
    os_guard_thread *thread = threads.unused;
    if (thread != NULL) {
        threads.unused = thread->next;
    }
    guard_threads_unlock();
    return thread != NULL ? thread : map_thread();
}

static void give_up_thread(os_guard_thread *thread) {
    guard_threads_lock();
    thread->id = 0;
    thread->next = threads.unused;
    threads.unused = thread;
    guard_threads_unlock();
}

/* Where the thread's own stack ends. */
static void find_stack(os_guard_thread *thread) {
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    size_t guard = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) {
        thread->stack_low = 0; /* no overflow is recognised as one */
        thread->stack_guard = 0;
        return;
    }
    (void)pthread_attr_getstack(&attributes, &low, &size);
    (void)pthread_attr_getguardsize(&attributes, &guard);
    pthread_attr_destroy(&attributes);
    thread->stack_low = (uintptr_t)low;
    thread->stack_end = (uintptr_t)low + size;
    thread->stack_guard = guard;
    os_stack_limit = (uintptr_t)low + STACK_LEFT;
}

guard_frame *guard_prepare(void) {
    os_guard_thread *thread = threads.started ? take_thread() : NULL;
    if (thread == NULL) {
        return NULL;
    }
    if (sigaltstack(&thread->handler_stack, &thread->former_stack) != 0) {
        give_up_thread(thread);
        return NULL;
    }
    if (pthread_setspecific(threads.key, thread) != 0) {
        sigaltstack(&thread->former_stack, NULL);
        give_up_thread(thread);
        return NULL;
    }
    find_stack(thread);
    pthread_sigmask(SIG_SETMASK, NULL, &thread->mask);
    guard_threads_lock();
    thread->id = (pid_t)syscall(SYS_gettid);
    guard_threads_unlock();
    guard_own = thread;
    guard_top = &guard_none;
    return guard_top;
}

void guard_trim_stack(void) {
    enum { KEPT = 64 * 1024, AFTER_NS = 1000000000 }; /* the next calls need some */
    uint64_t now_ns = os_monotonic_ns();
    if (guard_deep == GUARD_DEEP_NEW) {
        guard_deep = now_ns;
    }
    if (now_ns - guard_deep < AFTER_NS || guard_own == NULL) {
        return;
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t low = guard_own->stack_low;
    uintptr_t top = (uintptr_t)__builtin_frame_address(0);
    guard_deep = 0;
    if (low != 0 && top > low + KEPT && top < guard_own->stack_end) {
        madvise((void *)low, ((top - KEPT) & ~(page - 1)) - low, MADV_DONTNEED);
    }
}

/* [the thread that ends] */
static void end_thread(void *arg) {
    os_guard_thread *thread = arg;
    guard_own = NULL;
    guard_top = NULL;
    sigaltstack(&thread->former_stack, NULL);
    madvise(thread->handler_stack.ss_sp, thread->handler_stack.ss_size, MADV_DONTNEED);
    give_up_thread(thread);
}

portico_status guard_threads_start(void) {
    if (pthread_key_create(&threads.key, end_thread) != 0) {
        return PORTICO_E_NO_MEMORY;
    }
    threads.started = true;
    guard_host_thread = true; /* main's */
    return PORTICO_OK;
}
