/* registry.c: see registry.h. */
#include "registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

registry *registry_create(void) {
    return calloc(1, sizeof(registry));
}

static void type_free(registered_type *t) {
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
                                   const portico_session_type *from) {
    registered_type *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return NULL;
    }
    snprintf(t->name, sizeof t->name, "%s", type);
    t->owned = owned;
    t->state_size = from->state_size;
    t->state_version = from->state_version;
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

registered_handler *registry_add_handler(registered_type *t, uint16_t opcode, portico_on_packet call) {
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
