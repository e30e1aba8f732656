/* executor.c: see executor.h. */
#include "base/executor.h"

enum { STOP_MS = 1000 };

/* NULL: the thread is to end. */
static executor_task *next_locked(executor *e) {
    while (!e->stop && e->first == NULL) {
        os_cond_wait(&e->changed, &e->lock, UINT32_MAX);
    }
    executor_task *task = e->stop ? NULL : e->first;
    if (task != NULL) {
        e->first = task->next;
        e->last = task->next != NULL ? e->last : &e->first;
    }
    e->running = task;
    return task;
}

static void executor_main(void *arg) {
    executor *e = arg;
    executor_task *task = NULL;
    os_mutex_lock(&e->lock);
    while ((task = next_locked(e)) != NULL) {
        os_mutex_unlock(&e->lock);
        e->run(task);
        os_mutex_lock(&e->lock);
        e->running = NULL;
        e->must_end = false;
    }
    e->ended = true;
    os_cond_wake_all(&e->changed);
    os_mutex_unlock(&e->lock);
}

/* Starts the thread if there is none. */
static bool has_thread_locked(executor *e) {
    if (e->thread == NULL) {
        e->stop = false;
        e->ended = false;
        e->last = &e->first;
        if (os_thread_start(&e->thread, e->name, executor_main, e) != PORTICO_OK) {
            e->thread = NULL;
        }
    }
    return e->thread != NULL;
}

bool executor_add(executor *e, executor_task *task) {
    os_mutex_lock(&e->lock);
    bool taken = has_thread_locked(e);
    if (taken) {
        task->next = NULL;
        *e->last = task;
        e->last = &task->next;
        os_cond_wake_all(&e->changed);
    }
    os_mutex_unlock(&e->lock);
    return taken;
}

bool executor_remove_locked(executor *e, const executor_task *task) {
    executor_task **at = &e->first;
    while (*at != NULL && *at != task) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return false;
    }
    *at = task->next;
    e->last = *at == NULL ? at : e->last;
    return true;
}

bool executor_stop(executor *e) {
    uint64_t until_ms = os_monotonic_ms() + STOP_MS;
    os_mutex_lock(&e->lock);
    e->stop = true;
    os_cond_wake_all(&e->changed);
    while (e->thread != NULL && !e->ended) {
        uint64_t now_ms = os_monotonic_ms();
        if (now_ms >= until_ms && !e->must_end) {
            break;
        }
        os_cond_wait(&e->changed, &e->lock,
                     now_ms < until_ms ? (uint32_t)(until_ms - now_ms) : STOP_MS);
    }
    os_thread *ended = e->ended ? e->thread : NULL;
    bool stopped = e->thread == NULL || e->ended;
    os_mutex_unlock(&e->lock);
    if (ended != NULL) {
        os_thread_join(ended);
        e->thread = NULL;
    }
    return stopped;
}

executor_task *executor_take_all(executor *e) {
    os_mutex_lock(&e->lock);
    executor_task *first = e->first;
    e->first = NULL;
    e->last = &e->first;
    os_mutex_unlock(&e->lock);
    return first;
}
