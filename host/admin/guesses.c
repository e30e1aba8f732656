/* guesses.c: see guesses.h. A fixed table: the address that has been quiet for longest makes way.
 */
#include "admin/guesses.h"

#include "admin/visits.h"
#include "base/log.h"

#include <string.h>

enum {
    ADDRESSES_MAX = 256,
    NETWORK_BYTES = 8, /* of an IPv6 address */
    DELAY_MIN_MS = 100,
    DELAY_MAX_MS = 2000,
    FORGET_MS = 60000
};

typedef struct guesser {
    uint8_t key[16];
    uint32_t delay_ms; /* 0: the entry is free */
    uint64_t last_ms;
} guesser;

static guesser guessers[ADDRESSES_MAX];

static void make_key(const os_address *peer, uint8_t key[16]) {
    size_t size = peer->family == OS_ADDRESS_IPV6 ? NETWORK_BYTES : sizeof peer->bytes;
    memset(key, 0, 16);
    memcpy(key, peer->bytes, size);
    key[15] |= peer->family;
}

/* The entry of the address; NULL: it has none, or is forgotten. */
static guesser *find(const uint8_t key[16], uint64_t now_ms) {
    for (size_t i = 0; i < ADDRESSES_MAX; i++) {
        guesser *g = &guessers[i];
        if (g->delay_ms != 0 && now_ms - g->last_ms < FORGET_MS && memcmp(g->key, key, 16) == 0) {
            return g;
        }
    }
    return NULL;
}

static guesser *oldest(void) {
    guesser *found = &guessers[0];
    for (size_t i = 1; i < ADDRESSES_MAX; i++) {
        found = guessers[i].last_ms < found->last_ms ? &guessers[i] : found;
    }
    return found;
}

uint32_t guesses_delay_ms(const os_address *peer, uint64_t now_ms) {
    uint8_t key[16];
    make_key(peer, key);
    const guesser *g = find(key, now_ms);
    return g != NULL ? g->delay_ms : 0;
}

static void log_guess(const os_address *peer, uint32_t delay_ms) {
    static log_kind wrong = LOG_KIND("wrong tokens");
    char text[OS_ADDRESS_TEXT];
    os_address_format(peer, text);
    log_limited(&wrong, LOG_WARN, "admin",
                "%s sent a wrong token; the next one from that address waits %u ms", text,
                delay_ms);
}

void guesses_add(const os_address *peer, uint64_t now_ms) {
    uint8_t key[16];
    make_key(peer, key);
    guesser *g = find(key, now_ms);
    if (g == NULL) {
        g = oldest();
        memcpy(g->key, key, sizeof g->key);
        g->delay_ms = 0;
    }
    g->delay_ms = g->delay_ms == 0 ? DELAY_MIN_MS : 2 * g->delay_ms;
    g->delay_ms = g->delay_ms < DELAY_MAX_MS ? g->delay_ms : DELAY_MAX_MS;
    g->last_ms = now_ms;
    visits.wrong_tokens++;
    log_guess(peer, g->delay_ms);
}
