/* fault_locking.c: the functions of the C libraries that hold a lock while they use the memory that
 * they are given. A fault in another one, such as memcpy(), is just its caller's.
 *
 * guard_locking_look runs before the first library is loaded and after each; guard_is_locking in a
 * handler.
 */
#include "guard.h"

static const wchar_t *const libraries[] = {L"msvcrt.dll", L"ucrtbase.dll"};

static const char *const names[] = {
    /* files */
    "__stdio_common_vfprintf", "__stdio_common_vfscanf", "__stdio_common_vfwprintf",
    "__stdio_common_vfwscanf", "fclose", "fflush", "fgetc", "fgetpos", "fgets", "fgetwc", "fgetws",
    "fopen", "fprintf", "fputc", "fputs", "fputwc", "fputws", "fread", "freopen", "fscanf", "fseek",
    "fsetpos", "ftell", "fwprintf", "fwrite", "getc", "getchar", "gets", "perror", "printf", "putc",
    "putchar", "puts", "putws", "rewind", "scanf", "setbuf", "setvbuf", "tmpfile", "ungetc",
    "vfprintf", "vfwprintf", "vprintf", "vwprintf", "wprintf", "_flsbuf", "_filbuf", "_read",
    "_wfopen", "_write", "_putws",
    /* memory */
    "_aligned_free", "_aligned_malloc", "_aligned_realloc", "_msize", "_recalloc", "_strdup",
    "_wcsdup", "calloc", "free", "malloc", "realloc",
    /* what the process has once */
    "_ftime64", "_mktime64", "_onexit", "_putenv", "_putenv_s", "_tzset", "_wputenv", "atexit",
    "getenv", "mktime", "setlocale", "signal", "strftime", "wcsftime"};

enum { LIBRARIES = sizeof libraries / sizeof libraries[0], NAMES = sizeof names / sizeof names[0] };

static struct {
    guard_image image;
    uintptr_t functions[NAMES]; /* 0: the library has none of that name */
} found[LIBRARIES];

void guard_locking_look(void) {
    static SRWLOCK lock = SRWLOCK_INIT;
    AcquireSRWLockExclusive(&lock);
    for (size_t i = 0; i < LIBRARIES; i++) {
        HMODULE library = NULL;
        guard_image image;
        if (found[i].image.end == 0 &&
            GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN, libraries[i], &library) &&
            guard_image_at((uintptr_t)library, &image)) {
            for (size_t j = 0; j < NAMES; j++) {
                found[i].functions[j] = (uintptr_t)GetProcAddress(library, names[j]);
            }
            found[i].image = image;
        }
    }
    ReleaseSRWLockExclusive(&lock);
}

static bool is_listed(const uintptr_t functions[NAMES], uintptr_t begin) {
    for (size_t i = 0; i < NAMES; i++) {
        if (functions[i] == begin) {
            return true;
        }
    }
    return false;
}

/* The function that other code has called is the last one of the library's. */
bool guard_is_locking(const os_fault *fault) {
    for (size_t i = 0; i < LIBRARIES; i++) {
        const guard_image *library = &found[i].image;
        uint32_t last = 0;
        while (last + 1 < fault->frame_count && guard_image_has(library, fault->frames[last + 1])) {
            last++;
        }
        const RUNTIME_FUNCTION *f = guard_image_has(library, fault->frames[last])
                                        ? guard_function_at(library, fault->frames[last])
                                        : NULL;
        if (f != NULL && guard_image_has(library, fault->frames[0]) &&
            is_listed(found[i].functions,
                      library->begin + guard_whole_function(library, f)->BeginAddress)) {
            return true;
        }
    }
    return false;
}
