/* elf_dynamic.c: the dynamic section, symbols and versions of a library. See elf_image.h. */
#include "elf_image.h"

#include <elf.h>
#include <string.h>

static const char bad_dynamic[] = "its dynamic section is damaged";
static const char bad_symbols[] = "its table of symbols is damaged";

enum { VERSION_MASK = 0x7FFF, VERSION_BASE = 1, VERSIONS_MAX = 100000 };

/* ---- the dynamic section --------------------------------------------------------------------- */

static uint64_t *place_of(elf_dynamic *d, uint64_t tag) {
    switch (tag) {
    case DT_STRTAB: return &d->strtab;
    case DT_STRSZ: return &d->strsz;
    case DT_SYMTAB: return &d->symtab;
    case DT_HASH: return &d->hash;
    case DT_GNU_HASH: return &d->gnu_hash;
    case DT_RELA: return &d->rela;
    case DT_RELASZ: return &d->relasz;
    case DT_JMPREL: return &d->jmprel;
    case DT_PLTRELSZ: return &d->pltrelsz;
    case DT_PLTREL: return &d->pltrel;
    case 36 /* DT_RELR */: return &d->relr;
    case 35 /* DT_RELRSZ */: return &d->relrsz;
    case DT_INIT: return &d->init;
    case DT_FINI: return &d->fini;
    case DT_INIT_ARRAY: return &d->init_array;
    case DT_INIT_ARRAYSZ: return &d->init_arraysz;
    case DT_FINI_ARRAY: return &d->fini_array;
    case DT_FINI_ARRAYSZ: return &d->fini_arraysz;
    case DT_VERSYM: return &d->versym;
    case DT_VERNEED: return &d->verneed;
    case DT_VERDEF: return &d->verdef;
    case DT_SONAME: return &d->soname;
    case DT_RUNPATH: return &d->runpath;
    case DT_RPATH: return &d->rpath;
    default: return NULL;
    }
}

static const ElfW(Phdr) * dynamic_header(const elf_image *e) {
    const ElfW(Phdr) *found = NULL;
    for (uint32_t i = 0; i < e->header_count; i++) {
        found = e->headers[i].p_type == PT_DYNAMIC ? &e->headers[i] : found;
    }
    return found;
}

/* False: it has no end. */
static bool read_dynamic(elf_image *e, const ElfW(Phdr) * header) {
    for (uint64_t at = 0; at + sizeof(ElfW(Dyn)) <= header->p_memsz; at += sizeof(ElfW(Dyn))) {
        uint64_t tag = elf_xword(e, header->p_vaddr + at);
        uint64_t *place = place_of(&e->dynamic, tag);
        if (tag == DT_NULL) {
            return true;
        }
        if (place != NULL) {
            *place = elf_xword(e, header->p_vaddr + at + sizeof tag);
        }
    }
    return false;
}

/* Names of libraries that it needs. */
static bool needs_are_texts(const elf_image *e, const ElfW(Phdr) * header) {
    for (uint64_t at = header->p_vaddr; elf_xword(e, at) != DT_NULL; at += sizeof(ElfW(Dyn))) {
        if (elf_xword(e, at) == DT_NEEDED && elf_xword(e, at + 8) >= e->dynamic.strsz) {
            return false;
        }
    }
    return true;
}

/* An array of functions is empty or can be written to, as it is relocated. */
static bool is_array(const elf_image *e, uint64_t address, uint64_t size) {
    return size == 0 || (size % 8 == 0 && elf_has_with(e, address, size, PF_W));
}

static bool is_code(const elf_image *e, uint64_t address) {
    return address == 0 || elf_has_with(e, address, 1, PF_X);
}

const char *elf_check_dynamic(elf_image *e) {
    const ElfW(Phdr) *header = dynamic_header(e);
    const elf_dynamic *d = &e->dynamic;
    if (header == NULL) {
        return "it has no dynamic section";
    }
    bool good = header->p_vaddr % 8 == 0 && read_dynamic(e, header) && d->strtab != 0 &&
                d->symtab != 0 && (d->hash != 0 || d->gnu_hash != 0) && d->strsz > 0 &&
                elf_has(e, d->strtab, d->strsz) && e->bytes[d->strtab + d->strsz - 1] == '\0' &&
                needs_are_texts(e, header) && d->soname < d->strsz && d->runpath < d->strsz &&
                d->rpath < d->strsz && is_code(e, d->init) && is_code(e, d->fini) &&
                is_array(e, d->init_array, d->init_arraysz) &&
                is_array(e, d->fini_array, d->fini_arraysz);
    return good ? NULL : bad_dynamic;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* The number of symbols by DT_HASH, which has one chain for each. False: it is damaged. */
static bool count_by_hash(elf_image *e) {
    uint64_t at = e->dynamic.hash;
    if (!elf_has(e, at, 8)) {
        return false;
    }
    uint32_t buckets = elf_word(e, at);
    uint32_t count = elf_word(e, at + 4);
    if (buckets == 0 || !elf_has(e, at + 8, 4 * ((uint64_t)buckets + count))) {
        return false;
    }
    for (uint64_t i = 0; i < (uint64_t)buckets + count; i++) {
        if (elf_word(e, at + 8 + 4 * i) >= count) {
            return false;
        }
    }
    e->symbol_count = count;
    return true;
}

/* The same by DT_GNU_HASH: the end of the chain that begins last. Without a defined symbol it does
 * not say. https://sourceware.org/legacy-ml/binutils/2006-10/msg00377.html */
static bool count_by_gnu_hash(elf_image *e) {
    uint64_t at = e->dynamic.gnu_hash;
    if (!elf_has(e, at, 16)) {
        return false;
    }
    uint32_t buckets = elf_word(e, at);
    uint32_t first = elf_word(e, at + 4);
    uint32_t bloom = elf_word(e, at + 8);
    uint64_t table = at + 16 + (uint64_t)bloom * sizeof(ElfW(Addr));
    uint64_t chains = table + 4 * (uint64_t)buckets;
    uint64_t last = first;
    bool nothing = true; /* is defined */
    if (buckets == 0 || bloom == 0 || (bloom & (bloom - 1)) != 0 || elf_word(e, at + 12) > 63 ||
        !elf_has(e, at, chains - at)) {
        return false;
    }
    for (uint32_t i = 0; i < buckets; i++) {
        uint32_t bucket = elf_word(e, table + 4 * (uint64_t)i);
        if (bucket != 0 && bucket < first) {
            return false;
        }
        nothing = nothing && bucket == 0;
        last = bucket > last ? bucket : last;
    }
    if (nothing) {
        return true;
    }
    for (bool end = false; !end; last++) {
        uint64_t chain = chains + 4 * (last - first);
        if (!elf_has(e, chain, 4)) {
            return false;
        }
        end = (elf_word(e, chain) & 1) != 0;
    }
    e->symbol_count = last <= UINT32_MAX ? (uint32_t)last : UINT32_MAX;
    return true;
}

bool elf_symbol_is_right(const elf_image *e, uint64_t index) {
    ElfW(Sym) symbol;
    uint64_t at = e->dynamic.symtab + index * sizeof symbol;
    if (index > UINT32_MAX || (e->symbol_count != 0 && index >= e->symbol_count) ||
        !elf_has(e, at, sizeof symbol)) {
        return false;
    }
    memcpy(&symbol, e->bytes + at, sizeof symbol);
    uint32_t type = ELF64_ST_TYPE(symbol.st_info);
    uint64_t version = e->dynamic.versym + 2 * index;
    if (symbol.st_name >= e->dynamic.strsz ||
        (e->dynamic.versym != 0 &&
         (!elf_has(e, version, 2) || (elf_half(e, version) & VERSION_MASK) > e->version_most))) {
        return false;
    }
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS || type == STT_TLS) {
        return true;
    }
    return type == STT_GNU_IFUNC ? is_code(e, symbol.st_value) : symbol.st_value <= e->size;
}

/* ---- versions -------------------------------------------------------------------------------- */

/* The names of one entry of the list of needed versions. */
static bool needed_is_right(elf_image *e, uint64_t at, uint32_t *budget) {
    ElfW(Vernaux) aux = {.vna_next = 1};
    for (; aux.vna_next != 0; at += aux.vna_next) {
        if (!elf_has(e, at, sizeof aux) || (*budget)-- == 0) {
            return false;
        }
        memcpy(&aux, e->bytes + at, sizeof aux);
        uint32_t number = aux.vna_other & VERSION_MASK;
        if (aux.vna_name >= e->dynamic.strsz) {
            return false;
        }
        e->version_most = number > e->version_most ? number : e->version_most;
    }
    return true;
}

/* Lists end with an entry whose `next` is 0: the loader does not count them. */
static bool all_needed_are_right(elf_image *e) {
    ElfW(Verneed) need = {.vn_next = 1};
    uint32_t budget = VERSIONS_MAX;
    for (uint64_t at = e->dynamic.verneed; at != 0 && need.vn_next != 0; at += need.vn_next) {
        if (!elf_has(e, at, sizeof need) || budget-- == 0) {
            return false;
        }
        memcpy(&need, e->bytes + at, sizeof need);
        if (need.vn_file >= e->dynamic.strsz || !needed_is_right(e, at + need.vn_aux, &budget)) {
            return false;
        }
    }
    return true;
}

static bool all_defined_are_right(elf_image *e) {
    ElfW(Verdef) def = {.vd_next = 1};
    uint32_t budget = VERSIONS_MAX;
    for (uint64_t at = e->dynamic.verdef; at != 0 && def.vd_next != 0; at += def.vd_next) {
        if (!elf_has(e, at, sizeof def) || budget-- == 0) {
            return false;
        }
        memcpy(&def, e->bytes + at, sizeof def);
        uint64_t aux = at + def.vd_aux; /* begins with the offset of the name */
        uint32_t number = def.vd_ndx & VERSION_MASK;
        if (!elf_has(e, aux, sizeof(ElfW(Verdaux))) || elf_word(e, aux) >= e->dynamic.strsz) {
            return false;
        }
        e->version_most = number > e->version_most ? number : e->version_most;
    }
    return true;
}

const char *elf_check_symbols(elf_image *e) {
    const elf_dynamic *d = &e->dynamic;
    e->version_most = VERSION_BASE;
    if (!all_needed_are_right(e) || !all_defined_are_right(e)) {
        return "its versions of symbols are damaged";
    }
    if (!elf_has(e, d->symtab, sizeof(ElfW(Sym))) || (d->hash != 0 && !count_by_hash(e)) ||
        (d->gnu_hash != 0 && !count_by_gnu_hash(e))) {
        return bad_symbols;
    }
    for (uint64_t i = 0; i < e->symbol_count; i++) {
        if (!elf_symbol_is_right(e, i)) {
            return bad_symbols;
        }
    }
    return NULL;
}
