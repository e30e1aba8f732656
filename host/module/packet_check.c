/* packet_check.c: checks packets, and describes their layout. See packet_layout.h. */
#include "module/packet_layout.h"

#include "base/text.h"
#include "os/compiler.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- checking: each packet with bools or texts, so it is quick ------------------------------- */

/* The first byte that is a zero or no part of a character; `size`: there is none. */
static uint32_t text_end(const uint8_t *text, uint32_t size) {
    const uint64_t ones = UINT64_MAX / 255;
    uint32_t at = 0;
    while (at < size) {
        uint64_t eight = 0;
        if (size - at >= sizeof eight) {
            memcpy(&eight, text + at, sizeof eight);
            if (((eight | (eight - ones)) & ones << 7) == 0) { /* no byte is 0, or 0x80 or more */
                at += (uint32_t)sizeof eight;
                continue;
            }
        }
        size_t length = text_character((const char *)text + at, size - at);
        if (length == 0 || text[at] == 0) {
            return at;
        }
        at += (uint32_t)length;
    }
    return size;
}

/* The first byte of a text in an array that must not be there; `size`: there is none. The text has
 * a zero at its end and nothing else after it. */
static uint32_t padded_end(const uint8_t *text, uint32_t size) {
    const uint8_t *zero = memchr(text, 0, size);
    if (zero == NULL) {
        return size - 1;
    }
    uint32_t used = (uint32_t)(zero - text);
    uint32_t at = text_end(text, used);
    while (at >= used && at < size && text[at] == 0) {
        at++;
    }
    return at;
}

static bool bools_fit(const packet_layout *l, const uint8_t *data) {
    uint32_t all = 0;
    for (uint32_t i = 0; i < l->bool_count; i++) {
        all |= data[l->bools[i]];
    }
    return all <= 1;
}

static bool texts_fit(const packet_layout *l, const uint8_t *data) {
    for (uint32_t i = 0; i < l->text_count; i++) {
        const packet_text *t = &l->texts[i];
        if (padded_end(data + t->offset, t->size) != t->size) {
            return false;
        }
    }
    return true;
}

/* The last field, if it is variable: all `size` bytes from `data` on. */
static bool variable_fits(const packet_field *f, const uint8_t *data, uint32_t size) {
    if (f->part == PORTICO_PART_TEXT) {
        return text_end(data, size) == size;
    }
    if (f->part == PORTICO_PART_FIXED || size % f->size != 0) {
        return f->part == PORTICO_PART_FIXED;
    }
    bool fits = true;
    if (f->part == PORTICO_PART_ROWS && f->fields->needs_check) {
        for (uint32_t at = 0; fits && at < size; at += f->size) {
            fits = bools_fit(f->fields, data + at) && texts_fit(f->fields, data + at);
        }
    }
    return fits;
}

COLD static bool packet_explain(const packet_layout *l, const uint8_t *data, uint32_t size,
                                char *why, size_t why_size);

/* Texts and the variable part. Not inlined: packet_layout_check then needs no stack, and a packet
 * with a bool costs 10 instructions less. */
NOINLINE static bool more_fits(const packet_layout *l, const uint8_t *data, uint32_t size,
                               char *why, size_t why_size) {
    const packet_field *last = &l->fields[l->field_count - 1];
    return (texts_fit(l, data) && variable_fits(last, data + l->size_min, size - l->size_min)) ||
           packet_explain(l, data, size, why, why_size);
}

bool packet_layout_check(const packet_layout *l, const uint8_t *data, uint32_t size, char *why,
                         size_t why_size) {
    if (size - l->size_min > l->size_max - l->size_min || !bools_fit(l, data)) {
        return packet_explain(l, data, size, why, why_size);
    }
    return !l->needs_more || more_fits(l, data, size, why, why_size);
}

/* ---- explaining: a packet that does not fit -------------------------------------------------- */

/* The fault of a packet. */
typedef struct fault {
    char path[4 * FIELD_NAME_MAX]; /* "places[3].seen" */
    char what[96];
} fault;

static void fault_say(fault *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(e->what, sizeof e->what, format, arguments);
    va_end(arguments);
}

/* Puts a field in front of the path. */
static void fault_in(fault *e, const packet_field *f, uint32_t index) {
    char inner[sizeof e->path];
    char place[16] = "";
    (void)snprintf(inner, sizeof inner, "%s", e->path);
    if (f->kind != PORTICO_KIND_CHAR && (f->count > 1 || f->part != PORTICO_PART_FIXED)) {
        (void)snprintf(place, sizeof place, "[%u]", index);
    }
    int size =
        snprintf(e->path, sizeof e->path, "%s%s%s", f->name, place, inner[0] != '\0' ? "." : "");
    (void)snprintf(e->path + size, sizeof e->path - (size_t)size, "%s", inner);
}

static bool explain_text(const uint8_t *text, uint32_t size, fault *e) {
    uint32_t at = text_end(text, size);
    if (at < size) {
        fault_say(e, text[at] == 0 ? " has a zero at byte %u" : " is not UTF-8 at byte %u", at);
    }
    return at < size;
}

static bool explain_padded(const uint8_t *text, uint32_t size, fault *e) {
    uint32_t at = padded_end(text, size);
    const uint8_t *zero = memchr(text, 0, size);
    if (zero == NULL) {
        fault_say(e, " does not end with a zero within %u bytes", size);
    } else if (at < size && text + at > zero) {
        fault_say(e, " has a %u at byte %u, after its end", text[at], at);
    } else if (at < size) {
        fault_say(e, " is not UTF-8 at byte %u", at);
    }
    return at < size;
}

/* Whether something is wrong in the fixed part. */
static bool explain_fixed(const packet_layout *l, const uint8_t *data, fault *e);

/* Whether something is wrong in `count` elements. */
static bool explain_elements(const packet_field *f, const uint8_t *at, uint32_t count, fault *e) {
    bool found = false;
    uint32_t i = 0;
    for (; i < count; i++, at += f->size) {
        if (f->kind == PORTICO_KIND_STRUCT) {
            found = explain_fixed(f->fields, at, e);
        } else if (f->kind == PORTICO_KIND_CHAR) {
            found = i == 0 && explain_padded(at, count, e);
        } else if (f->kind == PORTICO_KIND_BOOL && *at > 1) {
            fault_say(e, " is %u, allowed are 0 and 1", *at);
            found = true;
        }
        if (found) {
            fault_in(e, f, i);
            return true;
        }
    }
    return false;
}

static bool explain_fixed(const packet_layout *l, const uint8_t *data, fault *e) {
    for (uint32_t i = 0; i < l->field_count; i++) {
        const packet_field *f = &l->fields[i];
        if (f->needs_check && f->part == PORTICO_PART_FIXED &&
            explain_elements(f, data + f->offset, f->count, e)) {
            return true;
        }
    }
    return false;
}

static void explain_variable(const packet_field *f, const uint8_t *data, uint32_t size, fault *e) {
    if (f->part == PORTICO_PART_TEXT) {
        (void)explain_text(data, size, e);
        (void)snprintf(e->path, sizeof e->path, "%s", f->name);
    } else if (size % f->size != 0) {
        fault_say(e, " has %u bytes, not a multiple of %u", size, f->size);
        (void)snprintf(e->path, sizeof e->path, "%s", f->name);
    } else {
        (void)explain_elements(f, data, size / f->size, e);
    }
}

/* Returns false. */
COLD static bool packet_explain(const packet_layout *l, const uint8_t *data, uint32_t size,
                                char *why, size_t why_size) {
    fault e = {"", ""};
    if (size < l->size_min || size > l->size_max) {
        if (l->size_min == l->size_max) {
            (void)snprintf(why, why_size, "packet %s: %u bytes, must be %u", l->name, size,
                           l->size_min);
        } else {
            (void)snprintf(why, why_size, "packet %s: %u bytes, allowed are %u to %u", l->name,
                           size, l->size_min, l->size_max);
        }
        return false;
    }
    if (!explain_fixed(l, data, &e)) {
        explain_variable(&l->fields[l->field_count - 1], data + l->size_min, size - l->size_min,
                         &e);
    }
    (void)snprintf(why, why_size, "packet %s: field %s%s", l->name, e.path, e.what);
    return false;
}

/* ---- describing ------------------------------------------------------------------------------ */

const char *packet_field_type(const packet_field *f) {
    static const char *const numbers[3][9] = {{[1] = "i8", [2] = "i16", [4] = "i32", [8] = "i64"},
                                              {[1] = "u8", [2] = "u16", [4] = "u32", [8] = "u64"},
                                              {[4] = "f32", [8] = "f64"}};
    switch (f->kind) {
    case PORTICO_KIND_BOOL: return "bool";
    case PORTICO_KIND_CHAR: return "text";
    case PORTICO_KIND_STRUCT: return f->fields->name;
    default: break;
    }
    return f->part == PORTICO_PART_BYTES ? "bytes"
                                         : numbers[f->kind - PORTICO_KIND_SIGNED][f->size];
}

typedef struct writing {
    char *text;
    size_t size;
    size_t used;
    bool cut;
} writing;

static void write_words(writing *w, const char *format, ...) {
    if (w->cut) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(w->text + w->used, w->size - w->used, format, arguments);
    va_end(arguments);
    w->cut = size < 0 || (size_t)size >= w->size - w->used;
    w->used += w->cut ? 0 : (size_t)size;
}

static void write_layout(writing *w, const packet_layout *l) {
    for (uint32_t i = 0; i < l->field_count && !w->cut; i++) {
        const packet_field *f = &l->fields[i];
        write_words(w, "%s%s", i > 0 ? ", " : "", packet_field_type(f));
        if (f->part != PORTICO_PART_FIXED) {
            write_words(w, "[0..%u]", f->count);
        } else if (f->count > 1) {
            write_words(w, "[%u]", f->count);
        }
        write_words(w, " %s", f->name);
        if (f->kind == PORTICO_KIND_STRUCT) {
            write_words(w, " {");
            write_layout(w, f->fields);
            write_words(w, "}");
        }
    }
}

void packet_layout_text(const packet_layout *l, char *text, size_t size) {
    writing w = {.text = text, .size = size};
    write_layout(&w, l);
    if (w.cut) {
        static const char more[] = "...";
        size_t at = w.used + sizeof more <= size ? w.used
                    : size > sizeof more         ? size - sizeof more
                                                 : 0;
        (void)snprintf(text + at, size - at, "%s", more);
    }
}
