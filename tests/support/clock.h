/* clock.h: time for tests, and how large a test may be where it runs.
 *
 * Waiting is bounded everywhere: a loop that waits for something asks clock_now_ms() and gives up.
 */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds that never go back. */
uint64_t clock_now_ms(void);

/* The same in microseconds. */
uint64_t clock_now_us(void);

/* Milliseconds of processor time that this process has used. */
uint64_t clock_cpu_ms(void);

void clock_sleep_ms(uint32_t ms);

/* The first figure where the host runs at full speed, the second for the Windows build, which is mostly run
 * by an emulator that passes every socket call through one process. A sanitized build takes a tenth of the
 * first, but not less than the second. */
int scale(int native, int windows);

/* Whether this build has a sanitizer, so that its memory figures mean nothing. */
bool scale_sanitized(void);

#endif
