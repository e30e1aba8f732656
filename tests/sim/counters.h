/* counters.h: checks the host's counters: against each other, against what modules have
 * seen (ledger.h), and against what the simulated network has carried
 * (sim_traffic). A difference fails the run (sim_fail). */
#ifndef TEST_COUNTERS_H
#define TEST_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Counts only what follows. Before the host starts. */
void counters_begin(void);

/* Checks what must be true of an answer to `status` at any moment. */
void counters_status(const char *answer);

/* How many timers modules have at rest; -1, as at first: unknown. */
void counters_expect_timers(int64_t timers);

/* Waits until `status` shows what it must when nothing happens; `more` (may be NULL) says what else
 * is amiss. Fails after ten minutes. Clients must have closed, faults have ended. Does nothing if
 * the host has ended. */
void counters_await_rest(const char *(*more)(const char *answer));

/* Checks, when a host with this many workers has ended, that everything adds up. `served`: its
 * start succeeded. */
void counters_end(uint32_t workers, bool served);

/* A figure in an answer to `status`. */
uint64_t counters_figure(const char *answer, const char *name);

#endif
