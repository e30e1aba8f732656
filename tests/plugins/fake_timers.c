/* fake_timers.c: the fake host's clock and timers. See fake_host.h. */
#include "fake_private.h"

#include <string.h>

static uint64_t PORTICO_CALL clock_ms(void) {
    return fake.now_ms;
}

static portico_status start_timer(portico_entity entity, uint32_t id, const void *data,
                                  uint32_t size, uint32_t delay_ms, uint32_t period_ms,
                                  portico_timer *timer) {
    if (!fake_is_open(entity)) {
        return PORTICO_E_GONE;
    }
    fake_check(fake.timer_count < TIMERS_MAX && size <= sizeof fake.timers[0].data,
               "there are not too many timers");
    fake_timer *t = &fake.timers[fake.timer_count++];
    *t = (fake_timer){
        .entity = entity, .due_ms = fake.now_ms + delay_ms, .period_ms = period_ms, .id = id};
    t->size = size;
    if (size > 0) {
        memcpy(t->data, data, size);
    }
    if (timer != NULL) {
        *timer = fake.timer_count;
    }
    return PORTICO_OK;
}

static portico_status PORTICO_CALL post_after(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t delay_ms,
                                              portico_timer *timer) {
    return start_timer(entity, id, data, size, delay_ms, 0, timer);
}

static portico_status PORTICO_CALL post_every(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t period_ms,
                                              portico_timer *timer) {
    return period_ms == 0 ? PORTICO_E_INVALID
                          : start_timer(entity, id, data, size, period_ms, period_ms, timer);
}

static portico_status PORTICO_CALL timer_cancel(portico_timer timer) {
    fake_check(timer > 0 && timer <= fake.timer_count, "the timer has been started");
    bool runs = fake.timers[timer - 1].entity != 0;
    fake.timers[timer - 1].entity = 0;
    return runs ? PORTICO_OK : PORTICO_E_GONE;
}

void fake_advance(uint32_t ms) {
    for (uint64_t end_ms = fake.now_ms + ms; fake.now_ms < end_ms;) {
        fake.now_ms++;
        for (uint32_t i = 0; i < fake.timer_count; i++) {
            fake_timer *t = &fake.timers[i];
            if (t->entity != 0 && t->due_ms <= fake.now_ms) {
                portico_status status = fake.table.post(t->entity, t->id, t->data, t->size);
                t->due_ms += t->period_ms;
                t->entity = status == PORTICO_OK && t->period_ms != 0 ? t->entity : 0;
            }
        }
        fake_settle();
    }
}

void fake_offer_timers(portico_host *table) {
    table->clock_ms = clock_ms;
    table->post_after = post_after;
    table->post_every = post_every;
    table->timer_cancel = timer_cancel;
}
