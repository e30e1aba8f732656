/* elf_file.c: the headers, symbols and relocations of a 64-bit ELF library. See library_file.h.
 *
 * The names are those of the ELF specification, which no header of C has. Everything is found as
 * the loader finds it, by the program headers and the dynamic section: a stripped file has no
 * others.
 */
#include "module/library_formats.h"

#include <stdlib.h>
#include <string.h>

typedef struct elf_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
} elf_header;

typedef struct elf_segment {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
} elf_segment;

typedef struct elf_dynamic {
    uint64_t tag;
    uint64_t value;
} elf_dynamic;

typedef struct elf_symbol {
    uint32_t name;
    uint8_t info;
    uint8_t other;
    uint16_t shndx;
    uint64_t value;
    uint64_t size;
} elf_symbol;

typedef struct elf_rela {
    uint64_t offset;
    uint64_t info;
    uint64_t addend;
} elf_rela;

_Static_assert(sizeof(elf_header) == 64 && sizeof(elf_segment) == 56 && sizeof(elf_dynamic) == 16 &&
                   sizeof(elf_symbol) == 24 && sizeof(elf_rela) == 24,
               "as in the file");

enum { CLASS_64 = 2, DATA_LITTLE = 1, TYPE_DYN = 3, MACHINE_X86_64 = 62, MACHINE_AARCH64 = 183 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_RELRO = 0x6474E552, FLAG_WRITE = 2 };
enum { DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6, DT_RELA = 7, DT_RELASZ = 8, DT_STRSZ = 10 };
#define DT_GNU_HASH UINT64_C(0x6FFFFEF5)
enum { R_X86_64_64 = 1, R_X86_64_GLOB_DAT = 6, R_X86_64_RELATIVE = 8 };
enum { R_AARCH64_ABS64 = 257, R_AARCH64_GLOB_DAT = 1025, R_AARCH64_RELATIVE = 1027 };
enum { DYNAMIC_MAX = 4096 };

/* Addresses from the dynamic section; 0: it has none. */
typedef struct dynamic_section {
    uint64_t hash;
    uint64_t gnu_hash;
    uint64_t rela;
    uint64_t rela_size;
} dynamic_section;

/* ---- symbols ---- */

/* The number of symbols: the largest index in a chain of the hash table, and one more. */
static uint64_t count_by_gnu_hash(const library_file *l, uint64_t table) {
    struct {
        uint32_t buckets;
        uint32_t first; /* symbols before it are in no chain */
        uint32_t bloom_words;
        uint32_t bloom_shift;
    } head;
    uint64_t most = 0;
    uint64_t left = l->size / sizeof(uint32_t); /* the file has no more numbers */
    if (!library_file_read(l, table, &head, sizeof head) || head.buckets > left) {
        return 0;
    }
    uint64_t buckets = table + sizeof head + (uint64_t)head.bloom_words * sizeof(uint64_t);
    uint64_t chains = buckets + (uint64_t)head.buckets * sizeof(uint32_t);
    for (uint32_t i = 0; i < head.buckets; i++) {
        uint32_t bucket = 0;
        if (!library_file_read(l, buckets + (uint64_t)i * sizeof bucket, &bucket, sizeof bucket)) {
            return 0;
        }
        most = bucket > most ? bucket : most;
    }
    if (most < head.first) {
        return head.first;
    }
    for (uint32_t hash = 0; (hash & 1) == 0; most++) { /* the last one of a chain is odd */
        if (left-- == 0 ||
            !library_file_read(l, chains + (most - head.first) * sizeof hash, &hash, sizeof hash)) {
            return 0;
        }
    }
    return most;
}

static void count_symbols(library_file *l, const dynamic_section *d) {
    uint32_t head[2] = {0}; /* of DT_HASH: buckets, symbols */
    if (l->symbols == 0) {
        return;
    }
    if (d->hash != 0 && library_file_read(l, d->hash, head, sizeof head)) {
        l->symbol_count = head[1];
    } else if (d->gnu_hash != 0) {
        l->symbol_count = count_by_gnu_hash(l, d->gnu_hash);
    }
    if (l->symbol_count > l->size / sizeof(elf_symbol)) {
        l->symbol_count = l->size / sizeof(elf_symbol); /* there cannot be more */
    }
}

static bool symbol_at(const library_file *l, uint64_t index, elf_symbol *symbol) {
    return index < l->symbol_count &&
           library_file_read(l, l->symbols + index * sizeof *symbol, symbol, sizeof *symbol);
}

uint64_t elf_file_symbol(const library_file *l, const char *name) {
    size_t size = strlen(name) + 1;
    elf_symbol symbol;
    for (uint64_t i = 1; symbol_at(l, i, &symbol); i++) {
        if (symbol.shndx != 0 && symbol.name < l->names_size) {
            const char *found = library_file_text(l, l->names + symbol.name, size);
            if (found != NULL && memcmp(found, name, size) == 0) {
                return symbol.value;
            }
        }
    }
    return 0;
}

/* ---- relocations ---- */

static library_fixup fixup_of(const library_file *l, const elf_rela *r, uint16_t machine) {
    bool x86 = machine == MACHINE_X86_64;
    uint32_t type = (uint32_t)r->info;
    library_fixup f = {.at = r->offset, .target = r->addend};
    elf_symbol symbol;
    if (type == (x86 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE)) {
        f.known = true;
    } else if (type == (x86 ? R_X86_64_64 : R_AARCH64_ABS64) ||
               type == (x86 ? R_X86_64_GLOB_DAT : R_AARCH64_GLOB_DAT)) {
        f.known = symbol_at(l, r->info >> 32, &symbol) && symbol.shndx != 0;
        f.target += f.known ? symbol.value : 0;
    }
    return f;
}

static int compare_fixups(const void *a, const void *b) {
    uint64_t first = ((const library_fixup *)a)->at;
    uint64_t second = ((const library_fixup *)b)->at;
    return (first > second) - (first < second);
}

static const char *read_relocations(library_file *l, const dynamic_section *d, uint16_t machine) {
    uint64_t count = d->rela != 0 ? d->rela_size / sizeof(elf_rela) : 0;
    if (count > l->size / sizeof(elf_rela)) {
        return "its relocations are cut off";
    }
    if (count == 0) {
        return NULL;
    }
    l->fixups = malloc((size_t)count * sizeof *l->fixups);
    if (l->fixups == NULL) {
        return "out of memory";
    }
    for (uint64_t i = 0; i < count; i++) {
        elf_rela r;
        if (!library_file_read(l, d->rela + i * sizeof r, &r, sizeof r)) {
            return "its relocations are cut off";
        }
        l->fixups[l->fixup_count++] = fixup_of(l, &r, machine);
    }
    qsort(l->fixups, l->fixup_count, sizeof *l->fixups, compare_fixups);
    return NULL;
}

/* ---- headers ---- */

static void read_dynamic(library_file *l, uint64_t address, uint64_t size, dynamic_section *d) {
    elf_dynamic entry;
    for (uint64_t i = 0; i < DYNAMIC_MAX && i < size / sizeof entry; i++) {
        if (!library_file_read(l, address + i * sizeof entry, &entry, sizeof entry) ||
            entry.tag == 0) {
            return;
        }
        switch (entry.tag) {
        case DT_HASH: d->hash = entry.value; break;
        case DT_GNU_HASH: d->gnu_hash = entry.value; break;
        case DT_STRTAB: l->names = entry.value; break;
        case DT_STRSZ: l->names_size = entry.value; break;
        case DT_SYMTAB: l->symbols = entry.value; break;
        case DT_RELA: d->rela = entry.value; break;
        case DT_RELASZ: d->rela_size = entry.value; break;
        default: break;
        }
    }
}

const char *elf_file_open(library_file *l) {
    static const char cut[] = "it is cut off or damaged";
    elf_header h;
    elf_segment dynamic = {0};
    const void *bytes = library_bytes(l, 0, sizeof h);
    if (bytes == NULL) {
        return cut;
    }
    memcpy(&h, bytes, sizeof h);
    if (h.ident[4] != CLASS_64 || h.ident[5] != DATA_LITTLE || h.type != TYPE_DYN ||
        (h.machine != MACHINE_X86_64 && h.machine != MACHINE_AARCH64)) {
        return "it is no library for a 64-bit x86 or ARM processor";
    }
    for (uint32_t i = 0; i < h.phnum; i++) {
        elf_segment s;
        bytes = library_bytes(l, h.phoff, (uint64_t)(i + 1) * sizeof s);
        if (bytes == NULL || h.phentsize != sizeof s) {
            return cut;
        }
        memcpy(&s, (const char *)bytes + (size_t)i * sizeof s, sizeof s);
        const library_part part = {s.vaddr, s.memsz, s.offset, s.filesz,
                                   (s.flags & FLAG_WRITE) != 0};
        if (s.type == PT_LOAD && !library_add_part(l, &part)) {
            return cut;
        }
        if (s.type == PT_GNU_RELRO) {
            l->constant = s.vaddr;
            l->constant_size = s.memsz;
        }
        dynamic = s.type == PT_DYNAMIC ? s : dynamic;
    }
    dynamic_section d = {0};
    read_dynamic(l, dynamic.vaddr, dynamic.memsz, &d);
    count_symbols(l, &d);
    return read_relocations(l, &d, h.machine);
}
