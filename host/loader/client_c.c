/* client_c.c: a module's packets as a C header: opcodes, and for each packet a struct and inline
 * functions that encode and decode it. See client_code.h.
 *
 * All names begin with the module's; of a packet P there are P_encode, P_decode, P_put, P_get,
 * P_size_min and P_size_max, which client_names.c keeps free. */
#include "loader/client_languages.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct writing {
    const client_packets *c;
    FILE *to;
    char lower[64]; /* what names of packets begin with */
    char upper[64]; /* and those of opcodes */
} writing;

static const char *const helpers =
    "#include <stdbool.h>\n"
    "#include <stddef.h>\n"
    "#include <stdint.h>\n"
    "#include <string.h>\n"
    "\n"
    "#ifdef __cplusplus\n"
    "extern \"C\" {\n"
    "#endif\n"
    "\n"
    "#ifndef PORTICO_PACKETS_HELPERS\n"
    "#define PORTICO_PACKETS_HELPERS\n"
    "static inline uint8_t *portico_packets_put(uint8_t *at, uint64_t value, int size) {\n"
    "    for (int i = 0; i < size; i++) {\n"
    "        *at++ = (uint8_t)(value >> (8 * i));\n"
    "    }\n"
    "    return at;\n"
    "}\n"
    "\n"
    "static inline uint64_t portico_packets_get(const uint8_t **at, int size) {\n"
    "    uint64_t value = 0;\n"
    "    for (int i = 0; i < size; i++) {\n"
    "        value |= (uint64_t)*(*at)++ << (8 * i);\n"
    "    }\n"
    "    return value;\n"
    "}\n"
    "\n"
    "static inline uint8_t *portico_packets_put_f32(uint8_t *at, float value) {\n"
    "    uint32_t bits;\n"
    "    memcpy(&bits, &value, sizeof bits);\n"
    "    return portico_packets_put(at, bits, 4);\n"
    "}\n"
    "\n"
    "static inline uint8_t *portico_packets_put_f64(uint8_t *at, double value) {\n"
    "    uint64_t bits;\n"
    "    memcpy(&bits, &value, sizeof bits);\n"
    "    return portico_packets_put(at, bits, 8);\n"
    "}\n"
    "\n"
    "static inline float portico_packets_get_f32(const uint8_t **at) {\n"
    "    uint32_t bits = (uint32_t)portico_packets_get(at, 4);\n"
    "    float value;\n"
    "    memcpy(&value, &bits, sizeof value);\n"
    "    return value;\n"
    "}\n"
    "\n"
    "static inline double portico_packets_get_f64(const uint8_t **at) {\n"
    "    uint64_t bits = portico_packets_get(at, 8);\n"
    "    double value;\n"
    "    memcpy(&value, &bits, sizeof value);\n"
    "    return value;\n"
    "}\n"
    "\n"
    "/* A text in an array: always ends with a zero. */\n"
    "static inline uint8_t *portico_packets_put_chars(uint8_t *at, const char *from, size_t size) {\n"
    "    size_t used = 0;\n"
    "    while (used < size - 1 && from[used] != '\\0') {\n"
    "        used++;\n"
    "    }\n"
    "    memcpy(at, from, used);\n"
    "    memset(at + used, 0, size - used);\n"
    "    return at + size;\n"
    "}\n"
    "#endif\n"
    "\n";

static const char *c_type(const packet_field *f) {
    static const char *const numbers[3][9] = {
        {[1] = "int8_t", [2] = "int16_t", [4] = "int32_t", [8] = "int64_t"},
        {[1] = "uint8_t", [2] = "uint16_t", [4] = "uint32_t", [8] = "uint64_t"},
        {[4] = "float", [8] = "double"}};
    switch (f->kind) {
    case PORTICO_KIND_BOOL: return "bool";
    case PORTICO_KIND_CHAR: return "char";
    default: return numbers[f->kind - PORTICO_KIND_SIGNED][f->size];
    }
}

static bool is_variable(const client_packet *p) {
    return p->layout->fields[p->layout->field_count - 1].part != PORTICO_PART_FIXED;
}

/* "_size" for bytes, "_count" for elements: of the member beside a part of variable size. */
static const char *count_name(const client_field *f) {
    return client_field_shape(f) == CLIENT_LIST ? "_count" : "_size";
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void write_member(const writing *w, const client_field *f) {
    client_shape shape = client_field_shape(f);
    if (shape == CLIENT_TEXT || shape == CLIENT_BYTES) {
        fprintf(w->to, "    const %s *%s; /* decoded: points into the payload */\n",
                shape == CLIENT_TEXT ? "char" : "uint8_t", f->name);
    } else {
        fprintf(w->to, "    ");
        if (f->from->fields != NULL) {
            fprintf(w->to, "%s_%s", w->lower, w->c->packets[f->packet].name);
        } else {
            fprintf(w->to, "%s", c_type(f->from));
        }
        fprintf(w->to, " %s", f->name);
        if (shape != CLIENT_ONE) {
            fprintf(w->to, "[%u]", f->from->count);
        }
        fprintf(w->to, ";\n");
    }
    if (f->from->part != PORTICO_PART_FIXED) {
        fprintf(w->to, "    uint32_t %s%s; /* up to %u */\n", f->name, count_name(f),
                f->from->count);
    }
}

static void write_struct(const writing *w, const client_packet *p) {
    fprintf(w->to, "typedef struct %s_%s {\n", w->lower, p->name);
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        write_member(w, &p->fields[i]);
    }
    fprintf(w->to, "} %s_%s;\n\n", w->lower, p->name);
    fprintf(w->to, "enum { %s_%s_size_min = %u, %s_%s_size_max = %u };\n\n", w->lower, p->name,
            p->layout->size_min, w->lower, p->name, p->layout->size_max);
}

/* ---- one element ----------------------------------------------------------------------------- */

static void write_put(const writing *w, const client_field *f, const char *index) {
    const packet_field *from = f->from;
    if (from->fields != NULL) {
        fprintf(w->to, "at = %s_%s_put(at, &p->%s%s);\n", w->lower, w->c->packets[f->packet].name,
                f->name, index);
    } else if (from->kind == PORTICO_KIND_FLOAT) {
        fprintf(w->to, "at = portico_packets_put_f%u(at, p->%s%s);\n", 8 * from->size, f->name,
                index);
    } else {
        fprintf(w->to, "at = portico_packets_put(at, (uint64_t)p->%s%s, %u);\n", f->name, index,
                from->size);
    }
}

static void write_get(const writing *w, const client_field *f, const char *index) {
    const packet_field *from = f->from;
    if (from->fields != NULL) {
        fprintf(w->to, "at = %s_%s_get(at, &p->%s%s);\n", w->lower, w->c->packets[f->packet].name,
                f->name, index);
    } else if (from->kind == PORTICO_KIND_FLOAT) {
        fprintf(w->to, "p->%s%s = portico_packets_get_f%u(&at);\n", f->name, index, 8 * from->size);
    } else if (from->kind == PORTICO_KIND_BOOL) {
        fprintf(w->to, "p->%s%s = portico_packets_get(&at, 1) != 0;\n", f->name, index);
    } else {
        fprintf(w->to, "p->%s%s = (%s)portico_packets_get(&at, %u);\n", f->name, index,
                c_type(from), from->size);
    }
}

/* All elements of a field. */
static void write_elements(const writing *w, const client_field *f, bool put) {
    client_shape shape = client_field_shape(f);
    fprintf(w->to, "    ");
    if (shape == CLIENT_CHARS && put) {
        fprintf(w->to, "at = portico_packets_put_chars(at, p->%s, %u);\n", f->name, f->from->count);
        return;
    }
    if (shape == CLIENT_CHARS) {
        fprintf(w->to, "memcpy(p->%s, at, %u);\n    p->%s[%u] = '\\0';\n    at += %u;\n", f->name,
                f->from->count, f->name, f->from->count - 1, f->from->count);
        return;
    }
    if (shape == CLIENT_ARRAY) {
        fprintf(w->to, "for (uint32_t i = 0; i < %u; i++) {\n        ", f->from->count);
    } else if (shape == CLIENT_LIST) {
        fprintf(w->to, "for (uint32_t i = 0; i < p->%s_count; i++) {\n        ", f->name);
    }
    const char *index = shape == CLIENT_ONE ? "" : "[i]";
    if (put) {
        write_put(w, f, index);
    } else {
        write_get(w, f, index);
    }
    if (shape != CLIENT_ONE) {
        fprintf(w->to, "    }\n");
    }
}

/* ---- functions ------------------------------------------------------------------------------- */

/* P_put or P_get: the fixed fields. */
static void write_fixed(const writing *w, const client_packet *p, bool put) {
    if (put) {
        fprintf(w->to, "static inline uint8_t *%s_%s_put(uint8_t *at, const %s_%s *p) {\n",
                w->lower, p->name, w->lower, p->name);
    } else {
        fprintf(w->to, "static inline const uint8_t *%s_%s_get(const uint8_t *at, %s_%s *p) {\n",
                w->lower, p->name, w->lower, p->name);
    }
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        if (p->fields[i].from->part == PORTICO_PART_FIXED) {
            write_elements(w, &p->fields[i], put);
        }
    }
    fprintf(w->to, "%s    return at;\n}\n\n", p->layout->size_min == 0 ? "    (void)p;\n" : "");
}

static void write_encode(const writing *w, const client_packet *p) {
    const client_field *last = &p->fields[p->layout->field_count - 1];
    client_shape shape = client_field_shape(last);
    fprintf(w->to,
            "/* Writes the payload to `to`. False: it has not `capacity`, or a part is above its "
            "most. */\n"
            "static inline bool %s_%s_encode(const %s_%s *p, void *to, size_t capacity,\n"
            "    size_t *size) {\n"
            "    size_t need = %u;\n",
            w->lower, p->name, w->lower, p->name, p->layout->size_min);
    if (is_variable(p)) {
        fprintf(w->to, "    if (p->%s%s > %u) {\n        return false;\n    }\n", last->name,
                count_name(last), last->from->count);
        fprintf(w->to, "    need += (size_t)p->%s%s * %u;\n", last->name, count_name(last),
                last->from->size);
    }
    fprintf(w->to,
            "    if (need > capacity) {\n        return false;\n    }\n"
            "    uint8_t *at = %s_%s_put((uint8_t *)to, p);\n",
            w->lower, p->name);
    if (is_variable(p) && shape == CLIENT_LIST) {
        write_elements(w, last, true);
    } else if (is_variable(p)) {
        fprintf(w->to, "    if (p->%s_size > 0) {\n        memcpy(at, p->%s, p->%s_size);\n    }\n",
                last->name, last->name, last->name);
    }
    fprintf(w->to, "    (void)at;\n    *size = need;\n    return true;\n}\n\n");
}

static void write_decode(const writing *w, const client_packet *p) {
    const client_field *last = &p->fields[p->layout->field_count - 1];
    client_shape shape = client_field_shape(last);
    fprintf(w->to,
            "/* Reads a payload. False: it is no such packet. */\n"
            "static inline bool %s_%s_decode(%s_%s *p, const void *from, size_t size) {\n",
            w->lower, p->name, w->lower, p->name);
    if (!is_variable(p)) {
        fprintf(w->to, "    if (size != %u) {\n", p->layout->size_min);
    } else if (p->layout->size_min == 0) {
        fprintf(w->to, "    if (size > %u || size %% %u != 0) {\n", p->layout->size_max,
                last->from->size);
    } else {
        fprintf(w->to, "    if (size < %u || size > %u || (size - %u) %% %u != 0) {\n",
                p->layout->size_min, p->layout->size_max, p->layout->size_min, last->from->size);
    }
    fprintf(w->to,
            "        return false;\n    }\n"
            "    const uint8_t *at = %s_%s_get((const uint8_t *)from, p);\n",
            w->lower, p->name);
    if (is_variable(p)) {
        fprintf(w->to, "    p->%s%s = (uint32_t)((size - %u) / %u);\n", last->name,
                count_name(last), p->layout->size_min, last->from->size);
    }
    if (is_variable(p) && shape == CLIENT_LIST) {
        write_elements(w, last, false);
    } else if (is_variable(p)) {
        fprintf(w->to, "    p->%s = (const %s *)at;\n", last->name,
                shape == CLIENT_TEXT ? "char" : "uint8_t");
    }
    fprintf(w->to, "    (void)at;\n    return true;\n}\n\n");
}

/* Names that begin with "portico" belong to the SDK. */
static void take_prefix(writing *w, const char *module) {
    (void)snprintf(w->lower, sizeof w->lower, "%s%s",
                   strncmp(module, "portico", 7) == 0 ? "module_" : "", module);
    for (size_t i = 0; i < sizeof w->lower; i++) {
        w->upper[i] = (char)toupper((unsigned char)w->lower[i]);
    }
}

void client_c_write(const client_packets *c, const char *module, FILE *to) {
    writing w = {.c = c, .to = to};
    take_prefix(&w, module);
    fprintf(to, "#ifndef PORTICO_PACKETS_%s_H\n#define PORTICO_PACKETS_%s_H\n\n%s", w.upper,
            w.upper, helpers);
    for (uint32_t i = 0; i < c->opcode_count; i++) {
        const client_opcode *o = &c->opcodes[i];
        fprintf(to, "%s    %s_%s = %u%s /* ", i == 0 ? "enum {\n" : "", w.upper, o->name, o->id,
                i + 1 < c->opcode_count ? "," : "");
        client_opcode_remark(c, o, to);
        fprintf(to, " */\n%s", i + 1 == c->opcode_count ? "};\n\n" : "");
    }
    for (uint32_t i = 0; i < c->packet_count; i++) {
        write_struct(&w, &c->packets[i]);
        write_fixed(&w, &c->packets[i], true);
        write_fixed(&w, &c->packets[i], false);
        write_encode(&w, &c->packets[i]);
        write_decode(&w, &c->packets[i]);
    }
    fprintf(to, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
