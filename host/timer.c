/* timer.c: see timer.h. A binary heap by due time; each timer knows its place in it. */
#include "timer.h"

#include "log.h"
#include "stats.h"

#include <stdlib.h>

static struct {
    os_mutex lock;
    os_cond wake;
    os_port *port;
    os_thread *thread;
    timer **heap; /* heap[0] is due first */
    size_t count;
    size_t capacity;
    size_t places; /* timers that exist: the heap has room for all */
    bool stop;
} timers;

static void heap_put(size_t at, timer *t) {
    timers.heap[at] = t;
    t->index = at + 1;
}

static void heap_up(size_t at, timer *t) {
    while (at > 0 && timers.heap[(at - 1) / 2]->due_ns > t->due_ns) {
        heap_put(at, timers.heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(at, t);
}

static void heap_down(size_t at, timer *t) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= timers.count) {
            break;
        }
        if (child + 1 < timers.count && timers.heap[child + 1]->due_ns < timers.heap[child]->due_ns) {
            child++;
        }
        if (timers.heap[child]->due_ns >= t->due_ns) {
            break;
        }
        heap_put(at, timers.heap[child]);
        at = child;
    }
    heap_put(at, t);
}

static void heap_remove(timer *t) {
    size_t at = t->index - 1;
    t->index = 0;
    timer *last = timers.heap[--timers.count];
    if (last != t) {
        if (at > 0 && timers.heap[(at - 1) / 2]->due_ns > last->due_ns) {
            heap_up(at, last);
        } else {
            heap_down(at, last);
        }
    }
}

/* Posts what is due; returns how long to sleep. The lock is held, so that a timer whose op is posted is
 * out of the heap for everybody: timer_cancel can then tell by `index` alone. */
static uint32_t timers_fire(void) {
    for (;;) {
        if (timers.count == 0) {
            return UINT32_MAX;
        }
        timer *t = timers.heap[0];
        uint64_t now_ns = os_monotonic_ns();
        if (t->due_ns > now_ns) {
            /* Rounded up: a sleep that ends early would only loop. */
            return (uint32_t)((t->due_ns - now_ns + 999999) / 1000000);
        }
        heap_remove(t);
        if (os_port_post(timers.port, &t->op) == PORTICO_OK) {
            stats_add(STAT_ops_submitted, 1);
        } else {
            /* The system has no memory for it now; a timer must not be lost. */
            t->due_ns = now_ns + 10000000;
            heap_up(timers.count++, t);
        }
    }
}

static void timers_run(void *arg) {
    (void)arg;
    os_mutex_lock(&timers.lock);
    while (!timers.stop) {
        uint32_t sleep_ms = timers_fire();
        os_cond_wait(&timers.wake, &timers.lock, sleep_ms);
    }
    os_mutex_unlock(&timers.lock);
}

portico_status timers_start(os_port *port) {
    timers.port = port;
    timers.stop = false;
    return os_thread_start(&timers.thread, "timers", timers_run, NULL);
}

void timers_stop(void) {
    if (timers.thread == NULL) {
        return;
    }
    os_mutex_lock(&timers.lock);
    timers.stop = true;
    os_cond_wake_all(&timers.wake);
    os_mutex_unlock(&timers.lock);
    os_thread_join(timers.thread);
    timers.thread = NULL;
    free(timers.heap);
    timers.heap = NULL;
    timers.count = 0;
    timers.capacity = 0;
    timers.places = 0;
}

portico_status timer_init(timer *t, void (*done)(const os_completion *completion)) {
    portico_status status = PORTICO_OK;
    t->op.done = done;
    os_mutex_lock(&timers.lock);
    if (timers.places == timers.capacity) {
        size_t capacity = timers.capacity == 0 ? 64 : 2 * timers.capacity;
        timer **heap = realloc(timers.heap, capacity * sizeof(timer *));
        if (heap != NULL) {
            timers.heap = heap;
            timers.capacity = capacity;
        } else {
            status = PORTICO_E_NO_MEMORY;
        }
    }
    timers.places += status == PORTICO_OK;
    os_mutex_unlock(&timers.lock);
    return status;
}

void timer_fini(timer *t) {
    (void)t;
    os_mutex_lock(&timers.lock);
    timers.places--;
    os_mutex_unlock(&timers.lock);
}

void timer_set(timer *t, uint32_t delay_ms) {
    timer_set_at(t, os_monotonic_ns() + (uint64_t)delay_ms * 1000000);
}

void timer_set_at(timer *t, uint64_t due_ns) {
    os_mutex_lock(&timers.lock);
    if (t->index != 0) {
        heap_remove(t);
    }
    t->due_ns = due_ns;
    heap_up(timers.count++, t);
    if (t->index == 1) {
        os_cond_wake_all(&timers.wake);
    }
    os_mutex_unlock(&timers.lock);
}

bool timer_cancel(timer *t) {
    os_mutex_lock(&timers.lock);
    bool was_set = t->index != 0;
    if (was_set) {
        heap_remove(t);
    }
    os_mutex_unlock(&timers.lock);
    return was_set;
}

size_t timers_count(void) {
    os_mutex_lock(&timers.lock);
    size_t count = timers.count;
    os_mutex_unlock(&timers.lock);
    return count;
}
