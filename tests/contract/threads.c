/* Threads, a mutex initialised by all bytes zero, a condition that wakes and one that runs out of
 * time. */
#include "contract.h"

enum { THREADS = 4, ROUNDS = 20000 };

static os_mutex lock;
static os_cond changed;
static uint32_t counter;
static bool open;
static bool spun;

static void count_main(void *arg) {
    uint32_t *own = arg;
    os_mutex_lock(&lock);
    while (!open) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
    for (int i = 0; i < ROUNDS; i++) {
        os_mutex_lock(&lock);
        counter++;
        (*own)++;
        os_mutex_unlock(&lock);
    }
}

static void spin_main(void *arg) {
    (void)arg;
    contract_spin(200);
    os_mutex_lock(&lock);
    spun = true;
    os_cond_wake_all(&changed);
    while (open) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

/* Of a thread that spins, then sleeps: no more than the elapsed time, and never less than before. A
 * system may report none. */
static void processor_time(void) {
    os_thread *thread;
    uint64_t begin_ns = os_monotonic_ns();
    CHECK_OK(os_thread_start(&thread, "spins", spin_main, NULL));
    os_mutex_lock(&lock);
    while (!spun) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
    uint64_t used_ns = os_thread_cpu_ns(thread);
    CHECK(used_ns <= os_monotonic_ns() - begin_ns + 16 * 1000000);
    CHECK(os_thread_cpu_ns(thread) >= used_ns);
    os_usage usage;
    os_process_usage(&usage);
    CHECK(used_ns <= usage.cpu_ns + 16 * 1000000);
    os_mutex_lock(&lock);
    open = false;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
    os_thread_join(thread);
}

SCENARIO(threads) {
    os_thread *threads[THREADS];
    uint32_t counts[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        CHECK_OK(
            os_thread_start(&threads[i], "a name that is far too long", count_main, &counts[i]));
    }
    os_mutex_lock(&lock);
    CHECK_EQ(counter, 0);
    open = true;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
        CHECK_EQ(counts[i], ROUNDS);
    }
    CHECK_EQ(counter, THREADS * ROUNDS);

    uint64_t begin_ns = os_monotonic_ns();
    os_mutex_lock(&lock);
    while (os_cond_wait(&changed, &lock, 50)) { /* woken for no reason: again */
    }
    os_mutex_unlock(&lock);
    CHECK((os_monotonic_ns() - begin_ns) / 1000000 >= 50 - 16);
    processor_time();
}
