/* ready.c: a line of a ready file, from which `ctl` takes the port of the admin listener. What the
 * host writes is read back; anything else is no port.
 *
 * Input: a port (2 bytes), a line.
 *
 * Covers: net/ready.c */
#include "fuzz.h"
#include "net/ready.h"
#include "os/os.h"

/* The number after the last ':' of "admin ...", which only blanks may follow. */
static uint16_t slow_port(const char *line) {
    const char *colon = strrchr(line, ':');
    if (strncmp(line, "admin ", 6) != 0 || colon == NULL) {
        return 0;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    size_t end = strspn(colon + 1 + digits, "\r\n");
    unsigned long number = digits > 0 ? strtoul(colon + 1, NULL, 10) : 0;
    return colon[1 + digits + end] == '\0' && number <= UINT16_MAX ? (uint16_t)number : 0;
}

static void check_written(uint16_t port, const uint8_t *bytes, size_t size) {
    os_address address = {.family = size % 2 == 0 ? OS_ADDRESS_IPV4 : OS_ADDRESS_IPV6,
                          .port = port};
    char text[OS_ADDRESS_TEXT];
    char line[OS_ADDRESS_TEXT + 16];
    memcpy(address.bytes, bytes, size < 16 ? size : 16);
    address.scope = address.family == OS_ADDRESS_IPV6 ? (uint32_t)size : 0;
    os_address_format(&address, text);
    (void)snprintf(line, sizeof line, "admin %s\n", text);
    CHECK_INT(ready_line_port(line), port);
    (void)snprintf(line, sizeof line, "listener %s\n", text);
    CHECK_INT(ready_line_port(line), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    uint16_t port = (uint16_t)input_u16(&in);
    if (in.size > 0) {
        check_written(port, in.at, in.size);
    }
    char *line = input_rest(&in);
    CHECK_INT(ready_line_port(line), slow_port(line));
    free(line);
    return 0;
}
