/* state_show.c: see state_show.h. */
#include "module/state_show.h"

#include "module/packet_show.h"

#include <stdio.h>
#include <string.h>

/* One call of state_show. */
typedef struct showing {
    state_row row;
    void *arg;
    uint32_t rows;
    uint32_t left_out;
    char path[SHAPE_PATH_MAX]; /* of the struct that is being shown: "" or "bag[3]." */
} showing;

static void put_chars(put *p, const uint8_t *at, uint32_t count) {
    const uint8_t *zero = memchr(at, 0, count);
    put_text(p, "\"");
    put_foreign(p, (const char *)at, zero != NULL ? (size_t)(zero - at) : count);
    put_text(p, "\"");
}

static void put_numbers(showing *s, put *p, const state_field *f, const uint8_t *at) {
    uint32_t shown = f->count < STATE_SHOW_ELEMENTS ? f->count : STATE_SHOW_ELEMENTS;
    put_text(p, "[");
    for (uint32_t i = 0; i < shown && !p->cut; i++) {
        put_text(p, i > 0 ? ", " : "");
        packet_show_number(p, f->kind, f->size, at + (size_t)i * f->size);
    }
    if (f->count > shown) {
        put_text(p, " ... ");
        put_number(p, f->count - shown);
        put_text(p, " more");
        s->left_out += f->count - shown;
    }
    put_text(p, "]");
}

static void show_value(showing *s, const state_field *f, const char *path, const uint8_t *at) {
    char type[SHAPE_TEXT_MAX];
    char value[STATE_SHOW_TEXT];
    put p = put_begin(value, sizeof value);
    if (f->kind == PORTICO_KIND_CHAR) {
        put_chars(&p, at, f->count);
    } else if (f->kind == PORTICO_KIND_BYTES) {
        packet_show_bytes(&p, at, f->size * f->count);
    } else if (f->count > 1) {
        put_numbers(s, &p, f, at);
    } else {
        packet_show_number(&p, f->kind, f->size, at);
    }
    shape_field_text(f, type, sizeof type);
    s->rows++;
    s->row(s->arg, path, type, value);
}

static void show_fields(showing *s, const state_shape *shape, const uint8_t *at);

/* Shows the elements of a field that is a struct. */
static void show_structs(showing *s, const state_field *f, const uint8_t *at) {
    uint32_t shown = f->count < STATE_SHOW_ELEMENTS ? f->count : STATE_SHOW_ELEMENTS;
    size_t before = strlen(s->path);
    for (uint32_t i = 0; i < shown; i++) {
        if (f->count > 1) {
            snprintf(s->path + before, sizeof s->path - before, "%s[%u].", f->name, i);
        } else {
            snprintf(s->path + before, sizeof s->path - before, "%s.", f->name);
        }
        show_fields(s, f->fields, at + (size_t)i * f->size);
        s->path[before] = '\0';
    }
    s->left_out += f->count - shown;
}

static void show_fields(showing *s, const state_shape *shape, const uint8_t *at) {
    for (uint32_t i = 0; i < shape->field_count; i++) {
        const state_field *f = &shape->fields[i];
        char path[SHAPE_PATH_MAX + FIELD_NAME_MAX];
        if (s->rows >= STATE_SHOW_ROWS) {
            s->left_out++;
        } else if (f->kind == PORTICO_KIND_STRUCT) {
            show_structs(s, f, at + f->offset);
        } else {
            snprintf(path, sizeof path, "%s%s", s->path, f->name);
            show_value(s, f, path, at + f->offset);
        }
    }
}

uint32_t state_show(const state_shape *shape, const void *state, state_row row, void *arg) {
    showing s = {.row = row, .arg = arg};
    if (shape->declared) {
        show_fields(&s, shape, state);
    } else {
        const state_field all = {.kind = PORTICO_KIND_BYTES, .size = shape->size, .count = 1};
        show_value(&s, &all, "", state);
    }
    return s.left_out;
}
