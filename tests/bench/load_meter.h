/* load_meter.h: what the load client measures: time, processor time of processes, their memory and allocations, latency. One thread. */
#ifndef BENCH_LOAD_METER_H
#define BENCH_LOAD_METER_H

#include <stdint.h>

enum { METER_PIDS_MAX = 8 };

typedef struct meter {
    int pids[METER_PIDS_MAX];
    int pid_count;
    volatile const uint64_t *allocations; /* what count_allocations.c counts; NULL: nobody does */
} meter;

/* The counters at one moment; figures are the differences of two. */
typedef struct meter_reading {
    uint64_t at_ns;
    uint64_t server_ns[METER_PIDS_MAX]; /* processor time of each process, in the order of `pids` */
    uint64_t client_ns;                 /* our own */
    uint64_t allocations;
} meter_reading;

/* Nanoseconds of a clock that never goes back. */
uint64_t meter_now_ns(void);

/* Maps the file that count_allocations.c writes. Ends the program when that is not possible. */
void meter_map_allocations(meter *m, const char *file);

/* Ends the program when a process has gone. */
meter_reading meter_read(const meter *m);

/* Resident memory of all of the processes. */
uint64_t meter_resident_bytes(const meter *m);

/* A latency: counted in one of the buckets, which are 1.6 % wide. */
void meter_latency(uint64_t ns);

/* Forgets all latencies. */
void meter_latency_clear(void);

/* What so many percent were within, in microseconds; the upper end of the bucket. 0 when there was none. */
double meter_latency_us(double percent);

/* Says why on stderr and ends the program: `code` 1 when the server was wrong, 2 when nothing could be measured. */
_Noreturn void meter_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
