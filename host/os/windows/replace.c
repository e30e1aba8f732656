/* replace.c: replaces functions that a loaded library imports. Any thread, one at a time.
 *
 * A library calls what it imports through a table of addresses, which the loader has filled in.
 * Functions that it looks up itself, by GetProcAddress, are not there.
 * https://learn.microsoft.com/windows/win32/debug/pe-format (the .idata section, delay-load)
 */
#include "guard.h"

enum { LIBRARIES_MAX = 64 };

typedef struct replacing {
    win_find_replacement *find;
    uint32_t count;
    HMODULE libraries[LIBRARIES_MAX]; /* the first `count` are to be done, or done */
} replacing;

static SRWLOCK lock = SRWLOCK_INIT;

/* Not to libraries of Windows itself, which call these functions for reasons of their own. */
static void add_library(replacing *r, const char *name) {
    HMODULE library = GetModuleHandleA(name);
    if (library == NULL || library == GetModuleHandleW(NULL) || r->count == LIBRARIES_MAX ||
        win_is_of_windows(library)) {
        return;
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->libraries[i] == library) {
            return;
        }
    }
    r->libraries[r->count++] = library;
}

static void write_slot(ULONGLONG *slot, const void *function) {
    DWORD before = 0;
    if (*slot != (uintptr_t)function &&
        VirtualProtect(slot, sizeof *slot, PAGE_READWRITE, &before)) {
        *(volatile ULONGLONG *)slot = (uintptr_t)function;
        VirtualProtect(slot, sizeof *slot, before, &before);
    }
}

/* The functions of one library: their names, and the addresses that are called. */
static void replace_from(const replacing *r, uintptr_t base, const char *library, DWORD names_at,
                         DWORD slots_at) {
    const IMAGE_THUNK_DATA *names = (const IMAGE_THUNK_DATA *)(base + names_at);
    IMAGE_THUNK_DATA *slots = (IMAGE_THUNK_DATA *)(base + slots_at);
    for (size_t i = 0; names_at != 0 && names[i].u1.AddressOfData != 0; i++) {
        if (IMAGE_SNAP_BY_ORDINAL(names[i].u1.Ordinal)) {
            continue;
        }
        const IMAGE_IMPORT_BY_NAME *name =
            (const IMAGE_IMPORT_BY_NAME *)(base + (uintptr_t)names[i].u1.AddressOfData);
        const void *function = r->find(library, (const char *)name->Name);
        if (function != NULL) {
            write_slot(&slots[i].u1.Function, function);
        }
    }
}

static uintptr_t directory(const guard_image *image, DWORD index) {
    const IMAGE_OPTIONAL_HEADER *optional = &image->headers->OptionalHeader;
    return index < optional->NumberOfRvaAndSizes && optional->DataDirectory[index].Size != 0
               ? image->begin + optional->DataDirectory[index].VirtualAddress
               : 0;
}

static void replace_in(replacing *r, HMODULE library) {
    guard_image image;
    if (!guard_image_at((uintptr_t)library, &image)) {
        return;
    }
    uintptr_t base = image.begin;
    const IMAGE_IMPORT_DESCRIPTOR *d =
        (const IMAGE_IMPORT_DESCRIPTOR *)directory(&image, IMAGE_DIRECTORY_ENTRY_IMPORT);
    for (; d != NULL && d->Name != 0; d++) {
        const char *name = (const char *)(base + d->Name);
        replace_from(r, base, name, d->OriginalFirstThunk, d->FirstThunk);
        add_library(r, name);
    }
    /* Delayed ones are looked up at their first call: these never will be. */
    const IMAGE_DELAYLOAD_DESCRIPTOR *late =
        (const IMAGE_DELAYLOAD_DESCRIPTOR *)directory(&image, IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT);
    for (; late != NULL && late->DllNameRVA != 0; late++) {
        if (late->Attributes.RvaBased) {
            replace_from(r, base, (const char *)(base + late->DllNameRVA), late->ImportNameTableRVA,
                         late->ImportAddressTableRVA);
        }
    }
}

void win_replace_imports(HMODULE library, win_find_replacement *find) {
    AcquireSRWLockExclusive(&lock);
    replacing r = {.find = find, .count = 1, .libraries = {library}};
    for (uint32_t i = 0; i < r.count; i++) {
        replace_in(&r, r.libraries[i]);
    }
    ReleaseSRWLockExclusive(&lock);
}
