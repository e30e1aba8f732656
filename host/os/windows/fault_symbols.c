/* fault_symbols.c: the name of a function from a library's own table of symbols, which gcc and
 * clang for mingw leave in the file, and dbghelp.dll does not read. One thread at a time.
 *
 * The table is not mapped: it is read from the file.
 * https://learn.microsoft.com/windows/win32/debug/pe-format (COFF symbol table)
 */
#include "guard.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum { SYMBOL_BYTES = 18, SHORT_NAME = 8 };

typedef struct symbols {
    FILE *file;
    long at; /* of the table in the file */
    uint32_t count;
} symbols;

static uint32_t number_at(const unsigned char *bytes, size_t size) {
    uint32_t number = 0;
    memcpy(&number, bytes, size);
    return number;
}

/* Where section `number`, counted from 1, is in memory; 0: there is none. */
static uintptr_t section_at(const guard_image *image, uint32_t number) {
    const IMAGE_SECTION_HEADER *all = IMAGE_FIRST_SECTION(image->headers);
    return number >= 1 && number <= image->headers->FileHeader.NumberOfSections
               ? image->begin + all[number - 1].VirtualAddress
               : 0;
}

/* A long name is in a table of its own, behind the symbols. gcc names parts and copies of a
 * function "name.cold", "name.part.0" and the like. */
static void read_name(const symbols *s, const unsigned char *symbol, char *name, size_t size) {
    uint32_t offset = number_at(symbol + 4, 4);
    size_t length = 0;
    if (number_at(symbol, 4) != 0) {
        length = size - 1 < SHORT_NAME ? size - 1 : SHORT_NAME;
        memcpy(name, symbol, length);
    } else if (fseek(s->file, s->at + (long)s->count * SYMBOL_BYTES + (long)offset, SEEK_SET) ==
               0) {
        length = fread(name, 1, size - 1, s->file);
    }
    name[length] = '\0';
    char *dot = strchr(name, '.');
    if (dot != NULL && dot != name) {
        *dot = '\0';
    }
}

/* Looks for the function that begins at `address`. */
static bool search(const symbols *s, const guard_image *image, uintptr_t address, char *name,
                   size_t size) {
    enum { VALUE = 8, SECTION = 12, TYPE = 14, EXTRA = 17 }; /* where they are in a symbol */
    unsigned char symbol[SYMBOL_BYTES];
    for (uint32_t i = 0; i < s->count; i++) {
        if (fread(symbol, sizeof symbol, 1, s->file) != 1) {
            return false;
        }
        uintptr_t section = section_at(image, number_at(symbol + SECTION, 2));
        bool is_function = number_at(symbol + TYPE, 2) >> 4 == IMAGE_SYM_DTYPE_FUNCTION;
        if (is_function && section != 0 && section + number_at(symbol + VALUE, 4) == address) {
            read_name(s, symbol, name, size);
            return true;
        }
        uint32_t extra = symbol[EXTRA]; /* further records of this symbol */
        i += extra;
        if (fseek(s->file, (long)extra * SYMBOL_BYTES, SEEK_CUR) != 0) {
            return false;
        }
    }
    return false;
}

bool guard_symbol_find(const wchar_t *path, const guard_image *image, uintptr_t address, char *name,
                       size_t size) {
    const IMAGE_FILE_HEADER *header = &image->headers->FileHeader;
    const RUNTIME_FUNCTION *f = guard_function_at(image, address);
    if (f == NULL || header->PointerToSymbolTable == 0) {
        return false;
    }
    symbols s = {_wfopen(path, L"rbN"), (long)header->PointerToSymbolTable,
                 header->NumberOfSymbols};
    bool found = s.file != NULL && fseek(s.file, s.at, SEEK_SET) == 0 &&
                 search(&s, image, image->begin + f->BeginAddress, name, size);
    if (s.file != NULL) {
        fclose(s.file);
    }
    return found;
}
