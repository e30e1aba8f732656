/* config_mutation.c: whatever its bytes, an ini is accepted, or refused with messages of one
 * printable line each. The first argument is the ini whose bytes are changed, the second the number
 * of rounds. The changes are the same each time. */
#include "base/text.h"
#include "config/load.h"

#include "support/check.h"
#include "support/environment.h"

enum { BYTES_MAX = 65536, ROUNDS = 20000 };

static uint32_t random_state = 2;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

static void check_message(void *arg, const char *message) {
    CHECK(strncmp(message, "x/y.ini", 7) == 0);
    CHECK(strlen(message) < 1300);
    for (const char *at = message; *at != '\0'; at++) {
        CHECK((unsigned char)*at >= 0x20 || *at == '\t');
    }
    (*(uint32_t *)arg)++;
}

/* One change: a bit, a byte that means something in an ini, a stretch removed or doubled. */
static size_t mutate(char *bytes, size_t size) {
    static const char special[] = "[]=:;#\n\r\t \"\\\0\x01\xFF\xC3-0.";
    uint32_t at = random_below((uint32_t)size);
    uint32_t length = 1 + random_below(40);
    switch (random_below(4)) {
    case 0: bytes[at] = (char)(bytes[at] ^ (1 << random_below(8))); return size;
    case 1: bytes[at] = special[random_below(sizeof special - 1)]; return size;
    case 2:
        length = at + length > size ? (uint32_t)(size - at) : length;
        memmove(bytes + at, bytes + at + length, size - at - length);
        return size - length > 0 ? size - length : 1;
    default: break;
    }
    if (size + length > BYTES_MAX || at + length > size) {
        return size;
    }
    memmove(bytes + at + length, bytes + at, size - at);
    return size + length;
}

SCENARIO(config_mutation) {
    static char original[BYTES_MAX];
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/conf/portico.ini", environment("PORTICO_SOURCE_DIR"));
    FILE *file = os_fopen(path, "rb");
    CHECK(file != NULL);
    size_t size = fread(original, 1, sizeof original, file);
    (void)fclose(file);
    CHECK(size > 1000 && size < sizeof original);
    const char *wanted = scenario_argument(0);
    long rounds = wanted != NULL ? strtol(wanted, NULL, 10) : ROUNDS;
    long taken = 0;
    for (long round = 0; round < rounds; round++) {
        char *bytes = malloc(BYTES_MAX);
        CHECK(bytes != NULL);
        memcpy(bytes, original, size);
        size_t changed = size;
        for (uint32_t i = 1 + random_below(30); i > 0; i--) {
            changed = mutate(bytes, changed);
        }
        char *exact = malloc(changed); /* so that a sanitizer sees a read past its end */
        CHECK(exact != NULL);
        memcpy(exact, bytes, changed);
        const config *c = NULL;
        uint32_t messages = 0;
        portico_status status =
            config_parse("x/y.ini", exact, changed, check_message, &messages, &c);
        CHECK((status == PORTICO_OK) == (c != NULL));
        CHECK((status == PORTICO_OK) == (messages == 0));
        taken += c != NULL;
        config_free(c);
        free(exact);
        free(bytes);
    }
    CHECK(taken > 0 || rounds < 1000); /* else the loop tests one path only */
}
