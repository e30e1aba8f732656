/* description_file.c: see description_file.h. One function copies every struct of a description:
 * description_layout.h says where it has pointers, and to what. */
#include "module/description_file.h"

#include "base/system_text.h"
#include "module/describe.h"
#include "module/description_layout.h"
#include "module/library_file.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 1 << 29,
    COPY_BYTES_MAX = 1 << 24, /* of all structs: what a file says must not take all memory */
    TEXT_BYTES_MAX = 4096,
    NAMES_MAX = 1024, /* of a list that a NULL ends */
    DEPTH_MAX = 10    /* structs within structs; more than the rules allow */
};

/* ---- copying --------------------------------------------------------------------------------- */

typedef struct description_block {
    struct description_block *next;
    _Alignas(16) char bytes[];
} description_block;

typedef struct reading {
    const library_file *library;
    module_description *to;
    size_t copied;     /* bytes so far */
    uint32_t depth;    /* of structs within structs */
    const char *fault; /* what the file does not have; NULL: so far it has all */
    bool no_memory;
} reading;

/* Zeroed memory that description_free frees; NULL: a fault is set. */
static void *reserve(reading *r, uint64_t size) {
    if (size > COPY_BYTES_MAX - r->copied) {
        r->fault = "more than 16 MiB of tables";
        return NULL;
    }
    description_block *block = calloc(1, sizeof *block + (size_t)size);
    if (block == NULL) {
        r->no_memory = true;
        return NULL;
    }
    block->next = r->to->memory;
    r->to->memory = block;
    r->copied += (size_t)size;
    return block->bytes;
}

/* Copies what the module has declared at an address. */
static bool copy_bytes(reading *r, uint64_t address, void *to, size_t size, const char *what) {
    library_place place = library_file_place(r->library, address, size);
    if (place == LIBRARY_OUTSIDE || place == LIBRARY_ZERO) {
        r->fault = what;
        return false;
    }
    r->to->constant = r->to->constant && place == LIBRARY_CONSTANT;
    return library_file_read(r->library, address, to, size);
}

static bool copy_text(reading *r, uint64_t address, const char **to) {
    *to = library_file_text(r->library, address, TEXT_BYTES_MAX);
    if (*to == NULL) {
        r->fault = "a text";
    }
    return *to != NULL;
}

static bool copy_struct(reading *r, uint64_t address, void *to, size_t size,
                        const struct_layout *layout);

static bool copy_texts(reading *r, uint64_t address, const char ***to) {
    uint64_t text = 1;
    uint32_t count = 0;
    for (; text != 0 && count < NAMES_MAX; count++) {
        uint64_t at = address + (uint64_t)count * sizeof text;
        if (!copy_bytes(r, at, &text, sizeof text, "a list of texts") ||
            !library_file_pointer(r->library, at, &text)) {
            r->fault = "a list of texts";
            return false;
        }
    }
    *to = reserve(r, (uint64_t)(count + 1) * sizeof **to);
    for (uint32_t i = 0; *to != NULL && i < count; i++) {
        if (!library_file_pointer(r->library, address + (uint64_t)i * sizeof text, &text) ||
            (text != 0 && !copy_text(r, text, &(*to)[i]))) {
            return false;
        }
    }
    return *to != NULL;
}

/* Copies `count` rows. Returns them; NULL: a fault is set. */
static void *copy_rows(reading *r, uint64_t address, uint32_t count, uint32_t row_size,
                       const struct_layout *layout) {
    if (library_file_place(r->library, address, (uint64_t)count * row_size) < LIBRARY_WRITABLE) {
        r->fault = "a table";
        return NULL;
    }
    char *rows = reserve(r, (uint64_t)count * layout->size);
    for (uint32_t i = 0; rows != NULL && i < count; i++) {
        if (!copy_struct(r, address + (uint64_t)i * row_size, rows + i * layout->size, row_size,
                         layout)) {
            return NULL;
        }
    }
    return rows;
}

static bool copy_table(reading *r, uint64_t address, portico_table *t,
                       const struct_layout *layout) {
    uint64_t rows = 0;
    t->rows = NULL;
    if (t->count == 0) {
        return true;
    }
    if (!library_file_pointer(r->library, address + offsetof(portico_table, rows), &rows)) {
        r->fault = "a table";
        return false;
    }
    if (rows == 0 || layout_refuses(layout, t->count, t->row_size)) {
        t->rows = rows == 0 ? NULL : r; /* never read */
        return true;
    }
    t->rows = copy_rows(r, rows, t->count, t->row_size, layout);
    t->row_size = (uint32_t)layout->size;
    return t->rows != NULL;
}

/* Copies a portico_fields and everything below it. */
static const portico_fields *copy_fields(reading *r, uint64_t address) {
    uint64_t rows = 0;
    portico_fields *f = reserve(r, sizeof *f);
    if (f == NULL || !copy_struct(r, address, f, sizeof *f, &fields_layout)) {
        return NULL;
    }
    if (!library_file_pointer(r->library, address + offsetof(portico_fields, fields), &rows)) {
        r->fault = "a list of fields";
        return NULL;
    }
    f->fields = NULL;
    if (rows == 0 || f->field_count == 0 ||
        layout_refuses(&field_layout, f->field_count, f->field_size) || r->depth == DEPTH_MAX) {
        f->fields = rows == 0 || r->depth == DEPTH_MAX ? NULL : (const portico_field *)(void *)f;
        return f; /* refused unread, too */
    }
    r->depth++;
    f->fields = copy_rows(r, rows, f->field_count, f->field_size, &field_layout);
    f->field_size = (uint32_t)field_layout.size;
    r->depth--;
    return f->fields != NULL ? f : NULL;
}

/* Copies what the pointer in `to`, a copy of what is at `address`, points to. */
static bool copy_member(reading *r, uint64_t address, void *to, const pointer_member *member) {
    static uint64_t code; /* where functions and targets are */
    uint64_t target = 0;
    void *copy = NULL;
    bool known = library_file_pointer(r->library, address, &target);
    if (member->kind == POINTER_TABLE) {
        portico_table t;
        memcpy(&t, to, sizeof t);
        bool copied = copy_table(r, address, &t, member->row);
        memcpy(to, &t, sizeof t);
        return copied;
    }
    if (member->kind == POINTER_CODE) {
        copy = !known || target != 0 ? &code : NULL;
    } else if (!known) {
        r->fault = "a text or table of another library";
        return false;
    } else if (target != 0 && member->kind == POINTER_TEXT) {
        const char *text = NULL;
        if (!copy_text(r, target, &text)) {
            return false;
        }
        memcpy(to, &text, sizeof text);
        return true;
    } else if (target != 0 && member->kind == POINTER_TEXTS) {
        const char **texts = NULL;
        if (!copy_texts(r, target, &texts)) {
            return false;
        }
        copy = (void *)texts;
    } else if (target != 0) {
        const portico_fields *fields = copy_fields(r, target);
        memcpy(to, &fields, sizeof fields);
        return fields != NULL;
    }
    memcpy(to, &copy, sizeof copy);
    return true;
}

/* Copies a struct of `size` bytes in the file. What today's struct has beyond them is zero. */
static bool copy_struct(reading *r, uint64_t address, void *to, size_t size,
                        const struct_layout *layout) {
    size = size < layout->size ? size : layout->size;
    if (!copy_bytes(r, address, to, size, "a table")) {
        return false;
    }
    for (const pointer_member *m = layout->members; m->kind != POINTER_END; m++) {
        if (m->offset < size && !copy_member(r, address + m->offset, (char *)to + m->offset, m)) {
            return false;
        }
    }
    return true;
}

/* ---- the file -------------------------------------------------------------------------------- */

static description_result parse_entry(reading *r, uint64_t address) {
    static const portico_module unread;
    static const portico_host *place;
    portico_entry *entry = &r->to->entry;
    uint64_t module = 0;
    uint64_t host = 0;
    if (!copy_bytes(r, address, entry, sizeof *entry, "its entry") ||
        !library_file_pointer(r->library, address + offsetof(portico_entry, module), &module) ||
        module == 0) {
        r->fault = "its description";
        return DESCRIPTION_AT_RUN_TIME;
    }
    bool known = library_file_pointer(r->library, address + offsetof(portico_entry, host), &host);
    entry->host = !known || host != 0 ? &place : NULL;
    entry->module = &unread;
    if (entry->abi_major != PORTICO_ABI_MAJOR || entry->abi_minor < ABI_MINOR_LEAST ||
        entry->abi_minor > PORTICO_ABI_MINOR || entry->module_size < module_layout.least) {
        return DESCRIPTION_READ; /* describe() refuses it, unread */
    }
    portico_module *copy = reserve(r, sizeof *copy);
    if (copy == NULL || !copy_struct(r, module, copy, entry->module_size, &module_layout)) {
        return r->no_memory ? DESCRIPTION_NO_MEMORY : DESCRIPTION_AT_RUN_TIME;
    }
    if (copy->name == NULL && !r->to->constant) {
        r->fault = "its name";
        return DESCRIPTION_AT_RUN_TIME;
    }
    entry->module = copy;
    entry->module_size = (uint32_t)sizeof *copy;
    return DESCRIPTION_READ;
}

static description_result parse_library(const library_file *l, module_description *d,
                                        char why[DESCRIPTION_WHY_MAX]) {
    reading r = {.library = l, .to = d};
    uint64_t address = library_file_symbol(l, PORTICO_ENTRY_SYMBOL);
    if (address == 0) {
        bool old = library_file_symbol(l, DESCRIBE_OLD_SYMBOL) != 0;
        describe_no_entry(old, why, DESCRIPTION_WHY_MAX);
        return old ? DESCRIPTION_OF_0_3 : DESCRIPTION_NONE;
    }
    description_result result = parse_entry(&r, address);
    if (result == DESCRIPTION_AT_RUN_TIME) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX,
                       "its description is not complete before it is loaded: the file lacks %s",
                       r.fault != NULL ? r.fault : "a part");
    }
    return result;
}

description_result description_parse(const void *bytes, size_t size, module_description *d,
                                     char why[DESCRIPTION_WHY_MAX]) {
    library_file library;
    *d = (module_description){.constant = true};
    const char *fault = library_file_open(&library, bytes, size);
    if (fault != NULL) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX, "%s", fault);
        return DESCRIPTION_NO_LIBRARY;
    }
    description_result result = parse_library(&library, d, why);
    library_file_close(&library);
    if (result == DESCRIPTION_NO_MEMORY) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX, "out of memory");
    }
    if (result != DESCRIPTION_READ) {
        description_free(d);
    }
    return result;
}

/* The bytes of the file; NULL: *result and `why` say what is wrong. */
static char *read_file(const char *path, size_t *size, description_result *result,
                       char why[DESCRIPTION_WHY_MAX]) {
    os_file_info info;
    FILE *file = os_fopen(path, "rb");
    *result = DESCRIPTION_NO_FILE;
    if (file == NULL || os_file_look(path, &info) != PORTICO_OK) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX, "it cannot be opened (%s)",
                       system_text(os_error()));
        if (file != NULL) {
            (void)fclose(file);
        }
        return NULL;
    }
    char *bytes = info.size <= FILE_BYTES_MAX ? malloc((size_t)info.size + 1) : NULL;
    if (info.size > FILE_BYTES_MAX) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX, "it has more than %d MiB",
                       FILE_BYTES_MAX / 1024 / 1024);
        *result = DESCRIPTION_NO_LIBRARY;
    } else if (bytes == NULL) {
        (void)snprintf(why, DESCRIPTION_WHY_MAX, "out of memory");
        *result = DESCRIPTION_NO_MEMORY;
    } else {
        *size = fread(bytes, 1, (size_t)info.size, file);
        if (ferror(file) != 0) {
            (void)snprintf(why, DESCRIPTION_WHY_MAX, "it cannot be read");
            free(bytes);
            bytes = NULL;
        }
    }
    (void)fclose(file);
    return bytes;
}

description_result description_read(const char *path, module_description *d,
                                    char why[DESCRIPTION_WHY_MAX]) {
    description_result result;
    size_t size = 0;
    *d = (module_description){0};
    char *bytes = read_file(path, &size, &result, why);
    if (bytes == NULL) {
        return result;
    }
    result = description_parse(bytes, size, d, why);
    if (result == DESCRIPTION_READ) {
        d->bytes = bytes;
    } else {
        free(bytes);
    }
    return result;
}

void description_free(module_description *d) {
    while (d->memory != NULL) {
        description_block *next = d->memory->next;
        free(d->memory);
        d->memory = next;
    }
    free(d->bytes);
    *d = (module_description){0};
}
