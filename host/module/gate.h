/* gate.h: the gate that every call into a module passes, and that is closed while the module's code
 * is exchanged.
 *
 * A thread marks itself as inside in a slot of its own, so that threads never write to the same
 * memory; the closer reads all slots. Entering costs one exchange of the thread's slot and one
 * load. Callers wait where they are while the gate is closed, so what they were about to run keeps
 * its order.
 *
 * A thread is inside one gate at a time, since no function of the host calls into a module.
 * Entering and leaving: any thread of the host. Closing and opening: control thread. The lock is a
 * leaf.
 */
#ifndef PORTICO_GATE_H
#define PORTICO_GATE_H

#include "os/os.h"

#include <stdatomic.h>

/* All bytes zero: open. */
typedef struct gate {
    atomic_bool closed;
    os_mutex lock;
    os_cond changed;
} gate;

/* Enters the gate once it is open; true if it was closed. The caller holds no host lock. */
bool gate_enter(gate *g);
void gate_leave(gate *g);

/* Inside: false if the control thread waits for the caller to leave. */
static inline bool gate_is_open(const gate *g) {
    return !atomic_load_explicit(&g->closed, memory_order_relaxed);
}

/* Closes the gate and waits until nobody is inside: spins for 0.1 ms, then sleeps for at most
 * `timeout_ms` (0: not at all). False: somebody still is inside, and the gate is open again. */
bool gate_close(gate *g, uint32_t timeout_ms);
void gate_open(gate *g);

#endif
