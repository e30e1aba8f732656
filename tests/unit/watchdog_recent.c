/* watchdog_recent.c: the last calls of a module, of all threads, the latest first; right also while
 * the threads go on. */
#include "os/os.h"
#include "run/watchdog.h"

#include "support/check.h"

#include <stdatomic.h>

enum { THREADS = 4, CALLS = 200000, ROUNDS = 3000, ROUNDS_MAX = 20000 };

static watchdog_call calls[WATCHDOG_RECENT];
static atomic_bool stop;

static uint32_t recent(const char *name, uint32_t most) {
    memset(calls, 0, sizeof calls);
    return watchdog_recent(name, calls, most);
}

static void is_call(uint32_t at, const char *what, uint32_t number, uint64_t entity) {
    CHECK_TEXT(calls[at].what, what);
    CHECK_INT(calls[at].number, number);
    CHECK_INT(calls[at].entity, entity);
}

/* [a thread of its own] A run of three, one of another module, one without a time limit, one that
 * runs. */
static void one_thread(void *arg) {
    const char *a = watchdog_name("a");
    const char *b = watchdog_name("b");
    (void)arg;
    CHECK(watchdog_name("a") == a && a != b);
    CHECK_INT(recent("a", 10), 0);
    watchdog_begin(a, "opcode", 1, 50);
    watchdog_next(2);
    watchdog_next(3);
    watchdog_end();
    watchdog_begin(b, "opcode", 4, 51);
    watchdog_end();
    watchdog_begin(a, NULL, 5, 0);
    watchdog_end();
    watchdog_begin(a, "message", 6, 52);
    CHECK_INT(recent("a", 10), 5);
    is_call(0, "message", 6, 52);
    is_call(1, NULL, 5, 0);
    is_call(2, "opcode", 3, 50);
    is_call(3, "opcode", 2, 50);
    is_call(4, "opcode", 1, 50);
    CHECK(calls[0].started_ns > calls[1].started_ns);
    CHECK_TEXT(calls[4].module, "a");
    CHECK_INT(recent("a", 2), 2);
    is_call(1, NULL, 5, 0);
    CHECK_INT(recent("b", 10), 1);
    is_call(0, "opcode", 4, 51);
    CHECK_INT(recent("c", 10), 0);
    watchdog_end();
}

/* [a thread of its own] More calls than a ring has room for, in one run and after it. */
static void long_runs(void *arg) {
    const char *name = watchdog_name("long");
    (void)arg;
    watchdog_begin(name, "opcode", 0, 60);
    for (uint32_t i = 1; i < 1000; i++) {
        watchdog_next(i);
    }
    CHECK_INT(recent("long", WATCHDOG_RECENT), WATCHDOG_RECENT);
    for (uint32_t i = 0; i < WATCHDOG_RECENT; i++) {
        is_call(i, "opcode", 999 - i, 60);
    }
    watchdog_end();
    watchdog_begin(name, "message", 7, 61);
    watchdog_end();
    CHECK_INT(recent("long", 10), 10);
    is_call(0, "message", 7, 61);
    is_call(1, "opcode", 999, 60);
    is_call(9, "opcode", 991, 60);
    for (uint32_t i = 0; i < 100; i++) {
        watchdog_begin(name, "message", i, i);
        watchdog_end();
    }
    CHECK_INT(recent("long", WATCHDOG_RECENT), WATCHDOG_RECENT);
    is_call(0, "message", 99, 99);
    is_call(WATCHDOG_RECENT - 1, "message", 100 - WATCHDOG_RECENT, 100 - WATCHDOG_RECENT);
}

/* Each call's number says what else it must have. */
static void busy_thread(void *arg) {
    const char *name = watchdog_name("busy");
    uint32_t base = *(const uint32_t *)arg;
    for (uint32_t i = 0; i < CALLS || !atomic_load(&stop); i++) {
        watchdog_begin(name, i % 2 == 0 ? "opcode" : "message", base + i % 1000, base + i % 2);
        for (uint32_t more = i % 40; more > 0; more--) {
            i += 2;
            watchdog_next(base + i % 1000);
        }
        watchdog_end();
    }
}

static void check_calls(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const watchdog_call *c = &calls[i];
        CHECK_TEXT(c->module, "busy");
        CHECK_TEXT(c->what, c->number % 2 == 0 ? "opcode" : "message");
        CHECK_INT(c->entity, c->number / 100000 * 100000 + c->number % 2);
        CHECK(i == 0 || calls[i - 1].started_ns >= c->started_ns);
    }
}

static void many_threads(void) {
    os_thread *threads[THREADS];
    uint32_t bases[THREADS];
    uint32_t found = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
        bases[i] = (i + 1) * 100000;
        CHECK_INT(os_thread_start(&threads[i], "busy", busy_thread, &bases[i]), PORTICO_OK);
    }
    for (int i = 0; i < ROUNDS || (found == 0 && i < ROUNDS_MAX); i++) {
        uint32_t count = recent("busy", 10);
        check_calls(count);
        found += count;
        if (found == 0) {
            os_sleep(1); /* until the threads have begun */
        }
    }
    atomic_store(&stop, true);
    for (uint32_t i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK(found > 0);
    CHECK_INT(recent("busy", 10), 10);
    check_calls(10);
}

static void in_thread(void (*run)(void *arg)) {
    os_thread *thread;
    CHECK_INT(os_thread_start(&thread, "calls", run, NULL), PORTICO_OK);
    os_thread_join(thread);
}

SCENARIO(watchdog_recent) {
    in_thread(one_thread);
    in_thread(long_runs);
    many_threads();
}
