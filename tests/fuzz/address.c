/* address.c: numeric addresses as text, and back, compared with a second parser: what is valid must
 * be so on every system. Not here: names of interfaces after '%', which only Linux takes.
 *
 * Input: the text.
 *
 * Covers: os/linux/address.c */
#include "fuzz.h"
#include "os/os.h"

/* Reads four numbers of up to three digits without leading zeros, up to `end`. */
static bool slow_ipv4(const char *text, const char *end, uint8_t bytes[4]) {
    for (int i = 0; i < 4; i++) {
        uint32_t number = 0;
        int digits = 0;
        while (text < end && *text >= '0' && *text <= '9') {
            if ((digits > 0 && number == 0) || ++digits > 3) {
                return false;
            }
            number = number * 10 + (uint32_t)(*text++ - '0');
        }
        if (digits == 0 || number > 255 || (i < 3 && (text == end || *text++ != '.'))) {
            return false;
        }
        bytes[i] = (uint8_t)number;
    }
    return text == end;
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Reads 16-bit groups between ':', the last two of which may be an IPv4 address. Returns the number
 * of bytes, which is 0 for an empty text; -1: it is no such list. */
static int slow_groups(const char *text, const char *end, uint8_t bytes[16]) {
    int size = 0;
    if (text == end) {
        return 0;
    }
    for (;;) {
        const char *begin = text;
        uint32_t number = 0;
        while (text < end && hex_digit(*text) >= 0) {
            number = number << 4 | (uint32_t)hex_digit(*text++);
        }
        if (text < end && *text == '.') {
            return size <= 12 && slow_ipv4(begin, end, bytes + size) ? size + 4 : -1;
        }
        if (text == begin || text - begin > 4 || size > 14) {
            return -1;
        }
        bytes[size++] = (uint8_t)(number >> 8);
        bytes[size++] = (uint8_t)number;
        if (text == end) {
            return size;
        }
        if (*text++ != ':') {
            return -1;
        }
    }
}

static bool slow_ipv6(const char *text, const char *end, uint8_t bytes[16]) {
    uint8_t tail[16] = {0};
    const char *gap = NULL;
    for (const char *at = text; at + 1 < end && gap == NULL; at++) {
        gap = at[0] == ':' && at[1] == ':' ? at : NULL;
    }
    memset(bytes, 0, 16);
    int before = slow_groups(text, gap != NULL ? gap : end, bytes);
    if (gap == NULL || before < 0) {
        return before == 16;
    }
    if (memchr(text, '.', (size_t)(gap - text)) != NULL) {
        return false; /* an IPv4 address ends the text */
    }
    int after = slow_groups(gap + 2, end, tail);
    if (after < 0 || before + after > 14) {
        return false;
    }
    memcpy(bytes + 16 - after, tail, (size_t)after);
    return true;
}

/* False: the text has a name after '%'. */
static bool slow_parse(const char *text, os_address *address, bool *valid) {
    const char *end = text + strcspn(text, "%");
    uint64_t scope = 0;
    *address = (os_address){.family = OS_ADDRESS_IPV4, .port = address->port};
    *valid = slow_ipv4(text, text + strlen(text), address->bytes);
    if (*valid) {
        return true;
    }
    for (const char *at = end + 1; *end == '%' && *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        scope = scope > UINT32_MAX ? scope : scope * 10 + (uint64_t)(*at - '0');
    }
    address->family = OS_ADDRESS_IPV6;
    address->scope = (uint32_t)scope;
    *valid = scope <= UINT32_MAX && (*end != '%' || end[1] != '\0') &&
             slow_ipv6(text, end, address->bytes);
    return true;
}

/* The formatted address without its port is the address again; a mapped one has become IPv4. */
static void check_formatted(const os_address *address) {
    char text[OS_ADDRESS_TEXT];
    char port[16];
    memset(text, 0x7F, sizeof text);
    os_address_format(address, text);
    CHECK(memchr(text, '\0', sizeof text) != NULL);
    char *colon = strrchr(text, ':');
    CHECK(colon != NULL);
    (void)snprintf(port, sizeof port, "%u", address->port);
    CHECK_TEXT(colon + 1, port);
    *colon = '\0';
    char *begin = text;
    if (*begin == '[') {
        CHECK(colon[-1] == ']');
        colon[-1] = '\0';
        begin++;
    }
    os_address again;
    CHECK_INT(os_address_parse(begin, address->port, &again), PORTICO_OK);
    if (again.family == OS_ADDRESS_IPV4 && address->family == OS_ADDRESS_IPV6) {
        CHECK(memcmp(address->bytes, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12) == 0);
        CHECK(memcmp(address->bytes + 12, again.bytes, 4) == 0);
    } else {
        CHECK(memcmp(&again, address, sizeof again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    os_address address;
    os_address right = {.port = (uint16_t)(size * 40503u)};
    bool valid = false;
    char *text = input_rest(&in);
    if (slow_parse(text, &right, &valid)) {
        memset(&address, 0xA5, sizeof address);
        os_address before = address;
        portico_status status = os_address_parse(text, right.port, &address);
        CHECK_INT(status, valid ? PORTICO_OK : PORTICO_E_INVALID);
        CHECK(memcmp(&address, valid ? &right : &before, sizeof address) == 0);
        if (valid) {
            check_formatted(&address);
        }
    }
    free(text);
    return 0;
}
