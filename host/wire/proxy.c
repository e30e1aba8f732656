/* proxy.c: see proxy.h. */
#include "wire/proxy.h"

#include <string.h>

static const uint8_t line_begin[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const uint8_t signature[] = {'\r', '\n', '\r', '\n', '\0', '\r',
                                    '\n', 'Q',  'U',  'I',  'T',  '\n'};

/* ---- version 1 ------------------------------------------------------------------------------- */

enum { WORD_BYTES = 48 }; /* an address in its longest form, and a zero */

/* The rest of the line, without CR and LF. */
typedef struct line {
    const char *at;
    const char *end;
} line;

/* Copies the next word, which one space ends, or if it is the last one the end of the line. */
static bool take_word(line *l, bool last, char word[WORD_BYTES]) {
    size_t left = (size_t)(l->end - l->at);
    const char *space = memchr(l->at, ' ', left);
    if (last != (space == NULL)) {
        return false;
    }
    size_t size = last ? left : (size_t)(space - l->at);
    if (size >= WORD_BYTES || memchr(l->at, '\0', size) != NULL) {
        return false;
    }
    memcpy(word, l->at, size);
    word[size] = '\0';
    l->at += last ? size : size + 1;
    return true;
}

static bool take_address(line *l, uint8_t family, os_address *address) {
    const char *allowed = family == OS_ADDRESS_IPV4 ? "0123456789." : "0123456789abcdefABCDEF:.";
    char word[WORD_BYTES];
    return take_word(l, false, word) && word[strspn(word, allowed)] == '\0' &&
           os_address_parse(word, 0, address) == PORTICO_OK && address->family == family;
}

static bool take_port(line *l, bool last, uint16_t *port) {
    char word[WORD_BYTES];
    uint32_t number = 0;
    if (!take_word(l, last, word)) {
        return false;
    }
    size_t size = strlen(word);
    if (size == 0 || size > 5 || word[strspn(word, "0123456789")] != '\0' ||
        (word[0] == '0' && size > 1)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        number = number * 10 + (uint32_t)(word[i] - '0');
    }
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

/* NULL, or what is wrong. */
static const char *read_line(line l, proxy_header *header) {
    static const char unknown[] = "UNKNOWN";
    char word[WORD_BYTES];
    size_t left = (size_t)(l.end - l.at);
    os_address target;
    uint16_t target_port = 0;
    uint16_t port = 0;
    if (left >= sizeof unknown - 1 && memcmp(l.at, unknown, sizeof unknown - 1) == 0 &&
        (left == sizeof unknown - 1 || l.at[sizeof unknown - 1] == ' ')) {
        return NULL; /* whatever follows is to be ignored */
    }
    if (!take_word(&l, false, word) || (strcmp(word, "TCP4") != 0 && strcmp(word, "TCP6") != 0)) {
        return "it is neither of TCP4, TCP6 nor UNKNOWN";
    }
    uint8_t family = word[3] == '4' ? OS_ADDRESS_IPV4 : OS_ADDRESS_IPV6;
    if (!take_address(&l, family, &header->source) || !take_address(&l, family, &target)) {
        return "an address in its line is not valid";
    }
    if (!take_port(&l, false, &port) || !take_port(&l, true, &target_port)) {
        return "a port in its line is not valid";
    }
    header->source.port = port;
    header->has_source = true;
    return NULL;
}

/* Where CR and LF begin, in the first `size` bytes; NULL: they do not come there. */
static const uint8_t *find_end(const uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i + 1 < size; i++) {
        if (bytes[i] == '\r' && bytes[i + 1] == '\n') {
            return bytes + i;
        }
    }
    return NULL;
}

static proxy_result read_v1(const uint8_t *bytes, uint32_t size, proxy_header *header,
                            const char **why) {
    uint32_t looked = size < PROXY_LINE_MAX ? size : PROXY_LINE_MAX;
    const uint8_t *end = find_end(bytes, looked);
    if (end == NULL && looked < PROXY_LINE_MAX) {
        return PROXY_MORE;
    }
    if (end == NULL) {
        *why = "its line is longer than 107 bytes";
        return PROXY_REFUSED;
    }
    header->bytes = (uint32_t)(end - bytes) + 2;
    *why = read_line((line){(const char *)bytes + sizeof line_begin, (const char *)end}, header);
    return *why == NULL ? PROXY_DONE : PROXY_REFUSED;
}

/* ---- version 2 ------------------------------------------------------------------------------- */

enum {
    FIXED_BYTES = 16, /* up to the length, which counts what comes after it */
    COMMAND_AT = 12,
    FAMILY_AT = 13,
    LENGTH_AT = 14,
    LOCAL = 0x20, /* version 2 in the high bits */
    PROXY = 0x21,
    INET = 1, /* families, in the high bits of their byte ... */
    INET6 = 2,
    FAMILIES = 4,
    STREAM = 1, /* ... and protocols, in its low bits */
    PROTOCOLS = 3,
    TLV_FIXED_BYTES = 3, /* type and length */
    TLV_CRC32C = 3,
    CRC_BYTES = 4
};

/* Of both addresses with their ports, for each family. */
static const uint32_t address_bytes[FAMILIES] = {0, 12, 36, 216};

static uint32_t big_endian(const uint8_t *bytes, uint32_t size) {
    uint32_t number = 0;
    for (uint32_t i = 0; i < size; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

/* CRC32c (RFC 4960, appendix B) of the header with a checksum of zeros at `zeros_at`. */
static uint32_t crc32c(const uint8_t *bytes, uint32_t size, uint32_t zeros_at) {
    uint32_t crc = UINT32_MAX;
    for (uint32_t i = 0; i < size; i++) {
        bool zero = i >= zeros_at && i < zeros_at + CRC_BYTES;
        crc ^= zero ? 0 : bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
        }
    }
    return ~crc;
}

/* Checks what comes after the addresses, section 2.2: NULL, or what is wrong. */
static const char *check_tlvs(const uint8_t *bytes, uint32_t size, uint32_t at) {
    bool has_checksum = false;
    while (at < size) {
        uint32_t left = size - at;
        uint32_t length = left < TLV_FIXED_BYTES ? 0 : big_endian(bytes + at + 1, 2);
        if (left < TLV_FIXED_BYTES || length > left - TLV_FIXED_BYTES) {
            return "one of its TLVs does not fit into it";
        }
        uint32_t value_at = at + TLV_FIXED_BYTES;
        if (bytes[at] == TLV_CRC32C) {
            if (length != CRC_BYTES || has_checksum ||
                big_endian(bytes + value_at, CRC_BYTES) != crc32c(bytes, size, value_at)) {
                return "its checksum is wrong";
            }
            has_checksum = true; /* one: it covers all of the header */
        }
        at = value_at + length;
    }
    return NULL;
}

static void read_source(const uint8_t *addresses, uint32_t family, proxy_header *header) {
    uint32_t size = family == INET ? 4 : 16;
    memcpy(header->source.bytes, addresses, size);
    header->source.family = family == INET ? OS_ADDRESS_IPV4 : OS_ADDRESS_IPV6;
    header->source.port = (uint16_t)big_endian(addresses + 2 * (size_t)size, 2);
    header->has_source = true;
}

/* The whole header of a PROXY command: NULL, or what is wrong. Nothing is known about what is in a
 * header of UNSPEC. */
static const char *read_addresses(const uint8_t *bytes, uint32_t size, proxy_header *header) {
    uint32_t family = bytes[FAMILY_AT] >> 4;
    bool stream = (bytes[FAMILY_AT] & 15) == STREAM;
    if (family == 0) {
        return NULL;
    }
    if (stream && (family == INET || family == INET6)) {
        read_source(bytes + FIXED_BYTES, family, header);
    }
    return check_tlvs(bytes, size, FIXED_BYTES + address_bytes[family]);
}

/* The first FIXED_BYTES: NULL, or what is wrong. */
static const char *check_fixed(const uint8_t *bytes) {
    uint32_t family = bytes[FAMILY_AT] >> 4;
    uint32_t length = big_endian(bytes + LENGTH_AT, 2);
    if (bytes[COMMAND_AT] != LOCAL && bytes[COMMAND_AT] != PROXY) {
        return "its version is not 2, or its command neither LOCAL nor PROXY";
    }
    if (length > PROXY_HEADER_MAX - FIXED_BYTES) {
        return "it is larger than 4096 bytes";
    }
    if (bytes[COMMAND_AT] == LOCAL) {
        return NULL; /* all of the rest is to be ignored, the family included */
    }
    if (family >= FAMILIES || (bytes[FAMILY_AT] & 15) >= PROTOCOLS) {
        return "its address family or its protocol is unknown";
    }
    return length < address_bytes[family] ? "it is too short for its addresses" : NULL;
}

static proxy_result read_v2(const uint8_t *bytes, uint32_t size, proxy_header *header,
                            const char **why) {
    if (size < FIXED_BYTES) {
        return PROXY_MORE;
    }
    *why = check_fixed(bytes);
    if (*why != NULL) {
        return PROXY_REFUSED;
    }
    header->bytes = FIXED_BYTES + big_endian(bytes + LENGTH_AT, 2);
    if (size < header->bytes) {
        return PROXY_MORE;
    }
    *why = bytes[COMMAND_AT] == PROXY ? read_addresses(bytes, header->bytes, header) : NULL;
    return *why == NULL ? PROXY_DONE : PROXY_REFUSED;
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool begins(const uint8_t *bytes, uint32_t size, const uint8_t *with, uint32_t with_size) {
    return memcmp(bytes, with, size < with_size ? size : with_size) == 0;
}

proxy_result proxy_read(const uint8_t *bytes, uint32_t size, uint32_t versions,
                        proxy_header *header, const char **why) {
    *header = (proxy_header){0};
    if (size == 0) {
        return PROXY_MORE;
    }
    bool v1 = begins(bytes, size, line_begin, sizeof line_begin);
    bool v2 = begins(bytes, size, signature, sizeof signature);
    if (!v1 && !v2) {
        *why = "there is none";
        return PROXY_REFUSED;
    }
    if ((versions & (v1 ? PROXY_V1 : PROXY_V2)) == 0) {
        *why = v1 ? "it has version 1" : "it has version 2";
        return PROXY_REFUSED;
    }
    return v1 ? read_v1(bytes, size, header, why) : read_v2(bytes, size, header, why);
}
