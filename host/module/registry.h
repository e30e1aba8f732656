/* registry.h: what one generation of one module has registered: the only place where the host keeps
 * pointers into a module's code.
 *
 * Filled on the control thread while the module's `load` runs, never changed afterwards; freed as a whole
 * when nothing can call the module any more.
 */
#ifndef PORTICO_REGISTRY_H
#define PORTICO_REGISTRY_H

#include "base/table.h"
#include "module/state_shape.h"

#include <portico/portico.h>

#include <stdbool.h>

typedef struct registered_handler {
    uint16_t opcode; /* the key */
    portico_on_packet call;
    UT_hash_handle hh;
} registered_handler;

typedef struct registered_message {
    uint32_t id; /* the key */
    portico_on_message call;
    UT_hash_handle hh;
} registered_message;

typedef struct registered_blocking {
    uint32_t id; /* the key */
    portico_on_blocking call;
    UT_hash_handle hh;
} registered_blocking;

typedef struct registered_room {
    char name[2 * PORTICO_LABEL_MAX]; /* "module.type" */
    state_shape shape;
    portico_on_migrate migrate;
    uint32_t max_members;
    portico_on_room_open on_open;
    portico_on_join on_join;
    portico_on_leave on_leave;
    portico_on_room_close on_close;
    registered_message *messages; /* uthash by id */
    struct registered_room *next;
} registered_room;

typedef struct registered_type {
    char name[2 * PORTICO_LABEL_MAX]; /* "module.type", of the type's owner */
    bool owned;                       /* this module made the type; else it joined it */
    state_shape shape;
    portico_on_migrate migrate;
    portico_on_open on_open;
    portico_on_packet on_packet;
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    registered_handler *handlers; /* uthash by opcode */
    registered_message *messages; /* uthash by id */
    struct registered_type *next; /* in the order of registration */
} registered_type;

typedef struct registry {
    registered_type *types;
    registered_room *rooms;
    registered_message *messages; /* the module's own */
    registered_blocking *blocking;
} registry;

registry *registry_create(void);
void registry_free(registry *r);

registered_type *registry_find(const registry *r, const char *type);

/* Copies the checked description under the full name `type`; all of today's struct is there. *shape goes
 * over to the registry, except when it is out of memory: then NULL is returned. */
registered_type *registry_add_type(registry *r, const char *type, bool owned,
                                   const portico_session_type *from, const state_shape *shape);

/* NULL when out of memory. The caller has checked that the opcode is free. */
registered_handler *registry_add_handler(registered_type *t, uint16_t opcode,
                                         portico_on_packet call);

registered_room *registry_find_room(const registry *r, const char *type);
/* As registry_add_type. */
registered_room *registry_add_room(registry *r, const char *type, const portico_room_type *from,
                                   const state_shape *shape);

/* `table` is one of the tables of messages above. */
registered_message *registry_add_message(registered_message **table, uint32_t id,
                                         portico_on_message call);
registered_message *registry_find_message(const registered_message *table, uint32_t id);

registered_blocking *registry_add_blocking(registry *r, uint32_t id, portico_on_blocking call);
registered_blocking *registry_find_blocking(const registry *r, uint32_t id);

registered_handler *registry_find_handler(const registered_type *t, uint16_t opcode);

#endif
