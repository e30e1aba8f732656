/* log_ring.c: lines leave a ring whole and in order, wherever its end is; one that does not fit
 * changes nothing. */
#include "base/log_ring.h"

#include "support/check.h"

#include <string.h>

enum { BYTES = 512, STEPS = 200000, KEPT = 64, TEXT_MAX = 120 };

/* The same, kept simply. */
static struct {
    uint64_t numbers[KEPT];
    uint32_t first;
    uint32_t count;
} model;

static uint64_t seed = 15;

static uint32_t random_below(uint32_t bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

/* The text of a number: its size depends on it. */
static void text_of(uint64_t number, char text[TEXT_MAX]) {
    size_t size = (size_t)(number * 7 % (TEXT_MAX - 24));
    int digits = snprintf(text, TEXT_MAX, "%llu ", (unsigned long long)number);
    memset(text + digits, 'x', size);
    text[(size_t)digits + size] = '\0';
}

static void check_first(const log_ring *r) {
    const log_record *record = log_ring_first(r);
    CHECK((record != NULL) == (model.count > 0));
    if (record != NULL) {
        char text[TEXT_MAX];
        uint64_t number = model.numbers[model.first];
        text_of(number, text);
        CHECK_INT(record->wall_ms, number);
        CHECK_INT(record->level, number % 4);
        CHECK_TEXT(log_record_source(record), number % 2 == 0 ? "even" : "odd one");
        CHECK_TEXT(log_record_text(record), text);
    }
}

SCENARIO(log_ring) {
    static uint64_t bytes[BYTES / 8 + 1];
    bytes[BYTES / 8] = 0xABCDEF;
    log_ring r = {.bytes = (uint8_t *)bytes, .size = BYTES};
    uint64_t next = 0;
    uint64_t refused = 0;
    for (int i = 0; i < STEPS; i++) {
        if (random_below(100) < 55) {
            char text[TEXT_MAX];
            uint32_t reserve = random_below(2) * 64;
            text_of(next, text);
            if (log_ring_put(&r, reserve, next, (int)(next % 4), next % 2 == 0 ? "even" : "odd one",
                             text)) {
                CHECK(r.used + reserve <= BYTES);
                CHECK(model.count < KEPT);
                model.numbers[(model.first + model.count++) % KEPT] = next;
            } else {
                CHECK(model.count > 0); /* an empty ring takes each of them */
                refused++;
            }
            next++;
        } else if (model.count > 0) {
            log_ring_drop(&r);
            model.first = (model.first + 1) % KEPT;
            model.count--;
        }
        check_first(&r);
        CHECK(bytes[BYTES / 8] == 0xABCDEF);
    }
    CHECK(refused > STEPS / 100);
    /* Larger than the ring. */
    char large[BYTES + 1];
    memset(large, 'y', BYTES);
    large[BYTES] = '\0';
    while (log_ring_first(&r) != NULL) {
        log_ring_drop(&r);
    }
    CHECK(!log_ring_put(&r, 0, 1, 1, "x", large));
    large[BYTES - 32] = '\0';
    CHECK(log_ring_put(&r, 0, 1, 1, "x", large));
}
