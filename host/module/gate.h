/* gate.h: the gate that every call into a module passes, and that is closed while the module's code
 * is exchanged.
 *
 * A thread marks itself as inside in a slot of its own, so that threads never write to the same
 * memory; the closer reads all slots. Entering costs one exchange of the thread's slot and one
 * load. Callers wait where they are while the gate is closed, but only for a moment: then they
 * park, so that no thread is held. A parked caller keeps its work in its place, so the order stays,
 * and is revived when the gate opens. At the gate of a frozen module callers park at once.
 *
 * A thread is inside one gate at a time, since no function of the host calls into a module.
 * Entering and leaving: any thread of the host. Closing and opening: control thread, or the
 * caller's while the control thread waits for it. The lock is a leaf.
 */
#ifndef PORTICO_GATE_H
#define PORTICO_GATE_H

#include "os/os.h"

#include <stdatomic.h>

/* All bytes zero: open. */
typedef struct gate {
    _Atomic uint32_t shut;      /* GATE_... */
    atomic_bool parked;         /* somebody may have parked since the last gate_take_parked */
    _Atomic uint64_t closed_ns; /* when GATE_CLOSED was set */
    os_mutex lock;
    os_cond changed;
} gate;

/* Why a gate is shut. */
enum {
    GATE_CLOSED = 1, /* the module's code is being exchanged */
    GATE_FROZEN = 2, /* its code has faulted, and another build or a thaw is awaited */
    GATE_DEAD = 4    /* its code is never called again, while its sessions and rooms end */
};

typedef enum passage {
    GATE_PASSED,
    GATE_PARK, /* not entered: the caller keeps its work until it is revived, see gate_parks */
    GATE_NEVER /* not entered: the module's code is never called again */
} passage;

/* Enters the gate. If it is closed, waits for the first GATE_PATIENCE_MS of that. The caller holds
 * no host lock. */
passage gate_enter(gate *g);
void gate_leave(gate *g);

/* Enters to read what the module keeps, also while the module is frozen or dead: gate_leave ends
 * it. False: not entered, since the module's code is being exchanged. Does not wait. */
bool gate_enter_to_read(gate *g);

/* The caller has kept its work, marked as parked, where the control thread finds it when the gate
 * opens. False: it has opened in the meantime, so the caller revives its work itself. */
bool gate_parks(gate *g);

/* After the gate has opened, thawed or died: whether somebody may have parked, whom the caller has
 * to revive. False also while the gate is still shut. [control thread] */
bool gate_take_parked(gate *g);

/* Inside: false if the caller should leave, because the control thread waits for that or the module
 * is frozen. */
static inline bool gate_is_open(const gate *g) {
    return atomic_load_explicit(&g->shut, memory_order_relaxed) == 0;
}

/* Closes the gate and waits until nobody is inside: spins for 0.1 ms, then sleeps for at most
 * `timeout_ms` (0: not at all). False: somebody still is inside, and the gate is open again. */
bool gate_close(gate *g, uint32_t timeout_ms);
void gate_open(gate *g);

/* From now on callers park; those inside continue. [any thread, also inside] */
void gate_freeze(gate *g);

/* Ends that. [control thread] */
void gate_thaw(gate *g);

bool gate_is_frozen(const gate *g);

/* Whether the module's code is being exchanged. */
bool gate_is_closed(const gate *g);

/* From now on nobody enters and nobody parks; and the end of that. [control thread] */
void gate_kill(gate *g);
void gate_wake_dead(gate *g);

#endif
