/* load_meter.h: what the load client measures: time, processor time, memory and allocations of
 * processes, latency. One thread. */
#ifndef BENCH_LOAD_METER_H
#define BENCH_LOAD_METER_H

#include <stdint.h>

enum { METER_PIDS_MAX = 8 };

typedef struct meter {
    int pids[METER_PIDS_MAX];
    int pid_count;
    volatile const uint64_t *allocations; /* of count_allocations.c, or NULL */
} meter;

/* The counters at one moment; figures are differences of two of these. */
typedef struct meter_reading {
    uint64_t at_ns;
    uint64_t server_ns[METER_PIDS_MAX]; /* processor time of each process, in the order of `pids` */
    uint64_t client_ns;                 /* our own */
    uint64_t allocations;
} meter_reading;

/* Nanoseconds of a monotonic clock. */
uint64_t meter_now_ns(void);

/* Maps the file that count_allocations.c writes, or ends the program. */
void meter_map_allocations(meter *m, const char *file);

/* Ends the program if a process has ended. */
meter_reading meter_read(const meter *m);

/* Resident memory of all of the processes. */
uint64_t meter_resident_bytes(const meter *m);

/* Counts a latency in its bucket. Buckets are 1.6 % wide. */
void meter_latency(uint64_t ns);

/* Forgets all latencies. */
void meter_latency_clear(void);

/* A percentile in microseconds, the upper end of its bucket; 0 without latencies. */
double meter_latency_us(double percent);

/* Prints why to stderr and exits with `code`: 1 if the server was wrong, 2 if nothing could be
 * measured. */
_Noreturn void meter_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
