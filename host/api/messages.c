/* messages.c: the functions of portico_host that post messages, now or later, and run blocking
 * jobs. */
#include "run/message.h"

#include "api/private.h"
#include "module/blocking.h"
#include "run/schedule.h"

portico_entity PORTICO_CALL api_self(void) {
    const module *m = module_current();
    return m != NULL ? m->self : 0;
}

/* Under `portico inspect` a module has no mailbox: what its `load` posts is dropped. */
static bool is_inspected(void) {
    const module *m = module_current();
    return m != NULL && m->inspected;
}

portico_status PORTICO_CALL api_post(portico_entity to, uint32_t id, const void *data,
                                     uint32_t size) {
    if (api_is_staging("post")) {
        return PORTICO_E_STATE;
    }
    return is_inspected() ? PORTICO_OK : message_post(to, id, data, size, NULL);
}

portico_status PORTICO_CALL api_post_after(portico_entity to, uint32_t id, const void *data,
                                           uint32_t size, uint32_t delay_ms,
                                           portico_timer *timer_id) {
    if (api_is_staging("post_after")) {
        return PORTICO_E_STATE;
    }
    if (is_inspected()) {
        return PORTICO_OK;
    }
    return schedule_start(to, api_self(), id, data, size, delay_ms, 0, timer_id);
}

portico_status PORTICO_CALL api_post_every(portico_entity to, uint32_t id, const void *data,
                                           uint32_t size, uint32_t period_ms,
                                           portico_timer *timer_id) {
    if (api_is_staging("post_every")) {
        return PORTICO_E_STATE;
    }
    if (period_ms == 0) {
        return PORTICO_E_INVALID;
    }
    return is_inspected()
               ? PORTICO_OK
               : schedule_start(to, api_self(), id, data, size, period_ms, period_ms, timer_id);
}

portico_status PORTICO_CALL api_timer_cancel(portico_timer timer_id) {
    if (api_is_staging("timer_cancel")) {
        return PORTICO_E_STATE;
    }
    return schedule_cancel(timer_id);
}

portico_status PORTICO_CALL api_run_blocking(uint32_t id, const void *data, uint32_t size,
                                             portico_entity reply_to) {
    if (api_is_staging("run_blocking")) {
        return PORTICO_E_STATE;
    }
    module *m = module_current();
    if (m == NULL || (data == NULL && size > 0)) {
        return m == NULL ? PORTICO_E_STATE : PORTICO_E_INVALID;
    }
    return blocking_run(m, id, data, size, reply_to);
}
