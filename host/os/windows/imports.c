/* imports.c: finds out which DLL is missing for a DLL. Any thread.
 *
 * The loader says "module not found" without the name. So after it has refused a file, this maps
 * the file without loading it and looks for each import as the loader would.
 */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* A file mapped as an image: sections at their addresses, no code run. */
typedef struct image {
    const uint8_t *base;
    size_t size;
} image;

/* The `size` bytes at `rva`; NULL when they are not inside. */
static const void *image_at(const image *i, size_t rva, size_t size) {
    return rva < i->size && size <= i->size - rva ? i->base + rva : NULL;
}

static bool image_open(HMODULE module, image *i, IMAGE_DATA_DIRECTORY *imports) {
    /* The two low bits of the handle say how the file is mapped.
     * https://learn.microsoft.com/windows/win32/api/libloaderapi/nf-libloaderapi-loadlibraryexw */
    i->base = (const uint8_t *)((uintptr_t)module & ~(uintptr_t)3);
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)(const void *)i->base;
    const IMAGE_NT_HEADERS *nt = (const IMAGE_NT_HEADERS *)(const void *)(i->base + dos->e_lfanew);
    if (dos->e_magic != IMAGE_DOS_SIGNATURE || nt->Signature != IMAGE_NT_SIGNATURE ||
        nt->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR_MAGIC ||
        nt->OptionalHeader.NumberOfRvaAndSizes <= IMAGE_DIRECTORY_ENTRY_IMPORT) {
        return false;
    }
    i->size = nt->OptionalHeader.SizeOfImage;
    *imports = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
    return imports->VirtualAddress != 0;
}

/* `library` is the full path of the importing DLL: its folder is searched first. */
static bool is_missing(const wchar_t *library, const char *name) {
    wchar_t *wide = win_wide(name);
    const wchar_t *end = wcsrchr(library, L'\\');
    bool missing = false;
    if (wide != NULL && end != NULL && strncmp(name, "api-ms-", 7) != 0 &&
        strncmp(name, "ext-ms-", 7) != 0) {
        size_t folder = (size_t)(end - library) + 1;
        wchar_t *beside = malloc((folder + wcslen(wide) + 1) * sizeof *beside);
        if (beside != NULL) {
            memcpy(beside, library, folder * sizeof *beside);
            wcscpy(beside + folder, wide);
            missing = GetFileAttributesW(beside) == INVALID_FILE_ATTRIBUTES;
        }
        free(beside);
    }
    if (missing) {
        HMODULE found =
            LoadLibraryExW(wide, NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
        missing = found == NULL;
        if (found != NULL) {
            FreeLibrary(found);
        }
    }
    free(wide);
    return missing;
}

bool win_missing_import(const wchar_t *library, char *name, size_t size) {
    HMODULE module =
        LoadLibraryExW(library, NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    image i;
    IMAGE_DATA_DIRECTORY imports;
    bool missing = false;
    if (module == NULL) {
        return false;
    }
    size_t at = image_open(module, &i, &imports) ? imports.VirtualAddress : SIZE_MAX;
    const IMAGE_IMPORT_DESCRIPTOR *d = at != SIZE_MAX ? image_at(&i, at, sizeof *d) : NULL;
    while (d != NULL && d->Name != 0 && !missing) {
        const char *found = image_at(&i, d->Name, 1);
        if (found != NULL && memchr(found, '\0', i.size - d->Name) != NULL &&
            is_missing(library, found)) {
            snprintf(name, size, "%s", found);
            missing = true;
        }
        at += sizeof *d;
        d = image_at(&i, at, sizeof *d);
    }
    FreeLibrary(module);
    return missing;
}
