/* fault_places.c: what is known about addresses of code. os_places_find: one thread at a time;
 * os_place_quick: also in a handler.
 *
 * Functions and lines are dbghelp.dll's. It reads PDBs, which Microsoft's compiler and clang write.
 * Of the DWARF that gcc writes Wine's knows version 4, and Windows' none: there the functions come
 * from the library's table of symbols, and lines are not known.
 */
#include "guard.h"

#include "os/compiler.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <dbghelp.h>

enum { PATH_ROOM = 1024 };

/* ---- the library -------------------------------------------------------------------------- */

/* Not in every header. */
enum { MAPPED_FILE_NAME = 2 }; /* MemoryMappedFilenameInformation */
NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE process, PVOID address, int information, PVOID data,
                                    SIZE_T size, PSIZE_T used);

/* The path of the file that is mapped there, in the system's own form, without its folder.
 * GetModuleFileName waits for the loader's lock. */
static void copy_name(uintptr_t address, char *name, size_t size) {
    union {
        UNICODE_STRING path;
        unsigned char room[sizeof(UNICODE_STRING) + PATH_ROOM * sizeof(wchar_t)];
    } file;
    SIZE_T used = 0;
    name[0] = '\0';
    if (NtQueryVirtualMemory(GetCurrentProcess(), (void *)address, MAPPED_FILE_NAME, &file,
                             sizeof file, &used) != 0) {
        return;
    }
    const wchar_t *begin = file.path.Buffer;
    const wchar_t *end = begin + file.path.Length / sizeof *begin;
    for (const wchar_t *at = begin; at < end; at++) {
        begin = *at == L'\\' || *at == L'/' ? at + 1 : begin;
    }
    int length =
        WideCharToMultiByte(CP_UTF8, 0, begin, (int)(end - begin), name, (int)size - 1, NULL, NULL);
    name[length > 0 ? length : 0] = '\0';
}

/* As symbol servers name a PDB: the GUID and age that the linker has written into the library; else
 * a library: its time and size.
 * https://learn.microsoft.com/windows-hardware/drivers/debugger/using-symstore */
static void copy_build_id(const guard_image *image, char *id, size_t size) {
    typedef struct code_view {
        DWORD signature; /* "RSDS" */
        GUID guid;
        DWORD age;
    } code_view;
    const IMAGE_OPTIONAL_HEADER *o = &image->headers->OptionalHeader;
    const IMAGE_DATA_DIRECTORY *directory = &o->DataDirectory[IMAGE_DIRECTORY_ENTRY_DEBUG];
    const IMAGE_DEBUG_DIRECTORY *d =
        (const IMAGE_DEBUG_DIRECTORY *)(image->begin + directory->VirtualAddress);
    size_t count =
        o->NumberOfRvaAndSizes > IMAGE_DIRECTORY_ENTRY_DEBUG ? directory->Size / sizeof *d : 0;
    snprintf(id, size, "%08lX%lx", (unsigned long)image->headers->FileHeader.TimeDateStamp,
             (unsigned long)o->SizeOfImage);
    for (size_t i = 0; i < count; i++) {
        const code_view *v = (const code_view *)(image->begin + d[i].AddressOfRawData);
        if (d[i].Type == IMAGE_DEBUG_TYPE_CODEVIEW && d[i].AddressOfRawData != 0 &&
            memcmp(v, "RSDS", 4) == 0) {
            const GUID *g = &v->guid;
            snprintf(id, size, "%08lX%04X%04X%02X%02X%02X%02X%02X%02X%02X%02X%lx",
                     (unsigned long)g->Data1, g->Data2, g->Data3, g->Data4[0], g->Data4[1],
                     g->Data4[2], g->Data4[3], g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7],
                     (unsigned long)v->age);
        }
    }
}

static bool find_library(uintptr_t address, guard_image *image, os_place *place) {
    memset(place, 0, sizeof *place);
    if (!guard_image_at(address, image)) {
        return false;
    }
    copy_name(address, place->library, sizeof place->library);
    place->offset = address - image->begin;
    copy_build_id(image, place->build_id, sizeof place->build_id);
    return true;
}

void os_place_quick(uintptr_t address, os_place *place) {
    guard_image image;
    (void)find_library(address, &image, place);
}

/* ---- the function and the line ------------------------------------------------------------- */

/* The functions of dbghelp.dll, which is loaded when it is first needed. */
static struct {
    __typeof__(&SymSetOptions) set_options;
    __typeof__(&SymInitializeW) initialize;
    __typeof__(&SymCleanup) cleanup;
    __typeof__(&SymLoadModuleExW) load;
    __typeof__(&SymFromAddrW) symbol;
    __typeof__(&SymGetLineFromAddrW64) line;
} dbghelp;

#define FIND(function) ((__typeof__(&(function)))win_load(L"dbghelp.dll", #function))

static bool find_functions(void) {
    dbghelp.set_options = FIND(SymSetOptions);
    dbghelp.initialize = FIND(SymInitializeW);
    dbghelp.cleanup = FIND(SymCleanup);
    dbghelp.load = FIND(SymLoadModuleExW);
    dbghelp.symbol = FIND(SymFromAddrW);
    dbghelp.line = FIND(SymGetLineFromAddrW64);
    return dbghelp.set_options != NULL && dbghelp.initialize != NULL && dbghelp.cleanup != NULL &&
           dbghelp.load != NULL && dbghelp.symbol != NULL && dbghelp.line != NULL;
}

/* A session of dbghelp's has a handle of its own, so that it does not meet one of a module's. NULL:
 * there is none. It ends with the call: files that it has read can be deleted again. */
static HANDLE begin(void) {
    HANDLE session = NULL;
    if (!find_functions() ||
        !DuplicateHandle(GetCurrentProcess(), GetCurrentProcess(), GetCurrentProcess(), &session, 0,
                         FALSE, DUPLICATE_SAME_ACCESS)) {
        return NULL;
    }
    dbghelp.set_options(SYMOPT_UNDNAME | SYMOPT_LOAD_LINES | SYMOPT_FAIL_CRITICAL_ERRORS |
                        SYMOPT_NO_PROMPTS);
    if (!dbghelp.initialize(session, NULL, FALSE)) {
        CloseHandle(session);
        return NULL;
    }
    return session;
}

static void end(HANDLE session) {
    dbghelp.cleanup(session);
    CloseHandle(session);
}

static void copy_wide(const wchar_t *wide, char *text, size_t size) {
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, (int)size, NULL, NULL) == 0) {
        text[size - 1] = '\0'; /* cut off */
    }
}

/* Whether a symbol is the function's own, and not just the last one before it that dbghelp knows.
 * */
static bool is_own(const guard_image *image, const SYMBOL_INFOW *symbol, uintptr_t address) {
    const RUNTIME_FUNCTION *f = guard_function_at(image, address);
    return address - symbol->Address < symbol->Size ||
           (f != NULL && image->begin + f->BeginAddress == symbol->Address);
}

/* Loading an image again, for the next address in it, does nothing. */
static void ask_dbghelp(HANDLE session, const wchar_t *path, const guard_image *image,
                        uintptr_t address, os_place *place) {
    union {
        SYMBOL_INFOW info;
        unsigned char room[sizeof(SYMBOL_INFOW) + sizeof place->function * sizeof(wchar_t)];
    } symbol = {.info = {.SizeOfStruct = sizeof symbol.info, .MaxNameLen = sizeof place->function}};
    IMAGEHLP_LINEW64 line = {.SizeOfStruct = sizeof line};
    DWORD64 from_symbol = 0;
    DWORD from_line = 0;
    (void)dbghelp.load(session, NULL, path, NULL, image->begin, (DWORD)(image->end - image->begin),
                       NULL, 0);
    if (dbghelp.symbol(session, address, &from_symbol, &symbol.info) &&
        is_own(image, &symbol.info, address)) {
        copy_wide(symbol.info.Name, place->function, sizeof place->function);
    }
    if (dbghelp.line(session, address, &from_line, &line) && line.FileName != NULL) {
        copy_wide(line.FileName, place->file, sizeof place->file);
        place->line = line.LineNumber;
    }
}

/* Of the executable and of Windows only the functions are looked up: Wine takes seconds to read
 * their lines. */
static void find_function(HANDLE session, const guard_image *image, uintptr_t address,
                          os_place *place) {
    wchar_t path[PATH_ROOM];
    HMODULE library = (HMODULE)image->begin;
    if (GetModuleFileNameW(library, path, PATH_ROOM) == 0) {
        return;
    }
    bool known = guard_symbol_find(path, image, address, place->function, sizeof place->function);
    bool is_module = image->begin != guard_host.begin && !win_is_of_windows(library);
    if (session != NULL && (is_module || !known)) {
        ask_dbghelp(session, path, image, address, place);
    }
}

/* It reads files and computes for many milliseconds. Workers that want the processor come first. */
void os_places_find(const uintptr_t *frames, uint32_t count, os_place *places) {
    (void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_LOWEST);
    HANDLE session = count > 0 ? begin() : NULL;
    for (uint32_t i = 0; i < count; i++) {
        guard_image image;
        /* A return address may be the beginning of another function. */
        uintptr_t back = i > 0 && frames[i] > 0 ? 1 : 0;
        if (find_library(frames[i], &image, &places[i])) {
            find_function(session, &image, frames[i] - back, &places[i]);
        }
    }
    if (session != NULL) {
        end(session);
    }
    (void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_NORMAL);
}
