/* arena_ticks.c: 1,000 fields of 10 bots; how well the tick is kept as the bots see it, 200,000 snapshots a second. One thread
 * plays all bots: its own lateness is in the figures, those of timer_accuracy are the host's alone. */
#include "support/bots.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>

int main(void) {
    uint32_t handles = process_raise_handle_limit();
    bots_options how = {
        .fields = handles > 11000 ? 1000 : (int)(handles / 12), .per_field = 10, .act_ms = 500, .seed = 9};
    host_options options = {
        .name = "arena_ticks",
        .modules = "arena",
        .listeners = {{"game", "arena.player",
                       "framing = u16\nmax_sessions = 20000\nmax_per_address = 20000\n"}},
    };
    host *h = host_start(&options);
    how.port = host_port(h, "game");
    bots *b = bots_create(&how);
    bots_play(b, 2000, true);
    bots_forget(b);
    int64_t cpu_ms = host_figure(h, "cpu_ms");
    bots_play(b, 10000, true);
    cpu_ms = host_figure(h, "cpu_ms") - cpu_ms;
    bots_figures f = bots_look(b);
    uint64_t all = f.snapshots + f.left_out;
    printf(
        "%d fields x %d bots: %llu snapshots in 10 s, %llu ticks left out (%.2f %%), %.2f %% within 2 ms, worst %llu "
        "us, the host used %lld ms\n",
        how.fields, how.per_field, (unsigned long long)f.snapshots, (unsigned long long)f.left_out,
        100.0 * (double)f.left_out / (double)(all > 0 ? all : 1),
        100.0 * (double)f.in_time / (double)(all > 0 ? all : 1), (unsigned long long)f.worst_us,
        (long long)cpu_ms);
    bots_destroy(b);
    host_stop(h);
    return 0;
}
