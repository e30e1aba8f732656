/* bots.h: many players of plugins/arena.c in one thread: they join fields, move about and hit, check all that the game
 * sends them, and measure its ticks.
 *
 * Whatever is wrong ends the test: a snapshot before the welcome, a tick that does not count up, a score that shrinks
 * or is above what the bot's hits can have made.
 */
#ifndef TEST_BOTS_H
#define TEST_BOTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bots_options {
    uint16_t port;
    int fields;
    int per_field;
    uint32_t act_ms; /* between two actions of one bot */
    uint64_t seed;
} bots_options;

typedef struct bots_figures {
    uint64_t snapshots;
    uint64_t left_out; /* ticks whose snapshot never came */
    uint64_t in_time;  /* snapshots within 2 ms of their distance to the one before */
    uint64_t worst_us; /* the largest such difference */
    uint64_t scores;   /* of all bots, by the last scores */
    uint64_t hits;     /* sent by all bots */
} bots_figures;

typedef struct bots bots;

/* Connects all, joins their fields and waits for the welcome of each. */
bots *bots_create(const bots_options *options);

/* Plays for that long; `act` false: they only listen. */
void bots_play(bots *b, uint32_t duration_ms, bool act);

/* What has been seen since the last call of bots_forget. */
bots_figures bots_look(const bots *b);
void bots_forget(bots *b);

/* The bots of each field have last been told the same scores, one for each of them. */
bool bots_agree(const bots *b);

void bots_destroy(bots *b);

#endif
