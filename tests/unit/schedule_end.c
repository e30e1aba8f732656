/* schedule_end.c: schedules end at once with the entity that gets their messages, and with the one
 * that has started them: nothing of them is counted or kept until they would have been due. */
#include "run/schedule.h"
#include "run/timer.h"
#include "support/check.h"
#include "support/place.h"

enum { HOUR_MS = 3600000, COUNT = 100 };

static os_port *port;

static void on_message(work *w) {
    message_free((message *)w);
}

static place *place_new(void) {
    place *p = place_create(sizeof *p, port, on_message);
    CHECK(p != NULL);
    return p;
}

static void start(place *to, const schedule_owner *owner, uint32_t period_ms,
                  portico_status expected) {
    uint64_t number = 0;
    CHECK_INT(schedule_start(to->base.id, owner, 1, "tick", 4, HOUR_MS, period_ms, &number),
              expected);
}

static void expect(quota *counted, int64_t count) {
    CHECK_INT(timers_count(), count);
    CHECK_INT(quota_look(counted, QUOTA_TIMERS).used, count);
    CHECK(count > 0 || quota_look(counted, QUOTA_MEMORY).used == 0);
}

SCENARIO(schedule_end) {
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    place *target = place_new();
    place *other = place_new();
    place *starter = place_new();
    quota *counted = quota_of("starter");
    const schedule_owner owner = {.entity = starter->base.id, .quota = counted};
    for (int i = 0; i < COUNT; i++) {
        start(target, &owner, i % 2 == 0 ? 0 : HOUR_MS, PORTICO_OK);
        start(other, &owner, i % 2 == 0 ? 0 : HOUR_MS, PORTICO_OK);
    }
    expect(counted, 2 * COUNT);
    schedules_end(&target->base);
    expect(counted, COUNT);
    start(target, &owner, 0, PORTICO_E_GONE); /* it is still held, but has ended */
    expect(counted, COUNT);
    schedules_end(&starter->base);
    expect(counted, 0);
    start(other, &owner, 0, PORTICO_E_GONE);
    expect(counted, 0);
    schedules_end(&other->base);
    entity_release(&target->base);
    entity_release(&other->base);
    entity_release(&starter->base);
    timers_stop();
    timers_fini();
    schedules_fini();
    quotas_fini();
    entity_table_fini();
    os_port_destroy(port);
}
