/* packet_layout.h: a declared packet as it is on the wire, and the check of a packet that has
 * arrived.
 *
 * A layout is a copy without pointers into a module, so it outlives the generation that declared
 * it. Pure, any thread; a layout does not change after packet_layout_create. What modules declare,
 * and what fits, is described in packet.h.
 */
#ifndef PORTICO_PACKET_LAYOUT_H
#define PORTICO_PACKET_LAYOUT_H

#include "module/field_rules.h"

#include <portico/portico.h>

#include <string.h>

enum {
    PACKET_FIELDS_MAX = 1024, /* of a packet, those of structs within included */
    PACKET_DEPTH_MAX = 8,     /* structs within structs, the outermost included */
    PACKET_WHY_MAX = 512      /* room for any `why` */
};

typedef struct packet_layout packet_layout;

typedef struct packet_field {
    char name[FIELD_NAME_MAX];
    const packet_layout *fields; /* of an element, for PORTICO_KIND_STRUCT; else NULL */
    uint32_t kind;               /* PORTICO_KIND_..., never BYTES */
    uint32_t part;               /* PORTICO_PART_...: only the last field is not FIXED */
    uint32_t size;               /* bytes of an element on the wire */
    uint32_t count;              /* elements; of a variable part the most */
    uint32_t offset;             /* of the first byte on the wire */
    bool needs_check;
} packet_field;

/* A text in an array. */
typedef struct packet_text {
    uint32_t offset;
    uint32_t size;
} packet_text;

struct packet_layout {
    char name[FIELD_NAME_MAX];
    uint32_t size_min; /* bytes on the wire */
    uint32_t size_max;
    bool needs_check; /* not every packet whose size is from size_min to size_max fits */
    uint32_t field_count;
    packet_field *fields; /* in the order on the wire */
    /* The parts that packet_layout_check looks at, with all elements and structs within: */
    uint32_t bool_count;
    uint32_t text_count;
    uint16_t *bools; /* offsets on the wire */
    packet_text *texts;
    bool needs_more; /* than the bools */
};

/* Copies what a module declares. The description is not trusted, as long as its pointers can be
 * read. On failure *layout is NULL and `why` names the packet and the field, and says what is
 * wrong: PORTICO_E_INVALID, PORTICO_E_NO_MEMORY. */
portico_status packet_layout_create(packet_layout **layout, const portico_fields *from, char *why,
                                    size_t why_size);
void packet_layout_free(packet_layout *layout); /* NULL: does nothing */

static inline uint32_t packet_layout_min(const packet_layout *l) {
    return l->size_min;
}
static inline uint32_t packet_layout_max(const packet_layout *l) {
    return l->size_max;
}
static inline bool packet_layout_needs_check(const packet_layout *l) {
    return l->needs_check;
}

/* Whether the size of a packet fits: it can be shown field by field. */
static inline bool packet_layout_has_size(const packet_layout *l, uint32_t size) {
    uint32_t element = l->fields[l->field_count - 1].size;
    return size >= l->size_min && size <= l->size_max && (size - l->size_min) % element == 0;
}

/* A number of 1 to 8 bytes as on the wire, little endian; and what such bits are by their kind. */
static inline uint64_t packet_bits(const uint8_t *at, uint32_t size) {
    uint64_t bits = 0;
    for (uint32_t i = size; i-- > 0;) {
        bits = bits << 8 | at[i];
    }
    return bits;
}

static inline int64_t packet_signed(uint64_t bits, uint32_t size) {
    uint32_t unused = (64 - 8 * size) & 63;
    return (int64_t)(bits << unused) >> unused;
}

static inline double packet_real(uint64_t bits, uint32_t size) {
    uint32_t half = (uint32_t)bits;
    float single = 0;
    double number = 0;
    memcpy(&single, &half, sizeof single);
    memcpy(&number, &bits, sizeof number);
    return size == sizeof single ? (double)single : number;
}

/* Whether a packet fits, its size included. If not, `why` names the packet and the field, what was
 * expected and what was found: "packet snapshot: field places[3].seen is 7, allowed are 0 and
 * 1". */
bool packet_layout_check(const packet_layout *l, const uint8_t *data, uint32_t size, char *why,
                         size_t why_size);

/* Writes the fields in one line: "u32 tick, text[16] map, place[0..256] places {u16 number, f32
 * x}". Ends with "..." where `size` does not suffice. */
void packet_layout_text(const packet_layout *l, char *text, size_t size);

/* The type of an element: "u8", "i16", "f32", "bool", "text", "bytes", or a struct's name. */
const char *packet_field_type(const packet_field *f);

#endif
