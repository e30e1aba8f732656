/* load_meter.c: see load_meter.h. */
#include "bench/load_meter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Values below 64 have a bucket each; above, each power of two has 64. */
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (64 - STEP_BITS + 1) * STEPS };

static uint64_t buckets[BUCKETS];
static uint64_t latencies;

void meter_fail(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("load: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(code);
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        meter_fail(2, "a clock cannot be read: %s", strerror(errno));
    }
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

uint64_t meter_now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

void meter_map_allocations(meter *m, const char *file) {
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    void *at = fd >= 0 ? mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED) {
        meter_fail(2, "%s cannot be mapped: %s", file, strerror(errno));
    }
    (void)close(fd);
    m->allocations = at;
}

meter_reading meter_read(const meter *m) {
    meter_reading r = {.at_ns = meter_now_ns(), .client_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
    for (int i = 0; i < m->pid_count; i++) {
        clockid_t clock;
        int code = clock_getcpuclockid(m->pids[i], &clock);
        if (code != 0) {
            meter_fail(2, "no process %d whose time could be read: %s", m->pids[i], strerror(code));
        }
        r.server_ns[i] = clock_ns(clock);
    }
    r.allocations = m->allocations != NULL ? *m->allocations : 0;
    return r;
}

/* smaps_rollup counts pages; VmRSS in status may be some pages out of date per processor. */
uint64_t meter_resident_bytes(const meter *m) {
    uint64_t bytes = 0;
    for (int i = 0; i < m->pid_count; i++) {
        char path[64];
        char line[256];
        (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", m->pids[i]);
        FILE *f = fopen(path, "re");
        if (f == NULL) {
            meter_fail(2, "%s: %s", path, strerror(errno));
        }
        while (fgets(line, sizeof line, f) != NULL) {
            if (strncmp(line, "Rss:", 4) == 0) {
                bytes += strtoull(line + 4, NULL, 10) * 1024;
            }
        }
        (void)fclose(f);
    }
    return bytes;
}

static int bucket_of(uint64_t ns) {
    if (ns < STEPS) {
        return (int)ns;
    }
    int shift = 63 - __builtin_clzll(ns) - STEP_BITS;
    return (shift + 1) * STEPS + (int)(ns >> shift) - STEPS;
}

static uint64_t bucket_end(int bucket) {
    int shift = bucket / STEPS - 1;
    if (shift < 0) {
        return (uint64_t)bucket;
    }
    return (((uint64_t)(bucket % STEPS + STEPS) + 1) << shift) - 1;
}

void meter_latency(uint64_t ns) {
    buckets[bucket_of(ns)]++;
    latencies++;
}

void meter_latency_clear(void) {
    memset(buckets, 0, sizeof buckets);
    latencies = 0;
}

double meter_latency_us(double percent) {
    uint64_t seen = 0;
    uint64_t wanted = (uint64_t)((double)latencies * percent / 100.0 + 0.5);
    for (int i = 0; i < BUCKETS && latencies > 0; i++) {
        seen += buckets[i];
        if (buckets[i] > 0 && seen >= wanted) {
            return (double)bucket_end(i) / 1000.0;
        }
    }
    return 0.0;
}
