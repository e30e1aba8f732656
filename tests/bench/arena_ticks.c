/* arena_ticks.c: how well the arena keeps its tick of 50 ms, with fields of 10 bots, for 10
 * seconds. Each number of fields gets a host of its own.
 *
 *   bench.arena_ticks              100, 500 and 1,000 fields; 20 under Wine
 *   bench.arena_ticks FIELDS ...   these
 *
 * A tick that was left out counts as not kept. The bots are one thread of this process and use the
 * same processors, so their processor time is shown beside the host's. Lateness is what every tenth
 * field's watcher sees against the earliest tick of its field; it includes the watcher's own wait
 * for a processor. */
#include "support/bots.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>

enum { PER_FIELD = 10, SETTLE_MS = 2000, PLAY_MS = 10000 };

typedef struct usage {
    int64_t host_cpu_ms;
    int64_t bots_cpu_ms;
    int64_t packets_out;
    int64_t send_calls;
    int64_t packets_in;
} usage;

static usage usage_now(host *h) {
    usage u = {host_cpu_ms(h), (int64_t)clock_cpu_ms(), host_figure(h, "sent_packets"),
               host_figure(h, "send_calls"), host_figure(h, "received_packets")};
    return u;
}

static void report(bots *b, int fields, const usage *from, const usage *to) {
    bots_figures f = bots_look(b);
    uint64_t all = f.ticks + f.left_out;
    int64_t host_cpu_ms = to->host_cpu_ms - from->host_cpu_ms;
    int64_t packets_out = to->packets_out - from->packets_out;
    printf("%d fields x %d bots, %d ms: %llu ticks, %llu left out (%.3f %%)\n", fields, PER_FIELD,
           PLAY_MS, (unsigned long long)f.ticks, (unsigned long long)f.left_out,
           100.0 * (double)f.left_out / (double)(all > 0 ? all : 1));
    printf("  ticks later than their field's best, in us: half %llu, 90 %% %llu, 99 %% %llu, "
           "worst %llu\n",
           (unsigned long long)bots_lateness(b, 50), (unsigned long long)bots_lateness(b, 90),
           (unsigned long long)bots_lateness(b, 99), (unsigned long long)bots_lateness(b, 100));
    printf("  processor time: host %lld ms, bots %lld ms (at most %llu us late); host per packet "
           "%.2f us\n",
           (long long)host_cpu_ms, (long long)(to->bots_cpu_ms - from->bots_cpu_ms),
           (unsigned long long)f.late_us,
           1000.0 * (double)host_cpu_ms / (double)(packets_out > 0 ? packets_out : 1));
    printf(
        "  packets out %lld in %lld sends, packets in %lld, snapshots read %llu, left out %llu\n",
        (long long)packets_out, (long long)(to->send_calls - from->send_calls),
        (long long)(to->packets_in - from->packets_in), (unsigned long long)f.snapshots,
        (unsigned long long)f.snapshots_left_out);
}

static void measure(int fields) {
    host_options options = {
        .name = "arena_ticks",
        .workers = 2,
        .modules = "arena",
        .listeners = {{"game", "arena.player",
                       "framing = u16\nmax_sessions = 20000\nmax_per_address = 20000\n"}},
    };
    host *h = host_start(&options);
    bots_options how = {.port = host_port(h, "game"),
                        .fields = fields,
                        .per_field = PER_FIELD,
                        .think_ms = 500,
                        .join_ms = 1000,
                        .watch_every = 10,
                        .seed = 9};
    bots *b = bots_create(&how);
    bots_play(b, SETTLE_MS, true);
    bots_forget(b);
    usage from = usage_now(h);
    bots_play(b, PLAY_MS, true);
    usage to = usage_now(h);
    report(b, fields, &from, &to);
    (void)fflush(stdout);
    bots_destroy(b);
    host_stop(h);
}

int main(int argc, char **argv) {
    int most = (int)process_raise_handle_limit() / (PER_FIELD + 2);
    const int sizes[] = {scale(100, 20), scale(500, 0), scale(1000, 0)};
    for (int i = 0; i < 3 && argc == 1; i++) {
        if (sizes[i] > 0) {
            measure(sizes[i] < most ? sizes[i] : most);
        }
    }
    for (int i = 1; i < argc; i++) {
        int fields = (int)strtol(argv[i], NULL, 10);
        measure(fields < 1 ? 1 : fields < most ? fields : most);
    }
    return 0;
}
