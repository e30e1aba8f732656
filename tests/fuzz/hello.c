/* hello.c: the search for the server's name in a ClientHello, for any bytes.
 *
 * Covers: tls/hello.c */
#include "fuzz.h"
#include "tls/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char name[HELLO_NAME_MAX];
    char again[HELLO_NAME_MAX];
    uint32_t bytes = size < HELLO_BYTES_MAX ? (uint32_t)size : HELLO_BYTES_MAX;
    uint8_t *copy = malloc(bytes + 1); /* exactly: a sanitizer sees a read behind it */
    CHECK(copy != NULL);
    memcpy(copy, data, bytes);
    hello_result result = hello_parse(copy, bytes, name);
    size_t length = strlen(name);
    CHECK(length < HELLO_NAME_MAX);
    CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == length);
    CHECK(result == HELLO_WHOLE || length == 0);
    /* What is whole or odd stays so, whatever follows; what is incomplete was so before. */
    for (uint32_t part = 0; part < bytes; part += 1 + bytes / 16) {
        hello_result before = hello_parse(copy, part, again);
        CHECK(before == HELLO_INCOMPLETE || before == result);
        CHECK(before != HELLO_WHOLE || strcmp(name, again) == 0);
    }
    free(copy);
    return 0;
}
