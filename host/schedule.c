/* schedule.c: see schedule.h. */
#include "schedule.h"

#include "entity_table.h"
#include "message.h"
#include "table.h"
#include "timer.h"

#include <stdlib.h>
#include <string.h>

typedef struct schedule {
    timer timer;
    portico_timer number; /* the key */
    portico_entity to;
    portico_entity owner;
    uint64_t next_ns;   /* when it is due; period after period from the start, so that it does not drift */
    uint64_t period_ns; /* 0: once */
    uint32_t id;
    uint32_t size;
    uint32_t missed;
    bool waiting;   /* the last message has not come to its turn yet */
    bool cancelled; /* its op is on its way: freed there */
    UT_hash_handle hh;
    uint8_t bytes[];
} schedule;

static struct {
    os_mutex lock;
    schedule *all;
    portico_timer last_number;
} schedules;

static schedule *find_locked(portico_timer number) {
    schedule *s = NULL;
    HASH_FIND(hh, schedules.all, &number, sizeof number, s);
    return s;
}

static void drop_locked(schedule *s) {
    HASH_DEL(schedules.all, s);
    timer_fini(&s->timer);
    free(s);
}

static bool is_there(portico_entity id) {
    entity *e = entity_find(id);
    if (e != NULL) {
        entity_release(e);
    }
    return e != NULL;
}

/* Sets it to the next period that is not over; counts those that are. */
static void schedule_next_locked(schedule *s) {
    uint64_t now_ns = os_monotonic_ns();
    s->next_ns += s->period_ns;
    if (s->next_ns <= now_ns) {
        uint64_t over = (now_ns - s->next_ns) / s->period_ns + 1;
        s->missed += (uint32_t)over;
        s->next_ns += over * s->period_ns;
    }
    timer_set_at(&s->timer, s->next_ns);
}

/* It is due. [worker] */
static void schedule_on_due(const os_completion *completion) {
    schedule *s = (schedule *)((char *)completion->op - offsetof(schedule, timer));
    os_mutex_lock(&schedules.lock);
    if (s->cancelled) {
        drop_locked(s);
        os_mutex_unlock(&schedules.lock);
        return;
    }
    bool post = !s->waiting;
    s->waiting = true;
    s->missed += !post;
    s->cancelled = s->period_ns == 0; /* once: from here on there is nothing left to cancel */
    portico_timer number = s->number;
    os_mutex_unlock(&schedules.lock);

    /* Only this op's completion frees it, so it may be read without the lock; `bytes` never change. */
    portico_status status = PORTICO_OK;
    if (s->owner != 0 && !is_there(s->owner)) {
        status = PORTICO_E_GONE;
    } else if (post) {
        status = message_post(s->to, s->id, s->bytes, s->size, s->period_ns != 0 ? number : 0);
    }
    os_mutex_lock(&schedules.lock);
    if (status != PORTICO_OK) {
        s->waiting = false;
        s->missed++;
    }
    bool over = s->cancelled || s->period_ns == 0 || status == PORTICO_E_GONE;
    if (over) {
        drop_locked(s);
    } else {
        schedule_next_locked(s);
    }
    os_mutex_unlock(&schedules.lock);
}

portico_status schedule_start(portico_entity to, portico_entity owner, uint32_t id, const void *data,
                              uint32_t size, uint32_t delay_ms, uint32_t period_ms, portico_timer *timer_id) {
    if (size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    if (!is_there(to)) {
        return PORTICO_E_GONE;
    }
    schedule *s = calloc(1, sizeof *s + size);
    if (s == NULL || timer_init(&s->timer, schedule_on_due) != PORTICO_OK) {
        free(s);
        return PORTICO_E_NO_MEMORY;
    }
    s->to = to;
    s->owner = owner;
    s->id = id;
    s->size = size;
    s->period_ns = period_ms * 1000000ull;
    s->next_ns = os_monotonic_ns() + delay_ms * 1000000ull;
    if (size > 0) {
        memcpy(s->bytes, data, size);
    }
    os_mutex_lock(&schedules.lock);
    s->number = ++schedules.last_number;
    portico_timer number = s->number;
    HASH_ADD(hh, schedules.all, number, sizeof s->number, s);
    bool added = s->hh.tbl != NULL;
    if (added) {
        timer_set_at(&s->timer, s->next_ns);
    } else {
        timer_fini(&s->timer);
        free(s);
    }
    os_mutex_unlock(&schedules.lock);
    if (added && timer_id != NULL) {
        *timer_id = number;
    }
    return added ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

portico_status schedule_cancel(portico_timer number) {
    os_mutex_lock(&schedules.lock);
    schedule *s = find_locked(number);
    portico_status status = s != NULL && !s->cancelled ? PORTICO_OK : PORTICO_E_GONE;
    if (status == PORTICO_OK) {
        s->cancelled = true;
        if (timer_cancel(&s->timer)) {
            drop_locked(s);
        }
    }
    os_mutex_unlock(&schedules.lock);
    return status;
}

uint32_t schedule_delivered(portico_timer number) {
    uint32_t missed = 0;
    os_mutex_lock(&schedules.lock);
    schedule *s = find_locked(number);
    if (s != NULL) {
        missed = s->missed;
        s->missed = 0;
        s->waiting = false;
    }
    os_mutex_unlock(&schedules.lock);
    return missed;
}

void schedules_fini(void) {
    schedule *s = NULL;
    schedule *next = NULL;
    HASH_ITER(hh, schedules.all, s, next) {
        drop_locked(s);
    }
}
