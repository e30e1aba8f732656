/* library.c: the headers of a library's file, without loading it. A file is accepted only if a
 * second reader finds everything inside that the loader will map.
 *
 * On Linux this reaches the reader of ELF files by including library.c, and gives it the file in
 * memory. On Windows the same inputs reach the reader of DLLs in a file. Input: the file.
 *
 * Covers: os/linux/library.c */
#if defined(__linux__)
#include "os/linux/library.c"
#endif

#include "fuzz.h"
#include "os/os.h"

#if defined(__linux__)
static bool slow_check(const uint8_t *bytes, size_t size) {
    ElfW(Ehdr) header;
    if (size < sizeof header || memcmp(bytes, "\177ELF", 4) != 0) {
        return false;
    }
    memcpy(&header, bytes, sizeof header);
    uint64_t sections = (uint64_t)header.e_shnum * header.e_shentsize;
    bool fits = header.e_type == ET_DYN && header.e_shoff <= size &&
                sections <= size - header.e_shoff && header.e_phoff <= size;
    for (uint32_t i = 0; fits && i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        uint64_t at = header.e_phoff + (uint64_t)i * sizeof segment;
        fits = at + sizeof segment <= size;
        if (fits) {
            memcpy(&segment, bytes + at, sizeof segment);
            fits = segment.p_type != PT_LOAD ||
                   (segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset);
        }
    }
    return fits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
    CHECK(file != NULL || size == 0);
    if (file != NULL) {
        setbuf(file, NULL);
        const char *fault = elf_fault(file);
        CHECK_INT(fclose(file), 0);
        CHECK(fault == NULL ? slow_check(data, size) : fault[0] != '\0');
    }
    return 0;
}
#else
#define PATH "library.bin"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char why[64];
    FILE *file = os_fopen(PATH, "wb");
    CHECK(file != NULL);
    CHECK(size == 0 || fwrite(data, 1, size, file) == size);
    CHECK_INT(fclose(file), 0);
    memset(why, 0x7F, sizeof why);
    portico_status status = os_library_check(PATH, why, sizeof why);
    if (status == PORTICO_OK) {
        CHECK(size > 64 && memcmp(data, "MZ", 2) == 0);
    } else {
        CHECK_INT(status, PORTICO_E_NOT_A_MODULE);
        CHECK(memchr(why, '\0', sizeof why) != NULL && why[0] != '\0');
    }
    return 0;
}
#endif
