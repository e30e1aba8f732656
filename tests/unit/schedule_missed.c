/* schedule_missed.c: a periodic schedule counts every period once: in its message or, when it was
 * late or the message was refused, as missed in the next one; and it does not drift. Everything
 * here runs on the timers thread, which this test holds up. */
#include "os/os.h"
#include "run/message.h"
#include "run/schedule.h"
#include "run/timer.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdatomic.h>

enum { PERIOD_MS = 2, DELAY_MS = 5, MESSAGES = 60, WAIT_MS = 20000 };

static entity place;
static uint64_t earliest_ns; /* the first message is due between these two */
static _Atomic uint64_t latest_ns;
static uint64_t counted;   /* periods so far */
static uint64_t before_ns; /* the call before ended at this time */
static uint32_t refused;
static atomic_uint calls;

/* How many periods have begun at `now_ns` if the first one did at `first_ns`. */
static uint64_t begun(uint64_t now_ns, uint64_t first_ns) {
    return now_ns < first_ns ? 0 : (now_ns - first_ns) / (PERIOD_MS * 1000000) + 1;
}

static portico_status take(entity *e, message *m) {
    (void)e;
    uint32_t call = atomic_fetch_add(&calls, 1) + 1;
    uint64_t now_ns = os_monotonic_ns();
    portico_status status = PORTICO_E_BACKLOG;
    if (call % 5 != 0) {
        CHECK_INT(m->size, 4);
        counted += 1 + m->from->delivered(m->from);
        m->from = NULL;
        /* Posted after the call before, so it counts all that had begun by then. */
        CHECK(counted >= begun(before_ns, atomic_load(&latest_ns)));
        CHECK(counted <= begun(now_ns, earliest_ns));
        message_free(m);
        status = PORTICO_OK;
    } else {
        refused++;
    }
    if (call % 7 == 0) {
        clock_sleep_ms(3 * PERIOD_MS);
    }
    before_ns = os_monotonic_ns();
    return status;
}

static void place_free(entity *e) {
    (void)e;
}

SCENARIO(schedule_missed) {
    os_port *port = NULL;
    uint64_t number = 0;
    place.kind = ENTITY_MODULE;
    place.free = place_free;
    place.take = take;
    CHECK(entity_add(&place, 1));
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    atomic_store(&latest_ns, UINT64_MAX);
    earliest_ns = os_monotonic_ns() + DELAY_MS * 1000000;
    CHECK_INT(timers_start(port), PORTICO_OK);
    CHECK_INT(
        schedule_start(place.id, &(schedule_owner){0}, 1, "tick", 4, DELAY_MS, PERIOD_MS, &number),
        PORTICO_OK);
    atomic_store(&latest_ns, os_monotonic_ns() + DELAY_MS * 1000000);
    uint64_t until_ms = clock_now_ms() + WAIT_MS;
    while (atomic_load(&calls) < MESSAGES) {
        CHECK(clock_now_ms() < until_ms);
        clock_sleep_ms(1);
    }
    CHECK_INT(schedule_cancel(number), PORTICO_OK);
    CHECK_INT(schedule_cancel(number), PORTICO_E_GONE);
    timers_stop();
    timers_fini();
    schedules_fini();
    printf("%u messages, %u refused, %u periods\n", atomic_load(&calls), refused,
           (unsigned)counted);
    entity_release(&place);
    entity_table_fini();
    os_port_destroy(port);
}
