/* state_shape.c: compares and converts shapes. See state_shape.h. */
#include "module/state_shape.h"

#include <stdio.h>
#include <string.h>

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
