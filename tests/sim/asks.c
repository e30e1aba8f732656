/* asks.c: see asks.h. */
#include "sim/asks.h"

#include "sim/crash.h"
#include "sim/world.h"

#include <string.h>

enum { ASKS_MAX = 4096, TRIES = 8, LATEST = 32 };

typedef unsigned long long ull;

static const uint64_t ms_ns = 1000000;

typedef struct ask {
    uint64_t from;
    uint64_t to;
    uint64_t request; /* 0: not known yet */
    uint64_t from_ns; /* it was called between these times */
    uint64_t until_ns;
    uint32_t timeout_ms;
    bool handled;
    bool called;           /* `request` has returned, */
    portico_status status; /* with this */
    bool arrived;
    uint32_t replying; /* calls of `reply` that have not returned */
    bool replied;      /* one has returned PORTICO_OK */
    bool answered;
    bool gone; /* with PORTICO_E_GONE */
} ask;

static ask asks[ASKS_MAX];
static uint32_t count;

uint32_t asks_count(void) {
    return count;
}

static ask *ask_of(uint64_t number) {
    CHECK(number > 0 && number <= count);
    return &asks[number - 1];
}

static uint64_t find(uint64_t request) {
    for (uint32_t i = count; i-- > 0;) {
        if (asks[i].request == request) {
            return i + 1;
        }
    }
    sim_fail("an answer to request %llu arrives, which nobody has made", (ull)request);
}

/* The number of the request is seen by the asker or by the receiver, whoever is first. */
static void learn(ask *a, uint64_t request) {
    CHECK(request != 0 && (a->request == 0 || a->request == request));
    for (uint32_t i = 0; i < count && a->request == 0; i++) {
        CHECK(asks[i].request != request);
    }
    a->request = request;
}

/* Modules end before their `stop`. */
static bool is_module(uint64_t id) {
    const post_box *b = post_find(id);
    return b != NULL && b->owner == id;
}

uint64_t asks_begin(uint64_t from, uint64_t to, uint32_t timeout_ms, bool handled) {
    uint64_t now_ns = os_monotonic_ns(); /* other threads may run */
    CHECK(count < ASKS_MAX);
    asks[count] = (ask){.from = from,
                        .to = to,
                        .from_ns = now_ns,
                        .until_ns = UINT64_MAX,
                        .timeout_ms = timeout_ms,
                        .handled = handled};
    return ++count;
}

void asks_began(uint64_t number, portico_status status, uint64_t request) {
    ask *a = ask_of(number);
    bool unloading = status == PORTICO_E_STATE && is_module(a->from); /* it can no longer be told */
    if (status != PORTICO_OK && status != PORTICO_E_GONE && status != PORTICO_E_BACKLOG &&
        !unloading && (status != PORTICO_E_NO_MEMORY || !post_faults)) {
        sim_fail("a request of %llu to %llu returns %d", (ull)a->from, (ull)a->to, status);
    }
    CHECK(status == PORTICO_OK || !a->arrived);
    a->called = true;
    a->status = status;
    if (status == PORTICO_OK) {
        learn(a, request);
    }
    a->until_ns = os_monotonic_ns();
}

void asks_arrives(post_box *b, uint64_t number, const portico_message *message) {
    ask *a = ask_of(number);
    if (a->to != b->id || !a->handled || a->arrived) {
        sim_fail("request %llu to %llu arrives %s in the turn of %llu", (ull)number, (ull)a->to,
                 a->arrived   ? "again"
                 : a->handled ? "first"
                              : "in spite of its id",
                 (ull)b->id);
    }
    CHECK(!a->called || a->status == PORTICO_OK);
    CHECK(message->status == PORTICO_OK && message->from.id == a->from && message->missed == 0);
    learn(a, message->request);
    a->arrived = true;
    b->handled++;
    b->sum += number;
}

uint64_t asks_some(uint64_t *request) {
    for (uint32_t tries = 0; tries < TRIES && count > 0; tries++) {
        uint64_t number = count - world_random(count < LATEST ? count : LATEST);
        if (ask_of(number)->arrived) {
            *request = ask_of(number)->request;
            return number;
        }
    }
    return 0;
}

void asks_replies(uint64_t number) {
    ask_of(number)->replying++;
}

void asks_replied(uint64_t number, portico_status status) {
    ask *a = ask_of(number);
    a->replying--;
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE ||
          (status == PORTICO_E_NO_MEMORY && post_faults));
    if (status == PORTICO_OK) {
        CHECK(!a->replied);
        a->replied = true;
    }
}

/* Of a request without a reply. */
static void check_missing(const ask *a, portico_status status) {
    const post_box *to = post_find(a->to);
    switch (status) {
    case PORTICO_E_GONE:
        if (a->arrived && !to->ended && !is_module(a->to) && !crash_was()) { /* else see settled */
            sim_fail("a request to %llu is answered as if that had ended", (ull)a->to);
        }
        break;
    case PORTICO_E_NOT_FOUND: CHECK(!a->handled); break;
    case PORTICO_E_FAULT: CHECK(a->arrived && crash_was()); break;
    case PORTICO_E_TIMEOUT: CHECK(os_monotonic_ns() >= a->from_ns + a->timeout_ms * ms_ns); break;
    default: sim_fail("a request is answered with status %d", status);
    }
    CHECK(!a->replied);
}

uint64_t asks_answered(post_box *b, const portico_message *message) {
    uint64_t number = find(message->request);
    uint64_t data = 0;
    ask *a = ask_of(number);
    CHECK(a->from == b->id && a->status == PORTICO_OK && !a->answered);
    CHECK(message->from.id == a->to && message->missed == 0);
    if (message->status == PORTICO_OK) {
        CHECK(a->arrived && (a->replied || a->replying > 0) && message->size == sizeof data);
        memcpy(&data, message->data, sizeof data);
        CHECK(data == number);
    } else {
        CHECK(message->size == 0);
        check_missing(a, message->status);
    }
    a->answered = true;
    a->gone = message->status == PORTICO_E_GONE;
    b->handled++;
    b->sum += number;
    return number;
}

void asks_settled(uint32_t idle_ms) {
    uint64_t until_ns = os_monotonic_ns() - idle_ms * ms_ns;
    for (uint32_t i = 0; i < count; i++) {
        const ask *a = &asks[i];
        const post_box *from = post_find(a->from);
        const post_box *to = post_find(a->to);
        bool due = a->status == PORTICO_OK && a->until_ns + a->timeout_ms * ms_ns <= until_ns;
        CHECK(!a->gone || to == NULL || to->ended);
        if (due && from != NULL && !from->ends && !a->answered) {
            sim_fail("request %u has no answer after %u ms", i + 1, a->timeout_ms);
        }
    }
}
