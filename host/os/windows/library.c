/* library.c: DLLs. Any thread; the system runs one load or unload at a time.
 *
 * Load each path only once: the loader knows modules by path, and Wine returns the old image even
 * after the file has been replaced.
 */
#include "error.h"
#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct os_library {
    HMODULE module;
    wchar_t *path;
};

const char os_library_suffix[] = ".dll";

static portico_status explain(DWORD code, const wchar_t *path, char *why, size_t why_size) {
    char sentence[256];
    char missing[128];
    os_error_text((int32_t)code, sentence, sizeof sentence);
    char *gap = strstr(sentence, "%1"); /* a placeholder for the file's name in some sentences */
    if (gap != NULL) {
        *gap = '\0';
        snprintf(why, why_size, "%sthe file%s (error %lu)", sentence, gap + 2, (unsigned long)code);
    } else if (code == ERROR_MOD_NOT_FOUND && win_missing_import(path, missing, sizeof missing)) {
        snprintf(why, why_size, "%s (error %lu): it needs %s", sentence, (unsigned long)code,
                 missing);
    } else {
        snprintf(why, why_size, "%s (error %lu)", sentence, (unsigned long)code);
    }
    return error_set(code);
}

/* Checks what the loader's codes cannot tell apart: a missing file and a missing dependency.
 * Returns 0 if the file may be loaded. */
static DWORD look_at(const wchar_t *path) {
    DWORD attributes = GetFileAttributesW(path);
    if (attributes == INVALID_FILE_ATTRIBUTES) {
        return GetLastError();
    }
    /* To a name without a dot the loader appends ".dll", and so looks for another file. */
    const wchar_t *name = wcsrchr(path, L'\\');
    bool has_dot = wcschr(name != NULL ? name : path, L'.') != NULL;
    return (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0 || !has_dot ? ERROR_BAD_EXE_FORMAT : 0;
}

/* Loads l->path. A Win32 code, 0 for success. */
static DWORD load(os_library *l) {
    DWORD code = look_at(l->path);
    if (code != 0) {
        return code;
    }
    /* Dependencies come from the DLL's folder, ours and the system's, never from PATH or the
     * working folder. https://learn.microsoft.com/windows/win32/dlls/dynamic-link-library-security
     */
    l->module = LoadLibraryExW(l->path, NULL,
                               LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
    return l->module != NULL ? 0 : GetLastError();
}

static const IMAGE_NT_HEADERS *headers_of(uintptr_t base) {
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)base;
    return (const IMAGE_NT_HEADERS *)(base + (uintptr_t)dos->e_lfanew);
}

static bool is_inside(FILE *file, uint64_t end) {
    return fseek(file, 0, SEEK_END) == 0 && end <= (uint64_t)ftell(file);
}

/* Whether the bytes of every section are in the file. The table of sections begins at `at`. */
static bool pe_is_whole(FILE *file, long at, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        IMAGE_SECTION_HEADER section;
        if (fseek(file, at + (long)(i * sizeof section), SEEK_SET) != 0 ||
            fread(&section, sizeof section, 1, file) != 1) {
            return false;
        }
        DWORD size = section.SizeOfRawData < section.Misc.VirtualSize ? section.SizeOfRawData
                                                                      : section.Misc.VirtualSize;
        if (size > 0 && !is_inside(file, (uint64_t)section.PointerToRawData + size)) {
            return false;
        }
    }
    return true;
}

/* Why the open file is not a library for this system; NULL when it is one.
 * https://learn.microsoft.com/windows/win32/debug/pe-format */
static const char *pe_fault(FILE *file) {
    IMAGE_DOS_HEADER dos;
    IMAGE_NT_HEADERS nt;
    if (fread(&dos, sizeof dos, 1, file) != 1 || dos.e_magic != IMAGE_DOS_SIGNATURE ||
        fseek(file, dos.e_lfanew, SEEK_SET) != 0 || fread(&nt, sizeof nt, 1, file) != 1 ||
        nt.Signature != IMAGE_NT_SIGNATURE) {
        return "not a DLL, or cut off";
    }
    if (nt.FileHeader.Machine !=
        headers_of((uintptr_t)GetModuleHandleW(NULL))->FileHeader.Machine) {
        return "a DLL for another processor";
    }
    if ((nt.FileHeader.Characteristics & IMAGE_FILE_DLL) == 0) {
        return "a program, not a DLL";
    }
    long sections = dos.e_lfanew + (long)offsetof(IMAGE_NT_HEADERS, OptionalHeader) +
                    nt.FileHeader.SizeOfOptionalHeader;
    return pe_is_whole(file, sections, nt.FileHeader.NumberOfSections) ? NULL
                                                                       : "the file is cut off";
}

portico_status os_library_check(const char *path, char *why, size_t why_size) {
    wchar_t *wide = win_path(path);
    DWORD code = wide != NULL ? look_at(wide) : GetLastError();
    FILE *file = code == 0 ? os_fopen(path, "rb") : NULL;
    if (file == NULL) {
        portico_status status = explain(code != 0 ? code : (DWORD)os_error(), wide, why, why_size);
        free(wide);
        return status;
    }
    free(wide);
    const char *fault = pe_fault(file);
    fclose(file);
    if (fault != NULL) {
        snprintf(why, why_size, "%s", fault);
        return error_refuse(PORTICO_E_NOT_A_MODULE);
    }
    return PORTICO_OK;
}

/* The loader itself refuses damaged files. */
portico_status os_library_open(const char *path, bool tried, os_library **library, char *why,
                               size_t why_size) {
    (void)tried;
    *library = NULL;
    os_library *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return explain(ERROR_NOT_ENOUGH_MEMORY, NULL, why, why_size);
    }
    l->path = win_path(path);
    DWORD code = l->path != NULL ? load(l) : GetLastError();
    if (code != 0) {
        portico_status status = explain(code, l->path, why, why_size);
        free(l->path);
        free(l);
        return status;
    }
    guard_replace_calls(l->module);
    *library = l;
    return PORTICO_OK;
}

bool os_library_brought(const os_library *library) {
    (void)library;
    return true;
}

void *os_library_symbol(os_library *library, const char *name) {
    return (void *)(uintptr_t)GetProcAddress(library->module, name);
}

/* A module's handle is its address, and its headers contain its size.
 * https://learn.microsoft.com/windows/win32/debug/pe-format (SizeOfImage) */
void os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end) {
    uintptr_t base = (uintptr_t)library->module;
    *begin = base;
    *end = base + headers_of(base)->OptionalHeader.SizeOfImage;
}

bool os_library_close(os_library *library) {
    HMODULE still = NULL;
    bool gone =
        FreeLibrary(library->module) &&
        !GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, library->path, &still);
    free(library->path);
    free(library);
    return gone;
}
