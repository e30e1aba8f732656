/* fault_cxx.c: describes an uncaught C++ exception after the C++ library has called abort() for it.
 * Any thread.
 *
 * std::terminate first writes to stderr. That takes 10 us, or for ever if stderr is a pipe that
 * nobody reads. The report has the same text, so cxx_silence turns that off.
 *
 * Each thread looks up the library's functions once, because dladdr and dlsym search its 6,000
 * names.
 * The types are those of the C++ ABI: https://itanium-cxx-abi.github.io/cxx-abi/abi-eh.html
 */
#include "guard.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct cxx_type {
    const void *functions;
    const char *name; /* mangled; a '*' before it is not part of it */
} cxx_type;

/* A class with one base, which is at its beginning. */
typedef struct cxx_derived {
    cxx_type type;
    const cxx_type *base;
} cxx_derived;

/* In memory before the exception itself. */
typedef struct cxx_header {
    const cxx_type *type;
    void *others[9];
    uint64_t maker; /* the first member of the unwinder's part */
    uint64_t unwinder[3];
} cxx_header;

typedef struct cxx_globals {
    cxx_header *caught;
    unsigned uncaught;
} cxx_globals;

typedef void terminate_fn(void);
typedef terminate_fn *get_terminate_fn(void);
typedef terminate_fn *set_terminate_fn(terminate_fn *handler);
typedef cxx_globals *globals_fn(void);
typedef const cxx_type *current_fn(void);
typedef char *demangle_fn(const char *name, char *buffer, size_t *size, int *status);
typedef const char *what_fn(const void *exception);

typedef struct cxx_library {
    char build_id[sizeof((os_place *)NULL)->build_id]; /* "": none has been looked up */
    uintptr_t base;
    globals_fn *globals;
    current_fn *current;
    demangle_fn *demangle;
    const void **derived; /* `functions` of a cxx_derived, but for the first two */
} cxx_library;

static _Thread_local cxx_library cxx;

static uintptr_t find(void *library, const char *name) {
    return (uintptr_t)dlsym(library, name);
}

void cxx_silence(void (*ends)(void)) {
    void *library = guard_active() ? dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (library == NULL) {
        return;
    }
    get_terminate_fn *get = (get_terminate_fn *)find(library, "_ZSt13get_terminatev");
    set_terminate_fn *set = (set_terminate_fn *)find(library, "_ZSt13set_terminatePFvvE");
    uintptr_t writes = find(library, "_ZN9__gnu_cxx27__verbose_terminate_handlerEv");
    if (get != NULL && set != NULL && (uintptr_t)get() == writes) {
        set(ends);
    }
    dlclose(library);
}

/* Fills `cxx`. False: the library lacks some of the functions. */
static bool look_up(const library_place *found, const os_place *place) {
    if (place->build_id[0] != '\0' && cxx.base == found->base &&
        strcmp(cxx.build_id, place->build_id) == 0) {
        return true;
    }
    void *library = dlopen(found->path, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        return false;
    }
    cxx.globals = (globals_fn *)find(library, "__cxa_get_globals");
    cxx.current = (current_fn *)find(library, "__cxa_current_exception_type");
    cxx.demangle = (demangle_fn *)find(library, "__cxa_demangle");
    cxx.derived = (const void **)find(library, "_ZTVN10__cxxabiv120__si_class_type_infoE");
    dlclose(library);
    bool whole = cxx.globals != NULL && cxx.current != NULL && cxx.demangle != NULL;
    cxx.base = whole ? found->base : 0;
    memcpy(cxx.build_id, place->build_id, sizeof cxx.build_id);
    return whole;
}

static bool is_exception(const cxx_type *type) {
    enum { BASES_MAX = 16 };
    for (int i = 0; i < BASES_MAX; i++) {
        if (strcmp(type->name, "St9exception") == 0) {
            return true;
        }
        if (cxx.derived == NULL || type->functions != cxx.derived + 2) {
            break;
        }
        type = ((const cxx_derived *)(const void *)type)->base;
    }
    return false;
}

/* Appends what() of an exception of the C++ library itself: a module's function may do anything. */
static void add_what(void *arg) {
    enum { WHAT = 2 /* after two destructors */, TEXT = sizeof((os_fault *)NULL)->text };
    static const uint64_t usual = 0x474e5543432b2b00; /* "GNUCC++": not one that is thrown again */
    const cxx_header *header = cxx.globals()->caught;
    os_place place;
    library_place found;
    if (header == NULL || header->maker != usual || !is_exception(header->type)) {
        return;
    }
    what_fn *const *functions = *(what_fn *const *const *)(const void *)(header + 1);
    if (!place_library((uintptr_t)functions[WHAT], &place, &found) || found.base != cxx.base) {
        return;
    }
    guard_text(arg, TEXT, ": ");
    guard_text(arg, TEXT, functions[WHAT](header + 1));
}

void cxx_describe(uintptr_t caller, char *text, size_t size) {
    os_place place;
    library_place found;
    if (heap_depth != 0 || !place_library(caller, &place, &found) ||
        strstr(place.library, "c++") == NULL || !look_up(&found, &place)) {
        return;
    }
    const cxx_type *type = cxx.current();
    if (type == NULL) {
        return; /* std::terminate was called without an exception */
    }
    const char *name = type->name + (type->name[0] == '*');
    int status = 0;
    char *readable = cxx.demangle(name, NULL, NULL, &status);
    guard_text(text, size, "An exception was not caught: ");
    guard_text(text, size, readable != NULL ? readable : name);
    free(readable);
    (void)frames_guard(add_what, text);
    guard_text(text, size, ".");
    *cxx.globals() = (cxx_globals){0}; /* the thread forgets it, should the guard contain this */
}
