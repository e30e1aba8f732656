/* packet_sizes.c: a packet that its opcode does not allow closes the session with PORTICO_E_FRAME
 * before any handler, and one log line says what is allowed and what came. Packets before it are
 * handled, those after it are not. A module closes for a reason of its choice. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

enum { FIXED = 1, RANGE = 2, AT_LEAST = 3, ANY = 4, EMPTY = 5, MOVE = 6, CLOSE = 7, FAR_OFF = 300 };
enum { UNLISTED = 9, LARGE = 2000 };

static host *h;
static int closed; /* for PORTICO_E_FRAME */

static net_socket come(void) {
    return net_connect(host_port(h, "game"));
}

static void fits(net_socket s, uint16_t opcode, uint32_t size) {
    static const uint8_t bytes[LARGE];
    uint32_t found = UINT32_MAX;
    CHECK_INT(wire_ask(s, opcode, bytes, size, &found, sizeof found), sizeof found);
    CHECK_INT(found, opcode == MOVE ? 0 : size);
}

/* In one segment with a packet before it, which is answered, and one after it, which is not. */
static void refused(uint16_t opcode, const void *data, uint32_t size, const char *why) {
    uint8_t frames[LARGE + 64];
    uint16_t answer = 0;
    uint32_t found = 0;
    net_socket s = come();
    size_t used = wire_frame(WIRE_U16, frames, ANY, "12", 2);
    used += wire_frame(WIRE_U16, frames + used, opcode, data, size);
    used += wire_frame(WIRE_U16, frames + used, ANY, "123", 3);
    CHECK(net_send_all(s, frames, used));
    CHECK_INT(wire_recv(s, WIRE_U16, &answer, &found, sizeof found), sizeof found);
    CHECK_INT(found, 2);
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_log(h, why, 1);
    host_wait_log(h, "closed for -20", ++closed);
}

static void check_fitting(void) {
    net_socket s = come();
    fits(s, FIXED, 4);
    fits(s, RANGE, 2);
    fits(s, RANGE, 5);
    fits(s, RANGE, 10);
    fits(s, AT_LEAST, 3);
    fits(s, AT_LEAST, LARGE);
    fits(s, ANY, 0);
    fits(s, ANY, LARGE);
    fits(s, EMPTY, 0);
    fits(s, MOVE, 5);
    fits(s, FAR_OFF, 1);
    fits(s, UNLISTED, 0);
    fits(s, UNLISTED, LARGE);
    net_close(s);
}

static void check_refused(void) {
    static const uint8_t bytes[LARGE];
    refused(FIXED, bytes, 7, "opcode FIXED (1) with 7 bytes: allowed are 4 to 4: closed");
    refused(FIXED, bytes, 3, "opcode FIXED (1) with 3 bytes: allowed are 4 to 4: closed");
    refused(FIXED, bytes, 0, "opcode FIXED (1) with 0 bytes: allowed are 4 to 4: closed");
    refused(RANGE, bytes, 1, "opcode RANGE (2) with 1 bytes: allowed are 2 to 10: closed");
    refused(RANGE, bytes, 11, "opcode RANGE (2) with 11 bytes: allowed are 2 to 10: closed");
    refused(AT_LEAST, bytes, 2, "opcode AT_LEAST (3) with 2 bytes: allowed are 3 or more: closed");
    refused(EMPTY, bytes, 1, "opcode EMPTY (5) with 1 bytes: allowed are 0 to 0: closed");
    refused(FAR_OFF, bytes, 0, "opcode FAR_OFF (300) with 0 bytes: allowed are 1 to 1: closed");
    refused(MOVE, bytes, 4, "opcode MOVE (6) packet move");
    refused(MOVE, "\1\0\2\1", 5, "field running is 2, allowed are 0 and 1: closed");
}

static void check_reasons(void) {
    static const portico_status wrong[] = {PORTICO_OK, 1, 1000, -1000};
    portico_status status = 0;
    net_socket s = come();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CHECK_INT(wire_ask(s, CLOSE, &wrong[i], 4, &status, sizeof status), sizeof status);
        CHECK_INT(status, PORTICO_E_INVALID);
    }
    status = PORTICO_E_LIMIT;
    CHECK(wire_send(s, WIRE_U16, CLOSE, &status, sizeof status));
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_log(h, "closed for -8", 1);
}

SCENARIO(packet_sizes) {
    host_options options = {
        .name = "packet_sizes",
        .modules = "sizes",
        .listeners = {{"game", "sizes.session", NULL}},
    };
    h = host_start(&options);
    check_fitting();
    check_refused();
    CHECK_INT(host_figure(h, "packets_rejected{reason=\"shape\"}"), closed);
    check_reasons();
    host_stop(h);
}
