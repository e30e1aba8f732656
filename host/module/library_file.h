/* library_file.h: a shared library's file in memory, read by the addresses that its parts will have
 * when it is loaded: 64-bit ELF and PE, for x86-64 and ARM, on either system.
 *
 * Nothing in the file is trusted. Addresses count from where the library begins, so that a pointer
 * in one format means the same as in the other. Pure, one thread per file.
 */
#ifndef PORTICO_LIBRARY_FILE_H
#define PORTICO_LIBRARY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIBRARY_PARTS_MAX = 96 };

/* A segment or section: where it will be in memory, and which bytes of the file it begins with. The
 * rest of it is zero. */
typedef struct library_part {
    uint64_t address;
    uint64_t size;
    uint64_t file_offset;
    uint64_t file_size;
    bool writable; /* by the library's code */
} library_part;

/* A pointer that the loader writes. */
typedef struct library_fixup {
    uint64_t at;
    uint64_t target;
    bool known; /* false: `target` is in another library */
} library_fixup;

typedef struct library_file {
    const uint8_t *bytes; /* the caller's, for as long as the library_file is used */
    size_t size;
    bool is_pe;
    library_part parts[LIBRARY_PARTS_MAX];
    uint32_t part_count;
    library_fixup *fixups; /* by address; what has none is in place */
    size_t fixup_count;
    uint64_t constant;      /* ELF: from here ... */
    uint64_t constant_size; /* ... the loader makes parts constant after it has written fixups */
    uint64_t base;          /* PE: the address that pointers in place count from */
    uint64_t symbols; /* ELF: the table of symbols, PE: the table of exports; 0: there is none */
    uint64_t symbol_count;
    uint64_t names; /* ELF: the table of their names ... */
    uint64_t names_size;
    uint64_t exports_size; /* PE: an export inside the table of exports is in another library */
} library_file;

/* Reads the headers. NULL: fine; otherwise what is wrong, and there is nothing to close: "out of
 * memory", "it is cut off", ... */
const char *library_file_open(library_file *l, const void *bytes, size_t size);
void library_file_close(library_file *l);

/* The address of an exported symbol; 0: there is none. */
uint64_t library_file_symbol(const library_file *l, const char *name);

/* Where the library keeps the bytes at an address. */
typedef enum library_place {
    LIBRARY_OUTSIDE,  /* not all of them are inside one part */
    LIBRARY_ZERO,     /* at least one is not in the file: zero until the library writes it */
    LIBRARY_WRITABLE, /* in the file, but the library can change them */
    LIBRARY_CONSTANT
} library_place;
library_place library_file_place(const library_file *l, uint64_t address, uint64_t size);

/* Copies `size` bytes at an address, as they are in the file. False: they are not all inside one
 * part. */
bool library_file_read(const library_file *l, uint64_t address, void *to, size_t size);

/* Reads the pointer at an address. *target 0: NULL. False: it points into another library, or is
 * not inside a part. */
bool library_file_pointer(const library_file *l, uint64_t address, uint64_t *target);

/* The text at an address, inside `bytes`; NULL: there is none of fewer than `max` bytes. */
const char *library_file_text(const library_file *l, uint64_t address, size_t max);

#endif
