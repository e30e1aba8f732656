/* modules.c: the modules of a test: what their libraries say of themselves, as data. */
#include "private.h"

#include "os/sim/real.h"

#include <string.h>

enum { WHY_BYTES = 512 };

static void type_add(portico_test *t, const char *module, const char *name) {
    if (strchr(name, '.') != NULL) {
        return; /* joins a type of another module, which has a listener of its own */
    }
    if (t->type_count == TESTING_TYPES_MAX) {
        TESTING_FAIL("the modules have more than %d session types", TESTING_TYPES_MAX);
    }
    char full[TESTING_TYPE_BYTES];
    (void)snprintf(full, sizeof full, "%s.%s", module, name);
    memcpy(t->types[t->type_count++], full, sizeof full);
}

/* The host looks for everything that may be wrong with a module; here what cannot be read is left
 * out. */
static void module_read(portico_test *t, const portico_module *from, testing_module *m) {
    const char *rows = from->session_types.rows;
    if (from->name != NULL) {
        (void)snprintf(m->name, sizeof m->name, "%s", from->name);
    }
    for (uint32_t i = 0; rows != NULL && i < from->session_types.count; i++) {
        const portico_session_type *type =
            (const void *)(rows + (size_t)i * from->session_types.row_size);
        if (type->name != NULL) {
            type_add(t, m->name, type->name);
        }
    }
}

/* Until it is read: the name of the file. */
static void name_from_path(testing_module *m) {
    const char *name = m->path;
    for (const char *c = m->path; *c != '\0'; c++) {
        name = *c == '/' || *c == '\\' ? c + 1 : name;
    }
    (void)snprintf(m->name, sizeof m->name, "%.*s", (int)strcspn(name, "."), name);
}

void testing_modules_read(portico_test *t) {
    char why[WHY_BYTES] = "";
    if (t->options->module_count == 0) {
        TESTING_FAIL("which module? Name its library with --module FILE");
    }
    for (uint32_t i = 0; i < t->options->module_count; i++) {
        testing_module *m = &t->modules[t->module_count++];
        real_library *library = NULL;
        (void)snprintf(m->path, sizeof m->path, "%s", t->options->modules[i]);
        name_from_path(m);
        if (real_library_open(m->path, false, &library, why, sizeof why) != PORTICO_OK) {
            TESTING_FAIL("%s cannot be loaded: %s", m->path, why);
        }
        const portico_entry *entry = real_library_symbol(library, PORTICO_ENTRY_SYMBOL);
        if (entry != NULL && entry->abi_major == PORTICO_ABI_MAJOR && entry->module != NULL) {
            module_read(t, entry->module, m);
        }
        (void)real_library_close(library);
    }
}
