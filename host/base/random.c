/* random.c: see random.h. A thread's first key is a number of the root generator, so that only the
 * seed of the root comes from the system: nothing can fail later, and a simulated run repeats. */
#include "base/random.h"

#include "base/invariant.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>

enum { DOUBLE_ROUNDS = 10, NUMBERS = (RANDOM_BLOCK_WORDS - RANDOM_KEY_WORDS) / 2 };

/* Each block yields the next key, then numbers. */
typedef struct generator {
    uint32_t key[RANDOM_KEY_WORDS];
    uint64_t numbers[NUMBERS];
    uint32_t left;  /* numbers that have not been handed out */
    uint32_t start; /* the random_start that it has been seeded after */
} generator;

static struct {
    os_mutex lock;
    generator generator;      /* [lock] */
    _Atomic uint32_t started; /* how often random_start has been called */
} root;

static _Thread_local generator own;

static uint32_t rotate(uint32_t x, uint32_t bits) {
    return x << bits | x >> (32 - bits);
}

static void quarter_round(uint32_t *x, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
}

void random_block(const uint32_t key[RANDOM_KEY_WORDS], const uint32_t tail[4],
                  uint32_t block[RANDOM_BLOCK_WORDS]) {
    static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t first[RANDOM_BLOCK_WORDS];
    memcpy(first, constants, sizeof constants);
    memcpy(first + 4, key, RANDOM_KEY_WORDS * sizeof *key);
    memcpy(first + 12, tail, 4 * sizeof *tail);
    memcpy(block, first, sizeof first);
    for (int i = 0; i < DOUBLE_ROUNDS; i++) {
        quarter_round(block, 0, 4, 8, 12);
        quarter_round(block, 1, 5, 9, 13);
        quarter_round(block, 2, 6, 10, 14);
        quarter_round(block, 3, 7, 11, 15);
        quarter_round(block, 0, 5, 10, 15);
        quarter_round(block, 1, 6, 11, 12);
        quarter_round(block, 2, 7, 8, 13);
        quarter_round(block, 3, 4, 9, 14);
    }
    for (int i = 0; i < RANDOM_BLOCK_WORDS; i++) {
        block[i] += first[i];
    }
}

static uint64_t next(generator *g) {
    if (g->left == 0) {
        static const uint32_t tail[4] = {0};
        uint32_t block[RANDOM_BLOCK_WORDS];
        random_block(g->key, tail, block);
        memcpy(g->key, block, sizeof g->key);
        memcpy(g->numbers, block + RANDOM_KEY_WORDS, sizeof g->numbers);
        g->left = NUMBERS;
    }
    uint64_t number = g->numbers[--g->left];
    g->numbers[g->left] = 0;
    return number;
}

portico_status random_start(void) {
    uint32_t key[RANDOM_KEY_WORDS];
    portico_status status = os_random(key, sizeof key);
    if (status != PORTICO_OK) {
        return status;
    }
    os_mutex_lock(&root.lock);
    memcpy(root.generator.key, key, sizeof key);
    root.generator.left = 0;
    os_mutex_unlock(&root.lock);
    atomic_fetch_add(&root.started, 1);
    return PORTICO_OK;
}

/* Gives this thread its first key. */
static void seed(uint32_t start) {
    INVARIANT(start != 0);
    os_mutex_lock(&root.lock);
    for (int i = 0; i < RANDOM_KEY_WORDS; i += 2) {
        uint64_t number = next(&root.generator);
        memcpy(own.key + i, &number, sizeof number);
    }
    os_mutex_unlock(&root.lock);
    own.left = 0;
    own.start = start;
}

uint64_t random_number(void) {
    uint32_t start = atomic_load_explicit(&root.started, memory_order_acquire);
    if (own.start != start) {
        seed(start);
    }
    return next(&own);
}
