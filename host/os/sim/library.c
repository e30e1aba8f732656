/* library.c: libraries: the real system's, and those whose symbols are in this executable. Any
 * simulated thread. */
#include "real.h"
#include "token.h"

#include <stdlib.h>
#include <string.h>

enum { LIBRARIES_MAX = 64, NAME_BYTES = 64 };

typedef struct sim_library {
    const char *name;
    const char *symbol;
    const void *address;
    uint32_t opened;
} sim_library;

static sim_library libraries[LIBRARIES_MAX];
static uint32_t library_count;

struct os_library {
    real_library *real; /* NULL: one of this executable's */
    sim_library *simulated;
};

static void (*watcher)(const void *library, void *symbol);

void sim_library_watch(void (*fn)(const void *library, void *symbol)) {
    watcher = fn;
}

void sim_library_add(const char *name, const char *symbol, const void *address) {
    if (library_count == LIBRARIES_MAX) {
        sim_fail("more than %d simulated libraries", LIBRARIES_MAX);
    }
    libraries[library_count++] = (sim_library){.name = name, .symbol = symbol, .address = address};
}

static sim_library *library_find(const char *name) {
    for (uint32_t i = 0; i < library_count; i++) {
        if (strcmp(libraries[i].name, name) == 0) {
            return &libraries[i];
        }
    }
    return NULL;
}

uint32_t sim_library_open_count(const char *name) {
    sim_library *l = library_find(name);
    return l != NULL ? l->opened : 0;
}

/* Reads the name in a file that begins with SIM_LIBRARY_MAGIC. False: another file. */
static bool library_read(const char *path, char name[NAME_BYTES]) {
    char text[sizeof SIM_LIBRARY_MAGIC + NAME_BYTES] = "";
    FILE *file = real_fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    size_t magic = sizeof SIM_LIBRARY_MAGIC - 1;
    if (strncmp(text, SIM_LIBRARY_MAGIC, magic) != 0) {
        return false;
    }
    snprintf(name, NAME_BYTES, "%.*s", (int)strcspn(text + magic, "\r\n"), text + magic);
    return true;
}

/* How the calls fail by chance (fault_status). */
static const portico_status check_failures[] = {PORTICO_E_ACCESS, 0};
static const portico_status open_failures[] = {PORTICO_E_ACCESS, PORTICO_E_DEPENDENCY,
                                               PORTICO_E_NOT_A_MODULE, PORTICO_E_LOAD, 0};

/* Begins a call that reads the file, unless it fails. */
static portico_status begin(const char *call, const portico_status *failures, char *why,
                            size_t why_size) {
    token_call(call, 0);
    error_is_real();
    portico_status status = fault_status(SIM_FAULT_LIBRARY, failures);
    status = status == PORTICO_OK ? handle_for_now() : status;
    if (status != PORTICO_OK) {
        error_simulated(status);
        os_error_text(error_code(status), why, why_size);
    }
    return status;
}

portico_status os_library_check(const char *path, char *why, size_t why_size) {
    char name[NAME_BYTES];
    portico_status status = begin("library_check", check_failures, why, why_size);
    if (status != PORTICO_OK) {
        return status;
    }
    return library_read(path, name) ? PORTICO_OK : real_library_check(path, why, why_size);
}

portico_status os_library_open(const char *path, bool tried, os_library **result, char *why,
                               size_t why_size) {
    char name[NAME_BYTES];
    *result = NULL;
    portico_status status = begin("library_open", open_failures, why, why_size);
    if (status != PORTICO_OK) {
        return status;
    }
    os_library made = {0};
    if (library_read(path, name)) {
        made.simulated = library_find(name);
        if (made.simulated == NULL) {
            snprintf(why, why_size, "there is no simulated library '%s'", name);
            return error_simulated(PORTICO_E_NOT_A_MODULE);
        }
        made.simulated->opened++;
    } else {
        status = real_library_open(path, tried, &made.real, why, why_size);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    run.figures.handles++; /* only counts: the limit is of sockets and the like */
    *result = run_alloc(sizeof **result);
    **result = made;
    return PORTICO_OK;
}

bool os_library_brought(const os_library *library) {
    token_call("library_brought", 0);
    return library->real != NULL && real_library_brought(library->real);
}

void *os_library_symbol(os_library *library, const char *name) {
    token_call("library_symbol", 0);
    if (library->real != NULL) {
        void *symbol = real_library_symbol(library->real, name);
        if (watcher != NULL && symbol != NULL) {
            watcher(library, symbol);
        }
        return symbol;
    }
    const sim_library *l = library->simulated;
    return strcmp(l->symbol, name) == 0 ? (void *)(uintptr_t)l->address : NULL;
}

void os_library_range(os_library *library, uintptr_t *begin, uintptr_t *end) {
    *begin = 0;
    *end = 0;
    if (library->real != NULL) {
        real_library_range(library->real, begin, end);
    }
}

bool os_library_close(os_library *library) {
    token_call("library_close", 0);
    bool gone = !fault_strikes(SIM_FAULT_LIBRARY); /* some systems keep images for ever */
    if (watcher != NULL) {
        watcher(library, NULL);
    }
    if (library->real != NULL) {
        gone = real_library_close(library->real) && gone;
    } else {
        library->simulated->opened--;
    }
    free(library);
    handle_give_back();
    return gone;
}
