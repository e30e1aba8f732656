/* elf_image.h: what elf_check.c, elf_dynamic.c and elf_relocations.c share: a library's segments as
 * the loader would map them, with an address of 0. Any thread.
 *
 * The loader trusts a file: it writes where relocations say, and indexes its own arrays by numbers
 * from the file. Whether a wrong number crashes then depends on what else is in the process, so
 * that a library may load in one process and damage another.
 */
#ifndef PORTICO_LINUX_ELF_IMAGE_H
#define PORTICO_LINUX_ELF_IMAGE_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The entries of the dynamic section that the checks need. 0: it has none. */
typedef struct elf_dynamic {
    uint64_t strtab, strsz, symtab;
    uint64_t hash, gnu_hash;
    uint64_t rela, relasz, jmprel, pltrelsz, pltrel, relr, relrsz;
    uint64_t init, fini, init_array, init_arraysz, fini_array, fini_arraysz;
    uint64_t versym, verneed, verdef;
    uint64_t soname, runpath, rpath;
} elf_dynamic;

typedef struct elf_image {
    uint8_t *bytes; /* from address 0 to the end of the last segment */
    uint64_t size;
    uint8_t *relocated; /* a bit for each byte that a relocation writes */
    ElfW(Phdr) * headers;
    uint32_t header_count;
    elf_dynamic dynamic;
    uint32_t symbol_count; /* 0: not known, as none is defined */
    uint32_t version_most; /* the highest number of a version */
} elf_image;

/* Whether the range is inside the image. */
static inline bool elf_has(const elf_image *e, uint64_t address, uint64_t size) {
    return address <= e->size && size <= e->size - address;
}

/* Whether the range is inside one segment that is loaded with all of these flags (PF_...). */
bool elf_has_with(const elf_image *e, uint64_t address, uint64_t size, uint32_t flags);

/* Reads what is inside the image. */
uint16_t elf_half(const elf_image *e, uint64_t address);
uint32_t elf_word(const elf_image *e, uint64_t address);
uint64_t elf_xword(const elf_image *e, uint64_t address);

/* Whether it is a symbol of the table, and what the loader uses of it is inside the image. */
bool elf_symbol_is_right(const elf_image *e, uint64_t index);

/* Each returns NULL or a fault, and needs those before it. */
const char *elf_check_dynamic(elf_image *e);
const char *elf_check_symbols(elf_image *e);
const char *elf_check_relocations(elf_image *e);

#endif
