/* gate.h: what every call into a module passes, and what closes while the module's code is exchanged.
 *
 * A thread that is inside says so in a slot of its own, so that threads never write to one place; whoever closes
 * the gate looks at all slots. Entering costs one exchange of the thread's own slot and one load. A closed gate
 * keeps callers waiting in place: what they were about to run runs when it opens, in the order it had.
 *
 * A thread is inside one gate at a time, since no function of the host calls into a module. Entering and leaving:
 * any thread of the host. Closing and opening: control thread. The lock is a leaf.
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

/* Waits while the gate is closed: true if it was. No host lock is held. */
bool gate_enter(gate *g);
void gate_leave(gate *g);

/* For whoever is inside: false when somebody waits for it to leave. */
static inline bool gate_is_open(const gate *g) {
    return !atomic_load_explicit(&g->closed, memory_order_relaxed);
}

/* Closes, and watches for a moment, 0.1 ms, then sleeps at most `timeout_ms` (0: not at all) until nobody is inside.
 * False: somebody is, and it is open again. */
bool gate_close(gate *g, uint32_t timeout_ms);
void gate_open(gate *g);

#endif
