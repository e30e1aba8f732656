/* cast.h: modules for scenarios, in many builds, and who plays with them: the module `game` owns
 * the session type game.session, `ally` and `bank` require it and join that type. Each has a state
 * per session, a state of its own, opcodes, messages, timers and jobs, and reports all of it to the
 * witness.
 *
 * The scenario's thread is the administrator; clients run on threads of their own. */
#ifndef TEST_CAST_H
#define TEST_CAST_H

#include "sim/world.h"

enum { CAST_GAME, CAST_ALLY, CAST_BANK, CAST_MODULES };

enum { CAST_PORT = 7000 };

/* The builds of each module. The numbers name their libraries: "game 3". */
enum {
    CAST_PLAIN = 1,     /* two fields */
    CAST_ADDED,         /* a field more, in another order */
    CAST_WIDE,          /* wider ones; migrates what it can hold */
    CAST_UNDECLARED,    /* no fields are declared; migrates everything */
    CAST_NARROW,        /* a narrower one: refused while it has states to take over */
    CAST_MALFORMED,     /* its description is refused */
    CAST_START_FAILS,   /* `start` does */
    CAST_OTHER_ABI,     /* built for another ABI */
    CAST_REFUSES,       /* its migrate refuses every version */
    CAST_MIGRATE_FAILS, /* its migrate agrees, then fails for some sessions */
    CAST_NO_LIBRARY,    /* a file that is no library */
    CAST_BUILDS
};

/* Begins: writes a good build of `game`, and of the others if `all`. */
void cast_begin(bool all);

/* Starts the host with these modules. `watch`: it swaps when a build is written. */
bool cast_start(bool watch, uint32_t stop_timeout_ms);

/* One command, or none, of those that a busy administrator gives. */
enum {
    CAST_SWAPS = 1, /* swaps, plans, roll-backs, builds of every kind */
    CAST_LOADS = 2, /* unload and load */
    CAST_KICKS = 4  /* kicks and reports */
};

/* Up to `clients` clients play up to `rounds` times each, while the administrator gives such
 * commands. Returns when the last one has left. */
void cast_run(uint32_t clients, uint32_t rounds, uint32_t commands);

/* Ends all faults. If the host `serves`, the scenario then loads good builds of all modules, plays
 * with each of them and expects the figures of an idle host: fails if that does not succeed within
 * an hour, unless the host has ended. Stops the host. */
void cast_end(bool serves);

#endif
