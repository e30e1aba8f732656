/* asking.h: entities that ask each other, for tests of run/request.h that race. What was asked says
 * in its first byte what its handler does with it. Include it after what defines CHECK. */
#ifndef TEST_ASKING_H
#define TEST_ASKING_H

#include "run/request.h"

#include "support/place.h"

#include <stdatomic.h>
#include <string.h>

enum { ASKED_MAX = 8192, LATER_MAX = 64 };

enum {
    ASK_NOW = 0,    /* replies at once */
    ASK_LATER = 1,  /* asking_reply_later replies, on another thread */
    ASK_NEVER = 2,  /* does not reply */
    ASK_REFUSE = 3, /* has no handler for it */
    ASK_KINDS = 4
};

/* Asks. Never ends before it has all answers. */
typedef struct asker {
    place base; /* first */
    os_mutex lock;
    uint64_t asked[ASKED_MAX]; /* numbers of requests */
    uint32_t asked_count;
    uint64_t answered[ASKED_MAX]; /* [lock] */
    uint32_t answered_count;      /* [lock] */
    uint32_t replies;             /* [lock] of these, answers by `reply` */
} asker;

/* Is asked. */
typedef struct asked {
    place base; /* first */
    atomic_bool closed;
    os_mutex lock;
    uint64_t later[LATER_MAX]; /* [lock] 0: none */
} asked;

static inline void asking_on_answer(work *w) {
    message *m = (message *)w;
    asker *a = (asker *)m->to;
    const portico_message shown = message_show(m);
    CHECK(shown.request != 0 && shown.from.id != 0);
    CHECK(shown.status == PORTICO_OK || shown.status == PORTICO_E_GONE ||
          shown.status == PORTICO_E_TIMEOUT || shown.status == PORTICO_E_NOT_FOUND);
    CHECK(shown.status != PORTICO_OK || memcmp(shown.data, &shown.request, 8) == 0);
    os_mutex_lock(&a->lock);
    CHECK(a->answered_count < ASKED_MAX);
    a->answered[a->answered_count++] = shown.request;
    a->replies += shown.status == PORTICO_OK;
    os_mutex_unlock(&a->lock);
    message_free(m);
}

/* Replies. False: out of memory. */
static inline bool asking_reply(uint64_t number) {
    portico_status status = request_reply(number, &number, 8);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY);
    return status != PORTICO_E_NO_MEMORY;
}

static inline void asking_reply_twice(uint64_t number) {
    if (asking_reply(number)) {
        portico_status status = request_reply(number, NULL, 0);
        CHECK(status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY);
    }
}

static inline void asking_handle(asked *a, const portico_message *shown) {
    switch (shown->data[0]) {
    case ASK_NOW: asking_reply_twice(shown->request); break;
    case ASK_LATER:
        os_mutex_lock(&a->lock);
        a->later[shown->request % LATER_MAX] = shown->request;
        os_mutex_unlock(&a->lock);
        break;
    default: break;
    }
}

static inline void asking_on_request(work *w) {
    message *m = (message *)w;
    asked *a = (asked *)m->to;
    if (atomic_load(&a->closed)) {
        /* dropped */
    } else if (m->bytes[0] == ASK_REFUSE) {
        message_refuse(m);
    } else {
        const portico_message shown = message_show(m);
        asking_handle(a, &shown);
    }
    message_free(m);
}

static inline portico_status asked_take(entity *e, message *m) {
    return atomic_load(&((asked *)e)->closed) ? PORTICO_E_GONE : place_take(e, m);
}

static inline asker *asker_new(os_port *port) {
    asker *a = place_create(sizeof *a, port, asking_on_answer);
    CHECK(a != NULL);
    return a;
}

static inline asked *asked_new(os_port *port) {
    asked *a = place_create(sizeof *a, port, asking_on_request);
    CHECK(a != NULL);
    a->base.base.take = asked_take;
    return a;
}

static inline void asked_end(asked *a) {
    atomic_store(&a->closed, true);
    requests_end(&a->base.base);
    entity_release(&a->base.base);
}

static inline void asking_reply_later(asked *a, uint32_t slot) {
    os_mutex_lock(&a->lock);
    uint64_t number = a->later[slot];
    a->later[slot] = 0;
    os_mutex_unlock(&a->lock);
    (void)(number != 0 && asking_reply(number));
}

/* Asks `to`, which may have ended. */
static inline void asker_ask(asker *a, uint64_t to, uint8_t kind, uint32_t timeout_ms) {
    CHECK(a->asked_count < ASKED_MAX);
    const request_parts parts = {
        .to = to, .from = a->base.base.id, .size = 1, .data = &kind, .timeout_ms = timeout_ms};
    portico_status status = request_post(&parts, &a->asked[a->asked_count]);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY);
    a->asked_count += status == PORTICO_OK;
}

static inline bool asker_waits(asker *a) {
    os_mutex_lock(&a->lock);
    bool waits = a->answered_count < a->asked_count;
    os_mutex_unlock(&a->lock);
    strand_kick(&a->base.strand); /* in case there was no memory to start it */
    return waits;
}

static inline int asking_compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Each request that was accepted has had one answer. Ends the asker. Returns how many were replies.
 */
static inline uint32_t asker_end(asker *a) {
    CHECK(!asker_waits(a));
    CHECK(a->answered_count == a->asked_count);
    qsort(a->asked, a->asked_count, sizeof a->asked[0], asking_compare);
    qsort(a->answered, a->asked_count, sizeof a->asked[0], asking_compare);
    CHECK(memcmp(a->asked, a->answered, a->asked_count * sizeof a->asked[0]) == 0);
    uint32_t replies = a->replies;
    requests_end(&a->base.base);
    entity_release(&a->base.base);
    return replies;
}

#endif
