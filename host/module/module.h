/* module.h: a loaded module, whatever generation of it serves, and the table of all of them.
 *
 * Only the control thread loads, unloads, swaps and changes the table; other threads may list it. A
 * module stays loaded while it has holds: of layouts (session_type.h), rooms, its mailbox, jobs.
 * `current` changes only while the module's gate is closed, so code inside the gate uses it without
 * a lock. Lock order: the table's lock is taken while no other lock is held, and nothing is locked
 * under it.
 */
#ifndef PORTICO_MODULE_H
#define PORTICO_MODULE_H

#include "base/table.h"
#include "module/gate.h"
#include "module/generation.h"
#include "os/compiler.h"
#include "run/quota.h"

enum { OUTCOME_MAX = 512 };

/* X(result): how a swap may end, as the metrics call it. */
#define MODULE_SWAPS(X) \
    X(swapped)          \
    X(rolled_back)      \
    X(refused)

typedef enum module_swap {
#define MODULE_SWAP(result) MODULE_SWAP_##result,
    MODULE_SWAPS(MODULE_SWAP)
#undef MODULE_SWAP
        MODULE_SWAP_RESULTS
} module_swap;

static inline const char *module_swap_name(module_swap result) {
    static const char *const names[] = {
#define MODULE_SWAP_NAME(result) #result,
        MODULE_SWAPS(MODULE_SWAP_NAME)
#undef MODULE_SWAP_NAME
    };
    return names[result];
}

typedef struct module {
    char name[TEXT_IDENTIFIER_MAX]; /* the key */
    const char *watch_name;         /* the same, from watchdog_name */
    quota *quota;                   /* of that name */
    gate gate;
    generation *_Atomic current;
    /* Written by the control thread under the table's lock, under which others read them: */
    generation *previous; /* held for a roll-back; NULL: none */
    generation *older;    /* before that one, held while states are of them, see module_unsettled */
    char *file;           /* what a swap loads by default */
    uint32_t generations; /* how many there have been */
    uint32_t swaps;
    uint32_t swap_results[MODULE_SWAP_RESULTS]; /* those asked for, by how they ended */
    uint64_t pause_ns;         /* the longest time that the last swap kept the gate closed */
    char outcome[OUTCOME_MAX]; /* of the last swap; "": there was none */
    struct mailbox *mailbox;
    _Atomic uint64_t self; /* the mailbox's id */
    bool aborts;           /* on_fault = abort: its faults end the process, for a core file */
    uint32_t hang_ms;      /* a call that takes longer is a fault; 0: none is */
    bool stuck;            /* withdrawn, but a handler of it has not returned: never freed */
    atomic_bool serves;    /* false: rooms that are created wait for that, see rooms_begin */
    bool started;        /* its `start` has succeeded and no `stop` has followed. Control thread */
    bool destroyed;      /* it is freed when no call of it is lost any more ... */
    uint32_t lost;       /* how many are, see caller.h. Both: control thread */
    uint32_t back_again; /* the generation that is to be rolled back, after a try that failed ... */
    uint32_t back_tries; /* ... and how many have. Control thread */
    uint32_t begun;      /* the number of its last `start`, see begun.h. Control thread */
    /* Of fault_policy.c: */
    bool leaves;                 /* [its lock] it is unloaded: no fault freezes it any more */
    _Atomic uint32_t rolls_back; /* the generation that is to be rolled back; 0: none */
    _Atomic uint32_t holds;
    _Atomic uint32_t arrivals; /* sessions that wait to be opened by it ... */
    uint32_t arrivals_max;     /* ... and the most while it is frozen */
    _Atomic uint32_t sessions; /* that have an attachment to this module */
    UT_hash_handle hh;
} module;

/* Makes a module with `first` as its first generation, which it then owns. NULL when out of memory.
 * [control thread] */
module *module_create(generation *first);

/* Frees the module, which has no holds, and its generations. [control thread] */
void module_destroy(module *m);

/* The generation that serves. Called inside the gate or on the control thread. */
generation *module_generation(const module *m);

/* The module whose code the calling thread runs, or NULL; and its generation, which stays until
 * that code has returned. */
module *module_current(void);
generation *module_running(void);

/* The quota of that module; NULL: the calling thread runs no module's code. */
quota *module_current_quota(void);

/* Before and after calls into a module (call.h): pass its gate. If a call takes too long, the
 * watchdog reports it with `what`, `number` and `entity_id`. The caller holds no lock; a thread
 * makes one call at a time. Unless it returns GATE_PASSED, the gate is not entered. */
passage module_enter(module *m, const char *what, uint32_t number, uint64_t entity_id);
void module_leave(module *m);

/* Between two calls of the same kind for the same entity, instead of module_leave and module_enter.
 * False: the gate is being closed, so leave, and enter again. */
bool module_stay(module *m, uint32_t number);

/* module_enter and module_leave for `g` without the gate: for the control thread, and for jobs,
 * which hold `g`. */
void module_begin(module *m, generation *g, const char *what, uint32_t number);
void module_end(void);

/* module_begin while a swap is being prepared: calls that would change the host are refused, see
 * module_is_staging. */
void module_begin_staged(module *m, generation *g, const char *what);

/* From now until module_asks(NULL, NULL, false), the control thread asks `g` of the module when it
 * asks a migrate (state_take_over.h), on another thread (caller.h). */
void module_asks(module *m, generation *g, bool staging);

/* Says in the log what is wrong with a call that the running module has made. */
COLD void module_complain(const char *format, ...)
#if defined(__MINGW32__) && !defined(__clang__)
    __attribute__((format(gnu_printf, 1, 2)));
#elif defined(__GNUC__)
    __attribute__((format(printf, 1, 2)));
#else
    ;
#endif

/* Whether the calling thread runs code of a generation that is to replace one that serves. It may
 * not change the host, since the swap may still be given up. */
bool module_is_staging(void);

/* Whether the generation that serves names the module `name` in its `required`. [control thread] */
bool module_requires(const module *m, const char *name);

void module_hold(module *m);
void module_release(module *m);

/* A call of the module is lost, so the module is not freed; and the end of that. [control
 * thread] */
void module_lose(module *m);
void module_find_lost(module *m);

/* Waits for at most `timeout_ms` (UINT32_MAX: for ever) until the module has no holds, or none but
 * its mailbox's; whether that is so. If the host is asked to stop, the wait is shorter: see
 * stop_clock_limit_ms. [control thread] */
bool module_wait_released(module *m, uint32_t timeout_ms);
bool module_wait_mailbox_only(module *m, uint32_t timeout_ms);

/* The loaded module of that name, or NULL. [control thread] */
module *module_find(const char *name);

portico_status module_table_add(module *m);
void module_table_remove(module *m);

/* Calls `each` for every module in the order of loading. `each` runs under the table's lock and
 * must not block. */
void module_table_each(void (*each)(void *arg, module *m), void *arg);

/* A module other than `but` that is frozen, or NULL. Only the control thread may use the module:
 * for others it may be gone. */
const module *module_find_frozen(const module *but);

/* Makes `g` the generation that serves, and numbers it if it has not served before. The gate is
 * closed. [control thread] */
void module_serve(module *m, generation *g);

/* Ends a swap: counts it, and keeps `former`, which served before, for a roll-back. The generation
 * kept so far is released when no state is of it. The gate is closed: what faults afterwards finds
 * where to go back to. [control thread] */
void module_retire(module *m, generation *former);

/* Keeps the outcome of a swap for `ctl modules`; `pause_ns` 0: it has failed. [control thread] */
void module_note(module *m, const char *outcome, uint64_t pause_ns);

/* Counts a swap that was asked for. [control thread] */
void module_count_swap(module *m, module_swap result);

/* Whether there is a generation to go back to by itself: it has not faulted. [any thread] */
bool module_may_return(const module *m);

/* How many states are of a generation before the current one; *of is one of these. Releases older
 * generations of which none is. [control thread] */
uint32_t module_unsettled(module *m, const generation **of);

/* Calls `each` for every generation before the current one, but not for `but`, of which there are
 * states. True: until it returned true. [control thread] */
bool module_each_unsettled(module *m, const generation *but,
                           bool (*each)(void *arg, const generation *g), void *arg);

#endif
