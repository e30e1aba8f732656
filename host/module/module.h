/* module.h: a loaded module, whatever generation of it serves, and the table of all of them.
 *
 * The control thread alone loads, unloads, swaps and changes the table; other threads may list it. What keeps a
 * module loaded is counted in its holds: layouts (session_type.h), rooms, its mailbox, jobs.
 * `current` changes only while the module's gate is closed: whoever is inside may use it without a lock.
 * Lock order: the table's lock is taken with no other lock held; nothing else is locked under it.
 */
#ifndef PORTICO_MODULE_H
#define PORTICO_MODULE_H

#include "base/table.h"
#include "module/gate.h"
#include "module/generation.h"
#include "os/compiler.h"

enum { OUTCOME_MAX = 512 };

typedef struct module {
    char name[TEXT_IDENTIFIER_MAX]; /* the key */
    gate gate;
    generation *_Atomic current;
    /* control thread, and under the table's lock for others */
    generation *previous; /* held for a roll-back, or NULL */
    char *file; /* what a swap loads when no other file is named; NULL for a part of the host */
    uint32_t generations; /* numbers given so far */
    uint32_t swaps;
    uint64_t pause_ns;         /* of the last swap: the longest that its gate was closed */
    char outcome[OUTCOME_MAX]; /* of the last swap; "": none yet */
    struct mailbox *mailbox;
    portico_entity self; /* the mailbox's id */
    bool stuck;          /* withdrawn, but a handler of it never returns: never freed */
    bool inspected;      /* loaded only to be described: nothing is published */
    _Atomic uint32_t holds;
    _Atomic uint32_t sessions; /* that have an attachment of this module */
    UT_hash_handle hh;
} module;

/* A module of which `first` becomes the first generation; takes it over. NULL when out of memory. [control thread] */
module *module_create(generation *first);

/* Frees it and its generations. Nothing holds it. [control thread] */
void module_destroy(module *m);

/* The generation that serves. Inside the gate, or on the control thread. */
generation *module_generation(const module *m);

/* The module whose code the calling thread runs, for log lines and for `load`; NULL in the host's own. And the generation
 * of it, which cannot go before that code has returned. */
module *module_current(void);
generation *module_running(void);

/* Enters a module's gate and calls nothing; gate_leave is the other end. */
void module_pass(gate *g);

/* Around every call into a module; passes its gate. The watchdog says `what`, `number` and `entity_id` of a call
 * that takes too long. No lock is held; one call at a time on a thread. */
void module_enter(module *m, const char *what, uint32_t number, uint64_t entity_id);
void module_leave(module *m);

/* Between two calls of the same kind for the same entity, instead of leaving and entering. False: somebody closes the
 * gate; leave, and enter again. */
bool module_stay(module *m, uint32_t number);

/* The same for `g` without the gate: for the control thread, and for jobs, which hold it. */
void module_begin(module *m, generation *g, const char *what, uint32_t number);
void module_end(void);

/* The same while a swap is only prepared: what would change the host is refused, see module_is_staging. */
void module_begin_staged(module *m, generation *g, const char *what);

/* Lets an image register. On failure `why` says why, with the first of its complaints. [control thread] */
portico_status module_call_load(module *m, generation *g, const portico_host *host, char *why,
                                size_t why_size);

/* What is wrong with a call of the `load` that runs; it goes to the log, or to the `why` of its failure. */
COLD void module_complain(const char *format, ...)
#if defined(__MINGW32__) && !defined(__clang__)
    __attribute__((format(gnu_printf, 1, 2)));
#elif defined(__GNUC__)
    __attribute__((format(printf, 1, 2)));
#else
    ;
#endif

/* Call a generation's functions; those that it does not have are passed by. [control thread] */
portico_status module_call_start(module *m);
void module_call_swap_out(module *m, generation *g);
portico_status module_call_swap_in(module *m, generation *g);
portico_status module_call_dependency_swaps(module *m, const module *other, const char *version);
void module_call_stopping(module *m);
void module_call_unload(module *m, generation *g);

/* The generation whose `load` the calling thread runs, or NULL. */
generation *module_loading(void);

/* Whether the calling thread runs code of a generation that is to replace a serving one: a swap that is given up must
 * have changed nothing. */
bool module_is_staging(void);

/* Whether the generation that serves names the module `name` in its `required`. [control thread] */
bool module_requires(const module *m, const char *name);

void module_hold(module *m);
void module_release(module *m);

/* Waits until nothing holds the module, at most `timeout_ms`. [control thread] */
bool module_wait_released(module *m, uint32_t timeout_ms);

/* The loaded module of that name, or NULL. [control thread] */
module *module_find(const char *name);

portico_status module_table_add(module *m);
void module_table_remove(module *m);

/* Calls `each` for every module in the order of loading, under the table's lock: it must not block. */
void module_table_each(void (*each)(void *arg, module *m), void *arg);

/* Makes `g` the generation that serves, and numbers it if it has not served before. The gate is closed.
 * [control thread] */
void module_serve(module *m, generation *g);

/* Ends a swap: counts it, and keeps `former`, which served before, for a roll-back. Releases the generation kept so far.
 * [control thread] */
void module_retire(module *m, generation *former, uint64_t pause_ns);

/* Keeps the outcome of a swap for `ctl modules`. [control thread] */
void module_note(module *m, const char *outcome);

#endif
