/* messages.c: the functions of portico_host that post messages, now or later, ask and answer, and
 * run jobs. */
#include "run/message.h"

#include "api/private.h"
#include "module/blocking.h"
#include "run/request.h"
#include "run/schedule.h"

#include <string.h>

portico_entity api_self(void) {
    const module *m = module_current();
    api_enter();
    return (portico_entity){m != NULL ? m->self : 0};
}

typedef struct module_search {
    const char *name;
    uint64_t id;
} module_search;

static void match_module(void *arg, module *m) {
    module_search *search = arg;
    if (strcmp(m->name, search->name) == 0) {
        search->id = m->self;
    }
}

portico_entity api_module_find(const char *name) {
    module_search search = {.name = name};
    api_enter();
    api_reads_text(name);
    if (name != NULL) {
        module_table_each(match_module, &search);
    }
    return (portico_entity){search.id};
}

portico_status api_post(portico_entity to, uint32_t id, const void *data, uint32_t size) {
    api_enter();
    api_reads(data, size, MESSAGE_BYTES_MAX);
    return api_is_staging("post") ? PORTICO_E_STATE : message_post(to.id, id, data, size, NULL);
}

static void enter_timer(const void *data, uint32_t size, portico_timer *timer) {
    api_enter();
    api_reads(data, size, MESSAGE_BYTES_MAX);
    api_writes(timer, sizeof *timer);
}

static portico_status start_timer(portico_entity to, uint32_t id, const void *data, uint32_t size,
                                  uint32_t delay_ms, uint32_t period_ms, portico_timer *timer) {
    uint64_t number = 0;
    quota *own = module_current_quota();
    const schedule_owner owner = {api_self().id, own != NULL ? own : quota_of(NULL)};
    portico_status status =
        schedule_start(to.id, &owner, id, data, size, delay_ms, period_ms, &number);
    if (status == PORTICO_OK && timer != NULL) {
        *timer = (portico_timer){number};
    }
    return status;
}

portico_status api_post_after(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t delay_ms, portico_timer *timer) {
    enter_timer(data, size, timer);
    if (api_is_staging("post_after")) {
        return PORTICO_E_STATE;
    }
    return start_timer(to, id, data, size, delay_ms, 0, timer);
}

portico_status api_post_every(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t period_ms, portico_timer *timer) {
    enter_timer(data, size, timer);
    if (api_is_staging("post_every")) {
        return PORTICO_E_STATE;
    }
    if (period_ms == 0) {
        return PORTICO_E_INVALID;
    }
    return start_timer(to, id, data, size, period_ms, period_ms, timer);
}

portico_status api_timer_cancel(portico_timer timer) {
    api_enter();
    return api_is_staging("timer_cancel") ? PORTICO_E_STATE : schedule_cancel(timer.id);
}

/* The entity that receives the reply to what the caller asks; 0: there is none. */
static uint64_t asker(void) {
    const module *m = module_current();
    if (m == NULL || blocking_is_job()) {
        return 0;
    }
    const entity *e = turn_actor();
    return e != NULL ? e->id : m->self;
}

portico_status api_request(portico_entity to, uint32_t id, const void *data, uint32_t size,
                           uint32_t reply_id, uint32_t timeout_ms, uint64_t *number) {
    api_enter();
    api_reads(data, size, MESSAGE_BYTES_MAX);
    api_writes(number, sizeof *number);
    uint64_t from = api_is_staging("request") ? 0 : asker();
    if (from == 0) {
        return PORTICO_E_STATE;
    }
    const request_parts parts = {.to = to.id,
                                 .from = from,
                                 .id = id,
                                 .size = size,
                                 .data = data,
                                 .reply_id = reply_id,
                                 .timeout_ms = timeout_ms,
                                 .quota = module_current_quota()};
    return request_post(&parts, number);
}

portico_status api_reply(uint64_t number, const void *data, uint32_t size) {
    api_enter();
    api_reads(data, size, MESSAGE_BYTES_MAX);
    return api_is_staging("reply") ? PORTICO_E_STATE : request_reply(number, data, size);
}

portico_status api_run_job(uint32_t id, const void *data, uint32_t size, portico_entity reply_to) {
    api_enter();
    api_reads(data, size, MESSAGE_BYTES_MAX);
    if (api_is_staging("run_job")) {
        return PORTICO_E_STATE;
    }
    module *m = module_current();
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    return blocking_run(m, id, data, size, reply_to.id);
}
