/* watchdog_thread.c: see watchdog_thread.h. */
#include "run/watchdog_thread.h"

#include "base/log.h"
#include "run/watchdog.h"
#include "run/worker.h"

enum { LOOK_MS = 250 };

static struct {
    os_thread *thread;
    os_mutex lock; /* for `stop` */
    os_cond wake;
    bool stop;
    uint32_t limit_ms;
    /* Of the thread: */
    uint64_t stuck_ms; /* since when all workers are; 0: they are not */
} dog;

/* Says once when all workers are stuck, and once when one is not any more. */
static void look_at_workers(void) {
    uint32_t count = workers_count();
    uint32_t stuck = dog.limit_ms > 0 ? workers_stuck(dog.limit_ms) : 0;
    uint64_t now_ms = os_monotonic_ms();
    if (stuck == count && dog.stuck_ms == 0) {
        dog.stuck_ms = now_ms - dog.limit_ms;
        log_warn("host",
                 "all workers are stuck: each of the %u has been in one call or batch for more "
                 "than %u ms, and nobody is served",
                 count, dog.limit_ms);
    } else if (stuck < count && dog.stuck_ms != 0) {
        log_info("host", "workers continue after some %llu ms: %u of %u are stuck",
                 (unsigned long long)(now_ms - dog.stuck_ms), stuck, count);
        dog.stuck_ms = 0;
    }
}

static void dog_run(void *arg) {
    (void)arg;
    os_mutex_lock(&dog.lock);
    while (!dog.stop) {
        os_cond_wait(&dog.wake, &dog.lock, LOOK_MS);
        os_mutex_unlock(&dog.lock);
        watchdog_look();
        look_at_workers();
        os_mutex_lock(&dog.lock);
    }
    os_mutex_unlock(&dog.lock);
}

portico_status watchdog_thread_start(uint32_t limit_ms) {
    dog.limit_ms = limit_ms;
    dog.stop = false;
    return os_thread_start(&dog.thread, "watchdog", dog_run, NULL);
}

void watchdog_thread_stop(void) {
    if (dog.thread != NULL) {
        os_mutex_lock(&dog.lock);
        dog.stop = true;
        os_cond_wake_all(&dog.wake);
        os_mutex_unlock(&dog.lock);
        os_thread_join(dog.thread);
        dog.thread = NULL;
    }
}
