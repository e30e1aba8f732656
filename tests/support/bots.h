/* bots.h: many players of plugins/arena.c in one thread. They join fields, move, hit, and check
 * everything the game sends.
 *
 * They are cheap, so that a test can run 10,000 of them beside the host: a bot thinks every
 * `think_ms` and only then reads its socket, several snapshots at once. Only the watchers, the
 * first bot of every `watch_every`-th field, read at once and report how late the ticks are.
 *
 * Any error ends the test: a snapshot before the welcome, a tick that does not count up, a snapshot
 * without one of the players, a score that shrinks or exceeds what the bot's hits can have
 * scored. */
#ifndef TEST_BOTS_H
#define TEST_BOTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bots_options {
    uint16_t port;
    int fields;
    int per_field;
    uint32_t think_ms; /* how often a bot reads, then moves and perhaps hits */
    uint32_t join_ms;  /* joining is spread over this time, or longer if it takes longer */
    int watch_every;   /* 0: no watchers */
    uint64_t seed;
} bots_options;

typedef struct bots_figures {
    uint64_t ticks;              /* of all fields, counted by the first bot of each */
    uint64_t left_out;           /* ticks that never arrived */
    uint64_t snapshots;          /* read by all bots */
    uint64_t snapshots_left_out; /* by all bots */
    uint64_t scores;             /* of all bots, by the last scores */
    uint64_t hits;               /* sent by all bots */
    uint64_t late_us;            /* the most that any bot thought too late */
} bots_figures;

typedef struct bots bots;

/* Connects all bots, joins their fields and waits until each is welcomed. */
bots *bots_create(const bots_options *options);

/* Plays for `duration_ms`. `act` false: the bots only listen. */
void bots_play(bots *b, uint32_t duration_ms, bool act);

/* The bots' counts since the last bots_forget. */
bots_figures bots_look(const bots *b);
void bots_forget(bots *b);

/* The lateness in microseconds that `percent` of the ticks did not exceed, relative to the earliest
 * tick of the same field that its watcher has seen since bots_forget. 0 without watchers. */
uint64_t bots_lateness(bots *b, double percent);

/* Whether all bots of each field last received the same scores, one for each of them. */
bool bots_agree(const bots *b);

void bots_destroy(bots *b);

#endif
