/* clock.h: time for tests, and how large a test may be where it runs.
 *
 * Every wait is bounded: a loop that waits checks clock_now_ms() and gives up. */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds; never goes backwards. */
uint64_t clock_now_ms(void);

/* The same in microseconds. */
uint64_t clock_now_us(void);

/* Milliseconds of processor time that this process has used. */
uint64_t clock_cpu_ms(void);

void clock_sleep_ms(uint32_t ms);

/* `native` where the host runs at full speed, `windows` in the Windows build, which mostly runs
 * under Wine, where one process handles every socket call. A sanitized build gets a tenth of
 * `native`, but at least `windows`. */
int scale(int native, int windows);

/* Whether this build has a sanitizer, which makes its memory figures meaningless. */
bool scale_sanitized(void);

#endif
