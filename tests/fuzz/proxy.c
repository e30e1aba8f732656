/* proxy.c: headers of the PROXY protocol, however they are split, and lists of networks.
 *
 * Input: uint8 versions, uint16 split, and the header, which is also read as a list.
 *
 * Covers: wire/proxy.c, base/networks.c */
#include "base/networks.h"
#include "fuzz.h"
#include "wire/proxy.h"

/* A valid line is made of the same words again, or says that nothing is known. */
static void check_line(const uint8_t *bytes, const proxy_header *header) {
    CHECK(header->bytes <= PROXY_LINE_MAX && bytes[header->bytes - 1] == '\n');
    CHECK(bytes[header->bytes - 2] == '\r');
    CHECK(header->has_source == (memcmp(bytes, "PROXY TCP", 9) == 0));
}

static void check_done(const uint8_t *bytes, uint32_t size, const proxy_header *header) {
    char text[OS_ADDRESS_TEXT];
    CHECK(header->bytes <= size);
    if (bytes[0] == 'P') {
        check_line(bytes, header);
    } else {
        CHECK_INT(header->bytes, 16u + bytes[14] * 256u + bytes[15]);
        CHECK(header->bytes <= PROXY_HEADER_MAX);
        CHECK(!header->has_source || (bytes[12] == 0x21 && (bytes[13] & 15) == 1));
    }
    if (header->has_source) {
        os_address_format(&header->source, text);
        CHECK(strchr(text, ':') != NULL);
    }
}

static bool same(const proxy_header *a, const proxy_header *b) {
    return a->bytes == b->bytes && a->has_source == b->has_source &&
           memcmp(&a->source, &b->source, sizeof a->source) == 0;
}

/* A start of the header has the same result, or needs more. */
static void check_split(const uint8_t *bytes, uint32_t size, uint32_t versions, uint32_t at) {
    proxy_header all;
    proxy_header part;
    const char *why = NULL;
    const char *part_why = NULL;
    uint8_t *start = malloc(at + 1u); /* a sanitizer sees reads past its end */
    CHECK(start != NULL);
    memcpy(start, bytes, at);
    proxy_result result = proxy_read(bytes, size, versions, &all, &why);
    proxy_result part_result = proxy_read(start, at, versions, &part, &part_why);
    free(start);
    CHECK((why != NULL) == (result == PROXY_REFUSED));
    if (result == PROXY_DONE) {
        check_done(bytes, size, &all);
    }
    if (part_result == PROXY_MORE) {
        CHECK(result != PROXY_DONE || all.bytes > at);
    } else {
        CHECK_INT(part_result, result);
        CHECK(result != PROXY_DONE || same(&all, &part));
    }
}

static void check_list(const char *list) {
    static const os_address ipv4 = {.family = OS_ADDRESS_IPV4, .bytes = {127, 0, 0, 1}};
    static const os_address ipv6 = {.family = OS_ADDRESS_IPV6, .bytes = {[15] = 1}};
    if (networks_valid(list)) {
        CHECK(strpbrk(list, "0123456789:") != NULL);
        networks *n = networks_create(list);
        if (n != NULL) {
            (void)networks_contain(n, &ipv4);
            (void)networks_contain(n, &ipv6);
        }
        networks_destroy(n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    uint32_t versions = input_u8(&in) & 3;
    uint32_t at = input_u16(&in);
    uint32_t left = (uint32_t)in.size;
    char *rest = input_rest(&in);
    check_split((const uint8_t *)rest, left, versions, at % (left + 1));
    check_list(rest);
    free(rest);
    return 0;
}
