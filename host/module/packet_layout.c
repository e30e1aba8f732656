/* packet_layout.c: reads the description of a packet. See packet_layout.h; packet_check.c checks
 * packets with it. */
#include "module/packet_layout.h"

#include "module/abi_sizes.h"

#include <portico/packet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call of packet_layout_create. */
typedef struct reading {
    char *why;
    size_t why_size;
    uint32_t fields; /* read so far, of all structs */
    uint32_t depth;  /* of the struct being read */
} reading;

#define REFUSE(r, ...) (snprintf((r)->why, (r)->why_size, __VA_ARGS__), PORTICO_E_INVALID)

static bool kind_allowed(const portico_field *f) {
    bool sized = field_size_allowed(f->kind, f->size);
    bool number = sized && field_is_number(f->kind);
    switch (f->part) {
    case PORTICO_PART_FIXED:
        return number || f->kind == PORTICO_KIND_STRUCT ||
               (sized && (f->kind == PORTICO_KIND_BOOL || f->kind == PORTICO_KIND_CHAR));
    case PORTICO_PART_TEXT: return f->kind == PORTICO_KIND_CHAR && f->size == 1;
    case PORTICO_PART_BYTES: return f->kind == PORTICO_KIND_UNSIGNED && f->size == 1;
    case PORTICO_PART_NUMBERS: return number;
    default: return f->kind == PORTICO_KIND_STRUCT;
    }
}

/* The bytes of a field in the struct. */
static uint64_t memory_size(const portico_field *f) {
    bool pointer = f->part == PORTICO_PART_TEXT || f->part == PORTICO_PART_BYTES;
    return pointer ? sizeof(void *) : (uint64_t)f->size * f->count;
}

static portico_status field_check(reading *r, const packet_layout *l, const portico_field *f,
                                  const char *name, uint32_t struct_size) {
    if (f->part > PORTICO_PART_ROWS) {
        return REFUSE(r, "packet %s: field %s has part %u, allowed are 0 to %d", l->name, name,
                      f->part, PORTICO_PART_ROWS);
    }
    if (!kind_allowed(f)) {
        return REFUSE(r,
                      "packet %s: field %s has part %u, kind %u and size %u, which do not go "
                      "together",
                      l->name, name, f->part, f->kind, f->size);
    }
    if (f->count == 0) {
        return REFUSE(r, "packet %s: field %s has count 0, allowed are 1 or more", l->name, name);
    }
    if (f->kind == PORTICO_KIND_CHAR && f->part == PORTICO_PART_FIXED && f->count == 1) {
        return REFUSE(r, "packet %s: field %s is a text of 1 byte: it has room for a zero only",
                      l->name, name);
    }
    if (f->offset + memory_size(f) > struct_size) {
        return REFUSE(r,
                      "packet %s: field %s with offset %u, size %u, count %u is not inside the "
                      "struct of %u bytes",
                      l->name, name, f->offset, f->size, f->count, struct_size);
    }
    return PORTICO_OK;
}

static portico_status layout_read(reading *r, packet_layout **layout, const portico_fields *from);

/* The struct that a field consists of. */
static portico_status struct_read(reading *r, const packet_layout *l, packet_field *f,
                                  const portico_field *from) {
    if (from->fields == NULL) {
        return REFUSE(r, "packet %s: field %s is a struct and has no fields", l->name, f->name);
    }
    if (r->depth == PACKET_DEPTH_MAX) {
        return REFUSE(r, "packet %s: field %s is a struct inside of %d others, allowed are %d",
                      l->name, f->name, PACKET_DEPTH_MAX, PACKET_DEPTH_MAX - 1);
    }
    packet_layout *fields = NULL;
    r->depth++;
    portico_status status = layout_read(r, &fields, from->fields);
    r->depth--;
    f->fields = fields;
    if (status != PORTICO_OK) {
        return status;
    }
    if (from->size != from->fields->size) {
        return REFUSE(r, "packet %s: field %s has size %u, but %s has %u", l->name, f->name,
                      from->size, fields->name, from->fields->size);
    }
    if (fields->fields[fields->field_count - 1].part != PORTICO_PART_FIXED) {
        return REFUSE(r, "packet %s: field %s is %s, which has a part of variable size", l->name,
                      f->name, fields->name);
    }
    f->size = fields->size_max;
    f->needs_check = fields->needs_check;
    return PORTICO_OK;
}

static bool always_checked(const packet_field *f) {
    return f->kind == PORTICO_KIND_BOOL || f->kind == PORTICO_KIND_CHAR ||
           ((f->part == PORTICO_PART_NUMBERS || f->part == PORTICO_PART_ROWS) && f->size > 1);
}

/* Adds a field that has been read to the layout's sizes. */
static portico_status field_add(reading *r, packet_layout *l, packet_field *f) {
    uint64_t bytes = (uint64_t)f->size * f->count;
    if (l->size_max + bytes > PORTICO_PACKET_MAX) {
        return REFUSE(r, "packet %s: with field %s it has %llu bytes, allowed are up to %d",
                      l->name, f->name, (unsigned long long)(l->size_max + bytes),
                      PORTICO_PACKET_MAX);
    }
    f->offset = l->size_max;
    f->needs_check = f->needs_check || always_checked(f);
    l->size_max += (uint32_t)bytes;
    l->size_min = f->part == PORTICO_PART_FIXED ? l->size_max : l->size_min;
    l->needs_check = l->needs_check || f->needs_check;
    return PORTICO_OK;
}

/* The field shares neither its name nor its bytes with one before it. */
static portico_status others_check(reading *r, const packet_layout *l, const portico_fields *from,
                                   const portico_field *f, uint32_t index) {
    const char *name = l->fields[index].name;
    for (uint32_t i = 0; i < index; i++) {
        const portico_field other = field_row(from, i);
        if (strcmp(l->fields[i].name, name) == 0) {
            return REFUSE(r, "packet %s: two fields are called %s", l->name, name);
        }
        if (f->offset < other.offset + memory_size(&other) &&
            other.offset < f->offset + memory_size(f)) {
            return REFUSE(r, "packet %s: fields %s and %s share bytes", l->name, l->fields[i].name,
                          name);
        }
    }
    return PORTICO_OK;
}

static portico_status field_read(reading *r, packet_layout *l, const portico_fields *from,
                                 uint32_t index) {
    packet_field *f = &l->fields[index];
    const portico_field field = field_row(from, index);
    if (!field_name_copy(f->name, field.name)) {
        return REFUSE(r,
                      "packet %s: the name of field %u is %s: allowed are 1 to %d bytes of text "
                      "without blanks",
                      l->name, index, field.name == NULL ? "NULL" : "not allowed",
                      FIELD_NAME_MAX - 1);
    }
    if (++r->fields > PACKET_FIELDS_MAX) {
        return REFUSE(r,
                      "packet %s: with field %s and those of all structs there are more than %d "
                      "fields",
                      l->name, f->name, PACKET_FIELDS_MAX);
    }
    portico_status status = field_check(r, l, &field, f->name, from->size);
    if (status != PORTICO_OK) {
        return status;
    }
    if (field.part != PORTICO_PART_FIXED && index + 1 < from->field_count) {
        return REFUSE(r, "packet %s: field %s has a variable size, but is not the last", l->name,
                      f->name);
    }
    f->kind = field.kind;
    f->part = field.part;
    f->size = field.size;
    f->count = field.count;
    if (field.kind == PORTICO_KIND_STRUCT) {
        status = struct_read(r, l, f, &field);
    }
    if (status == PORTICO_OK) {
        status = others_check(r, l, from, &field, index);
    }
    return status == PORTICO_OK ? field_add(r, l, f) : status;
}

static portico_status fields_read(reading *r, packet_layout *l, const portico_fields *from) {
    if (!field_name_copy(l->name, from->name)) {
        return REFUSE(r,
                      "the name of a packet is %s: allowed are 1 to %d bytes of text without "
                      "blanks",
                      from->name == NULL ? "NULL" : "not allowed", FIELD_NAME_MAX - 1);
    }
    if (!field_stride_allowed(from)) {
        return REFUSE(r, "packet %s: field_size is %u, allowed are %zu to %d: set it to sizeof",
                      l->name, from->field_size, PORTICO_FIELD_SIZE_0_4, ABI_ROW_BYTES_MAX);
    }
    if (from->field_count == 0 || from->field_count > PACKET_FIELDS_MAX) {
        return REFUSE(r, "packet %s: field_count is %u, allowed are 1 to %d", l->name,
                      from->field_count, PACKET_FIELDS_MAX);
    }
    if (from->fields == NULL) {
        return REFUSE(r, "packet %s: fields is NULL, but field_count is %u", l->name,
                      from->field_count);
    }
    l->fields = calloc(from->field_count, sizeof *l->fields);
    if (l->fields == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = PORTICO_OK;
    for (uint32_t i = 0; status == PORTICO_OK && i < from->field_count; i++) {
        l->field_count = i + 1; /* packet_layout_free frees what it has begun to read */
        status = field_read(r, l, from, i);
    }
    return status;
}

/* Adds the bools and texts of a field to the layout's, or counts them while there are no lists. */
static void checks_add(packet_layout *l, const packet_field *f) {
    for (uint32_t i = 0; f->part == PORTICO_PART_FIXED && i < f->count; i++) {
        uint32_t at = f->offset + i * f->size;
        const packet_layout *s = f->fields;
        if (f->kind == PORTICO_KIND_CHAR) {
            if (l->texts != NULL) {
                l->texts[l->text_count] = (packet_text){at, f->count};
            }
            l->text_count++;
            return;
        }
        if (f->kind == PORTICO_KIND_BOOL) {
            if (l->bools != NULL) {
                l->bools[l->bool_count] = (uint16_t)at;
            }
            l->bool_count++;
        }
        for (uint32_t k = 0; s != NULL && l->bools != NULL && k < s->bool_count; k++) {
            l->bools[l->bool_count + k] = (uint16_t)(at + s->bools[k]);
        }
        for (uint32_t k = 0; s != NULL && l->texts != NULL && k < s->text_count; k++) {
            l->texts[l->text_count + k] = (packet_text){at + s->texts[k].offset, s->texts[k].size};
        }
        l->bool_count += s != NULL ? s->bool_count : 0;
        l->text_count += s != NULL ? s->text_count : 0;
    }
}

static portico_status checks_collect(packet_layout *l) {
    for (uint32_t i = 0; i < l->field_count; i++) {
        checks_add(l, &l->fields[i]);
    }
    l->bools = calloc(l->bool_count + 1u, sizeof *l->bools);
    l->texts = calloc(l->text_count + 1u, sizeof *l->texts);
    if (l->bools == NULL || l->texts == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    l->bool_count = l->text_count = 0;
    for (uint32_t i = 0; i < l->field_count; i++) {
        checks_add(l, &l->fields[i]);
    }
    const packet_field *last = &l->fields[l->field_count - 1];
    l->needs_more = l->text_count > 0 || (last->part != PORTICO_PART_FIXED && last->needs_check);
    return PORTICO_OK;
}

static portico_status layout_read(reading *r, packet_layout **layout, const portico_fields *from) {
    packet_layout *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = fields_read(r, l, from);
    if (status == PORTICO_OK) {
        status = checks_collect(l);
    }
    if (status != PORTICO_OK) {
        packet_layout_free(l);
        return status;
    }
    *layout = l;
    return PORTICO_OK;
}

portico_status packet_layout_create(packet_layout **layout, const portico_fields *from, char *why,
                                    size_t why_size) {
    reading r = {.why = why, .why_size = why_size, .depth = 1};
    *layout = NULL;
    portico_status status = layout_read(&r, layout, from);
    if (status == PORTICO_E_NO_MEMORY) {
        snprintf(why, why_size, "out of memory for the fields of a packet");
    }
    return status;
}

void packet_layout_free(packet_layout *layout) {
    if (layout == NULL) {
        return;
    }
    for (uint32_t i = 0; i < layout->field_count; i++) {
        packet_layout_free((packet_layout *)layout->fields[i].fields);
    }
    free(layout->fields);
    free(layout->bools);
    free(layout->texts);
    free(layout);
}
