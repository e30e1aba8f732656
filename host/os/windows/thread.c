/* thread.c: threads. _beginthreadex rather than CreateThread, so that the C library frees its own
 * per-thread data. */
#include "error.h"
#include "guard.h"
#include "os/hurry.h"

#include <errno.h>
#include <process.h>
#include <stdlib.h>

static unsigned stack_bytes; /* 0: the system's choice */

struct os_thread {
    HANDLE handle;
    void (*fn)(void *);
    void *arg;
    wchar_t name[16];
};

/* Windows 10, version 1607, and later; on older ones and some Wines threads have no names. */
static void name_this_thread(const wchar_t *name) {
    typedef HRESULT(WINAPI * set_description)(HANDLE, PCWSTR);
    set_description set = (set_description)win_find(L"kernel32.dll", "SetThreadDescription");
    if (set != NULL) {
        set(GetCurrentThread(), name);
    }
}

static unsigned __stdcall thread_main(void *arg) {
    os_thread *thread = arg;
    name_this_thread(thread->name);
    (void)os_guard_self(); /* so that it is known as one of the host's (fault_calls.c) */
    thread->fn(thread->arg);
    return 0;
}

void os_threads_set_stack(uint32_t bytes) {
    stack_bytes = bytes;
}

portico_status os_thread_start(os_thread **thread, const char *name, void (*fn)(void *),
                               void *arg) {
    *thread = NULL;
    os_thread *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    t->fn = fn;
    t->arg = arg;
    size_t last = sizeof t->name / sizeof t->name[0] - 1;
    for (size_t i = 0; i < last && name[i] != '\0'; i++) {
        t->name[i] = (unsigned char)name[i];
    }
    t->handle = (HANDLE)_beginthreadex(NULL, stack_bytes, thread_main, t,
                                       STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    if (t->handle == NULL) {
        /* EACCES: "insufficient resources", says the manual. */
        bool no_memory = errno == EACCES || errno == ENOMEM;
        free(t);
        return no_memory ? error_set(ERROR_NOT_ENOUGH_MEMORY)
                         : error_set(ERROR_NO_SYSTEM_RESOURCES);
    }
    *thread = t;
    return PORTICO_OK;
}

uint64_t os_thread_cpu_ns(const os_thread *thread) {
    FILETIME created, ended, kernel, user;
    if (!GetThreadTimes(thread->handle, &created, &ended, &kernel, &user)) {
        return 0;
    }
    return win_ns_of(kernel) + win_ns_of(user);
}

void os_thread_join(os_thread *thread) {
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    free(thread);
}

void os_thread_hurry(void) {
    (void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_HIGHEST);
}

bool os_thread_pace(os_thread *thread, os_pace pace) {
    (void)thread;
    (void)pace;
    return false;
}

void os_yield(void) {
    (void)SwitchToThread();
}

void os_sleep(uint32_t timeout_ms) {
    Sleep(timeout_ms);
}
