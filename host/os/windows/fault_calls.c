/* fault_calls.c: what a library calls to end the process or the thread. On the library's threads.
 *
 * The functions here take the place of the ones that it imports (replace.c), so such a call is a
 * fault of its caller. NOT REPLACED is what runs before os_library_open returns (DllMain,
 * constructors), what a library looks up by GetProcAddress, and `__fastfail`, which is one
 * instruction. Microsoft's C library, linked into a module, uses that in abort() and after a
 * damaged stack, but only where the processor can do it, and asks for that first: here it cannot.
 */
#include "guard.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum {
    FASTFAIL_AVAILABLE = 23,     /* PF_FASTFAIL_AVAILABLE */
    FATAL_APP_EXIT = 0x40000015, /* STATUS_FATAL_APP_EXIT: abort() */
    TEXT_BYTES = sizeof((os_fault *)NULL)->text
};
static const DWORD stack_overrun = 0xC0000409; /* STATUS_STACK_BUFFER_OVERRUN */

static _Noreturn void on_abort(void) {
    guard_end_of_caller(OS_FAULT_ABORT, "");
}

static _Noreturn void on_terminate(void) {
    guard_end_of_caller(OS_FAULT_ABORT, "std::terminate() was called.");
}

static _Noreturn void on_pure_call(void) {
    guard_end_of_caller(OS_FAULT_ABORT, "A pure virtual function was called.");
}

static _Noreturn void on_invalid_parameter(void) {
    guard_end_of_caller(OS_FAULT_ABORT, "The C library refuses a parameter.");
}

static const char *name_of(const char *path) {
    const char *name = path;
    for (; *path != '\0'; path++) {
        name = *path == '/' || *path == '\\' ? path + 1 : name;
    }
    return name;
}

static _Noreturn void on_assert(const char *condition, const char *file, unsigned line) {
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, "assert(%s) at %s:%u", condition, name_of(file), line);
    guard_end_of_caller(OS_FAULT_ABORT, text);
}

static void narrow(const wchar_t *wide, char *text, size_t size) {
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)size, NULL, NULL) == 0) {
        text[size - 1] = '\0'; /* cut off, or not UTF-16 */
    }
}

static _Noreturn void on_wide_assert(const wchar_t *condition, const wchar_t *file, unsigned line) {
    char narrow_condition[TEXT_BYTES] = "";
    char narrow_file[TEXT_BYTES] = "";
    narrow(condition, narrow_condition, sizeof narrow_condition);
    narrow(file, narrow_file, sizeof narrow_file);
    on_assert(narrow_condition, narrow_file, line);
}

static _Noreturn void end_called(const char *name, int code) {
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, "%s(%d) was called.", name, code);
    guard_end_of_caller(OS_FAULT_EXIT, text);
}

static _Noreturn void on_exit(int code) {
    end_called("exit", code);
}

static _Noreturn void on_exit_now(int code) {
    end_called("_exit", code);
}

static _Noreturn void on_quick_exit(int code) {
    end_called("quick_exit", code);
}

static _Noreturn void on_runtime_error(int number) {
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, "The C library reports runtime error R%04d.", number);
    guard_end_of_caller(OS_FAULT_ABORT, text);
}

/* A signal that nobody handles ends the process. So does one that the module handles: which C
 * library has its handler is not known here. */
static int __cdecl on_raise(int number) {
    enum { OLD_ABORT = 6 }; /* SIGABRT_COMPAT */
    char text[TEXT_BYTES];
    snprintf(text, sizeof text, "raise(%d) was called.", number);
    bool aborts = number == SIGABRT || number == OLD_ABORT;
    guard_end_of_caller(aborts ? OS_FAULT_ABORT : OS_FAULT_EXIT, text);
}

static _Noreturn void WINAPI on_exit_process(UINT code) {
    end_called("ExitProcess", (int)code);
}

static _Noreturn void WINAPI on_fatal_exit(int code) {
    end_called("FatalExit", code);
}

static _Noreturn void WINAPI on_fatal_app_exit(UINT action, const char *message) {
    (void)action;
    guard_end_of_caller(OS_FAULT_ABORT, message);
}

static _Noreturn void WINAPI on_wide_fatal_app_exit(UINT action, const wchar_t *message) {
    char text[TEXT_BYTES] = "";
    (void)action;
    narrow(message != NULL ? message : L"", text, sizeof text);
    guard_end_of_caller(OS_FAULT_ABORT, text);
}

static BOOL WINAPI on_terminate_process(HANDLE process, UINT code) {
    if (process != NULL && GetProcessId(process) != GetCurrentProcessId()) {
        return TerminateProcess(process, code);
    }
    if (code == stack_overrun) {
        guard_end_of_caller(OS_FAULT_DAMAGE, guard_protector_text);
    }
    end_called("TerminateProcess", (int)code);
}

/* ---- the end of a thread ------------------------------------------------------------------- */

/* A thread of a module's own may end itself; a thread of the host's, which has a record, may not.
 * */
static void refuse_end_of_thread(void) {
    if (guard_thread() != NULL) {
        guard_end_of_caller(OS_FAULT_EXIT, "The thread was ended.");
    }
}

/* The C library frees what it keeps for the thread when the thread ends. */
static _Noreturn void end_thread(DWORD code) {
    refuse_end_of_thread();
    ExitThread(code);
}

static _Noreturn void WINAPI on_exit_thread(DWORD code) {
    end_thread(code);
}

static _Noreturn void on_end_thread(void) {
    end_thread(0);
}

static _Noreturn void on_end_thread_code(unsigned code) {
    end_thread(code);
}

static _Noreturn void WINAPI on_free_and_exit_thread(HMODULE library, DWORD code) {
    refuse_end_of_thread();
    FreeLibraryAndExitThread(library, code);
}

/* ---- Microsoft's C library, linked into the module ----------------------------------------- */

static BOOL WINAPI on_has_feature(DWORD feature) {
    return feature != FASTFAIL_AVAILABLE && IsProcessorFeaturePresent(feature);
}

/* The host's filter stays. */
static LPTOP_LEVEL_EXCEPTION_FILTER WINAPI on_set_filter(LPTOP_LEVEL_EXCEPTION_FILTER filter) {
    (void)filter;
    return NULL;
}

static LONG WINAPI on_filter(EXCEPTION_POINTERS *e) {
    DWORD code = e->ExceptionRecord->ExceptionCode;
    if (code == (DWORD)FATAL_APP_EXIT) {
        guard_end_of_caller(OS_FAULT_ABORT, "");
    }
    if (code == stack_overrun) {
        guard_end_of_caller(OS_FAULT_DAMAGE, guard_protector_text);
    }
    return UnhandledExceptionFilter(e);
}

/* ---- the table ------------------------------------------------------------------------------ */

typedef void any_function(void);

typedef struct replacement {
    const char *name;
    any_function *function;
} replacement;

#define ROW(name, function) \
    { name, (any_function *)(function) }
static const replacement of_c[] = {
    ROW("abort", on_abort),
    ROW("terminate", on_terminate),
    ROW("?terminate@@YAXXZ", on_terminate),
    ROW("__std_terminate", on_terminate),
    ROW("_purecall", on_pure_call),
    ROW("_invalid_parameter_noinfo_noreturn", on_invalid_parameter),
    ROW("_invoke_watson", on_invalid_parameter),
    ROW("_assert", on_assert),
    ROW("_wassert", on_wide_assert),
    ROW("_amsg_exit", on_runtime_error),
    ROW("raise", on_raise),
    ROW("exit", on_exit),
    ROW("_exit", on_exit_now),
    ROW("_Exit", on_exit_now),
    ROW("quick_exit", on_quick_exit),
    ROW("_endthread", on_end_thread),
    ROW("_endthreadex", on_end_thread_code),
};
static const replacement of_windows[] = {
    ROW("ExitProcess", on_exit_process),
    ROW("RtlExitUserProcess", on_exit_process),
    ROW("TerminateProcess", on_terminate_process),
    ROW("FatalExit", on_fatal_exit),
    ROW("FatalAppExitA", on_fatal_app_exit),
    ROW("FatalAppExitW", on_wide_fatal_app_exit),
    ROW("ExitThread", on_exit_thread),
    ROW("RtlExitUserThread", on_exit_thread),
    ROW("FreeLibraryAndExitThread", on_free_and_exit_thread),
    ROW("IsProcessorFeaturePresent", on_has_feature),
    ROW("SetUnhandledExceptionFilter", on_set_filter),
    ROW("UnhandledExceptionFilter", on_filter),
};

static const void *find_in(const replacement *rows, size_t count, const char *function) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, function) == 0) {
            return (const void *)(uintptr_t)rows[i].function; // NOLINT(performance-no-int-to-ptr)
        }
    }
    return NULL;
}

static bool has_prefix(const char *name, const char *prefix) {
    return _strnicmp(name, prefix, strlen(prefix)) == 0;
}

static const void *find(const char *library, const char *function) {
    if (has_prefix(library, "msvcr") || has_prefix(library, "ucrtbase") ||
        has_prefix(library, "vcruntime") || has_prefix(library, "api-ms-win-crt-")) {
        const void *found = find_in(of_c, sizeof of_c / sizeof of_c[0], function);
        return found != NULL ? found : guard_find_lock(library, function);
    }
    if (has_prefix(library, "kernel") || has_prefix(library, "ntdll") ||
        has_prefix(library, "api-ms-win-core-")) {
        return find_in(of_windows, sizeof of_windows / sizeof of_windows[0], function);
    }
    return NULL;
}

void guard_replace_calls(HMODULE library) {
    if (guard_slot != TLS_OUT_OF_INDEXES) {
        guard_locking_look();
        win_replace_imports(library, find);
    }
}
