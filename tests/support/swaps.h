/* swaps.h: what the swap tests share: swapping a test module, and asking the module "swapped"
 * (tests/abi/swapped.c) about itself. One thread. Any failure ends the test. */
#ifndef TEST_SWAPS_H
#define TEST_SWAPS_H

#include "support/host.h"
#include "support/net.h"

/* The answer to opcodes 1, 2, 3 and 12. */
typedef struct swaps_who {
    uint32_t generation;
    uint32_t packets;
    uint32_t sum;
} swaps_who;

/* The answer to opcode 5. */
typedef struct swaps_room {
    uint32_t generation;
    uint32_t joins;
    uint32_t leaves;
    uint32_t ticks;
} swaps_room;

/* The answer to opcode 8. */
typedef struct swaps_world {
    uint32_t generation;
    uint32_t starts;
    uint32_t swap_outs;
    uint32_t swap_ins;
    uint32_t received;
    uint32_t wrong;
} swaps_world;

/* Swaps `module` to the test module FILE (a name without its suffix; NULL: its own file). `answer`
 * (may be NULL) receives the answer. */
void swaps_to(host *h, const char *module, const char *file, char *answer, size_t size);
void swaps_back(host *h, const char *module);

/* The same, expected to be refused. */
void swaps_refused(host *h, const char *module, const char *file, char *answer, size_t size);

/* Connects to the listener and waits for on_open: `generation` is the one that opened the
 * session. */
net_socket swaps_connect(host *h, const char *listener, uint32_t generation);

swaps_who swaps_ask(net_socket s, uint16_t opcode, uint32_t figure);
swaps_room swaps_ask_room(net_socket s);
swaps_world swaps_ask_world(net_socket s);

/* Joins the room of that name. */
void swaps_join(net_socket s, const char *room);

/* The host's copies of modules, plus one for the file that says whose they are. */
int swaps_copies(host *h);

/* Waits until there are that many. The control thread deletes a copy some time after the last turn
 * or job of its generation has ended. */
void swaps_wait_copies(host *h, int count);

/* How many timers are set. The largest of several samples, since a timer that is just due is
 * briefly not counted. */
int64_t swaps_timers(host *h);

/* Waits until that is the number, for some seconds; then fails. */
void swaps_wait_timers(host *h, int64_t timers);

/* Expects the module's life so far: all its "life" lines, as "1 start loaded, 1 stop replaced". */
void swaps_expect_life(host *h, const char *expected);

#endif
