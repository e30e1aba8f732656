/* fault_calls.c: abort, exit and their relatives. The definitions here are the executable's, so the
 * libraries of the process call them instead of the C library's.
 *
 * The caller decides. The executable's own calls do what they always do. A call by any library is a
 * fault of that library, or of one that has called it: std::terminate is in the C++ library. The C
 * library itself does not come here: its abort() on damage is a signal, and its exit() after main()
 * is the real one. Any thread.
 */
#include "guard.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* Not from the headers: they declare some with attributes that keep a definition from returning
 * into others. */
_Noreturn void __assert_fail(const char *condition, const char *file, unsigned line,
                             const char *function);
_Noreturn void __assert_perror_fail(int code, const char *file, unsigned line,
                                    const char *function);
_Noreturn void __stack_chk_fail(void);
_Noreturn void pthread_exit(void *result);

/* Where a function reads its return address into a volatile variable, it would otherwise do so
 * after a branch. gcc may make that part a function of its own, with another return address. */

enum { FAULT_TEXT = sizeof((os_fault *)NULL)->text };

static atomic_bool host_exits; /* the executable itself has called exit() */

/* The C library's function. */
static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    return function;
}

static _Noreturn void leave(int code) {
    for (;;) {
        (void)syscall(SYS_exit_group, code);
    }
}

static _Noreturn void call_real(const char *name) {
    void (*function)(void) = (void (*)(void))(uintptr_t)real(name);
    if (function != NULL) {
        function();
    }
    leave(OS_EXIT_FAULT);
}

static _Noreturn void call_real_code(const char *name, int code) {
    void (*function)(int) = (void (*)(int))(uintptr_t)real(name);
    if (function != NULL) {
        function(code);
    }
    leave(code);
}

#if defined(PORTICO_SANITIZED)
/* A sanitizer's library ends the process when it has reported something. */
static bool is_sanitizer(uintptr_t caller) {
    Dl_info info;
    if (dladdr((void *)caller, &info) == 0 || info.dli_fname == NULL) {
        return false;
    }
    static const char *const names[] = {"/libasan", "/libtsan", "/libubsan", "/liblsan"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strstr(info.dli_fname, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}
#else
static bool is_sanitizer(uintptr_t caller) {
    (void)caller;
    return false;
}
#endif

/* An abort: returns when abort() may do the rest. */
static void judge_abort(os_fault_kind kind, const char *text, uintptr_t caller) {
    os_fault fault;
    if (!guard_active() || is_sanitizer(caller)) {
        return;
    }
    guard_describe_call(kind, SIGABRT, text, caller, &fault);
    if (!fault.in_host) {
        guard_contain_call(&fault);
        if (!fault.in_guard && kind == OS_FAULT_ABORT) {
            guard_end(&fault);
            leave(OS_EXIT_FAULT);
        }
    }
    guard_end_by_abort(&fault);
}

EXPORTED _Noreturn void abort(void) {
    volatile uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    char text[FAULT_TEXT] = "";
    if (guard_active() && !frames_is_host(caller)) {
        cxx_describe(caller, text, sizeof text); /* mostly the C++ library's std::terminate */
    }
    judge_abort(OS_FAULT_ABORT, text, caller);
    call_real("abort");
}

EXPORTED void __stack_chk_fail(void) {
    judge_abort(OS_FAULT_DAMAGE, "The stack protector has found an overwritten buffer.",
                (uintptr_t)__builtin_return_address(0));
    call_real("__stack_chk_fail");
}

static void describe_assert(char *text, size_t size, const char *condition, const char *file,
                            unsigned line, const char *function) {
    const char *name = strrchr(file, '/');
    text[0] = '\0';
    guard_text(text, size, "assert(");
    guard_text(text, size, condition);
    guard_text(text, size, ") at ");
    guard_text(text, size, name != NULL ? name + 1 : file);
    guard_text(text, size, ":");
    guard_number(text, size, line);
    if (function != NULL) {
        guard_text(text, size, " in ");
        guard_text(text, size, function);
    }
}

EXPORTED void __assert_fail(const char *condition, const char *file, unsigned line,
                            const char *function) {
    char text[FAULT_TEXT];
    describe_assert(text, sizeof text, condition, file, line, function);
    judge_abort(OS_FAULT_ABORT, text, (uintptr_t)__builtin_return_address(0));
    void (*fail)(const char *, const char *, unsigned, const char *) = (void (*)(
        const char *, const char *, unsigned, const char *))(uintptr_t)real("__assert_fail");
    if (fail != NULL) {
        fail(condition, file, line, function);
    }
    call_real("abort");
}

EXPORTED void __assert_perror_fail(int code, const char *file, unsigned line,
                                   const char *function) {
    char text[FAULT_TEXT];
    char number[32] = "error ";
    guard_number(number, sizeof number, code);
    describe_assert(text, sizeof text, number, file, line, function);
    judge_abort(OS_FAULT_ABORT, text, (uintptr_t)__builtin_return_address(0));
    call_real("abort");
}

/* ---- the end of the process or thread ---------------------------------------------------- */

static bool is_foreign(uintptr_t caller) {
    return guard_active() && !frames_is_host(caller) && !is_sanitizer(caller);
}

/* A library ends the process: contained, or it ends with a code of its own. */
static void judge_exit(const char *name, int code, uintptr_t caller) {
    os_fault fault;
    char text[64] = "";
    if (!is_foreign(caller)) {
        return;
    }
    guard_text(text, sizeof text, name);
    guard_text(text, sizeof text, "(");
    guard_number(text, sizeof text, code);
    guard_text(text, sizeof text, ") was called.");
    guard_describe_call(OS_FAULT_EXIT, code, text, caller, &fault);
    guard_contain_call(&fault);
    guard_end(&fault);
    leave(OS_EXIT_FAULT);
}

EXPORTED _Noreturn void exit(int code) {
    judge_exit("exit", code, (uintptr_t)__builtin_return_address(0));
    atomic_store(&host_exits, true);
    call_real_code("exit", code);
}

EXPORTED _Noreturn void quick_exit(int code) {
    judge_exit("quick_exit", code, (uintptr_t)__builtin_return_address(0));
    call_real_code("quick_exit", code);
}

EXPORTED _Noreturn void _exit(int code) {
    judge_exit("_exit", code, (uintptr_t)__builtin_return_address(0));
    call_real_code("_exit", code);
}

EXPORTED _Noreturn void _Exit(int code) {
    judge_exit("_Exit", code, (uintptr_t)__builtin_return_address(0));
    call_real_code("_Exit", code);
}

/* A module may end a thread of its own. */
EXPORTED void pthread_exit(void *result) {
    volatile uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    if (guard_host_thread && is_foreign(caller)) {
        os_fault fault;
        guard_describe_call(OS_FAULT_EXIT, 0, "pthread_exit() was called.", caller, &fault);
        guard_contain_call(&fault);
        guard_end(&fault);
        leave(OS_EXIT_FAULT);
    }
    void (*function)(void *) = (void (*)(void *))(uintptr_t)real("pthread_exit");
    if (function != NULL) {
        function(result);
    }
    call_real("abort");
}

/* An exit() that did not come from here: some function of the C library calls its own, such as
 * err(). At the end of main() the thread is the first one, and in no guard. */
static void on_exit_call(void) {
    volatile uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    if (!guard_active() || atomic_load(&host_exits) ||
        (!guard_is_in() && syscall(SYS_gettid) == getpid())) {
        return;
    }
    os_fault fault;
    guard_describe_call(OS_FAULT_EXIT, 0, "The C library's exit() was called.", caller, &fault);
    fault.in_host = false; /* though a sanitizer may be between */
    guard_end(&fault);
    leave(OS_EXIT_FAULT);
}

portico_status os_faults_start(const os_fault_hooks *hooks) {
    (void)real("abort"); /* loads what dlsym() needs */
    if (atexit(on_exit_call) != 0) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = guard_start(hooks);
    cxx_silence(abort); /* some libraries of the executable's need it, such as sanitizers' */
    return status == PORTICO_OK ? guard_interrupts_start() : status;
}
