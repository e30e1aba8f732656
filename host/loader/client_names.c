/* client_names.c: see client_names.h. */
#include "loader/client_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLAIN_MAX = CLIENT_NAME_MAX - 32 }; /* leaves room for a suffix and a number */

/* Keywords of the languages, macros of usual headers, and what every object of Python's or
 * JavaScript's already has. */
static const char *const never[] = {
    /* C and C++ */
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
    "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert",
    "static_cast", "struct", "switch", "template", "this", "thread_local", "throw", "true", "try",
    "typedef", "typeid", "typename", "typeof", "typeof_unqual", "union", "unsigned", "using",
    "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    /* Python */
    "False", "None", "True", "as", "assert", "async", "await", "cls", "decode", "def", "del",
    "elif", "encode", "except", "finally", "from", "global", "import", "in", "is", "lambda",
    "nonlocal", "pass", "raise", "self", "with", "yield",
    /* JavaScript */
    "arguments", "constructor", "debugger", "eval", "extends", "function", "hasOwnProperty",
    "instanceof", "isPrototypeOf", "let", "null", "propertyIsEnumerable", "super", "toLocaleString",
    "toString", "undefined", "valueOf", "var",
    /* macros */
    "BOOL", "EOF", "ERROR", "FALSE", "IN", "NULL", "OPTIONAL", "OUT", "TRUE", "VOID", "errno",
    "far", "i386", "interface", "linux", "near", "offsetof", "small", "stderr", "stdin", "stdout",
    "unix"};

/* Names that the generated code, or the language, needs outside of packets. */
static const char *const never_outside[] = {
    /* Python */
    "AttributeError", "OverflowError", "TypeError", "ValueError", "bytes", "classmethod", "getattr",
    "isinstance", "len", "list", "match", "object", "range", "setattr", "str", "type",
    /* JavaScript and TypeScript */
    "Array", "ArrayBuffer", "BigInt", "DataView", "Error", "Infinity", "Math", "NaN", "Number",
    "Object", "Partial", "RangeError", "Record", "String", "TextDecoder", "TextEncoder",
    "TypeError", "Uint8Array", "any", "bigint", "boolean", "declare", "implements", "module",
    "never", "number", "of", "package", "readonly", "string", "symbol", "unknown"};

/* The generated C appends these to the name of a packet. */
static const char *const endings[] = {"_encode", "_decode",   "_put",
                                      "_get",    "_size_min", "_size_max"};

static bool is_in(const char *const *words, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_taken(const client_scope *s, const char *name) {
    if (is_in(never, sizeof never / sizeof never[0], name)) {
        return true;
    }
    if (s->fields) {
        return false;
    }
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t end = strlen(endings[i]);
        if (size > end && strcmp(name + size - end, endings[i]) == 0) {
            return true;
        }
    }
    return is_in(never_outside, sizeof never_outside / sizeof never_outside[0], name);
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

/* Replaces what no identifier has. */
static void make_plain(const client_scope *s, const char *from, const char *fallback,
                       char to[CLIENT_NAME_MAX]) {
    bool usable = false;
    for (const char *c = from; *c != '\0'; c++) {
        usable = usable || (is_plain(*c) && *c != '_');
    }
    from = usable ? from : fallback;
    size_t size = 0;
    if (!is_letter(from[0])) {
        to[size++] = 'x';
    }
    for (; *from != '\0' && size < PLAIN_MAX; from++) {
        to[size++] = (char)(is_plain(*from) ? *from : '_');
    }
    to[size] = '\0';
    if (is_taken(s, to)) {
        to[size++] = '_';
        to[size] = '\0';
    }
}

static bool scope_has(const client_scope *s, const char *name, const char *suffix) {
    size_t size = strlen(name);
    for (uint32_t i = 0; i < s->count; i++) {
        if (strncmp(s->names[i], name, size) == 0 && strcmp(s->names[i] + size, suffix) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_free(const client_scope *s, const char *name, const char *const *suffixes) {
    if (scope_has(s, name, "")) {
        return false;
    }
    for (; suffixes != NULL && *suffixes != NULL; suffixes++) {
        if (scope_has(s, name, *suffixes)) {
            return false;
        }
    }
    return true;
}

static bool scope_add(client_scope *s, const char *name, const char *suffix) {
    if (s->count == s->capacity) {
        uint32_t capacity = s->capacity == 0 ? 16 : 2 * s->capacity;
        void *names = realloc(s->names, capacity * sizeof s->names[0]);
        if (names == NULL) {
            return false;
        }
        s->names = names;
        s->capacity = capacity;
    }
    (void)snprintf(s->names[s->count++], CLIENT_NAME_MAX, "%s%s", name, suffix);
    return true;
}

void client_scope_free(client_scope *s) {
    free(s->names);
    *s = (client_scope){0};
}

bool client_scope_take(client_scope *s, const char *from, const char *fallback,
                       const char *const *suffixes, char to[CLIENT_NAME_MAX]) {
    make_plain(s, from, fallback, to);
    size_t size = strlen(to);
    for (unsigned i = 2; !is_free(s, to, suffixes); i++) {
        (void)snprintf(to + size, CLIENT_NAME_MAX - size, "_%u", i);
    }
    bool ok = scope_add(s, to, "");
    for (; suffixes != NULL && *suffixes != NULL; suffixes++) {
        ok = ok && scope_add(s, to, *suffixes);
    }
    return ok;
}
