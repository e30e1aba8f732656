/* registry.h: the types and handlers that one generation of a module declares, in the form that the
 * host looks them up. It points into the module's library: functions, and names for people.
 *
 * describe.c fills it on the control thread, and it is constant afterwards but for the reserves.
 * Freed as a whole when nothing can call the generation any more.
 */
#ifndef PORTICO_REGISTRY_H
#define PORTICO_REGISTRY_H

#include "base/table.h"
#include "module/state_reserve.h"
#include "module/state_shape.h"

#include <portico/portico.h>

#include <stdbool.h>

typedef union handler_function {
    portico_on_packet packet;
    portico_on_session_message session_message;
    portico_on_room_message room_message;
    portico_on_module_message module_message;
    portico_on_job job;
} handler_function;

struct packet_layout;

/* A handler for one opcode, message or job, or, without a function, an opcode that is sent. A
 * handler table is a pointer to the first (uthash). */
typedef struct registered_handler {
    uint32_t id; /* the key */
    handler_function call;
    const char *name;             /* for people; never NULL, maybe "" */
    struct packet_layout *layout; /* of a declared packet; NULL: raw */
    uint32_t size_min;            /* of a packet, in bytes */
    uint32_t size_max;
    UT_hash_handle hh;
} registered_handler;

typedef struct registered_room {
    char name[2 * PORTICO_LABEL_MAX]; /* "module.type" */
    state_shape shape;
    portico_on_migrate migrate;
    uint32_t max_members;
    portico_on_room_open on_open;
    portico_on_join on_join;
    portico_on_leave on_leave;
    portico_on_room_close on_close;
    registered_handler *messages; /* by id */
    state_reserve reserve;        /* for states that a swap to this generation replaces */
    struct registered_room *next; /* in the order of the table */
} registered_room;

typedef struct registered_type {
    char name[2 * PORTICO_LABEL_MAX]; /* "module.type", of the type's owner */
    bool owned;                       /* false: the module has joined another one's type */
    state_shape shape;
    portico_on_migrate migrate;
    portico_on_open on_open;
    portico_on_packet on_packet;
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    registered_handler *packets;  /* by opcode */
    registered_handler *messages; /* by id */
    registered_handler *sends;    /* by opcode */
    state_reserve reserve;        /* for states that a swap to this generation replaces */
    struct registered_type *next; /* in the order of the table */
} registered_type;

typedef struct registry {
    registered_type *types;
    registered_room *rooms;
    registered_handler *messages; /* the module's own, by id */
    registered_handler *jobs;     /* by id */
} registry;

registry *registry_create(void);
void registry_free(registry *r);

/* Frees what is left in the reserves. [control thread] */
void registry_empty_reserves(registry *r);

registered_type *registry_find(const registry *r, const char *type);

/* Adds a type under its full name, from a checked description that has all of today's fields. The
 * registry then owns *shape. NULL when out of memory: the caller keeps *shape. */
registered_type *registry_add_type(registry *r, const char *type, bool owned,
                                   const portico_session_type *from, const state_shape *shape);

registered_room *registry_find_room(const registry *r, const char *type);

/* Like registry_add_type. */
registered_room *registry_add_room(registry *r, const char *type, const portico_room_type *from,
                                   const state_shape *shape);

/* Adds a copy of `from` to a table, which then owns its layout. The caller has checked that the id
 * is free. PORTICO_E_NO_MEMORY: the caller keeps the layout. */
portico_status registry_add_handler(registered_handler **table, const registered_handler *from);
const registered_handler *registry_find_handler(const registered_handler *table, uint32_t id);

#endif
