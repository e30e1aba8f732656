/* clock.c: see clock.h. */
#include "support/clock.h"

#if defined(_WIN32)
#include <windows.h>

uint64_t clock_now_ms(void) {
    LARGE_INTEGER now;
    LARGE_INTEGER frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    return (uint64_t)(now.QuadPart / (frequency.QuadPart / 1000));
}

uint64_t clock_now_us(void) {
    LARGE_INTEGER now;
    LARGE_INTEGER frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    uint64_t whole = (uint64_t)(now.QuadPart / frequency.QuadPart);
    uint64_t rest = (uint64_t)(now.QuadPart % frequency.QuadPart);
    return whole * 1000000u + rest * 1000000u / (uint64_t)frequency.QuadPart;
}

uint64_t clock_cpu_ms(void) {
    FILETIME began;
    FILETIME ended;
    FILETIME in_system = {0};
    FILETIME in_program = {0};
    GetProcessTimes(GetCurrentProcess(), &began, &ended, &in_system, &in_program);
    uint64_t system = (uint64_t)in_system.dwHighDateTime << 32 | in_system.dwLowDateTime;
    uint64_t program = (uint64_t)in_program.dwHighDateTime << 32 | in_program.dwLowDateTime;
    return (system + program) / 10000;
}

void clock_sleep_ms(uint32_t ms) {
    Sleep(ms);
}
#else
#include <time.h>

uint64_t clock_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_cpu_ms(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

void clock_sleep_ms(uint32_t ms) {
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#endif

bool scale_sanitized(void) {
#if defined(TEST_SANITIZED)
    return true;
#else
    return false;
#endif
}

int scale(int native, int windows) {
#if defined(_WIN32)
    (void)native;
    return windows;
#else
    if (!scale_sanitized()) {
        return native;
    }
    return native / 10 > windows ? native / 10 : windows;
#endif
}
