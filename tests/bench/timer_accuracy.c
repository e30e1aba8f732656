/* timer_accuracy.c: how late 20 Hz ticks are, in rooms made all at once and in rooms made one after
 * another: idle, beside 50 echo clients at a fixed rate, and beside 50 that send as fast as they
 * are answered. See README.md. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 50, SPREAD_MS = 1000, WARM_MS = 500 };

/* As in tests/abi/metronome.c. */
typedef struct figures {
    uint64_t ticks;
    uint64_t left_out;
    uint64_t in_time;
    uint64_t early;
    uint64_t p50_us;
    uint64_t p90_us;
    uint64_t p99_us;
    uint64_t p999_us;
    uint64_t worst_us;
    uint64_t starts_us;
} figures;

static uint32_t seconds = 5;
static uint32_t rooms = 1000;
static uint32_t workers = 2;
static uint32_t rate = 100; /* packets a second of each echo client */

static void pass_ms(load *beside, uint32_t duration_ms) {
    if (beside != NULL) {
        load_run_for(beside, duration_ms);
    } else {
        clock_sleep_ms(duration_ms);
    }
}

static void measure(host *h, net_socket s, load *beside, const char *what) {
    figures f = {0};
    pass_ms(beside, WARM_MS);
    CHECK_INT(wire_ask(s, 2, NULL, 0, &f, sizeof f), sizeof f);
    uint64_t answered = beside != NULL ? load_answered(beside) : 0;
    int64_t cpu_ms = host_cpu_ms(h);
    if (beside != NULL) {
        load_forget_latencies(beside);
    }
    pass_ms(beside, seconds * 1000);
    cpu_ms = host_cpu_ms(h) - cpu_ms;
    answered = beside != NULL ? load_answered(beside) - answered : 0;
    CHECK_INT(wire_ask(s, 1, NULL, 0, &f, sizeof f), sizeof f);
    uint64_t all = f.ticks + f.left_out;
    printf("%-22s %8llu %8llu %8.2f %8llu %8llu %8llu %8llu %8llu %8.0f %8llu %8llu %8.0f\n", what,
           (unsigned long long)f.ticks, (unsigned long long)f.left_out,
           100.0 * (double)f.in_time / (double)(all > 0 ? all : 1), (unsigned long long)f.p50_us,
           (unsigned long long)f.p90_us, (unsigned long long)f.p99_us,
           (unsigned long long)f.p999_us, (unsigned long long)f.worst_us,
           (double)answered / seconds,
           (unsigned long long)(beside != NULL ? load_latency_us(beside, 0.5) : 0),
           (unsigned long long)(beside != NULL ? load_latency_us(beside, 0.99) : 0),
           (double)cpu_ms / seconds / 10);
    (void)fflush(stdout);
    CHECK_INT(f.early, 0);
}

static void measure_beside(host *h, net_socket s, uint32_t per_second, const char *what) {
    load_options how = {
        .port = host_port(h, "echo"),
        .kind = WIRE_U16,
        .connections = CLIENTS,
        .in_flight = 1,
        .rate = per_second,
        .payload_min = 32,
        .payload_max = 256,
        .seed = 1,
        .opcode = -1,
    };
    load *beside = load_create(&how);
    measure(h, s, beside, what);
    load_destroy(beside);
}

static void measure_host(const char *name, uint32_t spread_ms) {
    char body[200];
    char what[40];
    (void)snprintf(body, sizeof body,
                   "[module metronome]\nfile = {tests}/metronome{so}\nrooms = %u\nspread_ms = %u\n",
                   rooms, spread_ms);
    host_options options = {
        .name = name,
        .workers = workers,
        .modules = "echo",
        .body = body,
        .listeners = {{"game", "metronome.session", NULL}, {"echo", "echo.session", NULL}},
    };
    host *h = host_start(&options);
    host_wait_figure(h, "rooms", rooms);
    net_socket s = net_connect(host_port(h, "game"));
    figures f = {0};
    CHECK_INT(wire_ask(s, 1, NULL, 0, &f, sizeof f), sizeof f);
    printf("%s: %u rooms that began within %.1f ms\n", name, rooms, (double)f.starts_us / 1000);
    measure(h, s, NULL, "idle");
    (void)snprintf(what, sizeof what, "%d clients, %u/s", CLIENTS, CLIENTS * rate);
    measure_beside(h, s, rate, what);
    (void)snprintf(what, sizeof what, "%d clients, all they can", CLIENTS);
    measure_beside(h, s, 0, what);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

int main(int argc, char **argv) {
    uint32_t *const numbers[] = {&seconds, &rooms, &workers, &rate};
    for (int i = 1; i < argc && i <= 4; i++) {
        *numbers[i - 1] = (uint32_t)strtoul(argv[i], NULL, 10);
        CHECK(*numbers[i - 1] > 0);
    }
    printf("%u s each, %u workers; lateness in us\n", seconds, workers);
    printf("%-22s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "", "ticks", "left out",
           "% <= 2ms", "p50", "p90", "p99", "p99.9", "worst", "echoes/s", "echo p50", "echo p99",
           "host cpu");
    measure_host("in_phase", 0);
    measure_host("spread", SPREAD_MS);
    return 0;
}
