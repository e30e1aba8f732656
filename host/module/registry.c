/* registry.c: see registry.h. */
#include "module/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

registry *registry_create(void) {
    return calloc(1, sizeof(registry));
}

static void messages_free(registered_message *table) {
    registered_message *m = NULL;
    registered_message *next = NULL;
    HASH_ITER(hh, table, m, next) {
        HASH_DEL(table, m);
        free(m);
    }
}

static void type_free(registered_type *t) {
    shape_fini(&t->shape);
    messages_free(t->messages);
    registered_handler *h = NULL;
    registered_handler *next = NULL;
    HASH_ITER(hh, t->handlers, h, next) {
        HASH_DEL(t->handlers, h);
        free(h);
    }
    free(t);
}

void registry_free(registry *r) {
    if (r == NULL) {
        return;
    }
    while (r->types != NULL) {
        registered_type *t = r->types;
        r->types = t->next;
        type_free(t);
    }
    while (r->rooms != NULL) {
        registered_room *room = r->rooms;
        r->rooms = room->next;
        shape_fini(&room->shape);
        messages_free(room->messages);
        free(room);
    }
    messages_free(r->messages);
    registered_blocking *b = NULL;
    registered_blocking *next = NULL;
    HASH_ITER(hh, r->blocking, b, next) {
        HASH_DEL(r->blocking, b);
        free(b);
    }
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
    t->migrate = from->migrate;
    t->on_open = from->on_open;
    t->on_packet = from->on_packet;
    t->on_close = from->on_close;
    t->on_watermark = from->on_watermark;
    registered_type **last = &r->types;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = t;
    return t;
}

registered_handler *registry_add_handler(registered_type *t, uint16_t opcode,
                                         portico_on_packet call) {
    registered_handler *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return NULL;
    }
    h->opcode = opcode;
    h->call = call;
    HASH_ADD(hh, t->handlers, opcode, sizeof h->opcode, h);
    if (h->hh.tbl == NULL) {
        free(h);
        return NULL;
    }
    return h;
}

registered_handler *registry_find_handler(const registered_type *t, uint16_t opcode) {
    registered_handler *h = NULL;
    HASH_FIND(hh, t->handlers, &opcode, sizeof opcode, h);
    return h;
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
    t->migrate = from->migrate;
    t->max_members = from->max_members;
    t->on_open = from->on_open;
    t->on_join = from->on_join;
    t->on_leave = from->on_leave;
    t->on_close = from->on_close;
    registered_room **last = &r->rooms;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = t;
    return t;
}

registered_message *registry_add_message(registered_message **table, uint32_t id,
                                         portico_on_message call) {
    registered_message *m = calloc(1, sizeof *m);
    if (m == NULL) {
        return NULL;
    }
    m->id = id;
    m->call = call;
    HASH_ADD(hh, *table, id, sizeof m->id, m);
    if (m->hh.tbl == NULL) {
        free(m);
        return NULL;
    }
    return m;
}

registered_message *registry_find_message(const registered_message *table, uint32_t id) {
    registered_message *m = NULL;
    HASH_FIND(hh, table, &id, sizeof id, m);
    return m;
}

registered_blocking *registry_add_blocking(registry *r, uint32_t id, portico_on_blocking call) {
    registered_blocking *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return NULL;
    }
    b->id = id;
    b->call = call;
    HASH_ADD(hh, r->blocking, id, sizeof b->id, b);
    if (b->hh.tbl == NULL) {
        free(b);
        return NULL;
    }
    return b;
}

registered_blocking *registry_find_blocking(const registry *r, uint32_t id) {
    registered_blocking *b = NULL;
    HASH_FIND(hh, r->blocking, &id, sizeof id, b);
    return b;
}
