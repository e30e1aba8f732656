/* clock.c: the two clocks. Any thread. */
#include "private.h"

uint64_t os_monotonic_ns(void) {
    LARGE_INTEGER count;
    LARGE_INTEGER per_second;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&per_second); /* fixed at boot, read without a system call */
    uint64_t ticks = (uint64_t)count.QuadPart;
    uint64_t frequency = (uint64_t)per_second.QuadPart;
    /* Seconds apart from the rest: ticks * 10^9 would overflow after half an hour at 10 MHz. */
    return ticks / frequency * 1000000000u + ticks % frequency * 1000000000u / frequency;
}

uint64_t win_ns_of(FILETIME time) {
    return ((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) * 100;
}

uint64_t win_unix_ns_of(FILETIME time) {
    static const uint64_t unix_epoch = 116444736000000000u; /* 1970 in units of 100 ns since 1601 */
    return (((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) - unix_epoch) * 100;
}

uint64_t os_wall_ms(void) {
    FILETIME now;
    GetSystemTimePreciseAsFileTime(&now);
    return win_unix_ns_of(now) / 1000000;
}
