/* gate.c: see gate.h.
 *
 * WHY NO CALLER SLIPS THROUGH
 *   caller   1. writes its slot    2. reads `shut`
 *   closer   a. writes `shut`      b. reads the slots
 * All four are sequentially consistent. If 2 sees an open gate, then 1 came before b, and the
 * closer sees the caller inside. A caller that finds the gate shut clears its slot and waits or
 * parks.
 *
 * WHY NO WAKE-UP IS MISSED FOR LONG
 *   caller   1. clears its slot    2. reads `shut`    3. if set, wakes the closer under the lock
 *   closer   a. reads the slots under the lock and goes to sleep
 * The processor may do 2 before 1, since an order would cost every call a locked instruction. Then
 * nobody wakes the closer, which therefore sleeps for GATE_SLEEP_MS at a time and looks again.
 *
 * WHY NO PARKED WORK IS FORGOTTEN
 *   caller   1. marks its work as parked    2. sets `parked`    3. reads `shut`
 *   opener   a. clears `shut`               b. takes `parked`   c. looks for parked work
 * If 3 still sees the gate shut, then 2 came before a and b, and the opener finds the work.
 */
#include "module/gate.h"

#include "base/invariant.h"
#include "os/compiler.h"
#include "run/watchdog.h"

enum {
    GATE_SLOTS = 1024, /* threads that ever call into modules or read their states */
    GATE_WATCH_NS =
        100000, /* most handlers take less, and sleeping is slow where processors are busy */
    GATE_SLEEP_MS = 1,
    GATE_PATIENCE_MS = 20
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

/* Whether a caller that finds the gate like this waits. False: it parks, or enters. */
static bool gate_is_closed_now(gate *g) {
    return atomic_load(&g->shut) == GATE_CLOSED &&
           os_monotonic_ns() < atomic_load(&g->closed_ns) + GATE_PATIENCE_MS * 1000000ull;
}

/* The gate was found shut: waits for a moment and enters if it is open then. */
COLD static passage gate_wait(gate *g) {
    uint32_t shut = 0;
    do {
        atomic_store(&own->inside, NULL);
        os_mutex_lock(&g->lock);
        os_cond_wake_all(&g->changed); /* the closer may have seen the slot, and sleep */
        while (gate_is_closed_now(g)) {
            os_cond_wait(&g->changed, &g->lock, GATE_PATIENCE_MS);
        }
        os_mutex_unlock(&g->lock);
        shut = atomic_load(&g->shut);
        if ((shut & GATE_DEAD) != 0) {
            return GATE_NEVER;
        }
        if (shut != 0) {
            return GATE_PARK;
        }
        atomic_store(&own->inside, g);
    } while (atomic_load(&g->shut) != 0);
    watchdog_clock(0); /* what it knows is the time before the wait */
    return GATE_PASSED;
}

/* Shows in the thread's slot that it is inside. */
static inline void show_inside(gate *g) {
    if (own == NULL) {
        take_slot();
    }
    INVARIANT(atomic_load_explicit(&own->inside, memory_order_relaxed) == NULL);
    atomic_store(&own->inside, g);
}

passage gate_enter(gate *g) {
    show_inside(g);
    return atomic_load(&g->shut) == 0 ? GATE_PASSED : gate_wait(g);
}

bool gate_enter_to_read(gate *g) {
    show_inside(g);
    bool entered = !gate_is_closed(g);
    if (!entered) {
        gate_leave(g);
    }
    return entered;
}

void gate_leave(gate *g) {
    atomic_store_explicit(&own->inside, NULL, memory_order_release);
    if (atomic_load_explicit(&g->shut, memory_order_relaxed) != 0) {
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
    atomic_store(&g->closed_ns, os_monotonic_ns());
    atomic_fetch_or(&g->shut, GATE_CLOSED);
    bool inside = spin_until_empty(g) && (timeout_ms == 0 || sleep_until_empty(g, timeout_ms));
    if (inside) {
        gate_open(g);
    }
    return !inside;
}

static void gate_clear(gate *g, uint32_t why) {
    os_mutex_lock(&g->lock);
    atomic_fetch_and(&g->shut, ~why);
    os_cond_wake_all(&g->changed);
    os_mutex_unlock(&g->lock);
}

static void gate_set(gate *g, uint32_t why) {
    os_mutex_lock(&g->lock);
    atomic_fetch_or(&g->shut, why);
    os_cond_wake_all(&g->changed); /* those that wait park */
    os_mutex_unlock(&g->lock);
}

void gate_open(gate *g) {
    gate_clear(g, GATE_CLOSED);
}

void gate_freeze(gate *g) {
    gate_set(g, GATE_FROZEN);
}

void gate_thaw(gate *g) {
    gate_clear(g, GATE_FROZEN);
}

void gate_kill(gate *g) {
    gate_set(g, GATE_DEAD);
}

void gate_wake_dead(gate *g) {
    gate_clear(g, GATE_DEAD);
}

bool gate_is_frozen(const gate *g) {
    return (atomic_load(&g->shut) & GATE_FROZEN) != 0;
}

bool gate_is_closed(const gate *g) {
    return (atomic_load(&g->shut) & GATE_CLOSED) != 0;
}

bool gate_parks(gate *g) {
    atomic_store(&g->parked, true);
    uint32_t shut = atomic_load(&g->shut);
    return shut != 0 && (shut & GATE_DEAD) == 0;
}

bool gate_take_parked(gate *g) {
    uint32_t shut = atomic_load(&g->shut);
    bool parks = shut != 0 && (shut & GATE_DEAD) == 0; /* what is revived would park again */
    return !parks && atomic_exchange(&g->parked, false);
}
