/* bot.h: clients of plugins/arena.c and plugins/chat.c that check what they receive. */
#ifndef TEST_BOT_H
#define TEST_BOT_H

#include <stdbool.h>
#include <stdint.h>

enum { BOT_ARENA_PORT = 7000, BOT_CHAT_PORT = 7001, BOT_TICK_MS = 50, BOT_FIELD_PLAYERS = 3 };

/* Bots leave as soon as they can. */
extern bool bots_end;

/* No fault strikes and nobody unloads: no tick is missing. */
extern bool bots_strict;

/* The network is fast, too, so the game's time is the clock's. */
extern bool bots_timed;

/* Received by all bots. */
extern uint64_t bots_snapshots;
extern uint64_t bots_lines;

/* Plays the arena on one connection: joins fields, moves, hits, and now and then breaks the rules.
 * It checks that it is welcomed first, that each snapshot has it once and comes after the one
 * before, that it moves no further than it asked, that scores only rise, and why it is refused. */
void bot_play(void);

/* Talks on one connection: what each speaker says arrives once and in order, its own words
 * included. */
void bot_talk(void);

#endif
