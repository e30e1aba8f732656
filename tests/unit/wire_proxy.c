/* wire_proxy.c: headers of the PROXY protocol, by the sections of proxy-protocol.txt: whole, in
 * every split, and with every bit changed. */
#include "support/check.h"
#include "wire/proxy.h"

#include <string.h>

enum { BOTH = PROXY_V1 | PROXY_V2 };

static proxy_header header;
static const char *why;

/* The result for all of the bytes; every shorter start must need more, or be refused as they are.
 */
static proxy_result read_all(const void *bytes, size_t size) {
    static uint8_t copy[8192];
    proxy_result result = PROXY_MORE;
    CHECK(size <= sizeof copy);
    for (size_t i = 0; i <= size && result == PROXY_MORE; i++) {
        memcpy(copy, bytes, i);
        memset(copy + i, 'x', sizeof copy - i); /* nothing behind the end has an effect */
        why = NULL;
        result = proxy_read(copy, (uint32_t)i, BOTH, &header, &why);
        CHECK((why != NULL) == (result == PROXY_REFUSED));
        CHECK(result != PROXY_DONE || header.bytes == i);
    }
    return result;
}

/* The address that it says; "": none; NULL: it is refused or incomplete. */
static const char *source_in(const void *bytes, size_t size) {
    static char text[OS_ADDRESS_TEXT];
    if (read_all(bytes, size) != PROXY_DONE) {
        return NULL;
    }
    text[0] = '\0';
    if (header.has_source) {
        os_address_format(&header.source, text);
    }
    return text;
}

static void expect(const char *line, const char *source) {
    CHECK_TEXT(source_in(line, strlen(line)), source);
    CHECK_INT(header.bytes, strlen(line));
}

/* ---- section 2.1 ----------------------------------------------------------------------------- */

static void check_lines(void) {
    expect("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535");
    expect("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", "192.168.0.1:56324");
    expect("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", "0.0.0.0:0");
    expect("PROXY TCP6 2001:db8::1 ::1 1 2\r\n", "[2001:db8::1]:1");
    expect("PROXY TCP6 2001:DB8::a ::1 1 2\r\n", "[2001:db8::a]:1");
    expect("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1:1");
    expect("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
           "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    expect("PROXY UNKNOWN\r\n", "");
    expect("PROXY UNKNOWN \r\n", "");
    expect("PROXY UNKNOWN what\rever \n it says\r\n", "");
    expect("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
           ""); /* 107 bytes */
    CHECK_INT(header.bytes, PROXY_LINE_MAX);
}

static void check_bad_lines(void) {
    static const char *const bad[] = {
        "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4  1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1  2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4\t1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4\r\n",
        "PROXY TCP4 1.2.3.4\r\n",
        "PROXY TCP4\r\n",
        "PROXY \r\n",
        "PROXY\r\n",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP44 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY UNKNOWN1\r\n",
        "PROXY UNKNOW\r\n",
        "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.04 1 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4.5 1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
        "PROXY TCP6 1::2::3 ::1 1 2\r\n",
        "PROXY TCP6 12345::1 ::1 1 2\r\n",
        "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n",
        "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n",
        "PROXY TCP6 [::1] ::1 1 2\r\n",
        "PROXY TCP6 fe80::1%1 ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 00\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1x 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 4294967297\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\r\n",
        "GET / HTTP/1.1\r\n",
        "\r\n\r\n\r\n",
        "\n",
        "\x16\x03\x01",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_INT(read_all(bad[i], strlen(bad[i])), PROXY_REFUSED);
    }
    CHECK_INT(read_all("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", 34), PROXY_REFUSED);
    /* Only CR and LF together end the line. */
    CHECK_INT(read_all("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", 31), PROXY_MORE);
    CHECK_INT(read_all("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r", 31), PROXY_MORE);
}

/* The end comes within 107 bytes, or never. */
static void check_line_length(void) {
    char line[PROXY_LINE_MAX + 8];
    memset(line, ' ', sizeof line);
    memcpy(line, "PROXY UNKNOWN", 13);
    CHECK_INT(read_all(line, PROXY_LINE_MAX - 1), PROXY_MORE);
    CHECK_INT(read_all(line, PROXY_LINE_MAX), PROXY_REFUSED);
    memcpy(line + PROXY_LINE_MAX - 2, "\r\n", 2);
    CHECK_INT(read_all(line, PROXY_LINE_MAX), PROXY_DONE);
    memcpy(line + PROXY_LINE_MAX - 2, " \r\n", 3);
    CHECK_INT(read_all(line, PROXY_LINE_MAX + 1), PROXY_REFUSED);
    CHECK_INT(proxy_read((const uint8_t *)line, sizeof line, BOTH, &header, &why), PROXY_REFUSED);
}

/* ---- section 2.2 ----------------------------------------------------------------------------- */

static uint8_t bytes[8192];

/* Writes the first 16 bytes. Returns the size of all with `length` more, which are zeros. */
static size_t begin(uint8_t command, uint8_t family, uint32_t length) {
    static const uint8_t signature[12] = "\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A";
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, signature, sizeof signature);
    bytes[12] = command;
    bytes[13] = family;
    bytes[14] = (uint8_t)(length >> 8);
    bytes[15] = (uint8_t)length;
    return 16 + length;
}

/* The same over IPv4, of 192.0.2.1 port 4660. */
static size_t begin_ipv4(uint32_t length) {
    size_t size = begin(0x21, 0x11, length);
    memcpy(bytes + 16, "\xC0\0\2\1\xC0\0\2\2\x12\x34\0\x50", 12);
    return size;
}

static void check_binary(void) {
    CHECK_TEXT(source_in(bytes, begin_ipv4(12)), "192.0.2.1:4660");
    size_t size = begin(0x21, 0x21, 36);
    memcpy(bytes + 16, "\x20\1\xD\xB8", 4);
    bytes[31] = 9;
    memcpy(bytes + 48, "\xFF\xFE", 2);
    CHECK_TEXT(source_in(bytes, size), "[2001:db8::9]:65534");
    memcpy(bytes + 16, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\0\2\3", 16);
    CHECK_TEXT(source_in(bytes, size), "192.0.2.3:65534");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x31, 216)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x32, 216)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x12, 12)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x22, 36)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x10, 12)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x00, 0)), "");
    CHECK_TEXT(source_in(bytes, begin(0x21, 0x00, 7)), "");
    /* LOCAL: nothing of what follows counts. */
    CHECK_TEXT(source_in(bytes, begin(0x20, 0x00, 0)), "");
    CHECK_TEXT(source_in(bytes, begin(0x20, 0x11, 0)), "");
    CHECK_TEXT(source_in(bytes, begin(0x20, 0xFF, 3)), "");
    size = begin_ipv4(12);
    bytes[12] = 0x20;
    CHECK_TEXT(source_in(bytes, size), "");
}

static void check_bad_binary(void) {
    for (uint32_t command = 0; command < 256; command++) {
        CHECK_INT(read_all(bytes, begin((uint8_t)command, 0x11, 12)),
                  command == 0x20 || command == 0x21 ? PROXY_DONE : PROXY_REFUSED);
    }
    for (uint32_t family = 0; family < 256; family++) {
        bool known = family >> 4 <= 3 && (family & 15) <= 2;
        CHECK_INT(read_all(bytes, begin(0x21, (uint8_t)family, 216)) != PROXY_REFUSED, known);
    }
    CHECK_INT(read_all(bytes, begin(0x21, 0x11, 11)), PROXY_REFUSED);
    CHECK_INT(read_all(bytes, begin(0x21, 0x21, 35)), PROXY_REFUSED);
    CHECK_INT(read_all(bytes, begin(0x21, 0x31, 215)), PROXY_REFUSED);
    CHECK_INT(read_all(bytes, begin(0x20, 0, 4080)), PROXY_DONE);
    CHECK_INT(header.bytes, PROXY_HEADER_MAX);
    CHECK_INT(read_all(bytes, begin(0x20, 0, 4081)), PROXY_REFUSED);
    begin(0x20, 0, 65535);
    CHECK_INT(read_all(bytes, 16), PROXY_REFUSED); /* at once: it need not be sent */
    begin_ipv4(12);
    for (size_t i = 0; i < 12; i++) {
        bytes[i] ^= 0x20;
        CHECK_INT(read_all(bytes, 28), PROXY_REFUSED);
        CHECK_TEXT(why, "there is none");
        bytes[i] ^= 0x20;
    }
}

/* TLVs: their lengths count, and of their values only the checksum's. */
static void check_tlvs(void) {
    size_t size = begin_ipv4(12 + 3);
    bytes[28] = 4; /* NOOP, without a value */
    CHECK_TEXT(source_in(bytes, size), "192.0.2.1:4660");
    bytes[30] = 1; /* one byte that is not there */
    CHECK_INT(read_all(bytes, size), PROXY_REFUSED);
    for (uint32_t more = 1; more < 3; more++) { /* no room for a length */
        CHECK_INT(read_all(bytes, begin_ipv4(12 + more)), PROXY_REFUSED);
    }
    size = begin_ipv4(12 + 5 + 6);
    memcpy(bytes + 28, "\1\0\2h2\2\0\3abc", 11);
    CHECK_TEXT(source_in(bytes, size), "192.0.2.1:4660");
    bytes[34] = 1; /* the second is longer than the header */
    CHECK_INT(read_all(bytes, size), PROXY_REFUSED);
    CHECK_TEXT(why, "one of its TLVs does not fit into it");
}

/* Section 2.2.3; the checksum was computed by another implementation. */
static void check_checksum(void) {
    size_t size = begin_ipv4(12 + 7 + 3);
    memcpy(bytes + 28, "\3\0\4\xCC\xCC\xCC\xCC\4\0\0", 10);
    memcpy(bytes + 31, "\x1F\x56\x10\x2D", 4);
    CHECK_TEXT(source_in(bytes, size), "192.0.2.1:4660");
    for (size_t bit = 12 * 8; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        proxy_result result = read_all(bytes, size);
        /* Without the command PROXY there is nothing to check; nor if the type has changed. */
        bool unchecked = bit == 12 * 8 || bit / 8 == 13 || bit / 8 == 28;
        CHECK(result != PROXY_DONE || unchecked);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    size = begin_ipv4(12 + 6); /* it has four bytes */
    memcpy(bytes + 28, "\3\0\3", 3);
    CHECK_INT(read_all(bytes, size), PROXY_REFUSED);
    CHECK_TEXT(why, "its checksum is wrong");
}

/* ---- both ------------------------------------------------------------------------------------ */

static void check_versions(void) {
    const char *line = "PROXY UNKNOWN\r\n";
    size_t size = begin_ipv4(12);
    CHECK_INT(proxy_read((const uint8_t *)line, 15, PROXY_V1, &header, &why), PROXY_DONE);
    CHECK_INT(proxy_read((const uint8_t *)line, 1, PROXY_V2, &header, &why), PROXY_REFUSED);
    CHECK_TEXT(why, "it has version 1");
    CHECK_INT(proxy_read(bytes, (uint32_t)size, PROXY_V2, &header, &why), PROXY_DONE);
    CHECK_INT(proxy_read(bytes, 1, PROXY_V1, &header, &why), PROXY_REFUSED);
    CHECK_TEXT(why, "it has version 2");
}

/* What follows in the same piece is not part of it. */
static void check_rest(void) {
    static const char both[] = "PROXY UNKNOWN\r\nPROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n";
    CHECK_INT(proxy_read((const uint8_t *)both, sizeof both - 1, BOTH, &header, &why), PROXY_DONE);
    CHECK_INT(header.bytes, 15);
    CHECK(!header.has_source);
    begin_ipv4(12);
    memset(bytes + 28, 0xFF, 100);
    CHECK_INT(proxy_read(bytes, 128, BOTH, &header, &why), PROXY_DONE);
    CHECK_INT(header.bytes, 28);
}

SCENARIO(wire_proxy) {
    check_lines();
    check_bad_lines();
    check_line_length();
    check_binary();
    check_bad_binary();
    check_tlvs();
    check_checksum();
    check_versions();
    check_rest();
}
