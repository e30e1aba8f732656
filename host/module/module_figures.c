/* module_figures.c: see module_figures.h. */
#include "module/module_figures.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Others read them while they are written, so they are kept in words. */
enum { WORDS = sizeof(module_figures) / sizeof(uint64_t) };
_Static_assert(sizeof(module_figures) % sizeof(uint64_t) == 0, "these words are all of it");

typedef struct entry {
    char name[TEXT_IDENTIFIER_MAX];
    struct entry *next;
    _Atomic uint32_t number; /* odd: it is being written */
    _Atomic uint64_t words[WORDS];
} entry;

static entry *_Atomic entries; /* the latest first */

static entry *entry_of(const char *name) {
    entry *first = atomic_load(&entries);
    for (entry *e = first; e != NULL; e = e->next) {
        if (strcmp(e->name, name) == 0) {
            return e;
        }
    }
    entry *e = calloc(1, sizeof *e);
    if (e != NULL) {
        memcpy(e->name, name, strlen(name) + 1);
        e->next = first;
        atomic_store(&entries, e);
    }
    return e;
}

void module_figures_write(const module_figures *f) {
    entry *e = entry_of(f->name);
    uint64_t words[WORDS];
    if (e == NULL) {
        return;
    }
    memcpy(words, f, sizeof words);
    atomic_fetch_add(&e->number, 1);
    for (int i = 0; i < WORDS; i++) {
        atomic_store(&e->words[i], words[i]);
    }
    atomic_fetch_add(&e->number, 1);
}

/* False: it was being written. */
static bool entry_read(entry *e, module_figures *seen) {
    uint64_t words[WORDS] = {0};
    uint32_t before = atomic_load(&e->number);
    for (int i = 0; i < WORDS; i++) {
        words[i] = atomic_load(&e->words[i]);
    }
    memcpy(seen, words, sizeof *seen);
    return before % 2 == 0 && atomic_load(&e->number) == before;
}

void module_figures_each(void (*each)(void *arg, const module_figures *f), void *arg) {
    for (entry *e = atomic_load(&entries); e != NULL; e = e->next) {
        module_figures seen;
        while (!entry_read(e, &seen)) {
            /* Its writer is in the middle of a few stores. */
        }
        if (seen.loaded != 0) {
            each(arg, &seen);
        }
    }
}

void module_figures_fini(void) {
    entry *e = atomic_exchange(&entries, NULL);
    while (e != NULL) {
        entry *next = e->next;
        free(e);
        e = next;
    }
}
