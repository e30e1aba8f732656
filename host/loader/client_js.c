/* client_js.c: a module's packets as JavaScript or TypeScript: opcodes, and for each packet an
 * object that encodes and decodes it. See client_code.h. */
#include "loader/client_languages.h"

#include <string.h>

/* Names of this file's own begin with an underscore, which no name of a module does. Parts are for
 * TypeScript only: see write_text. */
static const char *const runtime[] = {
    "\n"
    "@interface _Packet<T> {\n"
    "@    /** The payload. Throws RangeError for a value that does not fit; what is missing is 0. */\n"
    "@    encode(packet: Partial<T>): Uint8Array;\n"
    "@    /** The packet; null: the payload is none. */\n"
    "@    decode(payload: Uint8Array): T | null;\n"
    "@    /** Without a part of variable size. */\n"
    "@    readonly size_min: number;\n"
    "@}\n"
    "@\n"
    "const _sizes`: Record<string, number>` = {u8: 1, i8: 1, bool: 1, text: 1, bytes: 1, u16: 2,\n"
    "    i16: 2, u32: 4, i32: 4, f32: 4, u64: 8, i64: 8, f64: 8};\n"
    "const _methods`: Record<string, string>` = {u8: \"Uint8\", i8: \"Int8\", u16: \"Uint16\",\n"
    "    i16: \"Int16\", u32: \"Uint32\", i32: \"Int32\", u64: \"BigUint64\", i64: \"BigInt64\",\n"
    "    f32: \"Float32\", f64: \"Float64\", bool: \"Uint8\"};\n"
    "\n"
    "function _size(type`: any`)`: number` {\n"
    "    return typeof type === \"string\" ? _sizes[type] : type.size_min;\n"
    "}\n"
    "\n"
    "function _put(bytes`: Uint8Array`, at`: number`, type`: any`, value`: any`)`: void` {\n"
    "    if (typeof type !== \"string\") {\n"
    "        bytes.set(type.encode(value ?? {}), at);\n"
    "        return;\n"
    "    }\n"
    "    const view`: any` = new DataView(bytes.buffer, bytes.byteOffset + at);\n"
    "    const wide = type === \"u64\" || type === \"i64\";\n"
    "    const real = type === \"f32\" || type === \"f64\";\n"
    "    const number = wide ? BigInt(value ?? 0)\n"
    "        : type === \"bool\" ? Number(Boolean(value)) : Number(value ?? 0);\n"
    "    view[\"set\" + _methods[type]](0, number, true);\n"
    "    if (!real && view[\"get\" + _methods[type]](0, true) !== number) {\n"
    "        throw new RangeError(`${value} is no ${type}`);\n"
    "    }\n"
    "}\n"
    "\n"
    "function _get(bytes`: Uint8Array`, at`: number`, type`: any`)`: any` {\n"
    "    if (typeof type !== \"string\") {\n"
    "        return type.decode(bytes.subarray(at, at + type.size_min));\n"
    "    }\n"
    "    const view`: any` = new DataView(bytes.buffer, bytes.byteOffset + at);\n"
    "    const number = view[\"get\" + _methods[type]](0, true);\n"
    "    return type === \"bool\" ? number !== 0 : number;\n"
    "}\n"
    "\n"
    "function _text(bytes`: Uint8Array`)`: string` {\n"
    "    return new TextDecoder().decode(bytes);\n"
    "}\n"
    "\n", /* no string may be longer than 4095 bytes */
    "/* The parts of a field: bytes, or elements of a type. */\n"
    "function _parts(name`: string`, shape`: string`, type`: any`, count`: number`,\n"
    "    value`: any`)`: any` {\n"
    "    if (shape === \"chars\" || shape === \"text\" || shape === \"bytes\") {\n"
    "        const data = typeof value === \"string\" ? new TextEncoder().encode(value)\n"
    "            : new Uint8Array(value ?? []);\n"
    "        const most = shape === \"chars\" ? count - 1 : count;\n"
    "        if (data.length > most || (shape !== \"bytes\" && data.includes(0))) {\n"
    "            throw new RangeError(`${name}: more than ${most} bytes, or a zero in a text`);\n"
    "        }\n"
    "        return {data, size: shape === \"chars\" ? count : data.length};\n"
    "    }\n"
    "    const list`: any[]` = shape === \"one\" ? [value] : Array.from(value ?? []);\n"
    "    if (list.length > count) {\n"
    "        throw new RangeError(`${name}: ${list.length} elements of ${count}`);\n"
    "    }\n"
    "    while (shape === \"array\" && list.length < count) {\n"
    "        list.push(undefined);\n"
    "    }\n"
    "    return {list, type, size: list.length * _size(type)};\n"
    "}\n"
    "\n"
    "function _packet`<T>`(size_min`: number`, fields`: any[]`)`: _Packet<T>` {\n"
    "    function encode(packet`: any`)`: Uint8Array` {\n"
    "        const parts = fields.map(([name, shape, type, count]) =>\n"
    "            _parts(name, shape, type, count, packet[name]));\n"
    "        const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.size, 0));\n"
    "        let at = 0;\n"
    "        for (const part of parts) {\n"
    "            if (part.data) {\n"
    "                bytes.set(part.data, at);\n"
    "            } else {\n"
    "                part.list.forEach((value`: any`, i`: number`) =>\n"
    "                    _put(bytes, at + i * _size(part.type), part.type, value));\n"
    "            }\n"
    "            at += part.size;\n"
    "        }\n"
    "        return bytes;\n"
    "    }\n"
    "\n"
    "    function decode(payload`: Uint8Array`)`: any` {\n"
    "        const packet`: any` = {};\n"
    "        let at = 0;\n"
    "        for (const [name, shape, type, most] of fields) {\n"
    "            const one = _size(type), rest = payload.length - at;\n"
    "            const variable = shape === \"list\" || shape === \"text\" || shape === \"bytes\";\n"
    "            const count = variable ? rest / one : most;\n"
    "            if (!Number.isInteger(count) || count > most || rest < count * one) {\n"
    "                return null;\n"
    "            }\n"
    "            const bytes = payload.slice(at, at + count * one);\n"
    "            if (shape === \"bytes\") {\n"
    "                packet[name] = bytes;\n"
    "            } else if (shape === \"text\") {\n"
    "                packet[name] = _text(bytes);\n"
    "            } else if (shape === \"chars\") {\n"
    "                const zero = bytes.indexOf(0);\n"
    "                packet[name] = _text(zero < 0 ? bytes : bytes.subarray(0, zero));\n"
    "            } else {\n"
    "                const list = Array.from({length: count}, (_, i) => _get(bytes, i * one, type));\n"
    "                packet[name] = shape === \"one\" ? list[0] : list;\n"
    "            }\n"
    "            at += count * one;\n"
    "        }\n"
    "        return at === payload.length ? packet : null;\n"
    "    }\n"
    "    return {encode, decode, size_min};\n"
    "}\n"
    "\n"};

/* A line that begins with @ is TypeScript only. So is what is between two backticks if it begins
 * with a colon or <; other backticks are JavaScript's. */
static void write_text(const char *text, bool types, FILE *to) {
    bool only_types = false; /* inside of such a line or pair */
    bool line = false;
    for (const char *c = text; *c != '\0'; c++) {
        bool begins = c == text || c[-1] == '\n';
        if (begins && *c == '@') {
            only_types = line = true;
        } else if (line && *c == '\n') {
            only_types = line = false;
            if (types) {
                fputc('\n', to);
            }
        } else if (*c == '`' && !line && (only_types || c[1] == ':' || c[1] == '<')) {
            only_types = !only_types;
        } else if (types || !only_types) {
            fputc(*c, to);
        }
    }
}

static const char *shape_name(client_shape shape) {
    static const char *const names[] = {
        [CLIENT_ONE] = "one",     [CLIENT_ARRAY] = "array", [CLIENT_LIST] = "list",
        [CLIENT_CHARS] = "chars", [CLIENT_TEXT] = "text",   [CLIENT_BYTES] = "bytes"};
    return names[shape];
}

static void write_element_type(const client_packets *c, const client_field *f, FILE *to) {
    const packet_field *from = f->from;
    bool wide = from->size == 8 && from->kind != PORTICO_KIND_FLOAT;
    fprintf(to, "%s",
            from->fields != NULL              ? c->packets[f->packet].name
            : from->kind == PORTICO_KIND_BOOL ? "boolean"
            : wide                            ? "bigint"
                                              : "number");
}

static void write_interface(const client_packets *c, const client_packet *p, FILE *to) {
    fprintf(to, "export interface %s {\n", p->name);
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        const client_field *f = &p->fields[i];
        client_shape shape = client_field_shape(f);
        fprintf(to, "    %s: ", f->name);
        if (shape == CLIENT_CHARS || shape == CLIENT_TEXT) {
            fprintf(to, "string");
        } else if (shape == CLIENT_BYTES) {
            fprintf(to, "Uint8Array");
        } else {
            write_element_type(c, f, to);
            fprintf(to, "%s", shape == CLIENT_ONE ? "" : "[]");
        }
        fprintf(to, ";\n");
    }
    fprintf(to, "}\n\n");
}

static void write_packet(const client_packets *c, const client_packet *p, bool types, FILE *to) {
    fprintf(to, "\n");
    if (types) {
        write_interface(c, p, to);
        fprintf(to, "export const %s: _Packet<%s> = _packet<%s>(%u, [\n", p->name, p->name, p->name,
                p->layout->size_min);
    } else {
        fprintf(to, "export const %s = _packet(%u, [\n", p->name, p->layout->size_min);
    }
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        const client_field *f = &p->fields[i];
        fprintf(to, "    [\"%s\", \"%s\", ", f->name, shape_name(client_field_shape(f)));
        if (f->from->fields != NULL) {
            fprintf(to, "%s", c->packets[f->packet].name);
        } else {
            fprintf(to, "\"%s\"", packet_field_type(f->from));
        }
        fprintf(to, ", %u],\n", f->from->count);
    }
    fprintf(to, "]);\n");
}

void client_js_write(const client_packets *c, bool types, FILE *to) {
    for (size_t i = 0; i < sizeof runtime / sizeof runtime[0]; i++) {
        write_text(runtime[i], types, to);
    }
    for (uint32_t i = 0; i < c->opcode_count; i++) {
        fprintf(to, "export const %s = %u; // ", c->opcodes[i].name, c->opcodes[i].id);
        client_opcode_remark(c, &c->opcodes[i], to);
        fprintf(to, "\n");
    }
    for (uint32_t i = 0; i < c->packet_count; i++) {
        write_packet(c, &c->packets[i], types, to);
    }
}
