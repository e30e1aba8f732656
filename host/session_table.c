/* session_table.c: see session_table.h. */
#include "session_table.h"

#include "os/os.h"
#include "session.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOT_BITS = 24, CHUNK_SLOTS = 1024, CHUNKS = SESSION_SLOTS_MAX / CHUNK_SLOTS };

static const uint64_t holds_mask = (1u << 24) - 1;

typedef struct slot {
    _Atomic uint64_t word;   /* generation << 24 | holds */
    struct session *session; /* written before the word, read after it */
    uint32_t number;
    uint32_t next_free; /* number + 1; guarded by the lock */
} slot;

static struct {
    os_mutex lock;
    uint32_t first_free;   /* number + 1, 0: none */
    _Atomic uint32_t used; /* slots ever handed out */
    slot *_Atomic chunks[CHUNKS];
} table;

static slot *slot_at(uint32_t number) {
    slot *chunk = atomic_load_explicit(&table.chunks[number / CHUNK_SLOTS], memory_order_acquire);
    return chunk != NULL ? &chunk[number % CHUNK_SLOTS] : NULL;
}

static slot *slot_of(portico_session id) {
    return slot_at((uint32_t)(id & (SESSION_SLOTS_MAX - 1)));
}

/* The lock is held. */
static slot *slot_take(void) {
    if (table.first_free != 0) {
        slot *at = slot_at(table.first_free - 1);
        table.first_free = at->next_free;
        return at;
    }
    uint32_t number = atomic_load_explicit(&table.used, memory_order_relaxed);
    if (number == SESSION_SLOTS_MAX) {
        return NULL;
    }
    slot *at = slot_at(number);
    if (at == NULL) {
        slot *chunk = calloc(CHUNK_SLOTS, sizeof *chunk);
        if (chunk == NULL) {
            return NULL;
        }
        atomic_store_explicit(&table.chunks[number / CHUNK_SLOTS], chunk, memory_order_release);
        at = &chunk[0];
    }
    at->number = number;
    atomic_store_explicit(&table.used, number + 1, memory_order_release);
    return at;
}

bool session_table_add(struct session *s, uint32_t holds, portico_session *id) {
    os_mutex_lock(&table.lock);
    slot *at = slot_take();
    os_mutex_unlock(&table.lock);
    if (at == NULL) {
        return false;
    }
    uint64_t generation = (atomic_load_explicit(&at->word, memory_order_relaxed) >> SLOT_BITS) + 1;
    at->session = s;
    *id = generation << SLOT_BITS | at->number;
    atomic_store_explicit(&at->word, generation << SLOT_BITS | holds, memory_order_release);
    return true;
}

/* Adds a hold if the slot still has one and, with a generation, is still of it. */
static struct session *slot_hold(slot *at, uint64_t generation) {
    uint64_t word = atomic_load_explicit(&at->word, memory_order_acquire);
    do {
        if ((word & holds_mask) == 0 || (generation != 0 && word >> SLOT_BITS != generation)) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&at->word, &word, word + 1, memory_order_acquire,
                                                    memory_order_acquire));
    return at->session;
}

struct session *session_table_find(portico_session id) {
    uint64_t generation = id >> SLOT_BITS;
    slot *at = slot_of(id);
    return at != NULL && generation != 0 ? slot_hold(at, generation) : NULL;
}

void session_table_hold(portico_session id) {
    atomic_fetch_add_explicit(&slot_of(id)->word, 1, memory_order_relaxed);
}

bool session_table_release(portico_session id) {
    slot *at = slot_of(id);
    uint64_t before = atomic_fetch_sub_explicit(&at->word, 1, memory_order_acq_rel);
    if ((before & holds_mask) != 1) {
        return false;
    }
    os_mutex_lock(&table.lock);
    at->next_free = table.first_free;
    table.first_free = at->number + 1;
    os_mutex_unlock(&table.lock);
    return true;
}

void session_table_each(void (*each)(void *arg, struct session *s), void *arg) {
    uint32_t used = atomic_load_explicit(&table.used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        struct session *s = slot_hold(slot_at(i), 0);
        if (s != NULL) {
            each(arg, s);
            session_release(s);
        }
    }
}

void session_table_fini(void) {
    for (uint32_t i = 0; i < CHUNKS; i++) {
        free(atomic_exchange(&table.chunks[i], NULL));
    }
    table.first_free = 0;
    atomic_store(&table.used, 0);
}
