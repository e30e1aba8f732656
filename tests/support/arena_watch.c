/* arena_watch.c: a client of plugins/arena.c, for people and for scripts/swap_demo.sh and
 * scripts/crash_demo.sh. It shows what a player sees while the module is swapped, or crashes.
 *
 *     arena_watch PORT [SECONDS [clock]]
 *
 * Two players enter one field and walk into its far corner, where one tags the other for a few
 * points. Then both keep pushing against the field's edge. The program prints a line whenever that
 * edge moves, and one for the scores that follow. It exits with 0 when the host closes the
 * connections, and with 1 after SECONDS (default 600) or when something is lost: a point, a tick of
 * the field's clock, a connection. With `clock` it also prints a line when a tick is late, or the
 * clock stands still, and one for the scores that follow. */
#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102 };
enum { POINTS = 5, TICKS_PER_HIT = 4, FAR = 30000, FRAME_BYTES = 65536 };
/* A player notices a tick that is LATE_MS late. A clock without ticks for STILL_MS stands still. */
enum { TICK_MS = 50, LATE_MS = 40, STILL_MS = 2000, PATIENCE_MS = 600000 };

typedef struct player {
    net_socket socket;
    uint16_t number;
    uint32_t tick;
    uint16_t x;
    uint32_t score;
    uint32_t scores_told;
} player;

/* The field's clock, as the first player notices it. */
static struct {
    bool shown;
    bool still;
    uint64_t tick_us;     /* when the last tick came; 0: none has */
    uint32_t points_from; /* the first scores after this many are shown; 0: none */
} seen;

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t read_u32(const uint8_t *at) {
    return read_u16(at) | (uint32_t)read_u16(at + 2) << 16;
}

static void say(const char *text, unsigned number) {
    printf("%s %u\n", text, number);
    fflush(stdout);
}

static void player_join(player *p, uint16_t port) {
    uint8_t welcome[8];
    p->socket = net_connect(port);
    net_set_timeout(p->socket, PATIENCE_MS);
    CHECK(wire_send(p->socket, WIRE_U16, JOIN, "meadow", 6));
    CHECK_INT(wire_wait(p->socket, WELCOME, welcome, sizeof welcome), sizeof welcome);
    p->number = read_u16(welcome);
}

static void player_on_snapshot(player *p, const uint8_t *data, int64_t size) {
    uint32_t tick = read_u32(data);
    CHECK(size >= 6 && size == 6 + 6 * read_u16(data + 4));
    CHECK(tick > p->tick); /* the field's clock keeps running */
    p->tick = tick;
    for (int64_t at = 6; at < size; at += 6) {
        p->x = read_u16(data + at) == p->number ? read_u16(data + at + 2) : p->x;
    }
}

static void player_on_scores(player *p, const uint8_t *data, int64_t size) {
    for (int64_t at = 2; at < size; at += 6) {
        if (read_u16(data + at) == p->number) {
            uint32_t score = read_u32(data + at + 2);
            CHECK(score >= p->score);
            p->score = score;
            p->scores_told++;
        }
    }
}

/* Waits for the next packet. */
static void clock_wait(const player *p) {
    net_poll_entry entry = {.socket = p->socket};
    if (!seen.still && !net_poll(&entry, 1, STILL_MS)) {
        seen.still = true;
        printf("the field's clock stands still\n");
        fflush(stdout);
    }
}

static void clock_on_tick(const player *p) {
    uint64_t now_us = clock_now_us();
    uint64_t late_us = now_us - seen.tick_us;
    late_us = seen.tick_us != 0 && late_us > TICK_MS * 1000 ? late_us - TICK_MS * 1000 : 0;
    seen.tick_us = now_us;
    if (seen.still) {
        printf("the field's clock runs again\n");
    } else if (late_us >= LATE_MS * 1000) {
        printf("a tick comes %u ms late\n", (unsigned)(late_us / 1000));
    } else {
        return;
    }
    fflush(stdout);
    seen.still = false;
    seen.points_from = p->scores_told + 1;
}

static void clock_on_scores(const player *p) {
    if (seen.points_from != 0 && p->scores_told > seen.points_from) {
        seen.points_from = 0;
        say("points:", p->score);
    }
}

/* Reads up to the next snapshot. False: the host has closed the connection. */
static bool player_read_tick(player *p, bool shows) {
    static uint8_t data[FRAME_BYTES];
    uint16_t opcode = 0;
    while (opcode != SNAPSHOT) {
        if (shows) {
            clock_wait(p);
        }
        int64_t size = wire_recv(p->socket, WIRE_U16, &opcode, data, sizeof data);
        if (size < 0) {
            return false;
        }
        if (opcode == SNAPSHOT) {
            player_on_snapshot(p, data, size);
        } else if (opcode == SCORES) {
            player_on_scores(p, data, size);
        }
        if (shows && opcode == SNAPSHOT) {
            clock_on_tick(p);
        } else if (shows && opcode == SCORES) {
            clock_on_scores(p);
        }
    }
    return true;
}

/* Pushes against the edge of the field and looks where that leads. */
static bool step(player *both, bool hit) {
    static const int16_t far[2] = {FAR, FAR};
    for (int i = 0; i < 2; i++) {
        if (!wire_send(both[i].socket, WIRE_U16, MOVE, far, sizeof far) ||
            !player_read_tick(&both[i], seen.shown && i == 0)) {
            return false;
        }
    }
    return !hit || wire_send(both[0].socket, WIRE_U16, HIT, NULL, 0);
}

/* Tags the other player a few times and waits until the scores show it. */
static void collect_points(player *both) {
    uint32_t told = 0;
    for (int i = 0; i < (POINTS + 2) * TICKS_PER_HIT; i++) {
        bool in_corner = i >= 2 * TICKS_PER_HIT;
        CHECK(step(both, in_corner && i % TICKS_PER_HIT == 0));
        told = both[0].scores_told;
    }
    while (both[0].scores_told < told + 2) {
        CHECK(step(both, false));
    }
    CHECK_INT(both[0].score, POINTS);
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 4 || (argc == 4 && strcmp(argv[3], "clock") != 0)) {
        fprintf(stderr, "usage: arena_watch PORT [SECONDS [clock]]\n");
        return 2;
    }
    uint64_t until_ms = clock_now_ms() + 1000 * strtoull(argc > 2 ? argv[2] : "600", NULL, 10);
    player both[2] = {{0}};
    seen.shown = argc == 4;
    player_join(&both[0], (uint16_t)strtoul(argv[1], NULL, 10));
    player_join(&both[1], (uint16_t)strtoul(argv[1], NULL, 10));
    collect_points(both);
    uint16_t end = 0;
    uint32_t told = 0;
    while (step(both, false)) {
        if (both[0].x != end) {
            end = both[0].x;
            told = both[0].scores_told;
            say("the field ends at", end);
        } else if (told != 0 && both[0].scores_told > told) {
            told = 0;
            say("points:", both[0].score);
            CHECK_INT(both[0].score, POINTS);
        }
        CHECK(clock_now_ms() < until_ms);
    }
    printf("the host has closed the connection\n");
    return 0;
}
