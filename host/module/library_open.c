/* library_open.c: see library_file.h. Which of the two formats a file has: elf_file.c and pe_file.c
 * read their headers. */
#include "module/library_file.h"
#include "module/library_formats.h"

#include <string.h>

const char *library_file_open(library_file *l, const void *bytes, size_t size) {
    *l = (library_file){.bytes = bytes, .size = size};
    const char *fault = "it is neither a library of Linux nor one of Windows";
    if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0) {
        fault = elf_file_open(l);
    } else if (size >= 2 && memcmp(bytes, "MZ", 2) == 0) {
        l->is_pe = true;
        fault = pe_file_open(l);
    }
    if (fault != NULL) {
        library_file_close(l);
    }
    return fault;
}

uint64_t library_file_symbol(const library_file *l, const char *name) {
    return l->is_pe ? pe_file_symbol(l, name) : elf_file_symbol(l, name);
}
