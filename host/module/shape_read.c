/* shape_read.c: reads a module's declaration of a state into a shape. See state_shape.h. */
#include "module/state_shape.h"

#include "base/text.h"
#include "module/abi_sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call of shape_init. */
typedef struct reading {
    char *why;
    size_t why_size;
    uint32_t fields;           /* read so far, of all structs */
    uint32_t depth;            /* of the struct that is being read; 0: the state itself */
    char path[SHAPE_PATH_MAX]; /* of it: "" or "bag[].hand." */
} reading;

#define REFUSE(r, ...) (snprintf((r)->why, (r)->why_size, __VA_ARGS__), PORTICO_E_INVALID)

/* Writes "" for the state itself, else "field bag[]: ", for a fault of the struct. */
static void say_where(const reading *r, char where[SHAPE_PATH_MAX + 16]) {
    size_t size = strlen(r->path); /* ends with a '.' unless it is cut */
    size -= size > 0;
    snprintf(where, SHAPE_PATH_MAX + 16, "%s%.*s%s", size > 0 ? "field " : "", (int)size, r->path,
             size > 0 ? ": " : "");
}

/* ---- a table --------------------------------------------------------------------------------- */

/* Takes over the name of the struct, and checks what must hold before a row may be read. */
static portico_status check_table(reading *r, state_shape *s, const portico_fields *t) {
    char where[SHAPE_PATH_MAX + 16];
    say_where(r, where);
    if (!field_name_copy(s->name, t->name)) {
        return REFUSE(r,
                      "%sthe name of the struct is %s: allowed are 1 to %d bytes of text without "
                      "blanks",
                      where, t->name == NULL ? "NULL" : "not allowed", FIELD_NAME_MAX - 1);
    }
    if (t->size != s->size) {
        return REFUSE(r,
                      "%s%s_fields is of a struct of %u bytes, and the %s has %u: name its own "
                      "fields",
                      where, s->name, t->size, r->depth == 0 ? "state" : "field", s->size);
    }
    if (!field_stride_allowed(t)) {
        return REFUSE(r, "%s%s_fields has field_size %u, allowed are %zu to %d: set it to sizeof",
                      where, s->name, t->field_size, (size_t)PORTICO_FIELD_SIZE_0_4,
                      ABI_ROW_BYTES_MAX);
    }
    if (t->field_count > SHAPE_FIELDS_MAX - r->fields) {
        return REFUSE(r,
                      "%s%s_fields has field_count %u: a state has up to %d, structs within "
                      "included",
                      where, s->name, t->field_count, SHAPE_FIELDS_MAX);
    }
    if (t->field_count > 0 && t->fields == NULL) {
        return REFUSE(r, "%s%s_fields has field_count %u and no fields", where, s->name,
                      t->field_count);
    }
    if (t->field_count == 0 && s->size > 0) {
        return REFUSE(r,
                      "%s%s_fields names no field of %u bytes: leave it NULL, or name the fields",
                      where, s->name, s->size);
    }
    return PORTICO_OK;
}

/* ---- a field --------------------------------------------------------------------------------- */

/* The sizes that an element of a kind may have; NULL: there is no such kind. */
static const char *allowed_sizes(uint32_t kind) {
    switch (kind) {
    case PORTICO_KIND_BYTES:
    case PORTICO_KIND_STRUCT: return "1 or more";
    case PORTICO_KIND_SIGNED:
    case PORTICO_KIND_UNSIGNED: return "1, 2, 4 or 8";
    case PORTICO_KIND_FLOAT: return "4 or 8";
    case PORTICO_KIND_BOOL:
    case PORTICO_KIND_CHAR: return "1";
    default: return NULL;
    }
}

static portico_status check_field(reading *r, const state_field *f, uint32_t part,
                                  uint32_t struct_size) {
    const char *sizes = allowed_sizes(f->kind);
    if (sizes == NULL) {
        return REFUSE(r, "field %s%s has kind %u, allowed are %d to %d", r->path, f->name, f->kind,
                      PORTICO_KIND_BYTES, PORTICO_KIND_STRUCT);
    }
    if (part != PORTICO_PART_FIXED) {
        return REFUSE(r,
                      "field %s%s is a variable part, which only packets have: a state has a "
                      "fixed size",
                      r->path, f->name);
    }
    if (!field_size_allowed(f->kind, f->size)) {
        return REFUSE(r, "field %s%s has kind %u and size %u, allowed is %s", r->path, f->name,
                      f->kind, f->size, sizes);
    }
    if (f->count == 0) {
        return REFUSE(r, "field %s%s has count 0, allowed are 1 or more", r->path, f->name);
    }
    if (f->offset > struct_size || f->size > struct_size ||
        f->count > (struct_size - f->offset) / f->size) {
        return REFUSE(
            r, "field %s%s with offset %u, size %u, count %u is not inside the %s of %u bytes",
            r->path, f->name, f->offset, f->size, f->count, r->depth == 0 ? "state" : "struct",
            struct_size);
    }
    return PORTICO_OK;
}

static portico_status read_fields(reading *r, state_shape *s, const portico_fields *t);

/* Reads the fields of a field that is a struct. */
static portico_status read_struct(reading *r, state_field *f, const portico_fields *fields) {
    if (fields == NULL) {
        return REFUSE(r, "field %s%s is a struct and its fields are NULL: use PORTICO_STRUCT",
                      r->path, f->name);
    }
    if (r->depth + 1 == SHAPE_DEPTH_MAX) {
        return REFUSE(r, "field %s%s is a struct within %u others: allowed are up to %d", r->path,
                      f->name, r->depth + 1, SHAPE_DEPTH_MAX - 1);
    }
    f->fields = calloc(1, sizeof *f->fields);
    if (f->fields == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    f->fields->size = f->size;
    f->fields->declared = true;
    size_t before = strlen(r->path);
    snprintf(r->path + before, sizeof r->path - before, "%s%s.", f->name, f->count > 1 ? "[]" : "");
    r->path[text_whole(r->path, strlen(r->path))] = '\0';
    r->depth++;
    portico_status status = read_fields(r, f->fields, fields);
    r->depth--;
    r->path[before] = '\0';
    return status;
}

static portico_status read_field(reading *r, state_field *f, const portico_fields *t,
                                 uint32_t index, uint32_t struct_size) {
    const portico_field from = field_row(t, index);
    char where[SHAPE_PATH_MAX + 16];
    say_where(r, where);
    if (!field_name_copy(f->name, from.name)) {
        return REFUSE(r,
                      "%sthe name of field %u is %s: allowed are 1 to %d bytes of text without "
                      "blanks",
                      where, index, from.name == NULL ? "NULL" : "not allowed", FIELD_NAME_MAX - 1);
    }
    f->kind = from.kind;
    f->offset = from.offset;
    f->size = from.size;
    f->count = from.count;
    portico_status status = check_field(r, f, from.part, struct_size);
    return status == PORTICO_OK && f->kind == PORTICO_KIND_STRUCT ? read_struct(r, f, from.fields)
                                                                  : status;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* By name where the offsets are equal: a message about the two is then the same on each system. */
static int compare_offsets(const void *a, const void *b) {
    const state_field *first = a;
    const state_field *second = b;
    int order = (first->offset > second->offset) - (first->offset < second->offset);
    return order != 0 ? order : strcmp(first->name, second->name);
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const state_field *const *)a)->name, (*(const state_field *const *)b)->name);
}

/* Sorts the fields by offset and by name, so that two that share bytes or a name are neighbours. */
static portico_status sort_fields(reading *r, state_shape *s) {
    qsort(s->fields, s->field_count, sizeof *s->fields, compare_offsets);
    for (uint32_t i = 0; i < s->field_count; i++) {
        s->by_name[i] = &s->fields[i];
    }
    qsort((void *)s->by_name, s->field_count, sizeof *s->by_name, compare_names);
    for (uint32_t i = 1; i < s->field_count; i++) {
        const state_field *f = &s->fields[i - 1];
        if (f->offset + f->size * f->count > f[1].offset) {
            return REFUSE(r, "fields %s%s and %s%s share bytes", r->path, f->name, r->path,
                          f[1].name);
        }
        if (strcmp(s->by_name[i - 1]->name, s->by_name[i]->name) == 0) {
            return REFUSE(r, "two fields are called %s%s", r->path, s->by_name[i]->name);
        }
    }
    return PORTICO_OK;
}

static portico_status read_fields(reading *r, state_shape *s, const portico_fields *t) {
    portico_status status = check_table(r, s, t);
    if (status != PORTICO_OK || t->field_count == 0) {
        return status;
    }
    s->fields = calloc(t->field_count, sizeof *s->fields);
    s->by_name = (const state_field **)calloc(t->field_count, sizeof *s->by_name);
    if (s->fields == NULL || s->by_name == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    s->field_count = t->field_count;
    r->fields += t->field_count;
    for (uint32_t i = 0; i < s->field_count; i++) {
        status = read_field(r, &s->fields[i], t, i, s->size);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return sort_fields(r, s);
}

portico_status shape_init(state_shape *s, uint32_t size, uint32_t version,
                          const portico_fields *fields, char *why, size_t why_size) {
    reading r = {.why = why, .why_size = why_size};
    *s = (state_shape){.size = size, .version = version, .declared = fields != NULL || size == 0};
    portico_status status = fields != NULL ? read_fields(&r, s, fields) : PORTICO_OK;
    if (status == PORTICO_E_NO_MEMORY) {
        snprintf(why, why_size, "out of memory for its fields");
    }
    if (status != PORTICO_OK) {
        shape_fini(s);
    }
    return status;
}

void shape_fini(state_shape *s) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        if (s->fields[i].fields != NULL) {
            shape_fini(s->fields[i].fields);
            free(s->fields[i].fields);
        }
    }
    free(s->fields);
    free((void *)s->by_name);
    *s = (state_shape){0};
}
