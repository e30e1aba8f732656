/* thread.c: threads, locks and conditions.
 *
 * SRWLOCK and CONDITION_VARIABLE are zero when they are free, need no release and live in the caller's
 * storage. _beginthreadex and not CreateThread, so that the C library's own per-thread data is freed.
 */
#include "private.h"

#include <errno.h>
#include <process.h>
#include <stdlib.h>

struct os_thread {
    HANDLE handle;
    void (*fn)(void *);
    void *arg;
    wchar_t name[16];
};

_Static_assert(sizeof(SRWLOCK) <= sizeof(os_mutex), "os_mutex is too small");
_Static_assert(sizeof(CONDITION_VARIABLE) <= sizeof(os_cond), "os_cond is too small");

static SRWLOCK *lock_of(os_mutex *mutex) {
    return (SRWLOCK *)(void *)mutex->sys;
}

static CONDITION_VARIABLE *condition_of(os_cond *cond) {
    return (CONDITION_VARIABLE *)(void *)cond->sys;
}

/* Windows 10, version 1607, and later; older ones and some Wines just have threads without names. */
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
    thread->fn(thread->arg);
    return 0;
}

portico_status os_thread_start(os_thread **thread, const char *name, void (*fn)(void *),
                               void *arg) {
    *thread = NULL;
    os_thread *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return win_fail(ERROR_NOT_ENOUGH_MEMORY);
    }
    t->fn = fn;
    t->arg = arg;
    size_t last = sizeof t->name / sizeof t->name[0] - 1;
    for (size_t i = 0; i < last && name[i] != '\0'; i++) {
        t->name[i] = (unsigned char)name[i];
    }
    t->handle = (HANDLE)_beginthreadex(NULL, 0, thread_main, t, 0, NULL);
    if (t->handle == NULL) {
        bool no_memory = errno == EACCES ||
                         errno == ENOMEM; /* EACCES: "insufficient resources", so the manual */
        free(t);
        return no_memory ? win_fail(ERROR_NOT_ENOUGH_MEMORY) : win_fail(ERROR_NO_SYSTEM_RESOURCES);
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

void os_sleep(uint32_t timeout_ms) {
    Sleep(timeout_ms);
}

void os_mutex_lock(os_mutex *mutex) {
    AcquireSRWLockExclusive(lock_of(mutex));
}

/* That it may be freed then is taken from std::mutex: Microsoft's is an SRWLOCK, and may be destroyed as soon as nobody owns it
 * (C++ [thread.mutex.class]). */
void os_mutex_unlock(os_mutex *mutex) {
    ReleaseSRWLockExclusive(lock_of(mutex));
}

bool os_cond_wait(os_cond *cond, os_mutex *mutex, uint32_t timeout_ms) {
    _Static_assert(INFINITE == UINT32_MAX, "for ever is the same number on both sides");
    return SleepConditionVariableSRW(condition_of(cond), lock_of(mutex), timeout_ms, 0) != 0;
}

void os_cond_wake_all(os_cond *cond) {
    WakeAllConditionVariable(condition_of(cond));
}
