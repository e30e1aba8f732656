/* session_type.h: the types of sessions, and which modules handle what on them.
 *
 * A type ("module.type") is made when it is first named and exists until the host ends, so
 * listeners and sessions may point to it whether or not its module is loaded. Its layout lists the
 * modules that take part in it now; it is immutable, counted, and replaced as a whole when a module
 * joins, leaves or is swapped. A session keeps its layout until its turn adopts the new one
 * (follow.h). Lock order: a session's lock, then a type's; under a type's lock only modules are
 * held.
 */
#ifndef PORTICO_SESSION_TYPE_H
#define PORTICO_SESSION_TYPE_H

#include "module/module.h"

enum { LAYOUT_PARTS_MAX = 32 };

/* One module's part in a type. Part 0 is the owner's. */
typedef struct layout_part {
    module *module;              /* held */
    generation *generation;      /* held */
    const registered_type *type; /* in the registry of `generation` */
} layout_part;

/* The handler of an opcode, and which packets need a closer look before it is called: those whose
 * `size - size_min` is above `size_span`. */
typedef struct layout_handler {
    portico_on_packet call;        /* NULL: none, and the owner has no on_packet */
    const registered_handler *row; /* NULL: no table has the opcode, it goes to on_packet */
    uint32_t size_min;
    uint32_t size_span;
    uint32_t part; /* whose handler it is */
} layout_handler;

enum { LAYOUT_PAGE = 256, LAYOUT_PAGES = 65536 / LAYOUT_PAGE };

typedef struct layout {
    _Atomic uint32_t refs;
    uint32_t part_count;
    bool has_watermark; /* some part wants on_watermark */
    layout_part parts[LAYOUT_PARTS_MAX];
    /* By opcode / LAYOUT_PAGE, and then by the rest. Never NULL: a page of which no table has an
     * opcode is `plain`. */
    layout_handler *pages[LAYOUT_PAGES];
    layout_handler plain[LAYOUT_PAGE]; /* all for on_packet */
} layout;

typedef struct session_type {
    char name[2 * PORTICO_LABEL_MAX]; /* the key */
    quota *quota;                     /* of the owner */
    os_mutex lock;                    /* guards `current` */
    layout *current;                  /* NULL while the owner is not loaded */
    _Atomic uint32_t version;         /* incremented with every change of `current` */
    _Atomic uint32_t sessions;        /* counted by service_admit and service_leave */
    UT_hash_handle hh;
} session_type;

/* Finds or makes the type. NULL: out of memory. [any thread] */
session_type *session_type_get(const char *name);

/* The type, or NULL. [any thread] */
session_type *session_type_find(const char *name);

/* How many sessions of the type there are. [any thread] */
uint32_t session_type_sessions(const session_type *t);

/* Calls `each` for every type that there has been, with its number of sessions. `each` must not
 * block. [any thread] */
void session_types_each(void (*each)(void *arg, const char *name, uint32_t sessions), void *arg);

/* The current layout, with a reference for the caller, and its version; NULL: the owner is not
 * loaded. [any thread] */
layout *session_type_layout(session_type *t, uint32_t *version);

/* Drops a reference; the last one releases the modules. [any thread] */
void layout_release(layout *l);

/* Makes, without publishing it, a layout of the type in which `m` takes part as `g` with `part`:
 * in its present place, else as the last. With `part` NULL, `m` no longer takes part; if it is
 * the owner, *result is NULL. PORTICO_E_NO_MEMORY, PORTICO_E_LIMIT: nothing was made. [control
 * thread] */
portico_status session_type_prepare(session_type *t, module *m, generation *g,
                                    const registered_type *part, layout **result);

/* Publishes the layout `l`, which the type takes over, and returns the previous one for
 * layout_release. Cannot fail. [control thread] */
layout *session_type_exchange(session_type *t, layout *l);

/* The module that now handles the opcode or the message; NULL: none. [control thread] */
const module *session_type_handler_of(session_type *t, uint16_t opcode);
const module *session_type_message_of(session_type *t, uint32_t id);

/* Whether the module takes part; false for a layout that is NULL. */
bool layout_has(const layout *l, const module *m);

/* The handler for the opcode. Never NULL. */
static inline const layout_handler *layout_find(const layout *l, uint16_t opcode) {
    return &l->pages[opcode / LAYOUT_PAGE][opcode % LAYOUT_PAGE];
}

/* Frees all types, which nothing uses any more. */
void session_types_fini(void);

#endif
