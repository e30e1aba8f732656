/* session_type.h: what kinds of sessions there are, and which modules' handlers run on them.
 *
 * A type ("module.type") is made when somebody first names it and stays until the host ends, so that
 * listeners and sessions may point to it whether or not its module is loaded. Its layout is the modules that
 * take part now: immutable, counted, replaced as a whole when a module comes, goes or is swapped. A session keeps the
 * layout it runs with until its next turn has taken over the new one.
 * Lock order: session lock, then a type's lock; nothing is locked under a type's lock but module holds.
 */
#ifndef PORTICO_SESSION_TYPE_H
#define PORTICO_SESSION_TYPE_H

#include "module/module.h"

enum { LAYOUT_PARTS_MAX = 32 };

/* One module's share of a type. Part 0 is the owner's. */
typedef struct layout_part {
    module *module;              /* held */
    generation *generation;      /* held */
    const registered_type *type; /* in that generation's registry */
} layout_part;

typedef struct layout_handler {
    portico_on_packet call; /* as in the registry of that part's module; NULL: none */
    uint16_t part;
} layout_handler;

enum { LAYOUT_PAGE = 256, LAYOUT_PAGES = 65536 / LAYOUT_PAGE };

typedef struct layout {
    _Atomic uint32_t refs;
    uint32_t part_count;
    bool has_watermark; /* some part wants on_watermark */
    layout_part parts[LAYOUT_PARTS_MAX];
    layout_handler *pages[LAYOUT_PAGES]; /* by opcode / LAYOUT_PAGE; NULL: no handler there */
} layout;

typedef struct session_type {
    char name[2 * PORTICO_LABEL_MAX]; /* the key */
    os_mutex lock;                    /* guards `current` */
    layout *current;                  /* NULL while the owner is not loaded */
    _Atomic uint32_t version;         /* counted up with every change of `current` */
    _Atomic uint32_t sessions;        /* counted by service_admit and service_leave */
    UT_hash_handle hh;
} session_type;

/* Finds or makes the type. NULL when out of memory. [any thread] */
session_type *session_type_get(const char *name);

/* Finds it, or NULL. [any thread] */
session_type *session_type_find(const char *name);

/* How many sessions of the type there are. [any thread] */
uint32_t session_type_sessions(const session_type *t);

/* The layout with a reference for the caller, or NULL when the owner is not loaded; *version is the one that
 * it belongs to. [any thread] */
layout *session_type_layout(session_type *t, uint32_t *version);

/* Drops a reference. The last one lets go of the modules. [any thread] */
void layout_release(layout *l);

/* Makes, and does not yet publish, a layout of the type in which `m` takes part as `g` with `part`: in the place that it
 * has, else as the last. With `part` NULL without it; *result is NULL when that is the owner.
 * PORTICO_E_NO_MEMORY, PORTICO_E_LIMIT: nothing was made. [control thread] */
portico_status session_type_prepare(session_type *t, module *m, generation *g,
                                    const registered_type *part, layout **result);

/* Publishes a layout, which it takes over, and returns the one before, for layout_release. Cannot fail.
 * [control thread] */
layout *session_type_exchange(session_type *t, layout *l);

/* Which module handles the opcode, or the message, now, or NULL. [control thread] */
const module *session_type_handler_of(session_type *t, uint16_t opcode);

const module *session_type_message_of(session_type *t, uint32_t id);

/* Whether the module takes part; in a layout that is NULL none does. */
bool layout_has(const layout *l, const module *m);

/* NULL: no part has a handler for it. */
static inline const layout_handler *layout_find(const layout *l, uint16_t opcode) {
    const layout_handler *page = l->pages[opcode / LAYOUT_PAGE];
    return page != NULL && page[opcode % LAYOUT_PAGE].call != NULL ? &page[opcode % LAYOUT_PAGE]
                                                                   : NULL;
}

/* Frees all types; nothing uses them any more. */
void session_types_fini(void);

#endif
