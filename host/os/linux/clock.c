/* clock.c: the two clocks. Any thread. */
#include "os/os.h"

#include <time.h>

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t os_monotonic_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_wall_ms(void) {
    return clock_ns(CLOCK_REALTIME) / 1000000;
}
