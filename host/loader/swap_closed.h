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
    uint64_t begun_ns;
    uint64_t settled_ns; /* when all states were of the generation that serves */
    uint64_t staged_ns;  /* when the plan was made and memory allocated */
    uint64_t closed_ns;  /* when the gate was closed, at the last try ... */
    uint64_t inside_ns;  /* ... and when the last caller had left */
    uint64_t opened_ns;
    uint64_t longest_ns; /* that the gate was closed at any try */
    uint32_t tries;
    uint32_t from;                     /* the generation that served when it began; 0: not known */
    uint32_t to;                       /* the one that serves after it; 0: it has failed */
    char version[SWAP_LOG_VERSION];    /* of the new build; "": it was not loaded */
    uint64_t step_ns[SWAP_STEP_COUNT]; /* see swap_record */
} swap;

/* The step has ended now. */
static inline void swap_note_step(swap *w, swap_step step) {
    w->step_ns[step] = os_monotonic_ns();
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
