/* running.h: which module's code the calling thread runs. Each thread reads and writes its own;
 * what handles a fault reads the faulting thread's.
 */
#ifndef PORTICO_RUNNING_H
#define PORTICO_RUNNING_H

#include "module/generation.h"
#include "os/compiler.h"

struct call;
struct module;

typedef enum running_fate {
    FATE_OPEN,      /* the call continues, or has returned */
    FATE_SETTLES,   /* it has faulted, and its thread restores the states */
    FATE_ABANDONED, /* nobody waits for it (caller.h): the host's functions refuse all it asks */
} running_fate;

typedef struct running {
    struct module *module;  /* NULL: none */
    generation *generation; /* of `module` */
    volatile bool probing;  /* the host touches memory that the module has named */
    bool staging;           /* the generation is to replace one that serves */
    bool asks;              /* the control thread asks a migrate, see module_asks */
    _Atomic running_fate fate;
} running;

extern _Thread_local running running_now;

/* Two threads may want to end one call: its own, after a fault, and another one that waits no
 * longer. The first succeeds. running_settle is for the call's own thread, which then calls
 * running_settled; running_abandon is for the other one. */
bool running_settle(void);
void running_settled(void);
bool running_abandon(running *r);

static inline bool running_is_abandoned(const running *r) {
    return atomic_load_explicit(&r->fate, memory_order_relaxed) == FATE_ABANDONED;
}

enum { RUNNING_PAGE = 4096 }; /* no system has smaller pages */

/* Touch memory that the running module has named, in every page, so that a bad address is a fault
 * of the module now, and not of the host later, under a lock. No lock is held, and nothing that
 * must be released. With `write` the memory is written to without changing it, even if other
 * threads write to it. `running_probe_text` returns the length. */
COLD void running_probe_pages(const void *data, size_t size, bool write);
size_t running_probe_text(const char *text);

/* The memory is to be read. False: it is empty or larger than a page, and not touched. */
MAY_FAULT static inline bool running_probe_small(const void *data, size_t size) {
    bool small = size - 1 < RUNNING_PAGE;
    if (small) {
        const volatile char *first = data;
        running_now.probing = true;
        (void)first[0];
        (void)first[size - 1];
        running_now.probing = false;
    }
    return small;
}

/* The memory, of any size, is to be read. */
static inline void running_probe(const void *data, size_t size) {
    if (!running_probe_small(data, size) && size > 0) {
        running_probe_pages(data, size, false);
    }
}

#endif
