/* gate.c: see gate.h.
 *
 * WHY NO CALLER SLIPS THROUGH
 *   caller   1. writes its slot    2. reads `closed`
 *   closer   a. writes `closed`    b. reads the slots
 * All four are sequentially consistent. If 2 sees an open gate, then 1 came before b, and the
 * closer sees the caller inside. A caller that finds the gate closed clears its slot and waits.
 *
 * WHY NO WAKE-UP IS MISSED FOR LONG
 *   caller   1. clears its slot    2. reads `closed`    3. if set, wakes the closer under the lock
 *   closer   a. reads the slots under the lock and goes to sleep
 * The processor may do 2 before 1, since an order would cost every call a locked instruction. Then
 * nobody wakes the closer, which therefore sleeps for GATE_SLEEP_MS at a time and looks again.
 */
#include "module/gate.h"

#include "base/invariant.h"
#include "os/compiler.h"

enum {
    GATE_SLOTS = 1024, /* threads that ever call into modules: workers, pool, control thread */
    GATE_WATCH_NS =
        100000, /* most handlers take less, and sleeping is slow where processors are busy */
    GATE_SLEEP_MS = 1
};

typedef struct gate_slot {
    _Alignas(64) gate *_Atomic inside;
} gate_slot;

static gate_slot slots[GATE_SLOTS];
static atomic_uint used;
static _Thread_local gate_slot *own;

COLD static void take_slot(void) {
    uint32_t number = atomic_fetch_add(&used, 1);
    INVARIANT(number < GATE_SLOTS);
    own = &slots[number];
}

COLD static void gate_wake(gate *g) {
    os_mutex_lock(&g->lock);
    os_cond_wake_all(&g->changed);
    os_mutex_unlock(&g->lock);
}

/* The gate was found closed: waits until it is open and enters. */
COLD static void gate_wait(gate *g) {
    do {
        atomic_store(&own->inside, NULL);
        os_mutex_lock(&g->lock);
        os_cond_wake_all(&g->changed); /* the closer may have seen the slot, and sleep */
        while (atomic_load(&g->closed)) {
            os_cond_wait(&g->changed, &g->lock, UINT32_MAX);
        }
        os_mutex_unlock(&g->lock);
        atomic_store(&own->inside, g);
    } while (atomic_load(&g->closed));
}

bool gate_enter(gate *g) {
    if (own == NULL) {
        take_slot();
    }
    INVARIANT(atomic_load_explicit(&own->inside, memory_order_relaxed) == NULL);
    atomic_store(&own->inside, g);
    bool waits = atomic_load(&g->closed);
    if (waits) {
        gate_wait(g);
    }
    return waits;
}

void gate_leave(gate *g) {
    atomic_store_explicit(&own->inside, NULL, memory_order_release);
    if (atomic_load_explicit(&g->closed, memory_order_relaxed)) {
        gate_wake(g);
    }
}

static bool is_occupied(const gate *g) {
    uint32_t count = atomic_load(&used);
    for (uint32_t i = 0; i < count && i < GATE_SLOTS; i++) {
        if (atomic_load(&slots[i].inside) == g) {
            return true;
        }
    }
    return false;
}

/* Spins for a moment. True: somebody still is inside. */
static bool spin_until_empty(const gate *g) {
    uint64_t until_ns = os_monotonic_ns() + GATE_WATCH_NS;
    bool inside = is_occupied(g);
    while (inside && os_monotonic_ns() < until_ns) {
        inside = is_occupied(g);
    }
    return inside;
}

/* Sleeps until nobody is inside. True: somebody still is. */
static bool sleep_until_empty(gate *g, uint32_t timeout_ms) {
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    os_mutex_lock(&g->lock);
    bool inside = is_occupied(g);
    while (inside) {
        uint64_t now_ms = os_monotonic_ms();
        if (now_ms >= until_ms) {
            break;
        }
        os_cond_wait(&g->changed, &g->lock, GATE_SLEEP_MS);
        inside = is_occupied(g);
    }
    os_mutex_unlock(&g->lock);
    return inside;
}

bool gate_close(gate *g, uint32_t timeout_ms) {
    atomic_store(&g->closed, true);
    bool inside = spin_until_empty(g) && (timeout_ms == 0 || sleep_until_empty(g, timeout_ms));
    if (inside) {
        gate_open(g);
    }
    return !inside;
}

void gate_open(gate *g) {
    os_mutex_lock(&g->lock);
    atomic_store(&g->closed, false);
    os_cond_wake_all(&g->changed);
    os_mutex_unlock(&g->lock);
}
