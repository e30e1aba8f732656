/* elf_image.c: see elf_image.h. */
#include "elf_image.h"

#include <elf.h>
#include <string.h>

bool elf_has_with(const elf_image *e, uint64_t address, uint64_t size, uint32_t flags) {
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *h = &e->headers[i];
        if (h->p_type == PT_LOAD && (h->p_flags & flags) == flags && address >= h->p_vaddr &&
            address - h->p_vaddr <= h->p_memsz && size <= h->p_memsz - (address - h->p_vaddr)) {
            return true;
        }
    }
    return false;
}

uint16_t elf_half(const elf_image *e, uint64_t address) {
    uint16_t value = 0;
    memcpy(&value, e->bytes + address, sizeof value);
    return value;
}

uint32_t elf_word(const elf_image *e, uint64_t address) {
    uint32_t value = 0;
    memcpy(&value, e->bytes + address, sizeof value);
    return value;
}

uint64_t elf_xword(const elf_image *e, uint64_t address) {
    uint64_t value = 0;
    memcpy(&value, e->bytes + address, sizeof value);
    return value;
}
