/* swaps.h: what the tests of swapping share: swapping a test module, and asking the module "swapped" (tests/abi/swapped.c)
 * what it is. One thread. All end the test when what they name does not happen.
 */
#ifndef TEST_SWAPS_H
#define TEST_SWAPS_H

#include "support/host.h"
#include "support/net.h"

/* What opcodes 1, 2, 3 and 12 answer. */
typedef struct swaps_who {
    uint32_t generation;
    uint32_t packets;
    uint32_t sum;
} swaps_who;

/* What opcode 5 answers. */
typedef struct swaps_room {
    uint32_t generation;
    uint32_t joins;
    uint32_t leaves;
    uint32_t ticks;
} swaps_room;

/* What opcode 8 answers. */
typedef struct swaps_world {
    uint32_t generation;
    uint32_t starts;
    uint32_t swap_outs;
    uint32_t swap_ins;
    uint32_t received;
    uint32_t wrong;
} swaps_world;

/* Swaps `module` to the test module FILE (a name without its suffix; NULL: to its own). `answer` (may be NULL) gets what
 * was said. */
void swaps_to(host *h, const char *module, const char *file, char *answer, size_t size);
void swaps_back(host *h, const char *module);

/* The same, expected to be refused. */
void swaps_refused(host *h, const char *module, const char *file, char *answer, size_t size);

/* A connection to the listener that has seen its on_open: who has opened it is the generation. */
net_socket swaps_connect(host *h, const char *listener, uint32_t generation);

swaps_who swaps_ask(net_socket s, uint16_t opcode, uint32_t figure);
swaps_room swaps_ask_room(net_socket s);
swaps_world swaps_ask_world(net_socket s);

/* Into the room of that name. */
void swaps_join(net_socket s, const char *room);

/* Copies of modules that the host has, and one more for the file that says whose they are. */
int swaps_copies(host *h);

/* How many timers are set: the most of some looks, since one that is just due is not counted for a moment. */
int64_t swaps_timers(host *h);

/* Expects the life of the module so far: all its "life" lines, as "1 load, 1 start, 1 swap_out". */
void swaps_expect_life(host *h, const char *expected);

#endif
