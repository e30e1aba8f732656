/* counts.c: see counts.h. */
#include "sim/counts.h"

#include "sim/same.h"
#include "sim/world.h"

static limited counts[COUNTS_MAX];
static uint32_t counts_used;
static uint64_t counts_seed;

/* Finds or adds. NULL: there is no room for it. */
static limited *count_of(const char *what) {
    for (uint32_t i = 0; i < counts_used; i++) {
        if (same(counts[i].what, what)) {
            return &counts[i];
        }
    }
    if (counts_used == COUNTS_MAX) {
        return NULL;
    }
    limited *c = &counts[counts_used];
    for (uint32_t i = 0; what[i] != '\0'; i++) {
        if (i + 1 == COUNT_NAME_BYTES) {
            return NULL;
        }
        c->what[i] = what[i];
        c->what[i + 1] = '\0';
    }
    counts_used++;
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

void counts_from_seed(uint64_t seed) {
    counts_used = 0;
    counts_seed = seed;
}

/* A function of the seed and the name, so that no count depends on which others there are. */
static uint32_t seeds_choice(const char *what, uint32_t usual) {
    uint64_t hash = counts_seed * 0x9e3779b97f4a7c15u;
    for (const char *c = what; *c != '\0'; c++) {
        hash = (hash ^ (hash >> 29) ^ (uint8_t)*c) * 0xbf58476d1ce4e5b9u;
    }
    uint32_t chosen = usual >> (hash >> 62);
    return usual > 0 && chosen == 0 ? 1 : chosen;
}

uint32_t counts_list(const limited **list) {
    *list = counts;
    return counts_used;
}

uint32_t world_count(const char *what, uint32_t usual) {
    limited *c = count_of(what);
    CHECK(c != NULL);
    if (c->limit == UINT32_MAX) {
        c->limit = seeds_choice(what, usual);
    }
    c->usual = usual;
    return c->limit < usual ? c->limit : usual;
}
