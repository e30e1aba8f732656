/* state_shape.c: compares and converts shapes. See state_shape.h; shape_read.c makes them, and
 * shape_text.c describes them. */
#include "module/state_shape.h"

#include <string.h>

/* ---- comparing ----------------------------------------------------------------------------- */

static bool fields_equal(const state_shape *a, const state_shape *b);

static bool field_equal(const state_field *a, const state_field *b) {
    return a->kind == b->kind && a->offset == b->offset && a->size == b->size &&
           a->count == b->count && strcmp(a->name, b->name) == 0 &&
           (a->fields == NULL || fields_equal(a->fields, b->fields));
}

static bool fields_equal(const state_shape *a, const state_shape *b) {
    bool equal = a->field_count == b->field_count;
    for (uint32_t i = 0; equal && i < a->field_count; i++) {
        equal = field_equal(&a->fields[i], &b->fields[i]);
    }
    return equal;
}

bool shape_equal(const state_shape *a, const state_shape *b) {
    if (a->size != b->size || a->version != b->version) {
        return false;
    }
    return !a->declared || !b->declared || fields_equal(a, b);
}

const state_field *shape_find(const state_shape *s, const char *name) {
    uint32_t low = 0;
    uint32_t high = s->field_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(name, s->by_name[middle]->name);
        if (order == 0) {
            return s->by_name[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static bool is_opaque(uint32_t kind) {
    return kind == PORTICO_KIND_BYTES || kind == PORTICO_KIND_STRUCT;
}

bool shape_field_fits(const state_field *from, const state_field *to) {
    if (to->count < from->count) {
        return false;
    }
    if (from->kind != to->kind) {
        bool wider_signed = from->kind == PORTICO_KIND_UNSIGNED &&
                            to->kind == PORTICO_KIND_SIGNED && to->size > from->size;
        bool same_bytes = is_opaque(from->kind) && is_opaque(to->kind) && from->size == to->size;
        return wider_signed || same_bytes;
    }
    return to->kind == PORTICO_KIND_STRUCT || to->size == from->size ||
           (to->kind != PORTICO_KIND_BYTES && to->size > from->size);
}

/* ---- converting ---------------------------------------------------------------------------- */

/* Reads an integer of `size` bytes, and extends the sign of a signed one. */
static uint64_t integer_read(const char *from, uint32_t size, bool is_signed) {
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    switch (size) {
    case 1: memcpy(&u8, from, sizeof u8); return is_signed ? (uint64_t)(int8_t)u8 : u8;
    case 2: memcpy(&u16, from, sizeof u16); return is_signed ? (uint64_t)(int16_t)u16 : u16;
    default: memcpy(&u32, from, sizeof u32); return is_signed ? (uint64_t)(int32_t)u32 : u32;
    }
}

static void integer_write(char *to, uint32_t size, uint64_t value) {
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (size) {
    case 2: memcpy(to, &u16, sizeof u16); break;
    case 4: memcpy(to, &u32, sizeof u32); break;
    default: memcpy(to, &value, sizeof value); break;
    }
}

/* Only integers and floats change their size, and only to a larger one. */
static void element_widen(const state_field *from, const char *old, const state_field *to,
                          char *fresh) {
    if (from->kind == PORTICO_KIND_FLOAT) {
        float narrow = 0;
        memcpy(&narrow, old, sizeof narrow);
        double wide = narrow;
        memcpy(fresh, &wide, sizeof wide);
    } else {
        integer_write(fresh, to->size,
                      integer_read(old, from->size, from->kind == PORTICO_KIND_SIGNED));
    }
}

/* Structs of one shape, and how far it is from one to the next. */
typedef struct row_list {
    const state_shape *shape;
    char *rows;
    size_t step;
} row_list;

static void rows_convert(const row_list *old, const row_list *fresh, uint32_t count);

/* Converts a field of one struct. `same`: its bytes can be copied. */
static void field_convert(const state_field *from, char *old, const state_field *to, char *fresh,
                          bool same) {
    old += from->offset;
    fresh += to->offset;
    if (same) {
        memcpy(fresh, old, (size_t)from->size * from->count);
    } else if (from->kind == PORTICO_KIND_STRUCT) {
        const row_list old_rows = {from->fields, old, from->size};
        const row_list fresh_rows = {to->fields, fresh, to->size};
        rows_convert(&old_rows, &fresh_rows, from->count);
    } else {
        for (uint32_t i = 0; i < from->count; i++) {
            element_widen(from, old + (size_t)i * from->size, to, fresh + (size_t)i * to->size);
        }
    }
}

/* Field by field, and each field of all structs: so it is looked up once. */
static void rows_convert(const row_list *old, const row_list *fresh, uint32_t count) {
    for (uint32_t i = 0; i < fresh->shape->field_count; i++) { /* none if none are declared */
        const state_field *to = &fresh->shape->fields[i];
        const state_field *from = shape_find(old->shape, to->name);
        if (from == NULL || !shape_field_fits(from, to)) {
            continue;
        }
        bool structs = from->fields != NULL && to->fields != NULL;
        bool same = from->size == to->size && (!structs || fields_equal(from->fields, to->fields));
        for (uint32_t row = 0; row < count; row++) {
            field_convert(from, old->rows + row * old->step, to, fresh->rows + row * fresh->step,
                          same);
        }
    }
}

void shape_convert(const state_shape *from, const void *old, const state_shape *to, void *fresh) {
    if (shape_equal(from, to)) {
        if (to->size > 0) {
            memcpy(fresh, old, to->size);
        }
        return;
    }
    const row_list old_rows = {from, (char *)(uintptr_t)old, 0}; /* only read */
    const row_list fresh_rows = {to, fresh, 0};
    rows_convert(&old_rows, &fresh_rows, 1);
}
