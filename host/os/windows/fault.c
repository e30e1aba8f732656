/* fault.c: guards on a vectored exception handler.
 *
 * WHO DECIDES ABOUT AN EXCEPTION in a guard:
 *
 *   1. on_exception(), which the system calls before it searches the stack for handlers, if no
 *      function between the fault and the guard has a handler of its own, or the stack cannot be
 *      searched (an overflow, a jump to nowhere, broken frames).
 *   2. Those handlers: __try of a module, catch (...) of code that was compiled for it, and the
 *      ones in Windows' own functions, for which a bad pointer is an answer (IsBadReadPtr).
 *   3. on_frame(), the guard's own handler, for what they have left.
 *
 * In no guard: on_unhandled(), when nobody has handled it. A fault that is not contained calls the
 * hook `end` and is then left to the system, which ends the process with the exception's code,
 * after a debugger or Windows Error Reporting has had it.
 *
 * EXCEPTIONS OF C++  An uncaught throw of gcc's continues after the throw statement, which then
 * calls std::terminate; so does mingw's own start-up code. Microsoft's is a fault here.
 * https://learn.microsoft.com/windows/win32/debug/vectored-exception-handling
 */
#include "guard.h"

#include "os/compiler.h"

#include <malloc.h>
#include <stdatomic.h>

enum { THROWN_BY_GCC = 0x20474343 };

/* By number, because not every header has them; [MS-ERREF] 2.3 names them. */
static const DWORD thrown_by_microsoft = 0xE06D7363;
static const DWORD heap_corruption = 0xC0000374;

static const os_fault none;

static const char not_masked[] = "A floating-point exception that is not masked.";

/* Faults that the processor and the system find, not those that a program raises for itself. */
static const struct {
    DWORD code;
    os_fault_kind kind;
    const char *text;
} processor_codes[] = {
    {EXCEPTION_ACCESS_VIOLATION, OS_FAULT_MEMORY, ""},
    {EXCEPTION_IN_PAGE_ERROR, OS_FAULT_MEMORY, "The mapped file has no such page."},
    {EXCEPTION_DATATYPE_MISALIGNMENT, OS_FAULT_MEMORY, "The address is not aligned as required."},
    {EXCEPTION_STACK_OVERFLOW, OS_FAULT_STACK, ""},
    {EXCEPTION_INT_DIVIDE_BY_ZERO, OS_FAULT_ARITHMETIC, ""},
    {EXCEPTION_INT_OVERFLOW, OS_FAULT_ARITHMETIC, ""},
    {EXCEPTION_FLT_DENORMAL_OPERAND, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_DIVIDE_BY_ZERO, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_INEXACT_RESULT, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_INVALID_OPERATION, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_OVERFLOW, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_STACK_CHECK, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_FLT_UNDERFLOW, OS_FAULT_ARITHMETIC, not_masked},
    {0xC00002B4 /* STATUS_FLOAT_MULTIPLE_FAULTS */, OS_FAULT_ARITHMETIC, not_masked},
    {0xC00002B5 /* STATUS_FLOAT_MULTIPLE_TRAPS */, OS_FAULT_ARITHMETIC, not_masked},
    {EXCEPTION_ILLEGAL_INSTRUCTION, OS_FAULT_INSTRUCTION, ""},
    {EXCEPTION_PRIV_INSTRUCTION, OS_FAULT_INSTRUCTION, "The instruction is for the system only."},
    {EXCEPTION_BREAKPOINT, OS_FAULT_TRAP, ""},
    {EXCEPTION_SINGLE_STEP, OS_FAULT_TRAP, ""},
    {0xC0000420 /* STATUS_ASSERTION_FAILURE: int 0x2c */, OS_FAULT_TRAP, ""},
    {EXCEPTION_ARRAY_BOUNDS_EXCEEDED, OS_FAULT_OTHER, ""},
};

/* The row in processor_codes; -1: none. */
static int processor_row(DWORD code) {
    for (size_t i = 0; i < sizeof processor_codes / sizeof processor_codes[0]; i++) {
        if (processor_codes[i].code == code) {
            return (int)i;
        }
    }
    return -1;
}

static void describe_code(DWORD code, os_fault *f) {
    int row = processor_row(code);
    f->code = (int32_t)code;
    f->kind = OS_FAULT_OTHER;
    f->text[0] = '\0';
    if (row >= 0) {
        f->kind = processor_codes[row].kind;
        guard_text(f, processor_codes[row].text);
    } else if (code == heap_corruption) {
        f->kind = OS_FAULT_DAMAGE;
        guard_text(f, "The heap has found it.");
    } else if (code == thrown_by_microsoft || code == (DWORD)THROWN_BY_GCC) {
        f->kind = OS_FAULT_ABORT;
        guard_text(f, "An exception of C++ that nobody catches.");
    }
}

/* The two numbers that come with a bad address. Of an address that no process can have the
 * processor tells nothing, and the system reports reading the highest one.
 * https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-exception_record */
static void copy_address(const EXCEPTION_RECORD *r, os_fault *f) {
    f->access = 0;
    f->address = 0;
    if (r->NumberParameters < 2 || (f->kind != OS_FAULT_MEMORY && f->kind != OS_FAULT_STACK)) {
        f->access = f->kind == OS_FAULT_MEMORY ? '?' : '\0';
        return;
    }
    f->address = r->ExceptionInformation[1];
    if (f->kind == OS_FAULT_MEMORY && f->address == UINTPTR_MAX) {
        guard_text(f, "The address is one that no process has.");
    }
    if (f->kind == OS_FAULT_MEMORY) {
        f->access = f->address == UINTPTR_MAX         ? '?'
                    : r->ExceptionInformation[0] == 0 ? 'r'
                    : r->ExceptionInformation[0] == 8 ? 'x'
                                                      : 'w';
    }
}

/* Describes the exception in t->found. */
static void describe(os_guard_thread *t, const EXCEPTION_RECORD *r, const CONTEXT *context,
                     guard_walk *walk) {
    os_fault *f = &t->found;
    describe_code(r->ExceptionCode, f);
    f->raised = false;
    copy_address(r, f);
    /* Past the last page that the stack may use, and past its guard page once that is gone. */
    if (f->kind == OS_FAULT_MEMORY && f->address >= t->stack_begin &&
        f->address < (uintptr_t)guard_tib()->StackLimit) {
        f->kind = OS_FAULT_STACK;
        f->access = '\0';
    }
    *walk = (guard_walk){.short_walk = f->kind == OS_FAULT_STACK};
    guard_describe(t, t, context, f, walk);
    if (f->kind == OS_FAULT_INSTRUCTION && !f->in_host && guard_is_protector(t, f)) {
        f->kind = OS_FAULT_DAMAGE;
        guard_text(f, guard_protector_text);
    }
}

/* The process ends because of t->found. After guard_end_begins(). */
static void end(os_guard_thread *t, EXCEPTION_RECORD *r, CONTEXT *context) {
    guard_end(&t->found, t->innermost != NULL ? t->innermost->owner : NULL, r, context);
    if (t->found.kind == OS_FAULT_ABORT) {
        TerminateProcess(GetCurrentProcess(), OS_EXIT_FAULT);
    }
}

/* The same, for an exception that is not described yet; on any thread. */
static void describe_end(EXCEPTION_RECORD *r, CONTEXT *context) {
    guard_walk walk;
    guard_end_begins(r->ExceptionCode);
    os_guard_thread *t = guard_thread();
    t = t != NULL ? t : guard_thread_spare();
    t->busy = true;
    describe(t, r, context, &walk);
    end(t, r, context);
}

/* Decides about t->found, in a guard. True: continue with the context, which lands there. */
static bool settle(os_guard_thread *t, EXCEPTION_RECORD *r, CONTEXT *context) {
    if (guard_contain(t, &t->found)) {
        guard_land_context(t->innermost, context);
        return true;
    }
    guard_end_begins(r->ExceptionCode);
    end(t, r, context);
    return false;
}

static bool first_chance(os_guard_thread *t, EXCEPTION_RECORD *r, CONTEXT *context) {
    guard_walk walk;
    describe(t, r, context, &walk);
    return (t->found.kind == OS_FAULT_STACK || !walk.handler) && settle(t, r, context);
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *e) {
    EXCEPTION_RECORD *r = e->ExceptionRecord;
    os_guard_thread *t = guard_thread();
    bool damage = r->ExceptionCode == heap_corruption;
    bool in_guard = t != NULL && t->innermost != NULL;
    if (!damage && (!in_guard || processor_row(r->ExceptionCode) < 0)) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if (in_guard && t->innermost->probe) {
        guard_land_context(t->innermost, e->ContextRecord);
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (t != NULL && t->busy) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    DWORD error = GetLastError();
    bool lands = false;
    if (damage) {
        /* Nobody may handle it, and on_unhandled() is not called for it. */
        describe_end(r, e->ContextRecord);
    } else {
        t->busy = true;
        lands = first_chance(t, r, e->ContextRecord);
        t->busy = false;
    }
    SetLastError(error);
    return lands ? EXCEPTION_CONTINUE_EXECUTION : EXCEPTION_CONTINUE_SEARCH;
}

static EXCEPTION_DISPOSITION on_frame(EXCEPTION_RECORD *r, uintptr_t stack, CONTEXT *context) {
    enum { UNWINDS = 0x2 | 0x4 | 0x20 | 0x40 }; /* EXCEPTION_UNWIND of the Windows SDK */
    enum { FOR_DEBUGGERS = 0x4001 };            /* the upper half of DBG_... */
    enum { THROWING = 2 };                      /* functions: RaiseException, _CxxThrowException */
    os_guard_thread *t = guard_thread();
    if ((r->ExceptionFlags & UNWINDS) != 0 || r->ExceptionCode >> 16 == FOR_DEBUGGERS ||
        t == NULL || t->innermost == NULL || t->innermost->stack != stack || t->busy ||
        guard_is_ending()) {
        return ExceptionContinueSearch;
    }
    if (r->ExceptionCode == (DWORD)THROWN_BY_GCC) {
        return ExceptionContinueExecution;
    }
    guard_walk walk;
    t->busy = true;
    describe(t, r, context, &walk);
    if (r->ExceptionCode == thrown_by_microsoft) {
        guard_drop(&t->found, THROWING);
    }
    bool lands = settle(t, r, context);
    t->busy = false;
    if (lands) {
        /* Otherwise the system refuses to continue; but it does so elsewhere. */
        r->ExceptionFlags &= ~(DWORD)EXCEPTION_NONCONTINUABLE;
        return ExceptionContinueExecution;
    }
    return ExceptionContinueSearch;
}

static LONG WINAPI on_unhandled(EXCEPTION_POINTERS *e) {
    EXCEPTION_RECORD *r = e->ExceptionRecord;
    if (guard_is_in_end()) {
        TerminateProcess(GetCurrentProcess(), r->ExceptionCode);
    }
    if (guard_is_ending()) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    if (r->ExceptionCode == (DWORD)THROWN_BY_GCC) {
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    describe_end(r, e->ContextRecord);
    return EXCEPTION_CONTINUE_SEARCH;
}

portico_status os_faults_start(const os_fault_hooks *hooks) {
    guard_images_start();
    guard_locking_look();
    guard_hooks_start(hooks);
    portico_status status = guard_threads_start();
    if (status != PORTICO_OK) {
        return status;
    }
    /* After the handlers of others, such as a runtime that a module brings along, for whose code
     * some faults are everyday. */
    if (AddVectoredExceptionHandler(0, on_exception) == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    SetUnhandledExceptionFilter(on_unhandled);
    guard_on_exception = on_frame;
    guard_raise_start();
    guard_attach_start();
    return os_guard_self() != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* Takes the stack's pages up to `end` out of memory. They remain the stack's. */
static void trim_to(uintptr_t begin, uintptr_t end) {
    MEMORY_BASIC_INFORMATION found;
    for (uintptr_t at = begin; at < end; at += found.RegionSize) {
        if (VirtualQuery((void *)at, &found, sizeof found) == 0) {
            return;
        }
        if (found.State == MEM_COMMIT && found.Protect == PAGE_READWRITE) {
            size_t size = found.RegionSize < end - at ? found.RegionSize : end - at;
            /* cppcheck-suppress leakReturnValNotUsed ; it allocates nothing */
            (void)VirtualAlloc((void *)at, size, MEM_RESET, PAGE_READWRITE);
            (void)VirtualUnlock((void *)at, size); /* not locked: out of the working set */
        }
    }
}

COLD void guard_trim_stack(os_guard_thread *t) {
    enum { KEPT = 64 * 1024, PAGE = 4096, AFTER_MS = 1000 }; /* the next calls need some */
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uint64_t now_ms = os_monotonic_ms();
    if (t->deep_ms == GUARD_DEEP_NEW) {
        t->deep_ms = now_ms + AFTER_MS;
    }
    if (now_ms >= t->deep_ms) {
        t->deep_ms = 0;
        if (here > t->stack_begin + KEPT && here < t->stack_end) { /* not a fiber's */
            trim_to(t->stack_begin, (here - KEPT) & ~(uintptr_t)(PAGE - 1));
        }
    }
}

COLD static void landed(os_guard_thread *t, const guard *g) {
    guard_tib()->ExceptionList = g->list;
    if (t->contained.kind == OS_FAULT_STACK) {
        (void)_resetstkoflw(); /* otherwise the next overflow ends the process */
        t->deep_ms = GUARD_DEEP_NEW;
    }
}

bool os_guard_call(void (*fn)(void *arg), void *arg, void *owner) {
    os_guard_thread *t = os_guard_self();
    if (t == NULL) {
        fn(arg);
        return true;
    }
    guard g = {.outer = t->innermost, .owner = owner, .list = guard_tib()->ExceptionList};
    atomic_signal_fence(memory_order_seq_cst); /* for os_guard_interrupt */
    t->innermost = &g;
    bool whole = guard_enter(fn, arg, &g.stack);
    t->innermost = g.outer;
    if (!whole) {
        landed(t, &g);
    }
    return whole;
}

const os_fault *os_guard_fault(void) {
    const os_guard_thread *t = guard_thread();
    return t != NULL ? &t->contained : &none;
}
