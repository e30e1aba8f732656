/* Quotas and inboxes: what is at a limit is refused and not counted, what is given back can be
 * taken again, threads that take at the same time never have more than allowed, and a message is
 * counted from its admission until it is freed. */
#include "run/inbox.h"
#include "run/quota.h"

#include "base/stats.h"
#include "os/os.h"
#include "support/check.h"
#include "support/place.h"

enum { LIMIT = 1000, THREADS = 4, ROUNDS = 100000, PIECE = 100 };

static quota *shared;
static _Atomic int64_t held; /* by all threads */

static void take_and_give(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t amount = i % 2 == 0 ? LIMIT : 1 + (uint64_t)i % LIMIT;
        if (quota_take(shared, QUOTA_TIMERS, amount)) {
            int64_t now = atomic_fetch_add(&held, (int64_t)amount) + (int64_t)amount;
            CHECK(now <= LIMIT);
            atomic_fetch_sub(&held, (int64_t)amount);
            quota_give(shared, QUOTA_TIMERS, amount);
        }
    }
}

static void at_once(void) {
    os_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "taker", take_and_give, NULL), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK_INT(quota_look(shared, QUOTA_TIMERS).used, 0);
}

static void limits(void) {
    CHECK(quota_of("greedy") == shared);
    CHECK(quota_of("other") != shared);
    CHECK(quota_take(shared, QUOTA_TIMERS, LIMIT));
    CHECK(!quota_take(shared, QUOTA_TIMERS, 1));
    CHECK(quota_take(quota_of("other"), QUOTA_TIMERS, 1)); /* has its own */
    CHECK(quota_take(shared, QUOTA_ROOMS, UINT32_MAX));    /* no limit */
    CHECK_INT(quota_look(shared, QUOTA_TIMERS).used, LIMIT);
    quota_give(shared, QUOTA_TIMERS, 10);
    CHECK_INT(quota_take_peak(shared, QUOTA_TIMERS), LIMIT);
    CHECK_INT(quota_take_peak(shared, QUOTA_TIMERS), LIMIT - 10);
    quota_take_anyway(shared, QUOTA_TIMERS, 10);
    quota_take_anyway(shared, QUOTA_TIMERS, 1);
    CHECK_INT(quota_look(shared, QUOTA_TIMERS).used, LIMIT + 1);
    quota_give(shared, QUOTA_TIMERS, 2);
    CHECK(quota_take(shared, QUOTA_TIMERS, 1));
    quota_give(shared, QUOTA_TIMERS, LIMIT);
    quota_set_limit(shared, QUOTA_ROOMS, 7);
    CHECK(!quota_take(shared, QUOTA_ROOMS, 1));
    CHECK(quota_take(NULL, QUOTA_ROOMS, 1));
    quota_give(NULL, QUOTA_ROOMS, 1);
}

static message *letter(bool owed) {
    static uint8_t data[PIECE];
    message *m = message_create(NULL, 1, data, sizeof data, NULL);
    CHECK(m != NULL);
    m->owed = owed;
    return m;
}

static void drop(message *m) {
    inbox_leave(m);
    free(m);
}

static void inboxes(void) {
    inbox in = {.quota = quota_of("reader")};
    message *kept = letter(false);
    uint64_t bytes = message_bytes(kept);
    const uint64_t most[ENTITY_KINDS] = {[ENTITY_ROOM] = 2 * bytes};
    inboxes_start(most);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, kept, 0), PORTICO_OK);
    message *second = letter(false);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, second, MESSAGES_WAITING_MAX), PORTICO_E_BACKLOG);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, second, MESSAGES_WAITING_MAX - 1), PORTICO_OK);
    message *third = letter(false);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, third, 2), PORTICO_E_BACKLOG);
    message *owed = letter(true);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, owed, MESSAGES_WAITING_MAX), PORTICO_OK);
    CHECK_INT(in.bytes, 3 * bytes);
    CHECK_INT(quota_look(in.quota, QUOTA_MEMORY).used, 3 * bytes);
    drop(third); /* was never counted */
    drop(owed);
    drop(second);
    CHECK_INT(in.bytes, bytes);
    quota_set_limit(in.quota, QUOTA_MEMORY, bytes);
    second = letter(false);
    CHECK_INT(inbox_admit(&in, ENTITY_ROOM, second, 1), PORTICO_E_BACKLOG); /* its module's limit */
    CHECK_INT(in.bytes, bytes);
    drop(second);
    drop(kept);
    CHECK_INT(in.bytes, 0);
    CHECK_INT(quota_look(in.quota, QUOTA_MEMORY).used, 0);
    CHECK_INT(stats_sum(STAT_message_bytes_taken), stats_sum(STAT_message_bytes_given));
}

static void refusals(void) {
    quota_refuse(shared, REFUSED_ROOMS, "a room is refused: %d", 1);
    quota_refuse(NULL, REFUSED_ROOMS, "a room is refused: %d", 2);
    CHECK_INT(stats_sum(STAT_rooms_refused), 2);
    quotas_sweep(os_monotonic_ms());
}

SCENARIO(quota) {
    const uint64_t most[QUOTA_KINDS] = {[QUOTA_TIMERS] = LIMIT};
    quotas_start(most);
    shared = quota_of("greedy");
    limits();
    at_once();
    inboxes();
    refusals();
    quotas_fini();
}
