/* thread.c: threads, mutexes and condition variables on pthreads.
 *
 * os_mutex and os_cond are a pthread_mutex_t and a pthread_cond_t in plain storage: on glibc and musl all
 * bytes zero is what their static initialisers are, and neither owns anything that must be released.
 */
#include "error.h"
#include "os/os.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static_assert(sizeof(pthread_mutex_t) <= sizeof(os_mutex), "os_mutex is too small");
static_assert(sizeof(pthread_cond_t) <= sizeof(os_cond), "os_cond is too small");

struct os_thread {
    pthread_t system;
    void (*fn)(void *);
    void *arg;
    char name[16];
};

static void *thread_main(void *arg) {
    os_thread *thread = arg;
    pthread_setname_np(pthread_self(), thread->name);
    thread->fn(thread->arg);
    return NULL;
}

portico_status os_thread_start(os_thread **result, const char *name, void (*fn)(void *), void *arg) {
    os_thread *thread = calloc(1, sizeof *thread);
    if (thread == NULL) {
        return error_set(ENOMEM);
    }
    thread->fn = fn;
    thread->arg = arg;
    snprintf(thread->name, sizeof thread->name, "%s", name);
    *result = thread; /* before the start: the new thread may look at it */
    int code = pthread_create(&thread->system, NULL, thread_main, thread);
    if (code != 0) {
        *result = NULL;
        free(thread);
        error_set(code);
        return code == EAGAIN ? PORTICO_E_NO_HANDLES : error_status(code);
    }
    return PORTICO_OK;
}

void os_thread_join(os_thread *thread) {
    if (pthread_join(thread->system, NULL) != 0) {
        abort(); /* joined twice, or by itself */
    }
    free(thread);
}

void os_mutex_lock(os_mutex *mutex) {
    if (pthread_mutex_lock((pthread_mutex_t *)mutex) != 0) {
        abort();
    }
}

void os_mutex_unlock(os_mutex *mutex) {
    if (pthread_mutex_unlock((pthread_mutex_t *)mutex) != 0) {
        abort();
    }
}

bool os_cond_wait(os_cond *cond, os_mutex *mutex, uint32_t timeout_ms) {
    pthread_cond_t *c = (pthread_cond_t *)cond;
    pthread_mutex_t *m = (pthread_mutex_t *)mutex;
    if (timeout_ms == UINT32_MAX) {
        pthread_cond_wait(c, m);
        return true;
    }
    uint64_t until_ns = os_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    return pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

void os_cond_wake_all(os_cond *cond) {
    pthread_cond_broadcast((pthread_cond_t *)cond);
}
