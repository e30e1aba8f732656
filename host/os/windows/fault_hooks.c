/* fault_hooks.c: what is decided about a fault: the call ends, or the process. Runs in a handler.
 *
 * Only one thread ends the process, the first; its hook `end` runs once. Other threads that come to
 * that point wait there, until they end with the process.
 */
#include "guard.h"

enum { END_WAIT_MS = 60000 };

static os_fault_hooks hooks;
static volatile LONG ender; /* the thread that ends the process; 0: none */
static volatile bool in_end;
static EXCEPTION_POINTERS ending;

void guard_hooks_start(const os_fault_hooks *given) {
    hooks = *given;
}

/* A fiber may have a stack of its own: the guard of another one is not to be landed in. */
static bool is_on_this_stack(const os_guard_thread *t, uintptr_t address) {
    if (t->id != GetCurrentThreadId()) {
        return address >= t->stack_begin && address < t->stack_end;
    }
    return address >= (uintptr_t)guard_tib()->StackLimit &&
           address < (uintptr_t)guard_tib()->StackBase;
}

bool guard_contain(os_guard_thread *t, const os_fault *fault) {
    const guard *g = t->innermost;
    if (g->stack == 0 || !is_on_this_stack(t, g->stack) || fault->kind == OS_FAULT_DAMAGE ||
        !hooks.contain(fault, g->owner)) {
        return false;
    }
    t->contained = *fault;
    return true;
}

void guard_land_context(const guard *g, CONTEXT *context) {
    enum { TRAP = 0x100, DIRECTION = 0x400, ALIGNMENT = 0x40000 }; /* of EFlags */
    context->Rip = (DWORD64)(uintptr_t)guard_landed;
    context->Rsp = g->stack;
    context->EFlags &= ~(DWORD)(TRAP | DIRECTION | ALIGNMENT);
}

bool guard_is_ending(void) {
    return ender == (LONG)GetCurrentThreadId();
}

bool guard_is_in_end(void) {
    return in_end && guard_is_ending();
}

void guard_end_begins(DWORD code) {
    LONG before = InterlockedCompareExchange(&ender, (LONG)GetCurrentThreadId(), 0);
    if (before != 0 && guard_is_ending()) {
        TerminateProcess(GetCurrentProcess(), code);
    }
    if (before != 0) {
        Sleep(END_WAIT_MS);
        TerminateProcess(GetCurrentProcess(), code);
    }
}

void guard_end(const os_fault *fault, void *owner, EXCEPTION_RECORD *record, CONTEXT *context) {
    ending = (EXCEPTION_POINTERS){.ExceptionRecord = record, .ContextRecord = context};
    in_end = true;
    hooks.end(fault, owner);
    in_end = false;
}

EXCEPTION_POINTERS *guard_end_exception(void) {
    return &ending;
}
