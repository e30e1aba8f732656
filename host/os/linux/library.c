/* library.c: shared libraries through dlopen.
 *
 * Any thread; the loader has its own lock. The file is checked before dlopen sees it, because
 * dlopen does not survive a file that is cut off or damaged (elf_image.h).
 */
#include "elf_check.h"
#include "error.h"
#include "os/os.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

const char os_library_suffix[] = ".so";

struct os_library {
    void *handle;
    char *path; /* absolute, as passed to dlopen */
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

portico_status os_library_open(const char *path, os_library **result, char *why, size_t why_size) {
    *result = NULL;
    portico_status status = os_library_check(path, why, why_size);
    if (status != PORTICO_OK) {
        return status;
    }
    os_library *library = calloc(1, sizeof *library);
    char *absolute = realpath(path, NULL); /* a name without '/' would be searched for elsewhere */
    if (library == NULL || absolute == NULL) {
        status = error_set(errno);
        snprintf(why, why_size, "%s: %s", path, strerror(errno));
        goto free_library;
    }
    library->path = absolute;
    library->handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        const char *words = dlerror();
        words = words != NULL ? words : "dlopen failed without a word";
        snprintf(why, why_size, "%s", words);
        status = error_refuse(library_fault(words));
        goto free_library;
    }
    *result = library;
    return PORTICO_OK;

free_library:
    free(absolute);
    free(library);
    return status;
}

void *os_library_symbol(os_library *library, const char *name) {
    return dlsym(library->handle, name);
}

typedef struct library_search {
    const struct link_map *map;
    uintptr_t begin;
    uintptr_t end;
} library_search;

/* Extends the range to the segments of the library in `arg`. */
static int widen(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    library_search *search = arg;
    if (info->dlpi_addr != search->map->l_addr ||
        strcmp(info->dlpi_name, search->map->l_name) != 0) {
        return 0;
    }
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
    struct link_map *map = NULL;
    library_search search = {0};
    if (dlinfo(library->handle, RTLD_DI_LINKMAP, (void *)&map) == 0) {
        search.map = map;
        dl_iterate_phdr(widen, &search);
    }
    *begin = search.begin;
    *end = search.end;
}

bool os_library_close(os_library *library) {
    bool gone = dlclose(library->handle) == 0;
    void *still = dlopen(library->path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    if (still != NULL) {
        /* It is held elsewhere, or cannot go: a unique symbol, a thread's destructor. */
        dlclose(still);
        gone = false;
    }
    free(library->path);
    free(library);
    return gone;
}
