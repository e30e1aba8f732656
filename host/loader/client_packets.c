/* client_packets.c: see client_packets.h. */
#include "loader/client_packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call of client_packets_collect. */
typedef struct collecting {
    client_packets *c;
    client_scope names; /* of packets and opcodes */
    bool out_of_memory;
} collecting;

/* Returns the array with room for one more; NULL: out of memory, and `array` is as it was. */
static void *grown(void *array, uint32_t count, size_t size) {
    if ((count & (count - 1)) != 0) {
        return array; /* it has room up to the next power of two */
    }
    return realloc(array, (count == 0 ? 1 : 2 * (size_t)count) * size);
}

/* ---- packets --------------------------------------------------------------------------------- */

static bool same_layout(const packet_layout *a, const packet_layout *b) {
    if (a == b) {
        return true;
    }
    if (strcmp(a->name, b->name) != 0 || a->field_count != b->field_count) {
        return false;
    }
    for (uint32_t i = 0; i < a->field_count; i++) {
        const packet_field *f = &a->fields[i];
        const packet_field *g = &b->fields[i];
        if (strcmp(f->name, g->name) != 0 || f->kind != g->kind || f->part != g->part ||
            f->size != g->size || f->count != g->count) {
            return false;
        }
        if (f->fields != NULL && !same_layout(f->fields, g->fields)) {
            return false;
        }
    }
    return true;
}

static uint32_t packet_take(collecting *k, const packet_layout *layout);

/* Names the fields, and takes the structs within. */
static bool fields_take(collecting *k, client_packet *p) {
    /* In C, a part of variable size has a second member. */
    static const char *const variable[] = {"_size", "_count", NULL};
    client_scope names = {.fields = true};
    bool ok = true;
    p->fields = calloc(p->layout->field_count, sizeof *p->fields);
    for (uint32_t i = 0; p->fields != NULL && ok && i < p->layout->field_count; i++) {
        client_field *f = &p->fields[i];
        f->from = &p->layout->fields[i];
        ok = client_scope_take(&names, f->from->name, "field",
                               f->from->part != PORTICO_PART_FIXED ? variable : NULL, f->name);
        if (ok && f->from->fields != NULL) {
            f->packet = packet_take(k, f->from->fields);
            ok = f->packet != CLIENT_NO_PACKET;
        }
    }
    client_scope_free(&names);
    return ok && p->fields != NULL;
}

/* The index of the packet, which is added if need be. CLIENT_NO_PACKET: out of memory. Layouts nest
 * up to PACKET_DEPTH_MAX. */
static uint32_t packet_take(collecting *k, const packet_layout *layout) {
    client_packets *c = k->c;
    for (uint32_t i = 0; i < c->packet_count; i++) {
        if (same_layout(c->packets[i].layout, layout)) {
            return i;
        }
    }
    client_packet p = {.layout = layout};
    bool ok =
        fields_take(k, &p) && client_scope_take(&k->names, layout->name, "packet", NULL, p.name);
    client_packet *packets = ok ? grown(c->packets, c->packet_count, sizeof p) : NULL;
    if (packets == NULL) {
        free(p.fields);
        k->out_of_memory = true;
        return CLIENT_NO_PACKET;
    }
    c->packets = packets;
    packets[c->packet_count] = p;
    return c->packet_count++;
}

/* ---- opcodes --------------------------------------------------------------------------------- */

static const char *opcode_text(const registered_handler *h, char text[CLIENT_NAME_MAX]) {
    (void)snprintf(text, CLIENT_NAME_MAX, "OPCODE_%u", h->id);
    return h->name[0] != '\0' ? h->name : text;
}

static bool same_opcode(const registered_handler *a, const registered_handler *b) {
    return a == NULL || (a->id == b->id && strcmp(a->name, b->name) == 0);
}

/* The opcode of that number and name, if its direction is free. */
static client_opcode *opcode_find(const client_packets *c, const registered_handler *h, bool sent) {
    for (uint32_t i = 0; i < c->opcode_count; i++) {
        client_opcode *o = &c->opcodes[i];
        bool one = o->id == h->id && same_opcode(o->to_host, h) && same_opcode(o->from_host, h);
        if (one && (sent ? o->from_host : o->to_host) == NULL) {
            return o;
        }
    }
    return NULL;
}

static void opcode_take(collecting *k, const registered_handler *h, bool sent) {
    client_packets *c = k->c;
    char text[CLIENT_NAME_MAX];
    uint32_t packet = h->layout != NULL ? packet_take(k, h->layout) : CLIENT_NO_PACKET;
    client_opcode *o = opcode_find(c, h, sent);
    if (o == NULL) {
        client_opcode one = {.id = h->id};
        client_opcode *opcodes = grown(c->opcodes, c->opcode_count, sizeof one);
        c->opcodes = opcodes != NULL ? opcodes : c->opcodes;
        if (opcodes == NULL ||
            !client_scope_take(&k->names, opcode_text(h, text), "OPCODE", NULL, one.name)) {
            k->out_of_memory = true;
            return;
        }
        o = &opcodes[c->opcode_count++];
        *o = one;
    }
    *(sent ? &o->from_host : &o->to_host) = h;
    *(sent ? &o->from_packet : &o->to_packet) = packet;
}

static void type_take(collecting *k, const registered_type *t) {
    for (const registered_handler *h = t->packets; h != NULL; h = h->hh.next) {
        opcode_take(k, h, false);
    }
    for (const registered_handler *h = t->sends; h != NULL; h = h->hh.next) {
        opcode_take(k, h, true);
    }
}

portico_status client_packets_collect(client_packets *c, const generation *g) {
    collecting k = {.c = c};
    *c = (client_packets){0};
    for (const registered_type *t = g->registry->types; t != NULL; t = t->next) {
        type_take(&k, t);
    }
    client_scope_free(&k.names);
    if (k.out_of_memory) {
        client_packets_free(c);
        return PORTICO_E_NO_MEMORY;
    }
    return PORTICO_OK;
}

void client_packets_free(client_packets *c) {
    for (uint32_t i = 0; i < c->packet_count; i++) {
        free(c->packets[i].fields);
    }
    free(c->packets);
    free(c->opcodes);
    *c = (client_packets){0};
}

/* ---- for the languages ---------------------------------------------------------------------- */

client_shape client_field_shape(const client_field *f) {
    switch (f->from->part) {
    case PORTICO_PART_TEXT: return CLIENT_TEXT;
    case PORTICO_PART_BYTES: return CLIENT_BYTES;
    case PORTICO_PART_NUMBERS:
    case PORTICO_PART_ROWS: return CLIENT_LIST;
    default: break;
    }
    if (f->from->kind == PORTICO_KIND_CHAR) {
        return CLIENT_CHARS;
    }
    return f->from->count > 1 ? CLIENT_ARRAY : CLIENT_ONE;
}

static void write_direction(const client_packets *c, const registered_handler *h, uint32_t packet,
                            FILE *to) {
    if (packet != CLIENT_NO_PACKET) {
        fprintf(to, "%s", c->packets[packet].name);
    } else if (h->size_max == 0) {
        fprintf(to, "nothing");
    } else if (h->size_max == UINT32_MAX) {
        fprintf(to, "%u bytes or more", h->size_min);
    } else {
        fprintf(to, "%u to %u bytes", h->size_min, h->size_max);
    }
}

void client_opcode_remark(const client_packets *c, const client_opcode *o, FILE *to) {
    if (o->to_host != NULL) {
        fprintf(to, "to the host: ");
        write_direction(c, o->to_host, o->to_packet, to);
    }
    if (o->from_host != NULL) {
        fprintf(to, "%sfrom the host: ", o->to_host != NULL ? "; " : "");
        write_direction(c, o->from_host, o->from_packet, to);
    }
}
