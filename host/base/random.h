/* random.h: random numbers fit for secrets, without a call to the system for each. Any thread.
 *
 * Each thread has a generator of its own: ChaCha20, whose key is replaced by its own output before
 * a number is handed out. So a state that somebody gets hold of does not tell the numbers before.
 */
#ifndef PORTICO_RANDOM_H
#define PORTICO_RANDOM_H

#include <portico/status.h>

enum { RANDOM_KEY_WORDS = 8, RANDOM_BLOCK_WORDS = 16 };

/* Seeds all generators from os_random, and returns its failure. Call it at the start of the host,
 * before the threads that draw. */
portico_status random_start(void);

/* The next 64 bits of this thread. */
uint64_t random_number(void);

/* The block function of ChaCha20 (RFC 8439): `tail` is the counter and the nonce. */
void random_block(const uint32_t key[RANDOM_KEY_WORDS], const uint32_t tail[4],
                  uint32_t block[RANDOM_BLOCK_WORDS]);

#endif
