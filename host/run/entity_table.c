/* entity_table.c: see entity_table.h. */
#include "run/entity_table.h"

#include "base/invariant.h"
#include "os/compiler.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOT_BITS = 24, CHUNK_SLOTS = 1024, CHUNKS = ENTITY_SLOTS_MAX / CHUNK_SLOTS };

static const uint64_t holds_mask = (1u << 24) - 1;

typedef struct entity_slot {
    _Atomic uint64_t word; /* generation << 24 | holds */
    entity *entity;        /* written before the word, read after it */
    _Atomic int kind;      /* of the slot's latest entity: lets a walk skip other kinds */
    uint32_t number;
    uint32_t next_free;        /* number + 1; guarded by the lock */
    _Atomic uint64_t sweep_ms; /* when entities_sweep has to sweep it */
} slot;

static struct {
    os_mutex lock;
    uint32_t first_free;   /* number + 1; 0: none */
    _Atomic uint32_t used; /* slots ever used */
    slot *_Atomic chunks[CHUNKS];
} table;

static slot *slot_at(uint32_t number) {
    slot *chunk = atomic_load_explicit(&table.chunks[number / CHUNK_SLOTS], memory_order_acquire);
    return chunk != NULL ? &chunk[number % CHUNK_SLOTS] : NULL;
}

static slot *slot_of(uint64_t id) {
    return slot_at((uint32_t)(id & (ENTITY_SLOTS_MAX - 1)));
}

static slot *slot_take_locked(void) {
    if (table.first_free != 0) {
        slot *at = slot_at(table.first_free - 1);
        table.first_free = at->next_free;
        return at;
    }
    uint32_t number = atomic_load_explicit(&table.used, memory_order_relaxed);
    if (number == ENTITY_SLOTS_MAX) {
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

bool entity_add(entity *e, uint32_t holds) {
    os_mutex_lock(&table.lock);
    slot *at = slot_take_locked();
    os_mutex_unlock(&table.lock);
    if (at == NULL) {
        return false;
    }
    uint64_t generation = (atomic_load_explicit(&at->word, memory_order_relaxed) >> SLOT_BITS) + 1;
    e->id = generation << SLOT_BITS | at->number;
    e->slot = at;
    at->entity = e;
    atomic_store_explicit(&at->kind, (int)e->kind, memory_order_relaxed);
    atomic_store_explicit(&at->sweep_ms, 0, memory_order_relaxed);
    atomic_store_explicit(&at->word, generation << SLOT_BITS | holds, memory_order_release);
    return true;
}

/* Adds a hold if the slot still has one and still has that generation; 0: any generation. */
static entity *slot_hold(slot *at, uint64_t generation) {
    uint64_t word = atomic_load_explicit(&at->word, memory_order_acquire);
    do {
        if ((word & holds_mask) == 0 || (generation != 0 && word >> SLOT_BITS != generation)) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak_explicit(&at->word, &word, word + 1,
                                                    memory_order_acquire, memory_order_acquire));
    return at->entity;
}

entity *entity_find(uint64_t id) {
    uint64_t generation = id >> SLOT_BITS;
    slot *at = slot_of(id);
    return at != NULL && generation != 0 ? slot_hold(at, generation) : NULL;
}

entity *entity_find_kind(uint64_t id, entity_kind kind) {
    entity *e = entity_find(id);
    if (e != NULL && e->kind != kind) {
        entity_release(e);
        e = NULL;
    }
    return e;
}

const char *entity_word(uint64_t id) {
    static const char *const words[ENTITY_KINDS] = {"session", "room", "module"};
    slot *at = slot_of(id);
    if (at == NULL) {
        return "entity";
    }
    int kind = atomic_load_explicit(&at->kind, memory_order_relaxed);
    uint64_t word = atomic_load_explicit(&at->word, memory_order_acquire);
    return word >> SLOT_BITS == id >> SLOT_BITS ? words[kind] : "entity";
}

void entity_hold(entity *e) {
    atomic_fetch_add_explicit(&e->slot->word, 1, memory_order_relaxed);
}

COLD static void slot_give(slot *at) {
    os_mutex_lock(&table.lock);
    at->next_free = table.first_free;
    table.first_free = at->number + 1;
    os_mutex_unlock(&table.lock);
}

/* True: it was the last hold, and the slot is free again. */
static bool slot_release(slot *at) {
    uint64_t before = atomic_fetch_sub_explicit(&at->word, 1, memory_order_acq_rel);
    INVARIANT((before & holds_mask) != 0);
    bool last = (before & holds_mask) == 1;
    if (last) {
        slot_give(at);
    }
    return last;
}

void entity_release(entity *e) {
    if (slot_release(e->slot)) {
        e->free(e);
    }
}

void entity_release_not_last(entity *e) {
    bool last = slot_release(e->slot);
    INVARIANT(!last);
}

void entity_each(entity_kind kind, void (*each)(void *arg, entity *e), void *arg) {
    uint32_t used = atomic_load_explicit(&table.used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        slot *at = slot_at(i);
        bool other = atomic_load_explicit(&at->kind, memory_order_relaxed) != (int)kind;
        entity *e = other ? NULL : slot_hold(at, 0);
        if (e != NULL && e->kind == kind) {
            each(arg, e);
        }
        if (e != NULL) {
            entity_release(e);
        }
    }
}

void entity_sweep_soon(const entity *e) {
    atomic_store(&e->slot->sweep_ms, 0);
}

/* Does not overwrite the 0 of an entity_sweep_soon that came since: 0 is the earliest time. */
static void sweep_at(slot *at, uint64_t time_ms) {
    uint64_t before_ms = atomic_load(&at->sweep_ms);
    while (time_ms < before_ms &&
           !atomic_compare_exchange_weak(&at->sweep_ms, &before_ms, time_ms)) {
    }
}

void entities_sweep(const entity_sweep sweeps[ENTITY_KINDS], uint64_t now_ms) {
    uint32_t used = atomic_load_explicit(&table.used, memory_order_acquire);
    for (uint32_t i = 0; i < used; i++) {
        slot *at = slot_at(i);
        bool due = atomic_load_explicit(&at->sweep_ms, memory_order_relaxed) <= now_ms;
        entity *e = due ? slot_hold(at, 0) : NULL;
        if (e != NULL) {
            atomic_store(&at->sweep_ms, ENTITY_SWEEP_LATER); /* before the sweep reads */
            sweep_at(at, sweeps[e->kind](e, now_ms));
            entity_release(e);
        }
    }
}

void entity_table_fini(void) {
    for (uint32_t i = 0; i < CHUNKS; i++) {
        free(atomic_exchange(&table.chunks[i], NULL));
    }
    table.first_free = 0;
    atomic_store(&table.used, 0);
}
