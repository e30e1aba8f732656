/* hash.h: a hash of bytes that others choose. Any thread, after hash_start.
 *
 * It is keyed by random numbers of this process, so nobody outside can find keys that collide.
 */
#ifndef PORTICO_HASH_H
#define PORTICO_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Draws the key; before that it is 0. Call it after random_start, when no table has entries: they
 * keep their hash. */
void hash_start(void);

uint64_t hash_bytes(const void *bytes, size_t size);

/* SipHash-1-3 of `bytes`. */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t size);

#endif
