/* fault_attach.c: the beginnings and ends of threads, and the end of the process, those included
 * that a module has brought about in a way that fault_calls.c does not see: through a function that
 * it has looked up by itself.
 *
 * The system calls on_thread() on each thread, in the loader's lock, and the C library on_exit().
 * By then such an end cannot be prevented; it is reported, and the process ends with OS_EXIT_FAULT.
 * Wine does not call on_thread() when the process ends.
 */
#include "guard.h"

#include <stdlib.h>

static bool watching;

/* Wine gives a thread all of its stack, with a guard page at the very end, where
 * SetThreadStackGuarantee has no effect until the guard page has been elsewhere. */
static void move_guard_page(uintptr_t begin, uintptr_t bytes) {
    enum { PAGE = 4096 };
    DWORD before = 0;
    VirtualProtect((void *)(begin + bytes + PAGE), PAGE, PAGE_READWRITE | PAGE_GUARD, &before);
}

static void keep_stack_for_handler(void) {
    ULONG_PTR begin = 0;
    ULONG_PTR end = 0;
    GetCurrentThreadStackLimits(&begin, &end);
    ULONG bytes = (ULONG)guard_handler_stack(begin, end);
    ULONG before = bytes;
    if (bytes > 0 && SetThreadStackGuarantee(&before) && win_is_wine()) {
        move_guard_page(begin, bytes);
    }
}

static _Noreturn void end_of(const char *text, const CONTEXT *context) {
    guard_end_at(OS_FAULT_EXIT, text, context, OS_EXIT_FAULT, guard_drop_windows);
    TerminateProcess(GetCurrentProcess(), OS_EXIT_FAULT);
    for (;;) {
        Sleep(INFINITE); /* not reached */
    }
}

/* Whether the code that ends the process is neither the executable's nor Windows' own. */
static bool is_foreign(void) {
    void *frames[OS_FRAMES_MAX];
    uint32_t count = CaptureStackBackTrace(0, OS_FRAMES_MAX, frames, NULL);
    uint32_t i = 0;
    while (i < count && guard_image_has(&guard_host, (uintptr_t)frames[i])) {
        i++; /* the functions here */
    }
    for (; i < count; i++) {
        guard_image image;
        if (!guard_image_at((uintptr_t)frames[i], &image) || image.begin == guard_host.begin) {
            return false;
        }
        if (!win_is_of_windows((HMODULE)image.begin)) {
            return true;
        }
    }
    return false;
}

static void look_at_end(void) {
    if (watching && !guard_is_ending() && is_foreign()) {
        CONTEXT context;
        RtlCaptureContext(&context);
        end_of("The process was ended.", &context);
    }
}

static void on_exit(void) {
    look_at_end();
}

static void end_thread(os_guard_thread *t) {
    if (t->innermost != NULL) {
        CONTEXT context;
        RtlCaptureContext(&context);
        end_of("The thread was ended.", &context);
    }
    guard_thread_end(t);
}

static void NTAPI on_thread(void *image, DWORD reason, void *process_ends) {
    (void)image;
    if (reason == DLL_PROCESS_ATTACH || reason == DLL_THREAD_ATTACH) {
        keep_stack_for_handler();
    } else if (reason == DLL_THREAD_DETACH && guard_thread() != NULL) {
        end_thread(guard_thread());
    } else if (reason == DLL_PROCESS_DETACH && process_ends != NULL) {
        look_at_end();
    }
}

void guard_attach_start(void) {
    watching = true;
    atexit(on_exit);
}

/* A TLS callback of the executable.
 * https://learn.microsoft.com/windows/win32/debug/pe-format (the .tls section) */
__attribute__((section(".CRT$XLF"), used)) PIMAGE_TLS_CALLBACK guard_on_thread = on_thread;
