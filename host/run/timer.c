/* timer.c: see timer.h. A binary heap by due time; each timer knows its place in it. The entries
 * repeat the due time, so that moving within the heap does not fetch a thousand timers from
 * memory.
 *
 * On busy processors the thread wakes late: a tick would wait for it, and then for a worker. So a
 * worker that begins a batch and finds a timer a millisecond late fires in the thread's place.
 */
#include "run/timer.h"

#include "base/stats.h"
#include "os/hurry.h"

#include <stdlib.h>

enum { FIRE_BURST = 64 /* posted together, so that they cost one wake-up */ };

static const uint64_t RETRY_NS = 10000000;
static const uint64_t HELP_AFTER_NS = 250000;

typedef struct entry {
    uint64_t due_ns;
    timer *timer;
} entry;

static struct {
    os_mutex lock;
    os_port *port;
    os_thread *thread;
    os_alarm *alarm;
    uint64_t asleep_until_ns; /* 0: the thread is awake and will read the heap before it sleeps */
    entry *heap;              /* heap[0] is due first */
    size_t count;
    size_t capacity;
    size_t places; /* reserved: the heap has room for all timers that exist */
    bool firing;   /* a thread fires timers: only one at a time, so that they keep their order */
    os_cond fired;
    bool stop;
} timers;

_Atomic uint64_t timers_late_ns = UINT64_MAX;

static void heap_put(size_t at, entry e) {
    timers.heap[at] = e;
    e.timer->index = at + 1;
}

static void heap_up(size_t at, entry e) {
    while (at > 0 && timers.heap[(at - 1) / 2].due_ns > e.due_ns) {
        heap_put(at, timers.heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_put(at, e);
}

static void heap_down(size_t at, entry e) {
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= timers.count) {
            break;
        }
        if (child + 1 < timers.count && timers.heap[child + 1].due_ns < timers.heap[child].due_ns) {
            child++;
        }
        if (timers.heap[child].due_ns >= e.due_ns) {
            break;
        }
        heap_put(at, timers.heap[child]);
        at = child;
    }
    heap_put(at, e);
}

static void heap_add(timer *t, uint64_t due_ns) {
    heap_up(timers.count++, (entry){.due_ns = due_ns, .timer = t});
}

static void heap_remove(timer *t) {
    size_t at = t->index - 1;
    t->index = 0;
    entry last = timers.heap[--timers.count];
    if (last.timer != t) {
        if (at > 0 && timers.heap[(at - 1) / 2].due_ns > last.due_ns) {
            heap_up(at, last);
        } else {
            heap_down(at, last);
        }
    }
}

/* Under the lock a timer whose op is posted is out of the heap for all threads, so timer_cancel
 * can tell by `index` alone. */
static void post_locked(timer *t, uint64_t now_ns) {
    if (os_port_post(timers.port, &t->op) == PORTICO_OK) {
        stats_add(STAT_ops_submitted, 1);
    } else {
        heap_add(t, now_ns + RETRY_NS); /* out of memory; a timer must not be lost */
    }
}

static durations lateness;

void timers_lateness(durations_view *view) {
    durations_look(&lateness, view);
}

/* Fires at most FIRE_BURST timers that are due. Called with the lock held, which it releases for
 * the calls. Returns when the next timer is due. */
static uint64_t timers_fire(uint64_t now_ns) {
    for (int i = 0; i < FIRE_BURST && timers.count > 0 && timers.heap[0].due_ns <= now_ns; i++) {
        timer *t = timers.heap[0].timer;
        durations_add(&lateness, now_ns - timers.heap[0].due_ns);
        heap_remove(t);
        if (t->direct == NULL) {
            post_locked(t, now_ns);
            continue;
        }
        os_mutex_unlock(&timers.lock);
        t->direct(t); /* may free it */
        os_mutex_lock(&timers.lock);
    }
    return timers.count > 0 ? timers.heap[0].due_ns : UINT64_MAX;
}

/* Tells the workers when to help. [lock held] */
static void publish_locked(void) {
    uint64_t due_ns = timers.count > 0 ? timers.heap[0].due_ns : UINT64_MAX;
    bool none = due_ns > UINT64_MAX - HELP_AFTER_NS;
    atomic_store_explicit(&timers_late_ns, none ? UINT64_MAX : due_ns + HELP_AFTER_NS,
                          memory_order_relaxed);
}

/* The same as timers_fire, as the only thread, and with one wake-up for all posts. */
static uint64_t timers_fire_alone(uint64_t now_ns) {
    timers.firing = true;
    os_port_posts_begin(timers.port);
    uint64_t next_ns = timers_fire(now_ns);
    os_port_posts_end(timers.port);
    timers.firing = false;
    os_cond_wake_all(&timers.fired);
    publish_locked();
    return next_ns;
}

void timers_fire_late(uint64_t now_ns) {
    os_mutex_lock(&timers.lock);
    if (!timers.stop && !timers.firing) {
        (void)timers_fire_alone(now_ns);
    }
    os_mutex_unlock(&timers.lock);
}

static void timers_sleep(uint64_t until_ns) {
    timers.asleep_until_ns = until_ns;
    os_mutex_unlock(&timers.lock);
    os_alarm_sleep(timers.alarm, until_ns);
    os_mutex_lock(&timers.lock);
    timers.asleep_until_ns = 0;
}

static void timers_run(void *arg) {
    (void)arg;
    os_thread_hurry();
    os_mutex_lock(&timers.lock);
    while (!timers.stop) {
        while (timers.firing) {
            os_cond_wait(&timers.fired, &timers.lock, UINT32_MAX);
        }
        uint64_t next_ns = timers_fire_alone(os_monotonic_ns());
        if (next_ns > os_monotonic_ns() &&
            !timers.stop) { /* timers_stop during a direct call does not ring the alarm */
            timers_sleep(next_ns);
        }
    }
    os_mutex_unlock(&timers.lock);
}

/* Ends the thread's sleep unless it wakes in time anyway. */
static void wake_locked(uint64_t due_ns) {
    if (due_ns < timers.asleep_until_ns) {
        timers.asleep_until_ns = due_ns;
        os_alarm_ring(timers.alarm);
    }
}

portico_status timers_start(os_port *port) {
    timers.port = port;
    timers.stop = false;
    portico_status status = os_alarm_create(&timers.alarm);
    if (status != PORTICO_OK) {
        return status;
    }
    status = os_thread_start(&timers.thread, "timers", timers_run, NULL);
    if (status != PORTICO_OK) {
        os_alarm_destroy(timers.alarm);
        timers.alarm = NULL;
    }
    return status;
}

void timers_stop(void) {
    if (timers.thread == NULL) {
        return;
    }
    os_mutex_lock(&timers.lock);
    timers.stop = true;
    wake_locked(0);
    os_mutex_unlock(&timers.lock);
    os_thread_join(timers.thread);
    timers.thread = NULL;
    os_mutex_lock(&timers.lock);
    while (timers.firing) { /* a worker that helps */
        os_cond_wait(&timers.fired, &timers.lock, UINT32_MAX);
    }
    os_mutex_unlock(&timers.lock);
}

void timers_fini(void) {
    if (timers.alarm != NULL) {
        os_alarm_destroy(timers.alarm);
        timers.alarm = NULL;
    }
    free(timers.heap);
    timers.heap = NULL;
    timers.count = 0;
    timers.capacity = 0;
    atomic_store(&timers_late_ns, UINT64_MAX);
}

/* Reserves a place in the heap. */
static portico_status place_take_locked(void) {
    if (timers.places == timers.capacity) {
        size_t capacity = timers.capacity == 0 ? 64 : 2 * timers.capacity;
        entry *heap = realloc(timers.heap, capacity * sizeof *heap);
        if (heap == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        timers.heap = heap;
        timers.capacity = capacity;
    }
    timers.places++;
    return PORTICO_OK;
}

static portico_status place_take(void) {
    os_mutex_lock(&timers.lock);
    portico_status status = place_take_locked();
    os_mutex_unlock(&timers.lock);
    return status;
}

portico_status timer_init(timer *t, void (*done)(const os_completion *completion)) {
    t->op.done = done;
    return place_take();
}

portico_status timer_init_direct(timer *t, void (*call)(timer *t)) {
    t->direct = call;
    return place_take();
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
    heap_add(t, due_ns);
    publish_locked();
    wake_locked(due_ns);
    os_mutex_unlock(&timers.lock);
}

bool timer_cancel(timer *t) {
    os_mutex_lock(&timers.lock);
    bool was_set = t->index != 0;
    if (was_set) {
        heap_remove(t);
        publish_locked();
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
