/* swap_exchange.h: the part of a swap that a new build and a roll-back share: from the plan to the
 * sessions that follow. [control thread]
 */
#ifndef PORTICO_SWAP_EXCHANGE_H
#define PORTICO_SWAP_EXCHANGE_H

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
} swap;

/* Swaps to `to`, which is prepared; w->module, timeout_ms, begun_ns and settled_ns are set. With
 * PORTICO_OK the module holds `to` and `why` says what happened. On failure nothing has changed. */
portico_status swap_to(swap *w, generation *to, char why[IMAGE_WHY_MAX]);

/* Starts a generation. If that fails, the timers and rooms that it has begun end, and its messages
 * to its own module and its jobs are dropped. What it has sent elsewhere stays. The gate is
 * closed. */
portico_status swap_start(module *m, generation *g, uint32_t why);

#endif
