/* schedule.c: see schedule.h.
 *
 * A schedule is held by its timer, from its start until it has ended and will not be called
 * again, and by the message that it has posted. The lock guards `ended`, the table, and the lists
 * of the entities with which schedules end; the timers thread and the message's turn share one
 * atomic word.
 */
#include "run/schedule.h"

#include "base/table.h"
#include "os/compiler.h"
#include "run/begun.h"
#include "run/entity_table.h"
#include "run/message.h"
#include "run/timer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The word of a periodic timer: whether the last message still waits for its turn, whether the
 * timer has ended, and how many messages have been left out since the last one. */
enum { WAITING = 1, ENDED = 2, LEFT_OUT = 4 };

typedef struct schedule schedule;

/* [lock] In the list of an entity with which the schedule ends; `link.at` is NULL: in none. */
typedef struct tie {
    entity_link link;
    schedule *schedule;
} tie;

struct schedule {
    message_source source; /* of a periodic timer's messages */
    timer timer;
    uint64_t number; /* the key */
    uint64_t to;
    uint64_t owner;
    quota *quota; /* which counts it and `cost` bytes */
    uint64_t cost;
    uint64_t next_ns;   /* due time; counted from the start, so it does not drift */
    uint64_t period_ns; /* 0: one message only */
    uint32_t begun;     /* see begun.h */
    bool ended;         /* [lock] it is no longer in the table, nor in a list */
    tie to_target;
    tie to_owner;
    _Atomic uint32_t holds;
    _Atomic uint64_t word;
    UT_hash_handle hh;
    message *only; /* of a timer that posts once: when it is due, there may be no memory for it */
    /* Of a periodic timer, which counts a message that it cannot post: */
    uint32_t id;
    uint32_t size;
    uint8_t bytes[];
};

static struct {
    os_mutex lock;
    schedule *all;
    uint64_t last_number;
} schedules;

static bool entity_exists(uint64_t id) {
    entity *e = entity_find(id);
    if (e != NULL) {
        entity_release(e);
    }
    return e != NULL;
}

/* Counts a timer and its memory. False: there may be no more, and nothing was counted. */
static bool count(quota *by, uint64_t cost) {
    if (!quota_take(by, QUOTA_TIMERS, 1)) {
        return false;
    }
    bool counted = quota_take(by, QUOTA_MEMORY, cost);
    if (!counted) {
        quota_give(by, QUOTA_TIMERS, 1);
    }
    return counted;
}

static void uncount(quota *by, uint64_t cost) {
    quota_give(by, QUOTA_MEMORY, cost);
    quota_give(by, QUOTA_TIMERS, 1);
}

COLD static portico_status refuse(quota *by) {
    quota_view timers = quota_look(by, QUOTA_TIMERS);
    quota_view memory = quota_look(by, QUOTA_MEMORY);
    quota_refuse(by, REFUSED_TIMERS,
                 "a timer is refused: the module has %llu (max_timers = %llu) and %llu bytes "
                 "(memory_limit_bytes = %llu)",
                 (unsigned long long)timers.used, (unsigned long long)timers.limit,
                 (unsigned long long)memory.used, (unsigned long long)memory.limit);
    return PORTICO_E_LIMIT;
}

static void schedule_release(schedule *s) {
    if (atomic_fetch_sub_explicit(&s->holds, 1, memory_order_acq_rel) == 1) {
        uncount(s->quota, s->cost);
        free(s->only);
        free(s);
    }
}

/* The timer will not call the schedule any more: ends the timer's hold. */
static void schedule_release_timer(schedule *s) {
    timer_fini(&s->timer);
    schedule_release(s);
}

static void tie_locked(tie *t, schedule *s, entity *e) {
    if (e != NULL) {
        t->schedule = s;
        entity_link_add(&e->schedules, &t->link);
    }
}

static void untie_locked(tie *t) {
    if (t->link.at != NULL) {
        entity_link_remove(&t->link);
    }
}

static void end_locked(schedule *s) {
    HASH_DEL(schedules.all, s);
    untie_locked(&s->to_target);
    untie_locked(&s->to_owner);
    s->ended = true;
    atomic_fetch_or(&s->word, ENDED);
}

/* Ends the schedule unless it has ended. If its timer is being called right now, that call sees
 * `ended`. */
static void cancel_locked(schedule *s) {
    if (!s->ended) {
        end_locked(s);
        if (timer_cancel(&s->timer)) {
            schedule_release_timer(s);
        }
    }
}

/* Sets the timer to the next period that is not over; counts the periods that are. */
static void schedule_next_locked(schedule *s) {
    uint64_t now_ns = os_monotonic_ns();
    s->next_ns += s->period_ns;
    if (s->next_ns <= now_ns) {
        uint64_t over = (now_ns - s->next_ns) / s->period_ns + 1;
        atomic_fetch_add(&s->word, over * LEFT_OUT);
        s->next_ns += over * s->period_ns;
    }
    timer_set_at(&s->timer, s->next_ns);
}

/* A message is due. True: post it. False: the last one still waits, so this one is left out; or the
 * timer has just ended. */
static bool take_waiting(schedule *s) {
    uint64_t before = atomic_load(&s->word);
    uint64_t after = 0;
    do {
        after = (before & (WAITING | ENDED)) != 0 ? before + LEFT_OUT : before + WAITING;
    } while (!atomic_compare_exchange_weak(&s->word, &before, after));
    return (before & (WAITING | ENDED)) == 0;
}

static bool owner_exists(const schedule *s) {
    return s->owner == 0 || entity_exists(s->owner);
}

/* Posts the periodic message that is due. PORTICO_E_GONE: its entity or owner has gone, so no more
 * will follow. No lock is held. */
static portico_status schedule_post(schedule *s) {
    if (!owner_exists(s)) {
        return PORTICO_E_GONE;
    }
    if (!take_waiting(s)) {
        return PORTICO_OK;
    }
    atomic_fetch_add_explicit(&s->holds, 1, memory_order_relaxed); /* the message's */
    begun_now = s->begun;
    portico_status status = message_post(s->to, s->id, s->bytes, s->size, &s->source);
    begun_now = 0;
    if (status != PORTICO_OK) {
        atomic_fetch_add(&s->word, LEFT_OUT - WAITING);
        schedule_release(s);
    }
    return status;
}

/* The last call of the timer: `s` has ended. */
static void last_due(schedule *s, bool cancelled) {
    if (!cancelled && owner_exists(s) && message_post_created(s->to, s->only) == PORTICO_OK) {
        s->only = NULL;
    }
    schedule_release_timer(s);
}

/* The timer has been set again, so other threads may end the schedule: the call has a hold of
 * its own. */
static void again_due(schedule *s) {
    if (schedule_post(s) == PORTICO_E_GONE) {
        os_mutex_lock(&schedules.lock);
        cancel_locked(s);
        os_mutex_unlock(&schedules.lock);
    }
    schedule_release(s);
}

/* The timer is due. [timers thread, no lock held] */
static void schedule_on_due(timer *t) {
    schedule *s = container_of(t, schedule, timer);
    os_mutex_lock(&schedules.lock);
    bool cancelled = s->ended;
    bool last = cancelled || s->period_ns == 0;
    if (!last) {
        atomic_fetch_add_explicit(&s->holds, 1, memory_order_relaxed);
        schedule_next_locked(s);
    } else if (!cancelled) {
        end_locked(s); /* its only message: there is nothing left to cancel */
    }
    os_mutex_unlock(&schedules.lock);
    if (last) {
        last_due(s, cancelled);
    } else {
        again_due(s);
    }
}

/* The message is being handled or was dropped: the next one may be posted. [any thread] */
static uint32_t schedule_delivered(message_source *source) {
    schedule *s = container_of(source, schedule, source);
    uint64_t left_out = atomic_fetch_and(&s->word, ENDED) / LEFT_OUT;
    schedule_release(s);
    return left_out < UINT32_MAX ? (uint32_t)left_out : UINT32_MAX;
}

static schedule *schedule_new(uint32_t id, const void *data, uint32_t size, uint32_t period_ms) {
    uint32_t kept = period_ms > 0 ? size : 0;
    schedule *s = calloc(1, sizeof *s + kept);
    if (s == NULL) {
        return NULL;
    }
    s->only = period_ms > 0 ? NULL : message_create(NULL, id, data, size, NULL);
    if ((period_ms == 0 && s->only == NULL) ||
        timer_init_direct(&s->timer, schedule_on_due) != PORTICO_OK) {
        free(s->only);
        free(s);
        return NULL;
    }
    if (s->only != NULL) {
        s->only->timed = true;
    }
    s->source.delivered = schedule_delivered;
    atomic_store(&s->holds, 1); /* the timer's */
    s->id = id;
    s->size = kept;
    s->period_ns = period_ms * 1000000ull;
    if (kept > 0) {
        memcpy(s->bytes, data, kept);
    }
    return s;
}

/* Adds the schedule and sets its timer. On failure it is freed. */
static portico_status schedule_add(schedule *s, entity *target, entity *starter,
                                   uint64_t *timer_id) {
    portico_status status = PORTICO_E_GONE;
    os_mutex_lock(&schedules.lock);
    if (!target->schedules_ended && (starter == NULL || !starter->schedules_ended)) {
        s->number = ++schedules.last_number;
        HASH_ADD(hh, schedules.all, number, sizeof s->number, s);
        status = s->hh.tbl != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
    }
    if (status == PORTICO_OK) {
        tie_locked(&s->to_target, s, target);
        tie_locked(&s->to_owner, s, starter);
        timer_set_at(&s->timer, s->next_ns);
        if (timer_id != NULL) {
            *timer_id = s->number;
        }
    } else {
        schedule_release_timer(s);
    }
    os_mutex_unlock(&schedules.lock);
    return status;
}

portico_status schedule_start(uint64_t to, const schedule_owner *owner, uint32_t id,
                              const void *data, uint32_t size, uint32_t delay_ms,
                              uint32_t period_ms, uint64_t *timer_id) {
    if (size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    entity *target = entity_find(to);
    if (target == NULL) {
        return PORTICO_E_GONE;
    }
    entity *starter = owner->entity != 0 ? entity_find(owner->entity) : NULL;
    uint64_t cost = sizeof(schedule) + (period_ms > 0 ? 0 : sizeof(message) + 1) + size;
    portico_status status = PORTICO_E_NO_MEMORY;
    schedule *s = NULL;
    if (!count(owner->quota, cost)) {
        status = refuse(owner->quota);
    } else if ((s = schedule_new(id, data, size, period_ms)) == NULL) {
        uncount(owner->quota, cost);
    } else {
        s->to = to;
        s->owner = owner->entity;
        s->quota = owner->quota;
        s->cost = cost;
        s->begun = begun_now;
        s->next_ns = os_monotonic_ns() + delay_ms * 1000000ull;
        status = schedule_add(s, target, starter, timer_id);
    }
    if (starter != NULL) {
        entity_release(starter);
    }
    entity_release(target);
    return status;
}

portico_status schedule_cancel(uint64_t number) {
    schedule *s = NULL;
    os_mutex_lock(&schedules.lock);
    HASH_FIND(hh, schedules.all, &number, sizeof number, s);
    portico_status status = s != NULL ? PORTICO_OK : PORTICO_E_GONE;
    if (s != NULL) {
        cancel_locked(s);
    }
    os_mutex_unlock(&schedules.lock);
    return status;
}

void schedules_end(entity *e) {
    os_mutex_lock(&schedules.lock);
    e->schedules_ended = true;
    while (e->schedules != NULL) {
        cancel_locked(container_of(e->schedules, tie, link)->schedule);
    }
    os_mutex_unlock(&schedules.lock);
}

void schedules_undo(uint32_t begun) {
    schedule *s = NULL;
    schedule *next = NULL;
    os_mutex_lock(&schedules.lock);
    HASH_ITER(hh, schedules.all, s, next) {
        if (s->begun == begun) {
            cancel_locked(s);
        }
    }
    os_mutex_unlock(&schedules.lock);
}

void schedules_fini(void) {
    schedule *s = NULL;
    schedule *next = NULL;
    HASH_ITER(hh, schedules.all, s, next) {
        end_locked(s);
        schedule_release_timer(s);
    }
}
