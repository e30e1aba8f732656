/* system.h: what test modules need from the system: a clock, sleeping, threads of their own. Header
 * only. */
#ifndef TEST_SYSTEM_H
#define TEST_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN /* a third less for the compiler to read, in forty modules */
#include <windows.h>

typedef HANDLE system_thread;
typedef DWORD system_thread_result;
#define SYSTEM_THREAD_CALL WINAPI

static inline bool system_thread_start(system_thread *thread,
                                       system_thread_result(SYSTEM_THREAD_CALL *run)(void *),
                                       void *arg) {
    *thread = CreateThread(NULL, 0, run, arg, 0, NULL);
    return *thread != NULL;
}

static inline void system_thread_join(system_thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

static inline void system_sleep_ms(uint32_t ms) {
    Sleep(ms);
}

/* Nanoseconds; never goes backwards. */
static inline uint64_t system_now_ns(void) {
    LARGE_INTEGER now;
    LARGE_INTEGER frequency;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&frequency);
    uint64_t whole = (uint64_t)(now.QuadPart / frequency.QuadPart);
    uint64_t rest = (uint64_t)(now.QuadPart % frequency.QuadPart);
    return whole * 1000000000u + rest * 1000000000u / (uint64_t)frequency.QuadPart;
}
#else
#include <pthread.h>
#include <time.h>

typedef pthread_t system_thread;
typedef void *system_thread_result;
#define SYSTEM_THREAD_CALL

static inline bool system_thread_start(system_thread *thread, system_thread_result (*run)(void *),
                                       void *arg) {
    return pthread_create(thread, NULL, run, arg) == 0;
}

static inline void system_thread_join(system_thread thread) {
    (void)pthread_join(thread, NULL);
}

static inline void system_sleep_ms(uint32_t ms) {
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&pause, NULL);
}

/* Nanoseconds; never goes backwards. */
static inline uint64_t system_now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
#endif

#endif
