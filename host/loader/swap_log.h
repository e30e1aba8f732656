/* swap_log.h: the last swaps and roll-backs, with the time that each step took. The control thread
 * adds; any thread reads. A lock of its own, a leaf. */
#ifndef PORTICO_SWAP_LOG_H
#define PORTICO_SWAP_LOG_H

#include "base/text.h"
#include "module/module.h"

enum { SWAP_LOG_MAX = 64, SWAP_LOG_TEXT = 512, SWAP_LOG_VERSION = 64 };

/* X(step, what it is), in the order in which they come. */
#define SWAP_STEPS(X)                                                                   \
    X(settle, "states of earlier generations are taken over")                           \
    X(load, "the build is copied, tried, loaded and described")                         \
    X(plan, "every state and dependent module is checked, and memory reserved")         \
    X(enter, "tries for which callers were inside, and pauses between them")            \
    X(drain, "the gate is closed, and the last callers leave")                          \
    X(stop, "stop of the old build")                                                    \
    X(state, "the module's own state is taken over")                                    \
    X(start, "types and handlers are exchanged, and start of the new build; or of the " \
             "old one after a failure")                                                 \
    X(open, "the gate opens")                                                           \
    X(follow, "every session and room is given a turn to follow")

typedef enum swap_step {
#define SWAP_STEP_ENUM(step, what) SWAP_STEP_##step,
    SWAP_STEPS(SWAP_STEP_ENUM)
#undef SWAP_STEP_ENUM
        SWAP_STEP_COUNT
} swap_step;

const char *swap_step_name(swap_step step);
const char *swap_step_text(swap_step step);

typedef struct swap_record {
    uint64_t number; /* from 1 */
    uint64_t wall_ms;
    char module[TEXT_IDENTIFIER_MAX];
    module_swap result;
    uint32_t from; /* generations; 0: none */
    uint32_t to;
    char version[SWAP_LOG_VERSION]; /* of `to`; "": it was not loaded */
    uint32_t tries;
    uint64_t pause_ns; /* the longest time that the gate was closed */
    uint64_t begun_ns;
    uint64_t step_ns[SWAP_STEP_COUNT]; /* when the step ended; 0: it was not reached */
    char text[SWAP_LOG_TEXT];          /* how it ended, in words */
} swap_record;

/* Adds it in place of the oldest one, and numbers it. [control thread] */
void swap_log_add(const swap_record *r);

/* Copies the last ones, the latest first, at most `most`. Returns how many. */
uint32_t swap_log_copy(swap_record *records, uint32_t most);

#endif
