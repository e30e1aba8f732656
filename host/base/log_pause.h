/* log_pause.h: how often the log mentions something that lasts, such as a limit that is reached:
 * once, and again after a pause. Events that clients cause are for log_kind.h. Any thread.
 */
#ifndef PORTICO_LOG_PAUSE_H
#define PORTICO_LOG_PAUSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* When it was last mentioned; 0: never. */
typedef _Atomic uint64_t log_pause;

/* Whether it is to be mentioned now. Of several threads that ask at once, one gets true. */
static inline bool log_pause_over(log_pause *last_ms, uint64_t now_ms, uint32_t pause_ms) {
    uint64_t last = atomic_load_explicit(last_ms, memory_order_relaxed);
    bool over = last == 0 || now_ms >= last + pause_ms;
    return over && atomic_compare_exchange_strong(last_ms, &last, now_ms != 0 ? now_ms : 1);
}

#endif
