/* fault_interrupt.c: looks at a thread that does not return from a call, and may end the call.
 *
 * The thread is suspended during the look. It may have stopped anywhere, also while it holds the
 * lock of the heap or the loader. So from SuspendThread to ResumeThread nothing here allocates,
 * locks or loads. The lock of the threads' records is taken before, so the suspended thread cannot
 * hold it.
 *
 * A thread in a function of ntdll.dll is never made to land: it may hold a lock, and if it waits in
 * the system it would land only after the wait.
 */
#include "guard.h"

/* Whether `context` is inside the thread's innermost guard, and in no handler. */
static bool may_land(const os_guard_thread *t, const CONTEXT *context) {
    const guard *g = t->innermost;
    return g != NULL && !g->probe && !t->busy && g->stack != 0 && context->Rsp < g->stack &&
           !guard_image_has(&guard_system, context->Rip);
}

/* With the thread standing still. True: it will land. */
static bool look(os_guard_thread *self, os_guard_thread *t, bool end, os_fault *fault, bool *seen) {
    /* The system stops a thread some time after SuspendThread has returned, but before this does.
     * https://devblogs.microsoft.com/oldnewthing/20150205-00/?p=44743 */
    CONTEXT context = {.ContextFlags = CONTEXT_FULL};
    if (!GetThreadContext(t->handle, &context)) {
        return false;
    }
    guard_walk walk = {0};
    *fault = (os_fault){.kind = OS_FAULT_HANG};
    guard_describe(self, t, &context, fault, &walk);
    *seen = true;
    if (!end || !may_land(t, &context) || !guard_contain(t, fault)) {
        return false;
    }
    guard_land_context(t->innermost, &context);
    context.ContextFlags = CONTEXT_CONTROL;
    return SetThreadContext(t->handle, &context) != 0;
}

bool os_guard_interrupt(os_guard_thread *thread, bool end, os_fault *fault, bool *seen) {
    os_guard_thread *self = os_guard_self();
    bool lands = false;
    *seen = false;
    if (self == NULL || thread == NULL || thread == self) {
        return false;
    }
    guard_threads_lock();
    if (thread->handle != NULL && SuspendThread(thread->handle) != (DWORD)-1) {
        lands = look(self, thread, end, fault, seen);
        ResumeThread(thread->handle);
    }
    guard_threads_unlock();
    return lands;
}
