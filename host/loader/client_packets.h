/* client_packets.h: what a client of a module sends and receives, with names for generated code.
 *
 * Packets that are declared alike are one. A packet comes after those that it contains; otherwise
 * the order is that of the module's tables. [main()] */
#ifndef PORTICO_CLIENT_PACKETS_H
#define PORTICO_CLIENT_PACKETS_H

#include "loader/client_names.h"
#include "module/generation.h"
#include "module/packet_layout.h"

#include <stdio.h>

typedef struct client_field {
    char name[CLIENT_NAME_MAX];
    const packet_field *from;
    uint32_t packet; /* of an element that is a struct: its index in `packets` */
} client_field;

typedef struct client_packet {
    char name[CLIENT_NAME_MAX];
    const packet_layout *layout;
    client_field *fields; /* as many as the layout has */
} client_packet;

#define CLIENT_NO_PACKET UINT32_MAX

/* An opcode in one or both directions. */
typedef struct client_opcode {
    char name[CLIENT_NAME_MAX];
    const registered_handler *to_host;   /* a row of .opcodes; NULL: the module does not take it */
    const registered_handler *from_host; /* a row of .sends; NULL: it does not send it */
    uint32_t to_packet, from_packet;     /* indices in `packets`; CLIENT_NO_PACKET: raw */
    uint32_t id;
} client_opcode;

typedef struct client_packets {
    client_packet *packets;
    uint32_t packet_count;
    client_opcode *opcodes;
    uint32_t opcode_count;
} client_packets;

/* Collects what the session types of `g` declare; refers to `g`. On failure there is nothing to
 * free: PORTICO_E_NO_MEMORY. */
portico_status client_packets_collect(client_packets *c, const generation *g);
void client_packets_free(client_packets *c);

/* Writes the remark beside an opcode: "to the host: join". */
void client_opcode_remark(const client_packets *c, const client_opcode *o, FILE *to);

/* How a field is made up. */
typedef enum client_shape {
    CLIENT_ONE,   /* a number, bool or packet */
    CLIENT_ARRAY, /* always from->count of them */
    CLIENT_LIST,  /* the rest of the packet: up to from->count of them */
    CLIENT_CHARS, /* a text in from->count bytes, with a zero */
    CLIENT_TEXT,  /* the rest of the packet: a text of up to from->count bytes */
    CLIENT_BYTES  /* the rest of the packet: up to from->count bytes */
} client_shape;

client_shape client_field_shape(const client_field *f);

#endif
