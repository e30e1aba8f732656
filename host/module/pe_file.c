/* pe_file.c: the headers and exports of a 64-bit DLL. See library_file.h.
 *
 * Pointers need no relocations: in the file they hold the address at which they are right if the
 * library is loaded where it asks to be.
 */
#include "module/library_formats.h"

#include <string.h>

/* Offsets from the signature "PE\0\0". */
enum {
    AT_MACHINE = 4,
    AT_SECTION_COUNT = 6,
    AT_OPTIONAL_SIZE = 20,
    AT_FLAGS = 22,
    AT_OPTIONAL = 24,
    AT_IMAGE_BASE = AT_OPTIONAL + 24,
    AT_DIRECTORY_COUNT = AT_OPTIONAL + 108,
    AT_EXPORTS = AT_OPTIONAL + 112, /* the first directory: address, size */
    HEADER_BYTES = AT_EXPORTS + 8
};
enum { AT_SIGNATURE_OFFSET = 0x3C, MACHINE_X86_64 = 0x8664, MACHINE_ARM64 = 0xAA64 };
enum { FLAG_DLL = 0x2000, MAGIC_PE32_PLUS = 0x20B };
#define SECTION_WRITABLE UINT32_C(0x80000000)

typedef struct pe_section {
    char name[8];
    uint32_t size;
    uint32_t address;
    uint32_t file_size;
    uint32_t file_offset;
    uint32_t unused[3];
    uint32_t flags;
} pe_section;

typedef struct pe_exports {
    uint32_t flags;
    uint32_t time;
    uint32_t version;
    uint32_t library_name;
    uint32_t first_ordinal;
    uint32_t function_count;
    uint32_t name_count;
    uint32_t functions; /* addresses, by index */
    uint32_t names;     /* addresses of names, sorted */
    uint32_t indices;   /* the 16-bit index of each name's function */
} pe_exports;

_Static_assert(sizeof(pe_section) == 40 && sizeof(pe_exports) == 40, "as in the file");

static uint32_t u16_at(const uint8_t *bytes, size_t at) {
    return (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8;
}

static uint32_t u32_at(const uint8_t *bytes, size_t at) {
    return u16_at(bytes, at) | u16_at(bytes, at + 2) << 16;
}

const char *pe_file_open(library_file *l) {
    static const char cut[] = "it is cut off or damaged";
    const uint8_t *dos = library_bytes(l, 0, AT_SIGNATURE_OFFSET + 4);
    uint64_t start = dos != NULL ? u32_at(dos, AT_SIGNATURE_OFFSET) : 0;
    const uint8_t *header = dos != NULL ? library_bytes(l, start, HEADER_BYTES) : NULL;
    if (header == NULL || memcmp(header, "PE\0", 4) != 0) {
        return cut;
    }
    uint32_t machine = u16_at(header, AT_MACHINE);
    if ((u16_at(header, AT_FLAGS) & FLAG_DLL) == 0 ||
        u16_at(header, AT_OPTIONAL) != MAGIC_PE32_PLUS ||
        (machine != MACHINE_X86_64 && machine != MACHINE_ARM64)) {
        return "it is no library for a 64-bit x86 or ARM processor";
    }
    uint64_t sections = start + AT_OPTIONAL + u16_at(header, AT_OPTIONAL_SIZE);
    for (uint32_t i = 0; i < u16_at(header, AT_SECTION_COUNT); i++) {
        pe_section s;
        const void *bytes = library_bytes(l, sections + (uint64_t)i * sizeof s, sizeof s);
        if (bytes == NULL) {
            return cut;
        }
        memcpy(&s, bytes, sizeof s);
        /* The file's size is rounded up to a block. */
        const library_part part = {s.address, s.size, s.file_offset,
                                   s.file_size < s.size ? s.file_size : s.size,
                                   (s.flags & SECTION_WRITABLE) != 0};
        if (!library_add_part(l, &part)) {
            return cut;
        }
    }
    l->base = u32_at(header, AT_IMAGE_BASE) | (uint64_t)u32_at(header, AT_IMAGE_BASE + 4) << 32;
    if (u32_at(header, AT_DIRECTORY_COUNT) > 0) {
        l->symbols = u32_at(header, AT_EXPORTS);
        l->exports_size = u32_at(header, AT_EXPORTS + 4);
    }
    return NULL;
}

/* Reads entry `index` of a table of numbers. */
static bool read_entry(const library_file *l, uint32_t table, uint64_t index, void *to,
                       size_t size) {
    return library_file_read(l, table + index * size, to, size);
}

uint64_t pe_file_symbol(const library_file *l, const char *name) {
    size_t size = strlen(name) + 1;
    pe_exports e;
    if (l->symbols == 0 || !library_file_read(l, l->symbols, &e, sizeof e)) {
        return 0;
    }
    uint64_t most = l->size / sizeof(uint32_t); /* the file has no more numbers */
    for (uint32_t i = 0; i < e.name_count && i < most; i++) {
        uint32_t name_address = 0;
        uint32_t address = 0;
        uint16_t index = 0;
        if (!read_entry(l, e.names, i, &name_address, sizeof name_address)) {
            return 0;
        }
        const char *found = library_file_text(l, name_address, size);
        if (found == NULL || memcmp(found, name, size) != 0) {
            continue;
        }
        bool forwarded = !read_entry(l, e.indices, i, &index, sizeof index) ||
                         index >= e.function_count ||
                         !read_entry(l, e.functions, index, &address, sizeof address) ||
                         (address >= l->symbols && address - l->symbols < l->exports_size);
        return forwarded ? 0 : address;
    }
    return 0;
}
