/* fault_raise.c: faults that code finds itself: a call of os_guard_raise, abort() and the functions
 * that replace abort() and exit() in libraries (fault_calls.c). On the thread that calls. */
#include "guard.h"

#include "os/compiler.h"

#include <signal.h>

/* The exit code of abort() in Microsoft's C libraries.
 * https://learn.microsoft.com/cpp/c-runtime-library/reference/abort */
enum { EXIT_ABORT = 3 };

/* Drops the executable's own frames, which end with the function that was called. If there are no
 * others before the guard, only the function that describes. */
static void drop_own(os_fault *f, const guard_walk *walk) {
    uint32_t inside = walk->reached ? walk->frames_inside : f->frame_count;
    uint32_t own = 0;
    while (own < inside && guard_image_has(&guard_host, f->frames[own])) {
        own++;
    }
    guard_drop(f, own < inside ? own : 1);
}

/* Describes in t->found a fault that code has found itself. */
static void describe_found(os_guard_thread *t, os_fault_kind kind, const char *text,
                           const CONTEXT *context) {
    os_fault *f = &t->found;
    guard_walk walk = {0};
    f->kind = kind;
    f->code = 0;
    f->raised = false;
    f->access = kind == OS_FAULT_MEMORY ? '?' : '\0';
    f->address = 0;
    guard_text(f, text != NULL ? text : "");
    guard_describe(t, t, context, f, &walk);
    drop_own(f, &walk);
    f->in_host = false;
}

/* Ends the call of the innermost guard, or returns. */
static void raise_in_guard(os_guard_thread *t, os_fault_kind kind, const char *text, bool raised,
                           const CONTEXT *context) {
    t->busy = true;
    describe_found(t, kind, text, context);
    t->found.raised = raised;
    bool lands = guard_contain(t, &t->found);
    t->busy = false;
    if (lands) {
        guard_land(t->innermost->stack);
    }
}

static bool may_raise(const os_guard_thread *t) {
    return t != NULL && t->innermost != NULL && !t->innermost->probe && !t->busy;
}

void guard_drop_windows(os_fault *fault) {
    uint32_t count = 0;
    guard_image image;
    while (count + 1 < fault->frame_count && guard_image_at(fault->frames[count], &image) &&
           win_is_of_windows((HMODULE)image.begin)) {
        count++;
    }
    guard_drop(fault, count);
}

NOINLINE void os_guard_raise(os_fault_kind kind, const char *text) {
    os_guard_thread *t = guard_thread();
    if (may_raise(t)) {
        CONTEXT context;
        RtlCaptureContext(&context);
        raise_in_guard(t, kind, text, true, &context);
    }
}

void guard_end_at(os_fault_kind kind, const char *text, const CONTEXT *context, DWORD code,
                  void (*change)(os_fault *fault)) {
    static CONTEXT at_end; /* of the one thread that gets there */
    static EXCEPTION_RECORD record;
    guard_end_begins(code);
    os_guard_thread *t = guard_thread();
    t = t != NULL ? t : guard_thread_spare();
    t->busy = true;
    describe_found(t, kind, text, context);
    if (change != NULL) {
        change(&t->found);
    }
    at_end = *context;
    record.ExceptionCode = code;
    record.ExceptionAddress = (void *)t->found.frames[0]; // NOLINT(performance-no-int-to-ptr)
    guard_end(&t->found, t->innermost != NULL ? t->innermost->owner : NULL, &record, &at_end);
}

NOINLINE _Noreturn void guard_end_of_caller(os_fault_kind kind, const char *text) {
    CONTEXT context;
    RtlCaptureContext(&context);
    os_guard_thread *t = guard_thread();
    bool in_guard = t != NULL && t->innermost != NULL;
    if (may_raise(t)) {
        raise_in_guard(t, kind, text, false, &context);
    }
    DWORD code = in_guard && kind == OS_FAULT_ABORT ? EXIT_ABORT : OS_EXIT_FAULT;
    guard_end_at(kind, text, &context, code, NULL);
    TerminateProcess(GetCurrentProcess(), code);
    for (;;) {
        Sleep(INFINITE); /* not reached */
    }
}

/* ---- the host's own abort ------------------------------------------------------------------ */

static void drop_library(os_fault *f) {
    guard_drop_windows(f);
    f->in_host = guard_image_has(&guard_host, f->frames[0]);
}

/* The C library calls it in abort(): of the host, or of a library that has looked the function up
 * by itself. When it returns, abort() ends the process. */
static NOINLINE void on_abort(int number) {
    CONTEXT context;
    (void)number;
    RtlCaptureContext(&context);
    guard_end_at(OS_FAULT_ABORT, "", &context, EXIT_ABORT, drop_library);
}

/* abort() calls the handler as any other function: it may do more than a handler of Linux's. */
void guard_raise_start(void) {
    void (*handler)(int) = on_abort;
    signal(SIGABRT, handler);
}
