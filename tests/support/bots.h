/* bots.h: many players of plugins/arena.c in one thread: they join fields, move about and hit, and check all that the game
 * sends them.
 *
 * They play cheaply, so that a test can have 10,000 beside the host: a bot thinks every `think_ms` and reads its socket
 * only then, several snapshots at once; until then they wait in the socket. Only the watchers, the first bot of every
 * `watch_every`-th field, read at once and tell how late the ticks are.
 *
 * Whatever is wrong ends the test: a snapshot before the welcome, a tick that does not count up, a snapshot that misses
 * a player, a score that shrinks or is above what the bot's hits can have made.
 */
#ifndef TEST_BOTS_H
#define TEST_BOTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bots_options {
    uint16_t port;
    int fields;
    int per_field;
    uint32_t think_ms; /* how often a bot reads, then moves and perhaps hits */
    uint32_t join_ms;  /* they come spread over so long, or longer if it takes longer */
    int watch_every;   /* 0: no watchers */
    uint64_t seed;
} bots_options;

typedef struct bots_figures {
    uint64_t ticks;              /* of all fields, by the first bot of each */
    uint64_t left_out;           /* ticks of them that never came */
    uint64_t snapshots;          /* read by all bots */
    uint64_t snapshots_left_out; /* by all bots */
    uint64_t scores;             /* of all bots, by the last scores */
    uint64_t hits;               /* sent by all bots */
    uint64_t late_us;            /* the most that the bots themselves were late for a thought */
} bots_figures;

typedef struct bots bots;

/* Connects all, joins their fields and waits for the welcome of each. */
bots *bots_create(const bots_options *options);

/* Plays for that long; `act` false: they only listen. */
void bots_play(bots *b, uint32_t duration_ms, bool act);

/* What has been seen since the last call of bots_forget. */
bots_figures bots_look(const bots *b);
void bots_forget(bots *b);

/* How late `percent` of the ticks at most were, in microseconds: against the earliest tick of the same field that its
 * watcher has seen since bots_forget. 0 without watchers. */
uint64_t bots_lateness(bots *b, double percent);

/* The bots of each field have last been told the same scores, one for each of them. */
bool bots_agree(const bots *b);

void bots_destroy(bots *b);

#endif
