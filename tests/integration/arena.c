/* arena.c: bots play the arena, natively in 100 fields of 10. The ticks keep coming in every field,
 * the scores match the hits, and in the end all players of a field have seen the same scores. */
#include "support/bots.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"

#include <stdio.h>

SCENARIO(arena) {
    (void)process_raise_handle_limit();
    bots_options how = {
        .fields = scale(100, 5), .per_field = 10, .think_ms = 100, .join_ms = 200, .seed = 5};
    host_options options = {
        .name = "arena",
        .modules = "arena",
        .listeners = {{"game", "arena.player",
                       "framing = u16\nmax_sessions = 2000\nmax_per_address = 2000\n"}},
    };
    host *h = host_start(&options);
    how.port = host_port(h, "game");
    bots *b = bots_create(&how);
    CHECK_INT(host_figure(h, "rooms"), how.fields);
    bots_play(b, 500, true);
    bots_forget(b);
    uint64_t began_ms = clock_now_ms();
    bots_play(b, 5000, true);
    bots_figures f = bots_look(b);
    uint64_t play_ms = clock_now_ms() - began_ms; /* longer than asked on a busy machine */
    uint64_t bot_count = (uint64_t)how.fields * (uint64_t)how.per_field;
    uint64_t periods = play_ms / 50 * bot_count;
    printf("%llu snapshots of %llu, %llu left out, scores %llu of %llu hits\n",
           (unsigned long long)f.snapshots, (unsigned long long)periods,
           (unsigned long long)f.snapshots_left_out, (unsigned long long)f.scores,
           (unsigned long long)f.hits);
    CHECK(f.snapshots > 0 && f.snapshots + f.snapshots_left_out <= periods + 5 * bot_count);
    CHECK(f.snapshots + f.snapshots_left_out >=
          periods / 2); /* a field's clock keeps running, whatever is left out */
    uint64_t end_ms = clock_now_ms() + 20000;
    bots_play(b, 1500, false);
    while (!bots_agree(b)) {
        CHECK(clock_now_ms() < end_ms);
        bots_play(b, 100, false);
    }
    f = bots_look(b);
    CHECK(f.scores > 0 && f.scores <= f.hits);
    bots_destroy(b);
    host_wait_figure(h, "sessions", 0);
    host_wait_figure(h, "rooms", 0); /* an empty field closes itself */
    host_stop(h);
}
