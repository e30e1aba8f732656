/* packet.c: descriptions of packets, and packets. A description of any numbers is accepted only if
 * a second list of the rules agrees, whatever its structs refer to; a packet only if a second
 * reading of the description agrees. What is accepted of a packet that is declared in C is decoded,
 * and encoded again it is the same.
 *
 * Input: a byte; then a description (see read_structs) and a packet, or just a packet.
 *
 * Covers: module/packet_layout.c, module/packet_check.c */
#include "base/text.h"
#include "fuzz.h"
#include "support/packets.h"

enum { STRUCTS = 4, FIELDS_MAX = 8, NAME_BYTES = 80, PACKET_BYTES = 70000 };

/* A struct as it is described. */
typedef struct described {
    portico_fields fields;
    uint8_t *list; /* field_count fields of field_size bytes */
    char names[FIELDS_MAX][NAME_BYTES];
    char name[NAME_BYTES];
} described;

static described structs[STRUCTS];

/* ---- descriptions ---------------------------------------------------------------------------- */

/* Mostly a small number, sometimes one that may overflow. */
static uint32_t read_number(input *in) {
    uint8_t first = input_u8(in);
    return first < 0xF0 ? first : first < 0xF8 ? input_u16(in) : input_u32(in);
}

static void read_name(input *in, char name[NAME_BYTES], uint32_t index) {
    uint8_t first = input_u8(in);
    if (first < 0xE0) {
        (void)snprintf(name, NAME_BYTES, "%c%u", 'a' + first % 20, first < 0xD8 ? index : 0);
        return;
    }
    uint32_t size = first == 0xE0 ? 63 + input_u8(in) % 3 : first % 8;
    for (uint32_t i = 0; i < size; i++) {
        name[i] = first == 0xE0 ? 'x' : (char)input_u8(in);
    }
    name[size] = '\0';
}

static portico_field field_of(const portico_fields *s, uint32_t index) {
    portico_field f;
    memcpy(&f, (const char *)s->fields + (size_t)index * s->field_size, sizeof f);
    return f;
}

/* A good field after those before it, unless `first` says otherwise. Structs refer to later ones,
 * which are read already. */
static void read_field(input *in, described *s, uint32_t index, uint32_t *end) {
    static const uint8_t kinds[] = {PORTICO_KIND_SIGNED, PORTICO_KIND_UNSIGNED,
                                    PORTICO_KIND_FLOAT,  PORTICO_KIND_BOOL,
                                    PORTICO_KIND_CHAR,   PORTICO_KIND_STRUCT};
    uint8_t first = input_u8(in);
    portico_field f = {.name = s->names[index], .kind = kinds[first % 6], .offset = *end};
    uint32_t me = (uint32_t)(s - structs);
    const described *inner =
        &structs[me + 1 < STRUCTS ? me + 1 + first / 8 % (STRUCTS - me - 1) : me];
    f.size = f.kind == PORTICO_KIND_FLOAT ? 4u << (first / 8 % 2) : 1u << (first / 8 % 4);
    f.count = f.kind == PORTICO_KIND_CHAR ? 2 + first % 16 : 1 + first % 3;
    f.part = first >= 0xC0 ? 1 + first % 4 : PORTICO_PART_FIXED;
    if (f.kind == PORTICO_KIND_BOOL || f.kind == PORTICO_KIND_CHAR) {
        f.size = 1;
    }
    if (f.part == PORTICO_PART_TEXT || f.part == PORTICO_PART_BYTES) {
        f.kind = f.part == PORTICO_PART_TEXT ? PORTICO_KIND_CHAR : PORTICO_KIND_UNSIGNED;
        f.size = 1;
    }
    if (f.kind == PORTICO_KIND_STRUCT) {
        f.fields = &inner->fields;
        f.size = inner->fields.size;
    }
    uint8_t odd = first >= 0x60 && first < 0xE0 ? 0 : input_u8(in);
    f.count = (odd & 1) != 0 ? read_number(in) : f.count;
    f.size = (odd & 2) != 0 ? read_number(in) : f.size;
    f.kind = (odd & 4) != 0 ? read_number(in) % 10 : f.kind;
    f.offset = (odd & 8) != 0 ? read_number(in) : f.offset;
    f.part = (odd & 16) != 0 ? read_number(in) % 7 : f.part;
    if ((odd & 32) != 0) {
        f.fields = &structs[input_u8(in) % STRUCTS].fields; /* possibly itself */
        f.size = f.fields->size;
    }
    f.fields = odd == 0xC0 ? NULL : f.fields;
    f.name = odd == 0xC1 ? NULL : f.name;
    read_name(in, s->names[index], index);
    bool pointer = f.part == PORTICO_PART_TEXT || f.part == PORTICO_PART_BYTES;
    *end = f.offset + (pointer ? (uint32_t)sizeof(void *) : f.size * f.count);
    memcpy(s->list + (size_t)index * s->fields.field_size, &f,
           s->fields.field_size < sizeof f ? s->fields.field_size : sizeof f);
}

static void read_struct(input *in, described *s) {
    uint8_t first = input_u8(in);
    uint32_t count = first % (FIELDS_MAX + 1);
    uint32_t end = 0;
    read_name(in, s->name, 0);
    s->fields = (portico_fields){
        .name = s->name, .field_count = count, .field_size = sizeof(portico_field)};
    if (first >= 0xF0) {
        s->fields.field_size = read_number(in);
    }
    /* A size that is refused is not used as one. */
    uint64_t list_size = s->fields.field_size <= 4096 ? (uint64_t)s->fields.field_size * count : 0;
    s->list = calloc(1, list_size + 1);
    CHECK(s->list != NULL);
    for (uint32_t i = 0; list_size > 0 && i < count; i++) {
        read_field(in, s, i, &end);
    }
    s->list = realloc(s->list, list_size > 0 ? list_size : 1);
    s->fields.fields = (const portico_field *)(const void *)s->list;
    uint8_t last = input_u8(in);
    s->fields.size = last < 0xE0 ? end + last % 4 : read_number(in);
    if (last == 0xFF) {
        s->fields.field_count = read_number(in) | 1025;
    } else if (last == 0xFE) {
        s->fields.fields = NULL;
    } else if (last == 0xFD) {
        s->fields.name = NULL;
    }
}

/* ---- the second implementation --------------------------------------------------------------- */

static bool slow_name(const char *name) {
    size_t size = name != NULL ? strlen(name) : 0;
    return size > 0 && size < 64 && text_is_plain(name, size) && strchr(name, ' ') == NULL;
}

static bool slow_kind(const portico_field *f) {
    bool integer = (f->kind == PORTICO_KIND_SIGNED || f->kind == PORTICO_KIND_UNSIGNED) &&
                   (f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8);
    bool number = integer || (f->kind == PORTICO_KIND_FLOAT && (f->size == 4 || f->size == 8));
    switch (f->part) {
    case PORTICO_PART_FIXED:
        return number || f->kind == PORTICO_KIND_STRUCT ||
               (f->kind == PORTICO_KIND_BOOL && f->size == 1) ||
               (f->kind == PORTICO_KIND_CHAR && f->size == 1 && f->count > 1);
    case PORTICO_PART_TEXT: return f->kind == PORTICO_KIND_CHAR && f->size == 1;
    case PORTICO_PART_BYTES: return f->kind == PORTICO_KIND_UNSIGNED && f->size == 1;
    case PORTICO_PART_NUMBERS: return number;
    case PORTICO_PART_ROWS: return f->kind == PORTICO_KIND_STRUCT;
    default: return false;
    }
}

static uint64_t slow_end(const portico_field *f) {
    bool pointer = f->part == PORTICO_PART_TEXT || f->part == PORTICO_PART_BYTES;
    return f->offset + (pointer ? 8 : (uint64_t)f->size * f->count);
}

static bool slow_apart(const portico_fields *s, const portico_field *f, uint32_t index) {
    for (uint32_t k = 0; k < index; k++) {
        portico_field g = field_of(s, k);
        if (strcmp(f->name, g.name) == 0 || (f->offset < slow_end(&g) && g.offset < slow_end(f))) {
            return false;
        }
    }
    return true;
}

/* The bytes of an element on the wire, or -1 if the description must be refused. The bytes of all
 * fields are then *most, of those that are always there *least. `budget` counts fields. */
static int64_t slow_struct(const portico_fields *s, int depth, int *budget, int64_t *least) {
    int64_t most = 0;
    *least = 0;
    if (depth > 8 || !slow_name(s->name) || s->field_size < 40 || s->field_size > 4096 ||
        s->field_count == 0 || s->field_count > 1024 || s->fields == NULL) {
        return -1;
    }
    for (uint32_t i = 0; i < s->field_count; i++) {
        portico_field f = field_of(s, i);
        if (--*budget < 0 || !slow_name(f.name) || f.count == 0 || !slow_kind(&f) ||
            slow_end(&f) > s->size || !slow_apart(s, &f, i) ||
            (f.part != PORTICO_PART_FIXED && i + 1 < s->field_count)) {
            return -1;
        }
        int64_t size = f.size;
        if (f.kind == PORTICO_KIND_STRUCT) {
            int64_t inner_least = 0;
            size = f.fields != NULL && f.fields->size == f.size
                       ? slow_struct(f.fields, depth + 1, budget, &inner_least)
                       : -1;
            if (size < 0 || size != inner_least ||
                field_of(f.fields, f.fields->field_count - 1).part != PORTICO_PART_FIXED) {
                return -1;
            }
        }
        most += size * f.count;
        *least += f.part == PORTICO_PART_FIXED ? size * f.count : 0;
        if (most > 65536) {
            return -1;
        }
    }
    return most;
}

static bool slow_text(const uint8_t *text, size_t size) {
    return memchr(text, 0, size) == NULL && text_is_utf8((const char *)text, size);
}

/* Moves *at past a struct whose variable part, if any, ends at `end`; false: it does not fit. */
static bool slow_check(const portico_fields *s, const uint8_t **at, const uint8_t *end) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        portico_field f = field_of(s, i);
        uint64_t left = (uint64_t)(end - *at);
        if (f.part == PORTICO_PART_TEXT || f.part == PORTICO_PART_BYTES) {
            bool fits = left <= f.count && (f.part == PORTICO_PART_BYTES || slow_text(*at, left));
            *at = end;
            return fits;
        }
        for (uint32_t k = 0; f.part == PORTICO_PART_FIXED ? k < f.count : *at < end; k++) {
            if (k == f.count) {
                return false;
            }
            if (f.kind == PORTICO_KIND_STRUCT) {
                if (!slow_check(f.fields, at, end)) {
                    return false;
                }
                continue;
            }
            if ((uint64_t)(end - *at) < f.size || (f.kind == PORTICO_KIND_BOOL && **at > 1)) {
                return false;
            }
            *at += f.size;
        }
        if (f.kind == PORTICO_KIND_CHAR) {
            const char *text = (const char *)*at - f.count;
            size_t used = strnlen(text, f.count);
            for (size_t k = used; k < f.count; k++) {
                if (text[k] != '\0') {
                    return false;
                }
            }
            if (used == f.count || !slow_text((const uint8_t *)text, used)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the checks ------------------------------------------------------------------------------ */

/* A packet of what is left of the input and zeros, of a size that often fits. The caller frees
 * it. */
static uint8_t *read_packet(input *in, const packet_layout *l, uint32_t *size) {
    uint8_t first = input_u8(in);
    *size = first < 0x80   ? (uint32_t)in->size
            : first < 0xA0 ? packet_layout_min(l)
            : first < 0xC0 ? packet_layout_max(l)
                           : packet_layout_min(l) + read_number(in) % PACKET_BYTES;
    uint8_t *data = calloc(1, *size + 1u);
    CHECK(data != NULL);
    memcpy(data, in->at, *size < in->size ? *size : in->size);
    data[*size] = 0;
    return data;
}

static bool checked(const packet_layout *l, const uint8_t *data, uint32_t size) {
    char why[PACKET_WHY_MAX] = "";
    bool fits = packet_layout_check(l, data, size, why, sizeof why);
    CHECK_INT(why[0] == '\0', fits);
    CHECK(text_is_plain(why, strlen(why)));
    CHECK(fits || strncmp(why, "packet ", 7) == 0);
    if (!packet_layout_needs_check(l)) {
        CHECK_INT(fits, size >= packet_layout_min(l) && size <= packet_layout_max(l));
    }
    return fits;
}

static void described_packet(input *in) {
    char why[PACKET_WHY_MAX] = "";
    packet_layout *l = NULL;
    for (uint32_t i = STRUCTS; i-- > 0;) { /* so that those that are referred to are there */
        read_struct(in, &structs[i]);
    }
    int budget = 1024;
    int64_t least = 0;
    int64_t most = slow_struct(&structs[0].fields, 1, &budget, &least);
    portico_status status = packet_layout_create(&l, &structs[0].fields, why, sizeof why);
    CHECK_INT(status, most >= 0 ? PORTICO_OK : PORTICO_E_INVALID);
    CHECK_INT(why[0] == '\0', status == PORTICO_OK);
    CHECK(text_is_plain(why, strlen(why)) && strlen(why) < sizeof why - 1);
    if (status == PORTICO_OK) {
        CHECK_INT(packet_layout_min(l), least);
        CHECK_INT(packet_layout_max(l), most);
        char text[300];
        size_t text_size = 4 + input_u16(in) % (sizeof text - 4);
        memset(text, 0x7F, sizeof text);
        packet_layout_text(l, text, text_size);
        CHECK(memchr(text, '\0', text_size) != NULL);
        uint32_t size = 0;
        uint8_t *data = read_packet(in, l, &size);
        const uint8_t *at = data;
        bool fits = slow_check(&structs[0].fields, &at, data + size) && at == data + size;
        CHECK_INT(checked(l, data, size), fits);
        free(data);
        packet_layout_free(l);
    }
    for (uint32_t i = 0; i < STRUCTS; i++) {
        free(structs[i].list);
    }
}

static void declared_packet(input *in, const subject *s) {
    static _Alignas(16) uint8_t decoded[STRUCT_MAX];
    uint8_t again[WIRE_MAX];
    uint32_t size = 0;
    uint32_t again_size = 0;
    uint8_t *data = read_packet(in, s->layout, &size);
    bool fits = checked(s->layout, data, size);
    bool decodes = s->decode(decoded, data, size);
    CHECK(decodes || !fits);
    if (decodes) { /* of a text that is not UTF-8 too */
        CHECK_INT(s->encode(decoded, again, sizeof again, &again_size), PORTICO_OK);
        CHECK_INT(again_size, size);
    }
    CHECK(!fits || memcmp(again, data, size) == 0);
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    if (!started) {
        started = true;
        CHECK(subjects_start());
    }
    input in = {data, size};
    uint8_t first = input_u8(&in);
    if (first < SUBJECTS_COUNT) {
        declared_packet(&in, &subjects[first]);
    } else {
        described_packet(&in);
    }
    return 0;
}
