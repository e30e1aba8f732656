/* crash.h: modules that fault at any moment. They are parts of this executable, so their faults are
 * raised (os_guard_raise) and not met; what the host does about them is the same.
 *
 * A handler may call crash_due wherever it likes. True: it tells what it knows about itself
 * (witness_faults), then calls `crash`, which spoils the state that it has received and does not
 * return: the host ends the call and restores the state. */
#ifndef TEST_CRASH_H
#define TEST_CRASH_H

#include <stdbool.h>
#include <stdint.h>

/* From now on one in that many moments is the one. 0, as at first: none. */
void crash_rate(uint32_t one_in);

/* In half of all runs: sets a rate. Returns keys for [modules]; "": no module faults. */
const char *crash_policy(void);

bool crash_due(void);

/* Whether there has been a fault. */
bool crash_was(void);

/* No module faults any more, and the modules of the list, which NULL ends, are thawed. */
void crash_end(const char *const *modules);

/* A state that a handler has spoiled may be as it has left it: there was no memory to keep it. Then
 * what it was of closes. */
bool crash_may_lose(void);

/* `state` may be NULL. */
_Noreturn void crash(void *state, uint32_t size);

struct module;

/* The module that the calling thread runs, as the host knows it. */
const struct module *crash_caller(void);

/* It was frozen when its unload began: it is called once more, for its `stop`. */
bool crash_is_dead(const struct module *m);

#endif
