/* watermark_late.c: a module that joins a session whose backlog is above the watermark is notified
 * of that, and each module is notified once when it is below again. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

enum {
    SENT_KIB = 900,
    FRAME_BYTES = 1024
}; /* of send_limit_bytes = 1M: above a half, whatever the system takes */

SCENARIO(watermark_late) {
    static uint8_t frame[FRAME_BYTES];
    char path[1024];
    char command[1100];
    uint32_t count = SENT_KIB;
    host_options options = {
        .name = "watermark_late",
        .modules = "levels",
        .listeners = {{"game", "levels.session",
                       "send_limit_bytes = 1M\nsend_buffer_bytes = 16K\n"}},
    };
    host *h = host_start(&options);
    net_socket s = net_connect_narrow(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, 1, &count, sizeof count));
    host_wait_log(h, "owner is above", 1);
    host_module_path("levels_late", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
    host_wait_log(h, "guest is above", 1);
    for (uint32_t i = 0; i < SENT_KIB; i++) {
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, frame, sizeof frame), FRAME_BYTES);
    }
    host_wait_log(h, "owner is below", 1);
    host_wait_log(h, "guest is below", 1);
    host_admin(h, "unload levels_late", NULL, 0);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
