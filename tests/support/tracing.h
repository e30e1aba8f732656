/* tracing.h: follows a host's trace with `portico ctl --json trace`, as a process. One thread. */
#ifndef TEST_TRACING_H
#define TEST_TRACING_H

#include "support/host.h"

typedef struct tracing {
    process *ctl;
    char path[1100]; /* of its output */
    char *output;    /* once it has ended */
    char *next;      /* line of that */
} tracing;

/* Starts `ctl --json trace WHAT`, WHAT being up to eight words, and waits until the trace has
 * begun. `number` is another one for each trace of a host. */
void tracing_start(tracing *t, host *h, int number, const char *what);

/* Waits until its output has `text`. */
void tracing_await(const tracing *t, const char *text);

/* Waits for its end, with that exit code. From then on tracing_next has its lines. */
void tracing_finish(tracing *t, int exit_code);

/* Kills ctl, as if its user had hung up. */
void tracing_kill(tracing *t);

/* Takes the next line. NULL: there is none. */
const char *tracing_next(tracing *t);

/* Takes the next line, which must have all these parts, separated by '|' ; else shows it and ends
 * the test. */
const char *tracing_expect(tracing *t, const char *parts);

/* The number after "KEY": in the line; -1: there is none. */
int64_t tracing_number(const char *line, const char *key);

void tracing_free(tracing *t);

#endif
