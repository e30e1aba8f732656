/* counts.c: see counts.h. */
#include "sim/counts.h"

#include "sim/world.h"

#include <string.h>

static limited counts[COUNTS_MAX];
static uint32_t counts_used;

/* Finds or adds. NULL: there is no room for it. */
static limited *count_of(const char *what) {
    for (uint32_t i = 0; i < counts_used; i++) {
        if (strcmp(counts[i].what, what) == 0) {
            return &counts[i];
        }
    }
    if (counts_used == COUNTS_MAX || strlen(what) >= COUNT_NAME_BYTES) {
        return NULL;
    }
    limited *c = &counts[counts_used++];
    snprintf(c->what, sizeof c->what, "%s", what);
    c->limit = UINT32_MAX;
    return c;
}

bool counts_limit(const char *what, uint32_t limit) {
    limited *c = count_of(what);
    if (c != NULL) {
        c->limit = limit;
    }
    return c != NULL;
}

void counts_clear(void) {
    counts_used = 0;
}

uint32_t counts_list(const limited **list) {
    *list = counts;
    return counts_used;
}

uint32_t world_count(const char *what, uint32_t usual) {
    limited *c = count_of(what);
    CHECK(c != NULL);
    c->usual = usual;
    return c->limit < usual ? c->limit : usual;
}
