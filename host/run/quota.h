/* quota.h: what the host keeps for each module, how much that may be, and what was refused.
 *
 * A quota belongs to the name of a module: it exists from the first load of a module of that name
 * until the host ends, since some of what it counts (timers, messages) outlives an unload for a
 * moment. Any thread. A lock guards the list; everything else is atomic. NULL as a quota: nothing
 * is limited.
 */
#ifndef PORTICO_QUOTA_H
#define PORTICO_QUOTA_H

#include "os/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum quota_kind {
    /* Bytes: its rooms with their states, messages that wait for it, its rooms or sessions of its
     * types, its timers, the data of its jobs. */
    QUOTA_MEMORY,
    QUOTA_ROOMS,
    QUOTA_TIMERS,   /* that it has started */
    QUOTA_REQUESTS, /* that it has made and that have no answer yet */
    QUOTA_KINDS
} quota_kind;

/* The kinds of refusals because of a limit, each with a counter (stats.h). */
typedef enum refusal {
    REFUSED_MESSAGES,
    REFUSED_ROOMS,
    REFUSED_TIMERS,
    REFUSED_REQUESTS,
    REFUSED_JOBS,
    REFUSED_CHANNELS,
    REFUSED_PACKETS, /* to a session whose send limit is reached */
    REFUSALS
} refusal;

typedef struct quota quota;

/* The most of each kind for every module; 0: any number. Called before any module is loaded. */
void quotas_start(const uint64_t limits[QUOTA_KINDS]);
void quotas_fini(void);

/* The quota of that module. `name` NULL: of what modules do on threads of their own; never NULL.
 * NULL: out of memory. */
quota *quota_of(const char *name);

/* Sets the most for one module. */
void quota_set_limit(quota *q, quota_kind kind, uint64_t limit);

/* Adds to what the module has. False: it would be more than allowed, and nothing was added. */
bool quota_take(quota *q, quota_kind kind, uint64_t amount);

/* The same however much there is already. */
void quota_take_anyway(quota *q, quota_kind kind, uint64_t amount);
void quota_give(quota *q, quota_kind kind, uint64_t amount);

typedef struct quota_view {
    uint64_t used;
    uint64_t limit; /* 0: none */
} quota_view;
quota_view quota_look(const quota *q, quota_kind kind);

/* The most of it that there has been since the last call. One thread calls this. */
uint64_t quota_take_peak(quota *q, quota_kind kind);

/* Something was refused to the module: counts it, and writes one line to the log under the module's
 * name, unless there was one of that kind within the last second. The text says what the limit is
 * and which key sets it. `q` NULL: as quota_of(NULL). Locks may be held. */
COLD void quota_refuse(quota *q, refusal what, const char *format, ...) PRINTF_LIKE(3, 4);

typedef struct refusal_view {
    const char *name; /* of what was refused: "messages" */
    uint64_t count;
    uint64_t last_ms; /* when the last one was, by os_monotonic_ms() */
} refusal_view;

/* `q` NULL: as quota_of(NULL). */
refusal_view quota_refusals(const quota *q, refusal what);

/* Writes how many refusals had no line, once a second. [sweep] */
void quotas_sweep(uint64_t now_ms);

/* Calls `each` for every quota but quota_of(NULL), with its module's name. No lock is held. */
void quotas_each(void (*each)(void *arg, const char *name, quota *q), void *arg);

#endif
