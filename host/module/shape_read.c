/* shape_read.c: reads a module's declaration of a state into a shape. See state_shape.h. */
#include "module/state_shape.h"

#include "base/text.h"
#include "module/abi_sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_STRIDE_MAX = 4096 };

static portico_status check_table(const portico_state_fields *t, uint32_t size, char *why,
                                  size_t why_size) {
    if (t->struct_size < PORTICO_STATE_FIELDS_SIZE_0_3) {
        snprintf(why, why_size,
                 "state_fields has struct_size %u, the least is %zu: set it to sizeof",
                 t->struct_size, PORTICO_STATE_FIELDS_SIZE_0_3);
    } else if (t->field_size < PORTICO_FIELD_SIZE_0_3 || t->field_size > FIELD_STRIDE_MAX) {
        snprintf(why, why_size,
                 "state_fields has field_size %u, allowed are %zu to %d: set it to sizeof",
                 t->field_size, PORTICO_FIELD_SIZE_0_3, FIELD_STRIDE_MAX);
    } else if (t->field_count > SHAPE_FIELDS_MAX) {
        snprintf(why, why_size, "state_fields has field_count %u, allowed are up to %d",
                 t->field_count, SHAPE_FIELDS_MAX);
    } else if (t->field_count > 0 && t->fields == NULL) {
        snprintf(why, why_size, "state_fields has field_count %u and no fields", t->field_count);
    } else if (t->field_count == 0 && size > 0) {
        snprintf(
            why, why_size,
            "state_fields names no field of a state of %u bytes: leave it NULL, or name the fields",
            size);
    } else {
        return PORTICO_OK;
    }
    return PORTICO_E_INVALID;
}

/* The sizes that an element of a kind may have; NULL: there is no such kind. */
static const char *allowed_sizes(uint32_t kind) {
    switch (kind) {
    case PORTICO_KIND_BYTES: return "1 or more";
    case PORTICO_KIND_SIGNED:
    case PORTICO_KIND_UNSIGNED: return "1, 2, 4 or 8";
    case PORTICO_KIND_FLOAT: return "4 or 8";
    case PORTICO_KIND_BOOL:
    case PORTICO_KIND_CHAR: return "1";
    default: return NULL;
    }
}

static bool size_allowed(uint32_t kind, uint32_t size) {
    switch (kind) {
    case PORTICO_KIND_BYTES: return size > 0;
    case PORTICO_KIND_SIGNED:
    case PORTICO_KIND_UNSIGNED: return size == 1 || size == 2 || size == 4 || size == 8;
    case PORTICO_KIND_FLOAT: return size == 4 || size == 8;
    default: return size == 1;
    }
}

static bool name_allowed(const char *name, size_t size) {
    return size > 0 && text_is_plain(name, size) && memchr(name, ' ', size) == NULL;
}

static portico_status check_field(const state_field *f, uint32_t state_size, char *why,
                                  size_t why_size) {
    const char *sizes = allowed_sizes(f->kind);
    if (sizes == NULL) {
        snprintf(why, why_size, "field %s has kind %u, allowed are %d to %d", f->name, f->kind,
                 PORTICO_KIND_BYTES, PORTICO_KIND_CHAR);
    } else if (!size_allowed(f->kind, f->size)) {
        snprintf(why, why_size, "field %s has kind %u and size %u, allowed is %s", f->name, f->kind,
                 f->size, sizes);
    } else if (f->count == 0) {
        snprintf(why, why_size, "field %s has count 0, allowed are 1 or more", f->name);
    } else if (f->offset > state_size || f->size > state_size ||
               f->count > (state_size - f->offset) / f->size) {
        snprintf(why, why_size,
                 "field %s with offset %u, size %u, count %u is not inside the state of %u bytes",
                 f->name, f->offset, f->size, f->count, state_size);
    } else {
        return PORTICO_OK;
    }
    return PORTICO_E_INVALID;
}

static portico_status read_field(state_field *f, const portico_state_fields *t, uint32_t index,
                                 uint32_t state_size, char *why, size_t why_size) {
    portico_field from;
    memcpy(&from, (const char *)t->fields + (size_t)index * t->field_size, sizeof from);
    const char *end = from.name != NULL ? memchr(from.name, '\0', sizeof f->name) : NULL;
    if (end == NULL || !name_allowed(from.name, (size_t)(end - from.name))) {
        snprintf(why, why_size,
                 "the name of field %u is %s: allowed are 1 to %d bytes of text without blanks",
                 index, from.name == NULL ? "NULL" : "not allowed", SHAPE_NAME_MAX - 1);
        return PORTICO_E_INVALID;
    }
    snprintf(f->name, sizeof f->name, "%s", from.name);
    f->kind = from.kind;
    f->offset = from.offset;
    f->size = from.size;
    f->count = from.count;
    return check_field(f, state_size, why, why_size);
}

static int compare_offsets(const void *a, const void *b) {
    uint32_t first = ((const state_field *)a)->offset;
    uint32_t second = ((const state_field *)b)->offset;
    return (first > second) - (first < second);
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const state_field *const *)a)->name, (*(const state_field *const *)b)->name);
}

/* Sorts the fields by offset and by name, so that two that share bytes or a name are neighbours. */
static portico_status sort_fields(state_shape *s, char *why, size_t why_size) {
    qsort(s->fields, s->field_count, sizeof *s->fields, compare_offsets);
    for (uint32_t i = 0; i < s->field_count; i++) {
        s->by_name[i] = &s->fields[i];
    }
    qsort((void *)s->by_name, s->field_count, sizeof *s->by_name, compare_names);
    for (uint32_t i = 1; i < s->field_count; i++) {
        const state_field *f = &s->fields[i - 1];
        if (f->offset + f->size * f->count > f[1].offset) {
            snprintf(why, why_size, "fields %s and %s share bytes", f->name, f[1].name);
            return PORTICO_E_INVALID;
        }
        if (strcmp(s->by_name[i - 1]->name, s->by_name[i]->name) == 0) {
            snprintf(why, why_size, "two fields are called %s", s->by_name[i]->name);
            return PORTICO_E_INVALID;
        }
    }
    return PORTICO_OK;
}

static portico_status read_fields(state_shape *s, const portico_state_fields *t, char *why,
                                  size_t why_size) {
    portico_status status = check_table(t, s->size, why, why_size);
    if (status != PORTICO_OK || t->field_count == 0) {
        return status;
    }
    s->fields = calloc(t->field_count, sizeof *s->fields);
    s->by_name = (const state_field **)calloc(t->field_count, sizeof *s->by_name);
    if (s->fields == NULL || s->by_name == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    s->field_count = t->field_count;
    for (uint32_t i = 0; i < s->field_count; i++) {
        status = read_field(&s->fields[i], t, i, s->size, why, why_size);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return sort_fields(s, why, why_size);
}

portico_status shape_init(state_shape *s, uint32_t size, uint32_t version,
                          const portico_state_fields *fields, char *why, size_t why_size) {
    *s = (state_shape){.size = size, .version = version, .declared = fields != NULL || size == 0};
    portico_status status = fields != NULL ? read_fields(s, fields, why, why_size) : PORTICO_OK;
    if (status == PORTICO_E_NO_MEMORY) {
        snprintf(why, why_size, "out of memory for its fields");
    }
    if (status != PORTICO_OK) {
        shape_fini(s);
    }
    return status;
}

void shape_fini(state_shape *s) {
    free(s->fields);
    free((void *)s->by_name);
    *s = (state_shape){0};
}
