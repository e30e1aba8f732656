/* fault_thread.c: the threads that have been in a guard.
 *
 * A record belongs to its thread, which finds it in a slot of its own: TlsAlloc's, because gcc
 * emulates _Thread_local and allocates at a thread's first use. Other threads use it only in
 * os_guard_interrupt, under `lock`. A thread that ends leaves its record for the next one.
 */
#include "guard.h"

#include "os/compiler.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { GUARD_PAGES_BYTES = 3 * 4096, LOW_BYTES = 64 * 1024 }; /* for os_stack_limit */

DWORD guard_slot = TLS_OUT_OF_INDEXES;
_Thread_local uintptr_t os_stack_limit;

static SRWLOCK lock = SRWLOCK_INIT;
static os_guard_thread *free_threads;
static os_guard_thread spare;

void guard_threads_lock(void) {
    AcquireSRWLockExclusive(&lock);
}

void guard_threads_unlock(void) {
    ReleaseSRWLockExclusive(&lock);
}

portico_status guard_threads_start(void) {
    DWORD slot = TlsAlloc();
    if (slot >= TLS_MINIMUM_AVAILABLE) { /* the others are not in the thread's own block */
        return PORTICO_E_NO_HANDLES;
    }
    guard_slot = slot;
    return PORTICO_OK;
}

static void look_at_stack(os_guard_thread *t) {
    ULONG_PTR begin = 0;
    ULONG_PTR end = 0;
    GetCurrentThreadStackLimits(&begin, &end);
    t->stack_begin = begin;
    t->stack_end = end;
    t->id = GetCurrentThreadId();
}

static os_guard_thread *take_free(void) {
    guard_threads_lock();
    os_guard_thread *t = free_threads;
    if (t != NULL) {
        free_threads = t->next_free;
    }
    guard_threads_unlock();
    return t != NULL ? t : calloc(1, sizeof *t);
}

static void give_back(os_guard_thread *t) {
    guard_threads_lock();
    if (t->handle != NULL) {
        CloseHandle(t->handle);
    }
    *t = (os_guard_thread){.next_free = free_threads};
    free_threads = t;
    guard_threads_unlock();
}

COLD os_guard_thread *guard_thread_make(void) {
    enum { RIGHTS = THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_SET_CONTEXT };
    if (guard_slot == TLS_OUT_OF_INDEXES) {
        return NULL;
    }
    os_guard_thread *t = take_free();
    if (t == NULL) {
        return NULL;
    }
    HANDLE handle = NULL;
    if (!DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &handle,
                         RIGHTS, FALSE, 0)) {
        give_back(t);
        return NULL;
    }
    look_at_stack(t);
    os_stack_limit = t->stack_begin + guard_handler_stack(t->stack_begin, t->stack_end) +
                     GUARD_PAGES_BYTES + LOW_BYTES;
    TlsSetValue(guard_slot, t);
    guard_threads_lock();
    t->handle = handle;
    guard_threads_unlock();
    return t;
}

os_guard_thread *guard_thread_spare(void) {
    look_at_stack(&spare);
    if (guard_slot < TLS_MINIMUM_AVAILABLE) {
        guard_block()->TlsSlots[guard_slot] = &spare;
    }
    return &spare;
}

os_guard_thread *os_guard_self(void) {
    os_guard_thread *t = guard_thread();
    return t != NULL ? t : guard_thread_make();
}

void guard_probe(os_guard_thread *t, void (*fn)(void *arg), void *arg) {
    guard g = {.outer = t->innermost, .list = guard_tib()->ExceptionList, .probe = true};
    atomic_signal_fence(memory_order_seq_cst); /* for os_guard_interrupt */
    t->innermost = &g;
    bool whole = guard_enter(fn, arg, &g.stack);
    t->innermost = g.outer;
    if (!whole) {
        guard_tib()->ExceptionList = g.list;
    }
}

void guard_thread_end(os_guard_thread *t) {
    if (t != &spare) {
        TlsSetValue(guard_slot, NULL);
        give_back(t);
    }
}
