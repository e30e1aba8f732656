/* registry.c: see registry.h. */
#include "module/registry.h"

#include "module/packet_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

registry *registry_create(void) {
    return calloc(1, sizeof(registry));
}

static void handlers_free(registered_handler *table) {
    registered_handler *h = NULL;
    registered_handler *next = NULL;
    HASH_ITER(hh, table, h, next) {
        HASH_DEL(table, h);
        packet_layout_free(h->layout);
        free(h);
    }
}

void registry_empty_reserves(registry *r) {
    for (registered_type *t = r->types; t != NULL; t = t->next) {
        state_reserve_empty(&t->reserve);
    }
    for (registered_room *t = r->rooms; t != NULL; t = t->next) {
        state_reserve_empty(&t->reserve);
    }
}

void registry_free(registry *r) {
    if (r == NULL) {
        return;
    }
    registry_empty_reserves(r);
    while (r->types != NULL) {
        registered_type *t = r->types;
        r->types = t->next;
        shape_fini(&t->shape);
        handlers_free(t->packets);
        handlers_free(t->messages);
        handlers_free(t->sends);
        free(t);
    }
    while (r->rooms != NULL) {
        registered_room *room = r->rooms;
        r->rooms = room->next;
        shape_fini(&room->shape);
        handlers_free(room->messages);
        free(room);
    }
    handlers_free(r->messages);
    handlers_free(r->jobs);
    free(r);
}

registered_type *registry_find(const registry *r, const char *type) {
    for (registered_type *t = r->types; t != NULL; t = t->next) {
        if (strcmp(t->name, type) == 0) {
            return t;
        }
    }
    return NULL;
}

registered_type *registry_add_type(registry *r, const char *type, bool owned,
                                   const portico_session_type *from, const state_shape *shape) {
    registered_type *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", type);
    t->owned = owned;
    t->shape = *shape;
    t->migrate = from->state.migrate;
    t->on_open = from->on_open;
    t->on_packet = from->on_packet;
    t->on_close = from->on_close;
    t->on_watermark = from->on_watermark;
    registered_type **end = &r->types;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = t;
    return t;
}

registered_room *registry_find_room(const registry *r, const char *type) {
    for (registered_room *t = r->rooms; t != NULL; t = t->next) {
        if (strcmp(t->name, type) == 0) {
            return t;
        }
    }
    return NULL;
}

registered_room *registry_add_room(registry *r, const char *type, const portico_room_type *from,
                                   const state_shape *shape) {
    registered_room *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", type);
    t->shape = *shape;
    t->migrate = from->state.migrate;
    t->max_members = from->max_members;
    t->on_open = from->on_open;
    t->on_join = from->on_join;
    t->on_leave = from->on_leave;
    t->on_close = from->on_close;
    registered_room **end = &r->rooms;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = t;
    return t;
}

portico_status registry_add_handler(registered_handler **table, const registered_handler *from) {
    registered_handler *h = malloc(sizeof *h);
    if (h == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    *h = *from;
    HASH_ADD(hh, *table, id, sizeof h->id, h);
    if (h->hh.tbl == NULL) {
        free(h);
        return PORTICO_E_NO_MEMORY;
    }
    return PORTICO_OK;
}

const registered_handler *registry_find_handler(const registered_handler *table, uint32_t id) {
    registered_handler *h = NULL;
    HASH_FIND(hh, table, &id, sizeof id, h);
    return h;
}
