/* running.h: which module's code the calling thread runs. Each thread reads and writes its own;
 * what handles a fault reads the faulting thread's.
 */
#ifndef PORTICO_RUNNING_H
#define PORTICO_RUNNING_H

#include "module/generation.h"
#include "os/compiler.h"

struct call;
struct module;

typedef struct running {
    struct module *module;               /* NULL: none */
    generation *generation;              /* of `module` */
    struct call *(*describe)(void *arg); /* says what is being called */
    void *describe_arg;
    volatile bool probing; /* the host touches memory that the module has named */
    bool staging;          /* the generation is to replace one that serves */
    /* Nobody waits for the call any more (caller.h), so the host's functions refuse whatever it
     * asks. Set by another thread. */
    atomic_bool abandoned;
} running;

extern _Thread_local running running_now;

/* Touch memory that the running module has named, in every page, so that a bad address is a fault
 * of the module now, and not of the host later, under a lock. No lock is held, and nothing that
 * must be released. `running_probe_text` returns the length. */
COLD void running_probe_pages(const void *data, size_t size, bool write);
size_t running_probe_text(const char *text);

static inline void running_probe(const void *data, size_t size) {
    if (size > 0) {
        running *r = &running_now;
        r->probing = true;
        (void)*(const volatile char *)data;
        (void)*((const volatile char *)data + size - 1);
        r->probing = false;
        if (size > 4096) {
            running_probe_pages(data, size, false);
        }
    }
}

#endif
