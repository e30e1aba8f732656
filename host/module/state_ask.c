/* state_ask.c: see state_ask.h. */
#include "module/state_ask.h"

#include <stdlib.h>
#include <string.h>

/* WAITS: in the list. TAKEN: its entity copies. ANSWERED: the asker's alone. LEFT: the asker has
 * ended it while its entity copies, which then frees it. */
typedef enum ask_phase { ASK_WAITS, ASK_TAKEN, ASK_ANSWERED, ASK_LEFT } ask_phase;

struct state_ask {
    state_ask *next; /* [lock] */
    ask_phase phase; /* [lock] */
    uint64_t entity;
    void (*done)(void);
    uint64_t bytes; /* of all copies */
    uint32_t count;
    state_copy copies[STATE_COPIES_MAX];
};

static struct {
    os_mutex lock;
    state_ask *waiting;
    uint32_t count; /* of all, in whatever phase */
} asks;

static void ask_free(state_ask *a) {
    for (uint32_t i = 0; i < a->count; i++) {
        free(a->copies[i].bytes);
        generation_release(a->copies[i].generation);
    }
    free(a);
}

/* ---- the asker ------------------------------------------------------------------------------- */

bool state_ask_has_place(void) {
    os_mutex_lock(&asks.lock);
    bool fits = asks.count < STATE_ASKS_MAX;
    os_mutex_unlock(&asks.lock);
    return fits;
}

state_ask *state_ask_begin(uint64_t entity, void (*done)(void)) {
    state_ask *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return NULL;
    }
    a->entity = entity;
    a->done = done;
    os_mutex_lock(&asks.lock);
    bool fits = asks.count < STATE_ASKS_MAX;
    if (fits) {
        asks.count++;
        a->next = asks.waiting;
        asks.waiting = a;
    }
    os_mutex_unlock(&asks.lock);
    if (!fits) {
        free(a);
        a = NULL;
    }
    return a;
}

bool state_ask_answered(state_ask *a) {
    os_mutex_lock(&asks.lock);
    bool answered = a->phase == ASK_ANSWERED;
    os_mutex_unlock(&asks.lock);
    return answered;
}

uint32_t state_ask_copies(const state_ask *a, const state_copy **copies) {
    *copies = a->copies;
    return a->count;
}

static void unlink_locked(const state_ask *a) {
    state_ask **at = &asks.waiting;
    while (*at != a) {
        at = &(*at)->next;
    }
    *at = a->next;
}

void state_ask_end(state_ask *a) {
    os_mutex_lock(&asks.lock);
    bool taken = a->phase == ASK_TAKEN;
    if (a->phase == ASK_WAITS) {
        unlink_locked(a);
    }
    if (taken) {
        a->phase = ASK_LEFT;
    } else {
        asks.count--;
    }
    os_mutex_unlock(&asks.lock);
    if (!taken) {
        ask_free(a);
    }
}

/* ---- the entity ------------------------------------------------------------------------------ */

state_ask *state_ask_take(uint64_t entity) {
    os_mutex_lock(&asks.lock);
    state_ask *a = asks.waiting;
    while (a != NULL && a->entity != entity) {
        a = a->next;
    }
    if (a != NULL) {
        unlink_locked(a);
        a->phase = ASK_TAKEN;
    }
    os_mutex_unlock(&asks.lock);
    return a;
}

/* Copies the state. Returns why not; NULL: it has. */
static const char *copy(state_ask *a, state_copy *c, const void *state) {
    uint32_t size = c->shape->size;
    if (size == 0) {
        return NULL;
    }
    if (size > STATE_COPY_BYTES_MAX - a->bytes) {
        return "it is too large: up to 1 MiB of an entity's states are shown";
    }
    c->bytes = malloc(size);
    if (c->bytes == NULL) {
        return "there is no memory for a copy";
    }
    memcpy(c->bytes, state, size);
    a->bytes += size;
    return NULL;
}

void state_ask_add(state_ask *a, generation *g, const char *type, const state_shape *shape,
                   const void *state, const char *why) {
    if (a->count == STATE_COPIES_MAX) {
        return;
    }
    state_copy *c = &a->copies[a->count++];
    *c = (state_copy){.generation = g, .type = type, .shape = shape, .why = why};
    generation_hold(g);
    if (why == NULL) {
        c->why = copy(a, c, state);
    }
}

void state_ask_give(state_ask *a) {
    os_mutex_lock(&asks.lock);
    void (*done)(void) = a->done;
    bool left = a->phase == ASK_LEFT;
    a->phase = ASK_ANSWERED;
    asks.count -= left;
    os_mutex_unlock(&asks.lock);
    if (left) {
        ask_free(a);
    } else {
        done(); /* the asker may have ended it by now */
    }
}
