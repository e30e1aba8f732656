/* stats.h: counters that `ctl status` shows.
 *
 * Any thread. Each worker counts in a block of its own, so that counting costs no shared cache line; all
 * other threads share one. Sums are taken while the others count: right to within what is going on.
 *
 * Of broadcasts: `broadcasts` had somebody to go to, `broadcast_packets` is for how many members they were queued (and
 * counted in packets_out, too), `broadcast_copies` how often a payload was copied for that. A broadcast is copied once
 * for each framing among its members; frames that are smaller than a reference to them, also for members whose last
 * broadcast still waits.
 */
#ifndef PORTICO_STATS_H
#define PORTICO_STATS_H

#include <stdint.h>

/* clang-format off */
#define STATS_LIST(X) \
    X(sessions_opened) \
    X(sessions_closed) \
    X(packets_in) \
    X(packets_out) \
    X(broadcasts) \
    X(broadcast_packets) \
    X(broadcast_copies) \
    X(bytes_in) \
    X(bytes_out) \
    X(batches) \
    X(recv_calls) \
    X(send_calls) \
    X(accept_failures) \
    X(frames_refused) \
    X(packets_ignored) \
    X(packets_dropped) \
    X(ops_submitted) \
    X(ops_completed)
/* clang-format on */

typedef enum stat {
#define STATS_ENUM(name) STAT_##name,
    STATS_LIST(STATS_ENUM)
#undef STATS_ENUM
        STAT_COUNT
} stat;

enum { STATS_BLOCKS = 65 }; /* block 0 for all threads that have not called stats_use_block */

/* Gives the calling thread block `block` (1 to STATS_BLOCKS - 1) for its own. */
void stats_use_block(uint32_t block);

void stats_add(stat s, uint64_t count);
uint64_t stats_sum(stat s);
const char *stats_name(stat s);

#endif
