/* swap_closed.h: the part of a swap for which the gate is closed. [control thread]
 */
#ifndef PORTICO_SWAP_CLOSED_H
#define PORTICO_SWAP_CLOSED_H

#include "loader/swap_log.h"
#include "loader/swap_plan.h"

typedef struct swap {
    module *module;
    uint32_t timeout_ms;
    swap_plan plan;
    swap_record record; /* what is known of it so far */
} swap;

/* The step has ended now. */
static inline void swap_note_step(swap *w, swap_step step) {
    w->record.step_ns[step] = os_monotonic_ns();
}

typedef enum swap_outcome {
    SWAP_TRIED,       /* *status is the result; on failure everything is as before */
    SWAP_OCCUPIED,    /* nothing was tried: callers were inside the gate for longer than that */
    SWAP_RESERVE_MORE /* the same, because the reserved memory does not suffice */
} swap_outcome;

/* Closes the gate, waiting for callers inside as gate_close does, exchanges the module's code, and
 * opens the gate. */
swap_outcome swap_try(swap *w, uint32_t patience_ms, portico_status *status,
                      char why[IMAGE_WHY_MAX]);

/* Starts a generation. If that fails, the timers and rooms that it has begun end, and its messages
 * to its own module and its jobs are dropped. What it has sent elsewhere stays. The gate is
 * closed. */
portico_status swap_start(module *m, generation *g, uint32_t why);

#endif
