/* module.h: one loaded module, and the table of all of them.
 *
 * The control thread alone loads, unloads and changes the table; other threads may list it. What keeps a
 * module loaded is counted in its holds: one for each layout (session_type.h) that its handlers stand in.
 * Lock order: the table's lock is taken with no other lock held; nothing else is locked under it.
 */
#ifndef PORTICO_MODULE_H
#define PORTICO_MODULE_H

#include "image_copy.h"
#include "os/os.h"
#include "registry.h"
#include "table.h"

#include <stdatomic.h>

enum { MODULE_NAME_MAX = 32 };

typedef struct module {
    char name[MODULE_NAME_MAX]; /* the key */
    char version[64];
    char *file;      /* where it was copied from; NULL for a part of the host */
    image_copy copy; /* that is loaded; empty: the file itself is */
    uint32_t generation;
    uint64_t loaded_ms;              /* monotonic */
    os_library *library;             /* NULL for a part of the host */
    const portico_module_info *info; /* inside the library */
    char **required;                 /* NULL at the end */
    void *state;
    registry *registry;
    struct mailbox *mailbox; /* control thread */
    portico_entity self;     /* the mailbox's id */
    bool loading;            /* its `load` runs, on the control thread */
    bool stuck;              /* withdrawn, but a handler of it never returns: never freed */
    bool inspected;          /* loaded only to be described: nothing is published */
    _Atomic uint32_t holds;
    _Atomic uint32_t sessions; /* that have an attachment of this module */
    UT_hash_handle hh;
} module;

/* The module whose code the calling thread runs, for log lines and for `load`; NULL in the host's own. */
module *module_current(void);

/* Around every call into a module; the watchdog says `what`, `number` and `entity_id` of a call that takes too
 * long. Returns what module_current was, for module_leave. */
module *module_enter(module *m, const char *what, uint32_t number, uint64_t entity_id);
void module_leave(module *before);

/* Call its functions; those that it does not have are passed by. [control thread] */
portico_status module_call_load(module *m, const portico_host *host);
void module_call_stopping(module *m);
void module_call_unload(module *m);

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

/* A lower-case letter, then lower-case letters, digits and '_', 31 bytes at the most. */
bool module_name_valid(const char *name);

#endif
