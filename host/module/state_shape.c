/* state_shape.c: see state_shape.h. */
#include "module/state_shape.h"

#include "base/text.h"
#include "module/abi_sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELD_STRIDE_MAX = 4096 };

/* ---- reading a declaration ----------------------------------------------------------------- */

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
    for (uint32_t i = 0; status == PORTICO_OK && i < s->field_count; i++) {
        status = read_field(&s->fields[i], t, i, s->size, why, why_size);
    }
    return status == PORTICO_OK ? sort_fields(s, why, why_size) : status;
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

/* ---- comparing ----------------------------------------------------------------------------- */

static bool field_equal(const state_field *a, const state_field *b) {
    return a->kind == b->kind && a->offset == b->offset && a->size == b->size &&
           a->count == b->count && strcmp(a->name, b->name) == 0;
}

bool shape_equal(const state_shape *a, const state_shape *b) {
    if (a->size != b->size || a->version != b->version) {
        return false;
    }
    if (!a->declared || !b->declared) {
        return true;
    }
    bool equal = a->field_count == b->field_count;
    for (uint32_t i = 0; equal && i < a->field_count; i++) {
        equal = field_equal(&a->fields[i], &b->fields[i]);
    }
    return equal;
}

static const state_field *field_find(const state_shape *s, const char *name) {
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

static bool is_integer(const state_field *f) {
    return f->kind == PORTICO_KIND_SIGNED || f->kind == PORTICO_KIND_UNSIGNED;
}

/* Whether `to` can hold every value of `from`. */
static bool field_fits(const state_field *from, const state_field *to) {
    if (to->count < from->count) {
        return false;
    }
    if (from->kind != to->kind) {
        return from->kind == PORTICO_KIND_UNSIGNED && to->kind == PORTICO_KIND_SIGNED &&
               to->size > from->size;
    }
    return to->size == from->size || (to->kind != PORTICO_KIND_BYTES && to->size > from->size);
}

void shape_field_text(const state_field *f, char *text, size_t size) {
    static const char *const words[] = {[PORTICO_KIND_SIGNED] = "signed",
                                        [PORTICO_KIND_UNSIGNED] = "unsigned",
                                        [PORTICO_KIND_FLOAT] = "float"};
    char times[16] = "";
    if (f->count > 1) {
        snprintf(times, sizeof times, "%u x ", f->count);
    }
    switch (f->kind) {
    case PORTICO_KIND_CHAR:
        snprintf(text, size, "text of %u byte%s", f->count, f->count == 1 ? "" : "s");
        break;
    case PORTICO_KIND_BOOL: snprintf(text, size, "%sbool", times); break;
    case PORTICO_KIND_BYTES:
        snprintf(text, size, "%s%u opaque byte%s", times, f->size, f->size == 1 ? "" : "s");
        break;
    default: snprintf(text, size, "%s%s %u bits", times, words[f->kind], f->size * 8); break;
    }
}

typedef struct change_list {
    char *text;
    size_t size;
    size_t used;
    const char *last; /* what the last name was added as */
    uint32_t left_out;
} change_list;

static void change_add(change_list *l, const char *what, const char *name) {
    enum { AND_MORE = 24 }; /* room for " and 1024 more" */
    char words[SHAPE_NAME_MAX + 32];
    bool more = l->last == what;
    int size = snprintf(words, sizeof words, "%s%s%s%s", l->used == 0 || more ? "" : "; ",
                        more ? ", " : what, more ? "" : " ", name);
    if (l->left_out > 0 || l->used + (size_t)size + AND_MORE > l->size) {
        l->left_out++;
        return;
    }
    memcpy(l->text + l->used, words, (size_t)size + 1);
    l->used += (size_t)size;
    l->last = what;
}

typedef enum field_change {
    FIELD_ADDED,
    FIELD_DROPPED,
    FIELD_WIDENED,
    FIELD_CHANGED,
    FIELD_SAME
} field_change;

static field_change change_of(const state_field *from, const state_field *to) {
    if (from == NULL) {
        return FIELD_ADDED;
    }
    if (to == NULL) {
        return FIELD_DROPPED;
    }
    if (!field_fits(from, to)) {
        return FIELD_CHANGED;
    }
    bool same = from->kind == to->kind && from->size == to->size && from->count == to->count;
    return same ? FIELD_SAME : FIELD_WIDENED;
}

void shape_changes_text(const state_shape *from, const state_shape *to, char *text, size_t size) {
    static const char *const words[] = {"added", "dropped", "widened", "changed"};
    change_list l = {.text = text, .size = size};
    text[0] = '\0';
    if (!from->declared || !to->declared) {
        return;
    }
    for (int change = FIELD_ADDED; change < FIELD_SAME; change++) {
        const state_shape *s = change == FIELD_DROPPED ? from : to;
        for (uint32_t i = 0; i < s->field_count; i++) {
            const state_field *f = &s->fields[i];
            field_change found = s == from ? change_of(f, field_find(to, f->name))
                                           : change_of(field_find(from, f->name), f);
            if ((int)found == change) {
                change_add(&l, words[change], f->name);
            }
        }
    }
    if (l.left_out > 0) {
        snprintf(text + l.used, size - l.used, " and %u more", l.left_out);
    }
}

static void say_unfit(const state_field *from, const state_field *to, char *why, size_t why_size) {
    char was[SHAPE_TEXT_MAX];
    char is[SHAPE_TEXT_MAX];
    shape_field_text(from, was, sizeof was);
    shape_field_text(to, is, sizeof is);
    const char *reason = "the kinds differ";
    if (to->count < from->count || (is_integer(from) && is_integer(to)) ||
        (from->kind == PORTICO_KIND_FLOAT && to->kind == PORTICO_KIND_FLOAT)) {
        reason = "values could be lost";
    } else if (from->kind == PORTICO_KIND_BYTES && to->kind == PORTICO_KIND_BYTES) {
        reason = "their contents are not declared";
    }
    snprintf(why, why_size, "field %s was %s and is %s: %s", to->name, was, is, reason);
}

portico_status shape_check(const state_shape *from, const state_shape *to, char *why,
                           size_t why_size) {
    if (from->size == 0 || shape_equal(from, to)) {
        return PORTICO_OK;
    }
    if (!from->declared || !to->declared) {
        snprintf(
            why, why_size,
            "the state was %u bytes, version %u, and is %u bytes, version %u, but the %s module "
            "declares no fields",
            from->size, from->version, to->size, to->version, from->declared ? "new" : "old");
        return PORTICO_E_INVALID;
    }
    for (uint32_t i = 0; i < to->field_count; i++) {
        const state_field *f = field_find(from, to->fields[i].name);
        if (f != NULL && !field_fits(f, &to->fields[i])) {
            say_unfit(f, &to->fields[i], why, why_size);
            return PORTICO_E_INVALID;
        }
    }
    return PORTICO_OK;
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

static void field_convert(const state_field *from, const char *old, const state_field *to,
                          char *fresh) {
    old += from->offset;
    fresh += to->offset;
    if (from->size == to->size) {
        memcpy(fresh, old, (size_t)from->size * from->count);
        return;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        element_widen(from, old + (size_t)i * from->size, to, fresh + (size_t)i * to->size);
    }
}

void shape_convert(const state_shape *from, const void *old, const state_shape *to, void *fresh) {
    if (shape_equal(from, to)) {
        if (to->size > 0) {
            memcpy(fresh, old, to->size);
        }
        return;
    }
    for (uint32_t i = 0; i < to->field_count; i++) { /* none if none are declared */
        const state_field *f = field_find(from, to->fields[i].name);
        if (f != NULL && field_fits(f, &to->fields[i])) {
            field_convert(f, old, &to->fields[i], fresh);
        }
    }
}

const char *shape_field_at(const state_shape *s, uint32_t offset, uint32_t *within) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        if (offset >= f->offset && offset - f->offset < f->size * f->count) {
            *within = offset - f->offset;
            return f->name;
        }
    }
    return NULL;
}
