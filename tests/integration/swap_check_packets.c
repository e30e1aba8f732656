/* swap_check_packets.c: with swap_check, a pointer to a packet that a module has kept shows garbage
 * in the very next handler. Without it the bytes are still there, by chance: both packets come in
 * one piece. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { KEEP = 1, SHOW = 2, ECHO = 3, SPOILED = 0xDD };

static const char text[] = "a packet";

static void keep_and_show(net_socket s, uint8_t *shown) {
    uint8_t frames[100];
    size_t size = wire_frame(WIRE_U16, frames, KEEP, text, sizeof text);
    size += wire_frame(WIRE_U16, frames + size, SHOW, NULL, 0);
    CHECK(net_send_all(s, frames, size));
    CHECK_INT(wire_wait(s, SHOW, shown, sizeof text), sizeof text);
}

static void check(const char *name, const char *keys, bool spoils) {
    host_options options = {.name = name,
                            .modules = "hoards",
                            .module_keys = keys,
                            .listeners = {{"game", "hoards.session", NULL}}};
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    uint8_t shown[sizeof text];
    keep_and_show(s, shown);
    for (size_t i = 0; i < sizeof text; i++) {
        CHECK_INT(shown[i], spoils ? SPOILED : (uint8_t)text[i]);
    }
    wire_expect_echo(s, WIRE_U16, ECHO, "others are right");
    host_admin(h, "top", NULL, 0); /* measuring begins ... */
    keep_and_show(s, shown);
    CHECK_INT(shown[0], spoils ? SPOILED : (uint8_t)text[0]);
    net_close(s);
    host_stop(h);
}

SCENARIO(swap_check_packets) {
    check("swap_check_packets", "swap_check = yes\n", true);
    check("swap_check_packets-off", "swap_check = no\n", false);
}
