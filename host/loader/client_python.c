/* client_python.c: a module's packets as Python: opcodes, and a dataclass for each packet. See
 * client_code.h. */
#include "loader/client_languages.h"

#include <string.h>

/* Names of this file's own begin with an underscore, which no name of a module does. */
static const char *const runtime =
    "\n"
    "from __future__ import annotations\n"
    "\n"
    "import dataclasses as _dataclasses\n"
    "import struct as _struct\n"
    "import typing as _typing\n"
    "\n"
    "\n"
    "class _Packet:\n"
    "    _layout: _typing.ClassVar[_typing.Any] = ()  # (name, shape, code or class, count)\n"
    "    _size: _typing.ClassVar[int] = 0  # without a part of variable size\n"
    "\n"
    "    def encode(self) -> bytes:\n"
    "        \"\"\"The payload. Raises ValueError for a value that does not fit.\"\"\"\n"
    "        try:\n"
    "            return b\"\".join(_put(getattr(self, name), *how) for name, *how in self._layout)\n"
    "        except (_struct.error, TypeError, OverflowError, AttributeError) as error:\n"
    "            raise ValueError(f\"{type(self).__name__}: {error}\") from None\n"
    "\n"
    "    @classmethod\n"
    "    def decode(cls, payload: bytes) -> _typing.Any:\n"
    "        \"\"\"The packet; None: the payload is none.\"\"\"\n"
    "        packet, at = cls(), 0\n"
    "        for name, shape, kind, count in cls._layout:\n"
    "            one = _size_of(kind)\n"
    "            rest = len(payload) - at\n"
    "            if shape in (\"list\", \"text\", \"bytes\"):\n"
    "                if rest % one or rest // one > count:\n"
    "                    return None\n"
    "                count = rest // one\n"
    "            if rest < one * count:\n"
    "                return None\n"
    "            setattr(packet, name, _get(payload[at : at + one * count], shape, kind, one))\n"
    "            at += one * count\n"
    "        return packet if at == len(payload) else None\n"
    "\n"
    "\n"
    "def _size_of(kind: _typing.Any) -> int:\n"
    "    return _struct.calcsize(\"<\" + kind) if isinstance(kind, str) else kind._size\n"
    "\n"
    "\n"
    "def _get(data: bytes, shape: str, kind: _typing.Any, one: int) -> _typing.Any:\n"
    "    if shape == \"bytes\":\n"
    "        return bytes(data)\n"
    "    if shape in (\"chars\", \"text\"):\n"
    "        text = bytes(data).split(b\"\\0\")[0] if shape == \"chars\" else bytes(data)\n"
    "        return text.decode(\"utf-8\", \"replace\")\n"
    "    if isinstance(kind, str):\n"
    "        values = list(_struct.unpack(f\"<{len(data) // one}{kind}\", data))\n"
    "    else:\n"
    "        values = [kind.decode(data[at : at + one]) for at in range(0, len(data), one)]\n"
    "    return values[0] if shape == \"one\" else values\n"
    "\n"
    "\n"
    "def _put(value: _typing.Any, shape: str, kind: _typing.Any, count: int) -> bytes:\n"
    "    if shape in (\"chars\", \"text\", \"bytes\"):\n"
    "        data = value.encode() if isinstance(value, str) else bytes(value)\n"
    "        if len(data) > count - (shape == \"chars\"):\n"
    "            raise ValueError(f\"{len(data)} bytes of {count}\")\n"
    "        if shape != \"bytes\" and b\"\\0\" in data:\n"
    "            raise ValueError(\"a zero in a text\")\n"
    "        return data.ljust(count, b\"\\0\") if shape == \"chars\" else data\n"
    "    values = [value] if shape == \"one\" else list(value)\n"
    "    if len(values) > count or (shape != \"list\" and len(values) < count):\n"
    "        raise ValueError(f\"{len(values)} elements of {count}\")\n"
    "    if isinstance(kind, str):\n"
    "        return _struct.pack(f\"<{len(values)}{kind}\", *values)\n"
    "    return b\"\".join(one.encode() for one in values)\n"
    "\n";

static const char *shape_name(client_shape shape) {
    static const char *const names[] = {
        [CLIENT_ONE] = "one",     [CLIENT_ARRAY] = "array", [CLIENT_LIST] = "list",
        [CLIENT_CHARS] = "chars", [CLIENT_TEXT] = "text",   [CLIENT_BYTES] = "bytes"};
    return names[shape];
}

/* The letter of Python's struct. */
static char code_of(const packet_field *f) {
    static const char codes[3][9] = {{[1] = 'b', [2] = 'h', [4] = 'i', [8] = 'q'},
                                     {[1] = 'B', [2] = 'H', [4] = 'I', [8] = 'Q'},
                                     {[4] = 'f', [8] = 'd'}};
    switch (f->kind) {
    case PORTICO_KIND_BOOL: return '?';
    case PORTICO_KIND_CHAR: return 'B';
    default: return codes[f->kind - PORTICO_KIND_SIGNED][f->size];
    }
}

static void write_element_type(const client_packets *c, const client_field *f, FILE *to) {
    if (f->from->fields != NULL) {
        fprintf(to, "%s", c->packets[f->packet].name);
    } else {
        fprintf(to, "%s",
                f->from->kind == PORTICO_KIND_BOOL    ? "bool"
                : f->from->kind == PORTICO_KIND_FLOAT ? "float"
                                                      : "int");
    }
}

static const char *zero_of(const client_field *f) {
    return f->from->kind == PORTICO_KIND_BOOL    ? "False"
           : f->from->kind == PORTICO_KIND_FLOAT ? "0.0"
                                                 : "0";
}

/* The field in its dataclass: "    places: _typing.List[place] = ...". */
static void write_field(const client_packets *c, const client_field *f, FILE *to) {
    client_shape shape = client_field_shape(f);
    fprintf(to, "    %s: ", f->name);
    if (shape == CLIENT_CHARS || shape == CLIENT_TEXT) {
        fprintf(to, "str = \"\"\n");
    } else if (shape == CLIENT_BYTES) {
        fprintf(to, "bytes = b\"\"\n");
    } else if (shape == CLIENT_ONE && f->from->fields == NULL) {
        write_element_type(c, f, to);
        fprintf(to, " = %s\n", zero_of(f));
    } else {
        fprintf(to, "%s", shape == CLIENT_ONE ? "" : "_typing.List[");
        write_element_type(c, f, to);
        fprintf(to,
                "%s = _dataclasses.field(default_factory=lambda: ", shape == CLIENT_ONE ? "" : "]");
        if (shape == CLIENT_ONE) {
            fprintf(to, "%s())\n", c->packets[f->packet].name);
        } else if (shape == CLIENT_LIST) {
            fprintf(to, "[])\n");
        } else if (f->from->fields == NULL) {
            fprintf(to, "[%s] * %u)\n", zero_of(f), f->from->count);
        } else {
            fprintf(to, "[%s() for _ in range(%u)])\n", c->packets[f->packet].name, f->from->count);
        }
    }
}

static void write_packet(const client_packets *c, const client_packet *p, FILE *to) {
    fprintf(to, "\n@_dataclasses.dataclass\nclass %s(_Packet):\n", p->name);
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        write_field(c, &p->fields[i], to);
    }
    fprintf(to, "\n\n%s._size = %u\n%s._layout = (\n", p->name, p->layout->size_min, p->name);
    for (uint32_t i = 0; i < p->layout->field_count; i++) {
        const client_field *f = &p->fields[i];
        fprintf(to, "    (\"%s\", \"%s\", ", f->name, shape_name(client_field_shape(f)));
        if (f->from->fields != NULL) {
            fprintf(to, "%s", c->packets[f->packet].name);
        } else {
            fprintf(to, "\"%c\"", code_of(f->from));
        }
        fprintf(to, ", %u),\n", f->from->count);
    }
    fprintf(to, ")\n\n");
}

void client_python_write(const client_packets *c, FILE *to) {
    fprintf(to, "%s\n", runtime);
    for (uint32_t i = 0; i < c->opcode_count; i++) {
        fprintf(to, "%s = %u  # ", c->opcodes[i].name, c->opcodes[i].id);
        client_opcode_remark(c, &c->opcodes[i], to);
        fprintf(to, "\n");
    }
    fprintf(to, "\n");
    for (uint32_t i = 0; i < c->packet_count; i++) {
        write_packet(c, &c->packets[i], to);
    }
}
