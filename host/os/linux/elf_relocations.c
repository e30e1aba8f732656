/* elf_relocations.c: where a library's relocations write, and what. See elf_image.h.
 *
 * https://gitlab.com/x86-psABIs/x86-64-ABI and https://github.com/ARM-software/abi-aa have the
 * numbers of the types; a type that is in none of the lists is refused, since the loader would.
 */
#include "elf_image.h"

#include <elf.h>
#include <string.h>

/* The meaning of what a relocation writes. */
typedef enum target {
    TARGET_UNKNOWN,
    TARGET_NOTHING,
    TARGET_SELF,     /* the image's address and the addend */
    TARGET_RESOLVED, /* what a function of the image returns, whose address is the addend */
    TARGET_SYMBOL,   /* a symbol's address and the addend */
    TARGET_OTHER,    /* of a symbol: its offset in thread-local memory, its size, ... */
    TARGET_HALF,     /* the same in 32 bits */
    TARGET_TWO       /* a function and its argument, which find thread-local memory */
} target;

#if defined(__x86_64__)
static target target_of(uint64_t type) {
    switch (type) {
    case R_X86_64_NONE: return TARGET_NOTHING;
    case R_X86_64_RELATIVE:
    case R_X86_64_RELATIVE64: return TARGET_SELF;
    case R_X86_64_IRELATIVE: return TARGET_RESOLVED;
    case R_X86_64_64:
    case R_X86_64_GLOB_DAT:
    case R_X86_64_JUMP_SLOT: return TARGET_SYMBOL;
    case R_X86_64_PC32:
    case R_X86_64_32:
    case R_X86_64_SIZE32: return TARGET_HALF;
    case R_X86_64_TLSDESC: return TARGET_TWO;
    case R_X86_64_SIZE64:
    case R_X86_64_DTPMOD64:
    case R_X86_64_DTPOFF64:
    case R_X86_64_TPOFF64: return TARGET_OTHER;
    default: return TARGET_UNKNOWN;
    }
}
#elif defined(__aarch64__)
static target target_of(uint64_t type) {
    switch (type) {
    case R_AARCH64_NONE: return TARGET_NOTHING;
    case R_AARCH64_RELATIVE: return TARGET_SELF;
    case R_AARCH64_IRELATIVE: return TARGET_RESOLVED;
    case R_AARCH64_ABS64:
    case R_AARCH64_GLOB_DAT:
    case R_AARCH64_JUMP_SLOT: return TARGET_SYMBOL;
    case R_AARCH64_TLS_DTPMOD:
    case R_AARCH64_TLS_DTPREL:
    case R_AARCH64_TLS_TPREL: return TARGET_OTHER;
    case R_AARCH64_TLSDESC: return TARGET_TWO;
    default: return TARGET_UNKNOWN;
    }
}
#else
/* No list yet: only where it writes is checked. */
static target target_of(uint64_t type) {
    return type == 0 ? TARGET_NOTHING : TARGET_OTHER;
}
#endif

enum { WORD = sizeof(uint64_t) };

/* Whether a relocation may write these bytes: they are loaded, not a part of the dynamic section,
 * which the loader uses all the time, and no other relocation writes them. */
static bool target_is_right(elf_image *e, uint64_t at, uint64_t size) {
    if (!elf_has_with(e, at, size, 0)) {
        return false;
    }
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *h = &e->headers[i];
        if (h->p_type == PT_DYNAMIC && at < h->p_vaddr + h->p_memsz && h->p_vaddr < at + size) {
            return false;
        }
    }
    for (uint64_t i = at; i < at + size; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);
        if ((e->relocated[i / 8] & bit) != 0) {
            return false;
        }
        e->relocated[i / 8] |= bit;
    }
    return true;
}

/* The address that the relocation of a symbol writes is inside the image if the symbol is. */
static bool address_is_right(const elf_image *e, uint64_t index, uint64_t addend) {
    ElfW(Sym) symbol;
    if (!elf_symbol_is_right(e, index)) {
        return false;
    }
    memcpy(&symbol, e->bytes + e->dynamic.symtab + index * sizeof symbol, sizeof symbol);
    return index == 0 || symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS ||
           symbol.st_value + addend <= e->size;
}

static bool relocation_is_right(elf_image *e, const ElfW(Rela) * r) {
    uint64_t addend = (uint64_t)r->r_addend;
    uint64_t index = ELF64_R_SYM(r->r_info);
    target t = target_of(ELF64_R_TYPE(r->r_info));
    if (t == TARGET_NOTHING) {
        return true;
    }
    uint64_t size = t == TARGET_HALF ? WORD / 2 : t == TARGET_TWO ? 2 * WORD : WORD;
    if (!target_is_right(e, r->r_offset, size)) {
        return false;
    }
    switch (t) {
    case TARGET_SELF: return addend <= e->size;
    case TARGET_RESOLVED: return elf_has_with(e, addend, 1, PF_X);
    case TARGET_SYMBOL: return address_is_right(e, index, addend);
    case TARGET_OTHER:
    case TARGET_HALF:
    case TARGET_TWO: return elf_symbol_is_right(e, index);
    default: return false;
    }
}

static bool table_is_right(elf_image *e, uint64_t at, uint64_t size) {
    ElfW(Rela) r;
    if (size % sizeof r != 0 || !elf_has(e, at, size)) {
        return false;
    }
    for (uint64_t done = 0; done < size; done += sizeof r) {
        memcpy(&r, e->bytes + at + done, sizeof r);
        if (!relocation_is_right(e, &r)) {
            return false;
        }
    }
    return true;
}

/* One word that gets the image's address added. */
static bool word_is_right(elf_image *e, uint64_t at) {
    return target_is_right(e, at, WORD) && elf_xword(e, at) <= e->size;
}

/* DT_RELR: an even entry is the address of a word; an odd one has a bit for each of the 63 words
 * after the last one. https://gabi.xinuos.com/elf/06-reloc.html#relative-relocation-table */
static bool relative_words_are_right(elf_image *e, uint64_t table, uint64_t size) {
    uint64_t next = 0;
    if (size % WORD != 0 || !elf_has(e, table, size)) {
        return false;
    }
    for (uint64_t done = 0; done < size; done += WORD) {
        uint64_t entry = elf_xword(e, table + done);
        if ((entry & 1) == 0) {
            if (!word_is_right(e, entry)) {
                return false;
            }
            next = entry + WORD;
            continue;
        }
        for (uint64_t bit = 1; bit < 64; bit++) {
            if ((entry >> bit & 1) != 0 && !word_is_right(e, next + (bit - 1) * WORD)) {
                return false;
            }
        }
        next += 63 * (uint64_t)WORD;
    }
    return true;
}

const char *elf_check_relocations(elf_image *e) {
    const elf_dynamic *d = &e->dynamic;
    bool good = table_is_right(e, d->rela, d->relasz) &&
                (d->pltrelsz == 0 || d->pltrel == DT_RELA) &&
                table_is_right(e, d->jmprel, d->pltrelsz) &&
                relative_words_are_right(e, d->relr, d->relrsz);
    return good ? NULL : "its relocations are damaged";
}
