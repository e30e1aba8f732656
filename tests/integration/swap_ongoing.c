/* swap_ongoing.c: work that began before a swap continues after it: timers of sessions and rooms,
 * once each and not twice; blocking jobs, whether running or waiting at the time of the swap, and
 * their replies. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>

static host *h;

/* The state counts the ticks: their numbers have no gap, and there are never more than periods have
 * passed. */
static void timers(void) {
    enum { PERIOD_MS = 10, SWAPS = 12 };
    net_socket s = swaps_connect(h, "game", 1);
    uint32_t period_ms = PERIOD_MS;
    uint32_t ticks = 0;
    swaps_join(s, "hall");
    uint64_t begun_us = clock_now_us();
    CHECK(wire_send(s, WIRE_U16, 6, &period_ms, sizeof period_ms));
    CHECK(wire_send(s, WIRE_U16, 10, &period_ms, sizeof period_ms));
    CHECK_INT(swaps_ask_room(s).joins, 1);
    int64_t before = swaps_timers(h);
    for (int i = 1; i <= SWAPS; i++) {
        swaps_to(h, "swapped", i % 2 == 1 ? "swapped_2" : "swapped", NULL, 0);
        uint32_t serves = i % 2 == 1 ? 2 : 1;
        uint32_t tick[2] = {0};
        do {
            CHECK_INT(wire_wait(s, 106, tick, sizeof tick), sizeof tick);
            CHECK_INT(tick[1], ++ticks);
            /* Ticks sent before the swap may still arrive. */
        } while (tick[0] != serves);
    }
    swaps_wait_timers(h, before);
    swaps_room room = swaps_ask_room(s);
    uint64_t periods = (clock_now_us() - begun_us) / (PERIOD_MS * 1000);
    printf("%u ticks of the session, %u of the room in %u periods\n", ticks, room.ticks,
           (uint32_t)periods);
    CHECK(ticks <= periods);
    CHECK(room.ticks <= periods);
    CHECK(room.ticks > 0);
    CHECK_INT(wire_ask_status(s, 11, ""), 0);
    net_close(s);
    host_wait_figure(h, "rooms", 0);
    host_wait_figure(h, "timers", before - 2);
}

/* One thread in the pool: at the time of the swap the first job runs and the second waits. False:
 * the first job has ended before both swaps were over. */
static bool jobs(uint32_t long_ms) {
    net_socket s = swaps_connect(h, "game", 1);
    uint32_t short_ms = 1;
    uint32_t who[2];
    CHECK(wire_send(s, WIRE_U16, 7, &long_ms, sizeof long_ms));
    CHECK(wire_send(s, WIRE_U16, 7, &short_ms, sizeof short_ms));
    host_wait_figure(h, "blocking_jobs", 2);
    clock_sleep_ms(100); /* the first one runs */
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    swaps_to(h, "swapped", "swapped_3", NULL, 0); /* the first image is still needed */
    CHECK_INT(swaps_ask(s, 1, 0).generation, 3);
    bool in_time = host_figure(h, "blocking_jobs") == 2;
    CHECK_INT(wire_wait(s, 7, who, sizeof who), sizeof who);
    CHECK_INT(who[0], 1);
    CHECK(who[1] == 3 || !in_time);
    CHECK_INT(wire_wait(s, 7, who, sizeof who), sizeof who);
    CHECK(who[0] == 3 || !in_time);
    CHECK(who[1] == 3 || !in_time);
    net_close(s);
    return in_time;
}

static void all_jobs(void) {
    uint32_t long_ms = 1500;
    while (!jobs(long_ms)) {
        long_ms *= 4;
        CHECK(long_ms <= 24000);
        swaps_to(h, "swapped", "swapped", NULL, 0);
    }
}

SCENARIO(swap_ongoing) {
    host_options options = {
        .name = "swap_ongoing",
        .modules = "swapped",
        .host_keys = "blocking_threads = 1\n",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    h = host_start(&options);
    timers();
    all_jobs();
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
