/* request.c: see request.h.
 *
 * A request can be answered by `reply`, by its timer, by the end of its target, and by its message
 * being dropped (the target ended first, or has no handler). Whichever takes it out of the table,
 * under the lock, has the only right to answer; the others do not find it any more. So there is one
 * answer.
 *
 * WHO FREES A REQUEST  The one that took it out, if it could cancel the timer. Otherwise the timer
 * is due at this moment: its call finds `ended` set and frees it. Whoever takes it out therefore
 * copies what the answer needs while it has the lock.
 *
 * THE ANSWER CANNOT BE LOST  A message for an answer without data is reserved with the request, so
 * a lack of memory cannot get in its way, and its entity takes it whatever waits there. An entity
 * takes a reply with data however many messages wait for it, unless they have too many bytes: then
 * the reserved message says so (PORTICO_E_BACKLOG). What limits replies is that an asker may have
 * only MESSAGES_WAITING_MAX requests without an answer.
 *
 * THE RACES
 *   The target ends while request_post works. That adds the request and gives the message to the
 *   target under the lock, which requests_end needs as well. So either the target refuses the
 *   message, or REQUESTS_ENDED is set, and request_post fails and nothing remains; or requests_end
 *   finds the request later and answers it.
 *   The handler replies before request_post returns. The reply waits for the lock.
 *   The asker ends. requests_end frees its requests. An answer that is already under way is refused
 *   by the asker, and freed. No new request is added after REQUESTS_ENDED is set.
 *   The timer is due before the handler runs. The asker receives PORTICO_E_TIMEOUT, the target a
 *   request that is answered already, and its reply fails with PORTICO_E_GONE.
 *   The target's module is swapped. Nothing happens here: entities and messages stay.
 *
 * The pointers to the two entities are valid while the request is in the table, because
 * requests_end removes it before either can be freed.
 */
#include "run/request.h"

#include "base/invariant.h"
#include "base/table.h"
#include "os/compiler.h"
#include "run/message.h"
#include "run/timer.h"
#include "run/turns.h"

#include <stdlib.h>

typedef struct request {
    timer timer;
    uint64_t number; /* the key */
    uint64_t from;
    uint64_t to;
    entity *asker;
    entity *target;
    entity_link asks;  /* in the list of the asker */
    entity_link asked; /* in the list of the target */
    message *spare;    /* for an answer without data */
    quota *quota;      /* which counts it */
    bool ended;        /* it is no longer in the table */
    UT_hash_handle hh;
} request;

static struct {
    os_mutex lock;
    request *all;
    uint64_t last_number;
} requests;

/* The rest of a request that has been taken out of the table. */
typedef struct ending {
    request *freed; /* NULL: its timer is due, and frees it */
    message *spare; /* NULL: there is no answer */
    uint64_t from;
} ending;

/* ---- the end of a request ------------------------------------------------------------------- */

static void request_free(request *r) {
    timer_fini(&r->timer);
    quota_give(r->quota, QUOTA_REQUESTS, 1);
    free(r->spare);
    free(r);
}

static void take_out_locked(request *r) {
    HASH_DEL(requests.all, r);
    entity_link_remove(&r->asks);
    entity_link_remove(&r->asked);
    if (r->asker->requests != REQUESTS_ENDED) {
        r->asker->requests--;
    }
    r->ended = true;
}

static message *take_spare_locked(request *r) {
    message *m = r->spare;
    r->spare = NULL;
    return m;
}

/* Ends the request outside its timer's call. `answers`: the caller will post its spare message. */
static ending end_locked(request *r, bool answers) {
    ending e = {.from = r->from};
    take_out_locked(r);
    if (answers) {
        e.spare = take_spare_locked(r);
    }
    e.freed = timer_cancel(&r->timer) ? r : NULL;
    return e;
}

/* Posts an answer to the asker, or frees it if the asker has ended. */
static portico_status answer(uint64_t from, message *m) {
    portico_status status = message_post_created(from, m);
    if (status != PORTICO_OK) {
        free(m);
    }
    return status;
}

static void finish(const ending *e, portico_status status) {
    if (e->spare != NULL) {
        e->spare->status = status;
        (void)answer(e->from, e->spare);
    }
    if (e->freed != NULL) {
        request_free(e->freed);
    }
}

/* The timer is due. [timers thread, no lock held] */
static void request_on_due(timer *t) {
    request *r = container_of(t, request, timer);
    ending e = {.freed = r, .from = r->from};
    os_mutex_lock(&requests.lock);
    if (!r->ended) {
        take_out_locked(r);
        e.spare = take_spare_locked(r);
    }
    os_mutex_unlock(&requests.lock);
    finish(&e, PORTICO_E_TIMEOUT);
}

void requests_end(entity *of) {
    os_mutex_lock(&requests.lock);
    of->requests = REQUESTS_ENDED;
    while (of->asks != NULL || of->asked != NULL) {
        ending e = of->asks != NULL ? end_locked(container_of(of->asks, request, asks), false)
                                    : end_locked(container_of(of->asked, request, asked), true);
        os_mutex_unlock(&requests.lock);
        finish(&e, PORTICO_E_GONE);
        os_mutex_lock(&requests.lock);
    }
    os_mutex_unlock(&requests.lock);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* A request's message is being handled: the answer may come later. */
static uint32_t request_delivered(message_source *source) {
    (void)source;
    return 0;
}

/* Answers the request, unless it has been. */
static void request_fail(uint64_t number, portico_status why) {
    request *r = NULL;
    ending e = {0};
    os_mutex_lock(&requests.lock);
    HASH_FIND(hh, requests.all, &number, sizeof number, r);
    if (r != NULL) {
        e = end_locked(r, true);
    }
    os_mutex_unlock(&requests.lock);
    finish(&e, why);
}

static void request_dropped(message_source *source, const message *m, portico_status why) {
    (void)source;
    request_fail(m->request, why);
}

void request_fault(uint64_t number) {
    if (number != 0) {
        request_fail(number, PORTICO_E_FAULT);
    }
}

static message_source source = {.delivered = request_delivered, .dropped = request_dropped};

static request *request_new(const request_parts *parts, entity *asker, entity *target) {
    request *r = calloc(1, sizeof *r);
    message *spare = message_create(NULL, parts->reply_id, NULL, 0, NULL);
    if (r == NULL || spare == NULL || timer_init_direct(&r->timer, request_on_due) != PORTICO_OK) {
        free(spare);
        free(r);
        return NULL;
    }
    r->from = parts->from;
    r->to = parts->to;
    r->asker = asker;
    r->target = target;
    r->spare = spare;
    r->quota = parts->quota;
    spare->owed = true;
    return r;
}

static portico_status add_locked(request *r) {
    if (r->asker->requests == REQUESTS_ENDED) {
        return PORTICO_E_STATE;
    }
    if (r->target->requests == REQUESTS_ENDED) {
        return PORTICO_E_GONE;
    }
    if (r->asker->requests >= MESSAGES_WAITING_MAX) {
        quota_refuse(r->quota, REFUSED_REQUESTS,
                     "a request is refused: %d of the same asker have no answer yet",
                     MESSAGES_WAITING_MAX);
        return PORTICO_E_BACKLOG;
    }
    r->number = requests.last_number + 1;
    HASH_ADD(hh, requests.all, number, sizeof r->number, r);
    if (r->hh.tbl == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    requests.last_number = r->number;
    r->asker->requests++;
    entity_link_add(&r->asker->asks, &r->asks);
    entity_link_add(&r->target->asked, &r->asked);
    r->spare->request = r->number;
    r->spare->other = r->to;
    return PORTICO_OK;
}

/* Adds the request to the table, which from then on owns it, and gives the message to the target.
 * On failure both are still the caller's. */
static portico_status ask_locked(request *r, message *m, uint32_t timeout_ms) {
    portico_status status = add_locked(r);
    if (status != PORTICO_OK) {
        return status;
    }
    m->request = r->number;
    m->other = r->from;
    m->posted_ns = turns_on() ? os_monotonic_ns() : 0;
    status = r->target->take(r->target, m);
    if (status != PORTICO_OK) {
        take_out_locked(r);
        return status;
    }
    timer_set_at(&r->timer, os_monotonic_ns() + timeout_ms * 1000000ull);
    return PORTICO_OK;
}

COLD static portico_status refuse(quota *by) {
    quota_view open = quota_look(by, QUOTA_REQUESTS);
    quota_refuse(by, REFUSED_REQUESTS,
                 "a request is refused: %llu have no answer yet (max_requests = %llu)",
                 (unsigned long long)open.used, (unsigned long long)open.limit);
    return PORTICO_E_BACKLOG;
}

/* Both entities are held. */
static portico_status ask(const request_parts *parts, entity *asker, entity *target,
                          uint64_t *number) {
    if (!quota_take(parts->quota, QUOTA_REQUESTS, 1)) {
        return refuse(parts->quota);
    }
    request *r = request_new(parts, asker, target);
    if (r == NULL) {
        quota_give(parts->quota, QUOTA_REQUESTS, 1);
        return PORTICO_E_NO_MEMORY;
    }
    entity_hold(target); /* for the message */
    message *m = message_create(target, parts->id, parts->data, parts->size, &source);
    if (m == NULL) {
        entity_release_not_last(target);
        request_free(r);
        return PORTICO_E_NO_MEMORY;
    }
    os_mutex_lock(&requests.lock);
    portico_status status = ask_locked(r, m, parts->timeout_ms);
    *number = r->number;
    os_mutex_unlock(&requests.lock);
    if (status != PORTICO_OK) {
        message_free(m); /* finds no request to answer */
        request_free(r);
    }
    return status;
}

portico_status request_post(const request_parts *parts, uint64_t *number) {
    if (parts->data == NULL && parts->size > 0) {
        return PORTICO_E_INVALID;
    }
    if (parts->size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    entity *target = entity_find(parts->to);
    if (target == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = PORTICO_E_STATE;
    uint64_t added = 0;
    entity *asker = entity_find(parts->from);
    if (asker != NULL) {
        status = ask(parts, asker, target, &added);
        entity_release(asker);
    }
    entity_release(target);
    if (status == PORTICO_OK && number != NULL) {
        *number = added;
    }
    return status;
}

/* ---- answering ------------------------------------------------------------------------------ */

portico_status request_reply(uint64_t number, const void *data, uint32_t size) {
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    if (size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    message *m = message_create(NULL, 0, data, size, NULL);
    if (m == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    request *r = NULL;
    ending e = {0};
    os_mutex_lock(&requests.lock);
    HASH_FIND(hh, requests.all, &number, sizeof number, r);
    if (r != NULL) {
        m->id = r->spare->id;
        m->request = number;
        m->other = r->to;
        e = end_locked(r, true);
    }
    os_mutex_unlock(&requests.lock);
    if (r == NULL) {
        free(m);
        return PORTICO_E_GONE;
    }
    portico_status status = answer(e.from, m);
    if (status != PORTICO_E_BACKLOG) {
        free(e.spare);
        e.spare = NULL;
    }
    finish(&e, status); /* too much waits for the asker: it gets that status instead of the data */
    return status;
}

uint32_t requests_count(void) {
    os_mutex_lock(&requests.lock);
    uint32_t count = HASH_COUNT(requests.all);
    os_mutex_unlock(&requests.lock);
    return count;
}

void requests_fini(void) {
    INVARIANT(requests.all == NULL);
}
