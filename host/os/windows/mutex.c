/* mutex.c: locks and conditions.
 *
 * SRWLOCK and CONDITION_VARIABLE are zero when free, need no release and live in the caller's
 * storage.
 */
#include "private.h"

_Static_assert(sizeof(SRWLOCK) <= sizeof(os_mutex), "os_mutex is too small");
_Static_assert(sizeof(CONDITION_VARIABLE) <= sizeof(os_cond), "os_cond is too small");

static SRWLOCK *lock_of(os_mutex *mutex) {
    return (SRWLOCK *)(void *)mutex->sys;
}

static CONDITION_VARIABLE *condition_of(os_cond *cond) {
    return (CONDITION_VARIABLE *)(void *)cond->sys;
}

void os_mutex_lock(os_mutex *mutex) {
    AcquireSRWLockExclusive(lock_of(mutex));
}

/* os.h lets the next owner free the mutex. std::mutex is the evidence that an SRWLOCK allows it:
 * Microsoft's is one, and may be destroyed as soon as no thread owns it (C++ [thread.mutex.class]).
 */
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
