/* registry.h: what one generation of one module has registered: the only place where the host keeps
 * pointers into a module's code.
 *
 * Filled on the control thread while the module's `load` runs, never changed afterwards; freed as a whole
 * when nothing can call the module any more.
 */
#ifndef PORTICO_REGISTRY_H
#define PORTICO_REGISTRY_H

#include "table.h"

#include <portico/portico.h>

#include <stdbool.h>

typedef struct registered_handler {
    uint16_t opcode; /* the key */
    portico_on_packet call;
    UT_hash_handle hh;
} registered_handler;

typedef struct registered_type {
    char name[2 * PORTICO_LABEL_MAX]; /* "module.type", of the type's owner */
    bool owned;                       /* this module made the type; else it joined it */
    uint32_t state_size;
    uint32_t state_version;
    portico_on_open on_open;
    portico_on_packet on_packet;
    portico_on_close on_close;
    portico_on_watermark on_watermark;
    registered_handler *handlers; /* uthash by opcode */
    struct registered_type *next; /* in the order of registration */
} registered_type;

typedef struct registry {
    registered_type *types;
} registry;

registry *registry_create(void);
void registry_free(registry *r);

registered_type *registry_find(const registry *r, const char *type);

/* Copies the checked description under the full name `type`. NULL when out of memory. */
registered_type *registry_add_type(registry *r, const char *type, bool owned,
                                   const portico_session_type *from);

/* NULL when out of memory. The caller has checked that the opcode is free. */
registered_handler *registry_add_handler(registered_type *t, uint16_t opcode, portico_on_packet call);

registered_handler *registry_find_handler(const registered_type *t, uint16_t opcode);

#endif
