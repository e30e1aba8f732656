/* elf_check.c: see elf_check.h. The headers and segments; elf_dynamic.c and elf_relocations.c have
 * the rest. */
#include "elf_check.h"

#include "elf_image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { THIS_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { THIS_MACHINE = EM_AARCH64 };
#elif defined(__riscv)
enum { THIS_MACHINE = EM_RISCV };
#else
#error "name the ELF machine of this processor here"
#endif

enum { SEGMENTS_MAX = 256, IMAGE_BYTES_MAX = 512 * 1024 * 1024 };

static const char cut_off[] = "the file is cut off";
static const char bad_segments[] = "its program headers are damaged";

static bool is_inside(uint64_t offset, uint64_t size, uint64_t total) {
    return offset <= total && size <= total - offset;
}

static const char *check_header(FILE *file, uint64_t file_bytes, ElfW(Ehdr) * header) {
    rewind(file);
    if (fread(header, sizeof *header, 1, file) != 1 ||
        memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return "not an ELF file";
    }
    if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
        header->e_machine != THIS_MACHINE) {
        return "an ELF file for another processor";
    }
    if (header->e_type != ET_DYN || header->e_phentsize != sizeof(ElfW(Phdr))) {
        return "an ELF file, but not a shared library";
    }
    /* The section table comes last, although the loader does not need it. */
    if (!is_inside(header->e_shoff, (uint64_t)header->e_shnum * header->e_shentsize, file_bytes) ||
        !is_inside(header->e_phoff, header->e_phnum * sizeof(ElfW(Phdr)), file_bytes)) {
        return cut_off;
    }
    return header->e_phnum <= SEGMENTS_MAX ? NULL : bad_segments;
}

/* The loader reserves memory from the first segment to the end of the last one, and puts the others
 * at their addresses, whatever is there. */
static const char *check_segments(elf_image *e, uint64_t file_bytes) {
    uint64_t end = 0;
    bool first = true;
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *h = &e->headers[i];
        if (h->p_type != PT_LOAD) {
            continue;
        }
        if (!is_inside(h->p_offset, h->p_filesz, file_bytes)) {
            return cut_off;
        }
        if (h->p_filesz > h->p_memsz || !is_inside(h->p_vaddr, h->p_memsz, IMAGE_BYTES_MAX) ||
            (first ? h->p_vaddr != 0 : h->p_vaddr < end) || h->p_align > IMAGE_BYTES_MAX ||
            (h->p_align & (h->p_align - 1)) != 0 ||
            (h->p_align > 1 && (h->p_vaddr - h->p_offset) % h->p_align != 0)) {
            return bad_segments;
        }
        first = false;
        end = h->p_vaddr + h->p_memsz;
    }
    e->size = end;
    return end > 0 ? NULL : "it has no segment to load";
}

/* The loader makes the whole pages of a RELRO segment read-only. lld rounds its end up to a
 * page. */
static bool relro_is_right(const elf_image *e, const ElfW(Phdr) * h) {
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *load = &e->headers[i];
        uint64_t end = (load->p_vaddr + load->p_memsz + page - 1) / page * page;
        if (load->p_type == PT_LOAD && (load->p_flags & PF_W) != 0 && h->p_vaddr >= load->p_vaddr &&
            h->p_vaddr <= end && h->p_memsz <= end - h->p_vaddr) {
            return true;
        }
    }
    return h->p_memsz == 0;
}

/* The other segments are parts of those that are loaded. */
static const char *check_others(const elf_image *e) {
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *h = &e->headers[i];
        bool good = true;
        switch (h->p_type) {
        case PT_GNU_RELRO: good = relro_is_right(e, h); break;
        case PT_TLS:
            good = elf_has(e, h->p_vaddr, h->p_filesz) && h->p_filesz <= h->p_memsz &&
                   h->p_memsz <= IMAGE_BYTES_MAX && h->p_align <= IMAGE_BYTES_MAX &&
                   (h->p_align & (h->p_align - 1)) == 0;
            break;
        case PT_DYNAMIC:
        case PT_NOTE:
        case PT_GNU_PROPERTY:
        case PT_GNU_EH_FRAME: good = elf_has(e, h->p_vaddr, h->p_memsz); break;
        default: break;
        }
        if (!good) {
            return bad_segments;
        }
    }
    return NULL;
}

static const char *load(elf_image *e, FILE *file) {
    e->bytes = calloc(1, e->size);
    e->relocated = calloc(1, e->size / 8 + 1);
    if (e->bytes == NULL || e->relocated == NULL) {
        return "out of memory";
    }
    for (uint32_t i = 0; i < e->header_count; i++) {
        const ElfW(Phdr) *h = &e->headers[i];
        if (h->p_type == PT_LOAD && h->p_filesz > 0 &&
            (fseek(file, (long)h->p_offset, SEEK_SET) != 0 ||
             fread(e->bytes + h->p_vaddr, h->p_filesz, 1, file) != 1)) {
            return cut_off;
        }
    }
    return NULL;
}

static const char *check_image(elf_image *e, FILE *file, const ElfW(Ehdr) * header,
                               uint64_t file_bytes) {
    e->header_count = header->e_phnum;
    e->headers = calloc(header->e_phnum + 1u, sizeof *e->headers);
    if (e->headers == NULL) {
        return "out of memory";
    }
    if (fseek(file, (long)header->e_phoff, SEEK_SET) != 0 ||
        fread(e->headers, sizeof *e->headers, e->header_count, file) != e->header_count) {
        return cut_off;
    }
    const char *fault = check_segments(e, file_bytes);
    fault = fault == NULL ? check_others(e) : fault;
    fault = fault == NULL ? load(e, file) : fault;
    fault = fault == NULL ? elf_check_dynamic(e) : fault;
    fault = fault == NULL ? elf_check_symbols(e) : fault;
    return fault == NULL ? elf_check_relocations(e) : fault;
}

const char *elf_fault(FILE *file) {
    ElfW(Ehdr) header;
    elf_image image = {0};
    long file_bytes = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
    const char *fault = check_header(file, (uint64_t)file_bytes, &header);
    if (fault == NULL) {
        fault = check_image(&image, file, &header, (uint64_t)file_bytes);
    }
    free(image.headers);
    free(image.bytes);
    free(image.relocated);
    return fault;
}
