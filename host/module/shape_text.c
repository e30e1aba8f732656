/* shape_text.c: shapes and their differences in words. See state_shape.h. */
#include "module/state_shape.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- paths --------------------------------------------------------------------------------- */

/* "bag[].count". It may be cut, so what was added is taken off by its size before. */
typedef struct field_path {
    char text[SHAPE_PATH_MAX];
    size_t size;
} field_path;

/* Adds a field and returns the size before. `brackets`: "", "[]" or "[3]". */
static size_t path_add(field_path *p, const char *name, const char *brackets) {
    size_t before = p->size;
    int added = snprintf(p->text + before, sizeof p->text - before, "%s%s%s", before > 0 ? "." : "",
                         name, brackets);
    p->size += (size_t)added;
    if (p->size >= sizeof p->text) {
        p->size = text_whole(p->text, sizeof p->text - 1);
        p->text[p->size] = '\0';
    }
    return before;
}

static void path_cut(field_path *p, size_t size) {
    p->size = size;
    p->text[size] = '\0';
}

static const char *brackets_of(const state_field *f) {
    return f->count > 1 && f->kind == PORTICO_KIND_STRUCT ? "[]" : "";
}

/* The field that contains the byte at `offset`; NULL: none does. */
static const state_field *field_at(const state_shape *s, uint32_t offset) {
    for (uint32_t i = 0; s != NULL && i < s->field_count; i++) {
        const state_field *f = &s->fields[i];
        if (offset >= f->offset && offset - f->offset < f->size * f->count) {
            return f;
        }
    }
    return NULL;
}

bool shape_field_at(const state_shape *s, uint32_t offset, char path[SHAPE_PATH_MAX],
                    uint32_t *within) {
    field_path p = {.size = 0};
    for (const state_field *f = field_at(s, offset); f != NULL; f = field_at(s, offset)) {
        char index[16] = "";
        bool is_struct = f->kind == PORTICO_KIND_STRUCT;
        offset -= f->offset;
        if (is_struct && f->count > 1) {
            (void)snprintf(index, sizeof index, "[%u]", offset / f->size);
        }
        (void)path_add(&p, f->name, index);
        offset = is_struct ? offset % f->size : offset;
        s = f->fields;
    }
    if (p.size > 0) {
        memcpy(path, p.text, p.size + 1);
        *within = offset;
    }
    return p.size > 0;
}

/* ---- fields -------------------------------------------------------------------------------- */

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
    case PORTICO_KIND_STRUCT:
        snprintf(text, size, "%sstruct %s of %u byte%s", times, f->fields->name, f->size,
                 f->size == 1 ? "" : "s");
        break;
    default: snprintf(text, size, "%s%s %u bits", times, words[f->kind], f->size * 8); break;
    }
}

/* ---- changes ------------------------------------------------------------------------------- */

typedef struct change_list {
    char *text;
    size_t size;
    size_t used;
    const char *last; /* what the last name was added as */
    uint32_t left_out;
    field_path path;
} change_list;

static void change_add(change_list *l, const char *what, const char *name) {
    enum { AND_MORE = 24 }; /* room for " and 1024 more" */
    char words[SHAPE_PATH_MAX + 32];
    bool more = l->last == what;
    size_t before = path_add(&l->path, name, "");
    int size = snprintf(words, sizeof words, "%s%s%s%s", l->used == 0 || more ? "" : "; ",
                        more ? ", " : what, more ? "" : " ", l->path.text);
    path_cut(&l->path, before);
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
    if (!shape_field_fits(from, to)) {
        return FIELD_CHANGED;
    }
    /* The size of a struct follows from its fields, which are compared on their own. */
    bool is_struct = from->kind == PORTICO_KIND_STRUCT || to->kind == PORTICO_KIND_STRUCT;
    bool same = is_struct || (from->kind == to->kind && from->size == to->size);
    return same && from->count == to->count ? FIELD_SAME : FIELD_WIDENED;
}

/* Adds the fields that have changed in one way, those of structs within included. */
static void changes_add(change_list *l, const state_shape *from, const state_shape *to,
                        field_change change) {
    static const char *const words[] = {"added", "dropped", "widened", "changed"};
    const state_shape *s = change == FIELD_DROPPED ? from : to;
    for (uint32_t i = 0; i < s->field_count; i++) {
        const char *name = s->fields[i].name;
        const state_field *old = s == from ? &s->fields[i] : shape_find(from, name);
        const state_field *fresh = s == to ? &s->fields[i] : shape_find(to, name);
        if (change_of(old, fresh) == change) {
            change_add(l, words[change], name);
        }
        if (old != NULL && fresh != NULL && old->fields != NULL && fresh->fields != NULL) {
            size_t before = path_add(&l->path, name, brackets_of(fresh));
            changes_add(l, old->fields, fresh->fields, change);
            path_cut(&l->path, before);
        }
    }
}

void shape_changes_text(const state_shape *from, const state_shape *to, char *text, size_t size) {
    change_list l = {.text = text, .size = size};
    text[0] = '\0';
    if (!from->declared || !to->declared) {
        return;
    }
    for (field_change change = FIELD_ADDED; change < FIELD_SAME; change++) {
        changes_add(&l, from, to, change);
    }
    if (l.left_out > 0) {
        snprintf(text + l.used, size - l.used, " and %u more", l.left_out);
    }
}

/* ---- what cannot be taken over --------------------------------------------------------------- */

static bool is_integer(const state_field *f) {
    return f->kind == PORTICO_KIND_SIGNED || f->kind == PORTICO_KIND_UNSIGNED;
}

static void say_unfit(const char *path, const state_field *from, const state_field *to, char *why,
                      size_t why_size) {
    char was[SHAPE_TEXT_MAX];
    char is[SHAPE_TEXT_MAX];
    shape_field_text(from, was, sizeof was);
    shape_field_text(to, is, sizeof is);
    bool opaque = from->kind == PORTICO_KIND_BYTES || to->kind == PORTICO_KIND_BYTES;
    bool structs = from->kind == PORTICO_KIND_STRUCT || to->kind == PORTICO_KIND_STRUCT;
    const char *reason = "the kinds differ";
    if (to->count < from->count || (is_integer(from) && is_integer(to)) ||
        (from->kind == PORTICO_KIND_FLOAT && to->kind == PORTICO_KIND_FLOAT)) {
        reason = "values could be lost";
    } else if (opaque && (structs || from->kind == to->kind)) {
        reason =
            structs ? "the contents of one are not declared" : "their contents are not declared";
    }
    snprintf(why, why_size, "field %s was %s and is %s: %s", path, was, is, reason);
}

/* Finds the first field that cannot hold the old values, and says so. */
static bool find_unfit(field_path *path, const state_shape *from, const state_shape *to, char *why,
                       size_t why_size) {
    for (uint32_t i = 0; i < to->field_count; i++) {
        const state_field *fresh = &to->fields[i];
        const state_field *old = shape_find(from, fresh->name);
        if (old == NULL) {
            continue;
        }
        bool fits = shape_field_fits(old, fresh);
        bool structs = old->fields != NULL && fresh->fields != NULL;
        size_t before = path_add(path, fresh->name, fits ? brackets_of(fresh) : "");
        if (!fits) {
            say_unfit(path->text, old, fresh, why, why_size);
        }
        if (!fits || (structs && find_unfit(path, old->fields, fresh->fields, why, why_size))) {
            return true;
        }
        path_cut(path, before);
    }
    return false;
}

portico_status shape_check(const state_shape *from, const state_shape *to, char *why,
                           size_t why_size) {
    field_path path = {.size = 0};
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
    return find_unfit(&path, from, to, why, why_size) ? PORTICO_E_INVALID : PORTICO_OK;
}
