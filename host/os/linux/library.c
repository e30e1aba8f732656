/* library.c: shared libraries through dlopen.
 *
 * Any thread; the loader has its own lock. The file is checked before dlopen sees it, because
 * dlopen does not survive a file that is cut off or damaged (elf_image.h).
 */
#include "elf_check.h"
#include "error.h"
#include "guard.h"
#include "os/os.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

const char os_library_suffix[] = ".so";

struct os_library {
    void *handle;
    const struct link_map *map;
    char *name; /* by which the loader knows it */
    bool brought;
};

portico_status os_library_check(const char *path, char *why, size_t why_size) {
    FILE *file = os_fopen(path, "rb");
    if (file == NULL) {
        int code = os_error();
        snprintf(why, why_size, "%s", strerror(code));
        bool regular = code != EISDIR && code != EINVAL;
        return regular ? error_status(code) : error_refuse(PORTICO_E_NOT_A_MODULE);
    }
    const char *fault = elf_fault(file);
    fclose(file);
    if (fault != NULL) {
        snprintf(why, why_size, "%s", fault);
        return error_refuse(PORTICO_E_NOT_A_MODULE);
    }
    return PORTICO_OK;
}

/* dlopen gives its reasons only in words. The file itself exists and is whole, so whatever cannot
 * be opened or found is a dependency. */
static portico_status library_fault(const char *words) {
    if (strstr(words, "cannot open shared object file") != NULL ||
        strstr(words, "undefined symbol") != NULL || strstr(words, "not found") != NULL) {
        return PORTICO_E_DEPENDENCY;
    }
    return PORTICO_E_NOT_A_MODULE;
}

/* A relative path gets its folder: dlopen searches for a name without '/' elsewhere, and reports
 * name the library by its path. The caller frees it. NULL: see errno. */
static char *path_to_open(const char *path) {
    return path[0] == '/' ? strdup(path) : realpath(path, NULL);
}

static int take_adds(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    *(unsigned long long *)arg = info->dlpi_adds;
    return 1;
}

/* How many libraries this process has ever loaded. */
static unsigned long long count_loaded(void) {
    unsigned long long count = 0;
    dl_iterate_phdr(take_adds, &count);
    return count;
}

static portico_status load(os_library *library, const char *path, char *why, size_t why_size) {
    struct link_map *map = NULL;
    char *absolute = path_to_open(path);
    if (absolute == NULL) {
        snprintf(why, why_size, "%s: %s", path, strerror(errno));
        return error_set(errno);
    }
    unsigned long long before = count_loaded();
    library->handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
    library->brought = count_loaded() > before + 1;
    free(absolute);
    if (library->handle == NULL) {
        const char *words = dlerror();
        words = words != NULL ? words : "dlopen failed without a word";
        snprintf(why, why_size, "%s", words);
        return error_refuse(library_fault(words));
    }
    if (dlinfo(library->handle, RTLD_DI_LINKMAP, (void *)&map) == 0) {
        library->name = strdup(map->l_name);
    }
    if (library->name == NULL) {
        dlclose(library->handle);
        snprintf(why, why_size, "%s", strerror(ENOMEM));
        return error_set(ENOMEM);
    }
    library->map = map;
    if (library->brought) { /* perhaps the C++ library, which then stays */
        cxx_silence(abort);
    }
    return PORTICO_OK;
}

portico_status os_library_open(const char *path, bool tried, os_library **result, char *why,
                               size_t why_size) {
    *result = NULL;
    portico_status status = tried ? PORTICO_OK : os_library_check(path, why, why_size);
    if (status != PORTICO_OK) {
        return status;
    }
    os_library *library = calloc(1, sizeof *library);
    if (library == NULL) {
        snprintf(why, why_size, "%s", strerror(ENOMEM));
        return error_set(ENOMEM);
    }
    status = load(library, path, why, why_size);
    if (status != PORTICO_OK) {
        free(library);
        return status;
    }
    *result = library;
    return PORTICO_OK;
}

bool os_library_brought(const os_library *library) {
    return library->brought;
}

void *os_library_symbol(os_library *library, const char *name) {
    return dlsym(library->handle, name);
}

typedef struct library_search {
    uintptr_t address;
    const char *name;
    uintptr_t begin;
    uintptr_t end;
    bool found;
} library_search;

/* Extends the range to the segments of the library in `arg`. */
static int widen(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    library_search *search = arg;
    if (info->dlpi_addr != search->address || strcmp(info->dlpi_name, search->name) != 0) {
        return 0;
    }
    search->found = true;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD) {
            uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
            uintptr_t end = begin + segment->p_memsz;
            search->begin = search->end == 0 || begin < search->begin ? begin : search->begin;
            search->end = end > search->end ? end : search->end;
        }
    }
    return 1;
}

void os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end) {
    library_search search = {.address = library->map->l_addr, .name = library->name};
    dl_iterate_phdr(widen, &search);
    *begin = search.begin;
    *end = search.end;
}

/* The loader's list says whether it is gone: it is held elsewhere, or cannot go because of a unique
 * symbol or a thread's destructor. dlopen with RTLD_NOLOAD would open the file to find out. */
bool os_library_close(os_library *library) {
    library_search search = {.address = library->map->l_addr, .name = library->name};
    bool gone = dlclose(library->handle) == 0;
    if (gone) {
        dl_iterate_phdr(widen, &search);
    }
    free(library->name);
    free(library);
    return gone && !search.found;
}
