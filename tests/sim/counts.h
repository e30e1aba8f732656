/* counts.h: how large a scenario's world is: world_count (world.h), and what the command line and
 * the shrinker know of it. */
#ifndef TEST_COUNTS_H
#define TEST_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

enum { COUNTS_MAX = 16, COUNT_NAME_BYTES = 24 };

typedef struct limited {
    char what[COUNT_NAME_BYTES];
    uint32_t usual; /* what the scenario asked with; 0: it has not asked */
    uint32_t limit; /* UINT32_MAX: the seed's */
} limited;

/* Limits world_count(what, ...) from now on. False: there are too many, or the name is too long. */
bool counts_limit(const char *what, uint32_t limit);

/* From now on the seed chooses: each count is the usual one, half of it, a quarter or an eighth. */
void counts_from_seed(uint64_t seed);

/* All counts that were limited or asked for. Returns how many there are. */
uint32_t counts_list(const limited **counts);

#endif
