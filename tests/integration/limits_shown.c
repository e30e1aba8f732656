/* limits_shown.c: `ctl limits` names each limit that was hit, where, how often and how long ago;
 * `ctl module NAME` shows a module's generations, settings, declarations and faults. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdlib.h>

enum { PACKETS = 40 };

static host *h;
static char answer[1 << 17];

static const char *ask(const char *command) {
    host_admin(h, command, answer, sizeof answer);
    return answer;
}

static void limits(void) {
    uint8_t frames[PACKETS * 16];
    size_t used = 0;
    CHECK_TEXT(ask("limits"), "");
    net_socket first = net_connect(host_port(h, "game"));
    wire_expect_echo(first, WIRE_U16, 1, "hello");
    net_socket second = net_connect(host_port(h, "game"));
    CHECK(net_wait_end(second, 20000));
    net_close(second);
    host_wait_answer(h, "limits", "max_sessions listener game limit 1 hits_total 1 last_s ", answer,
                     sizeof answer);
    for (int i = 0; i < PACKETS; i++) {
        used += wire_frame(WIRE_U16, frames + used, 1, "x", 1);
    }
    CHECK(net_send_all(first, frames, used));
    host_wait_answer(h, "limits", "packets_per_second listener game limit 5 hits_total ", answer,
                     sizeof answer);
    (void)ask("json limits");
    CHECK_HAS(answer, "\"name\": \"max_sessions\",");
    CHECK_HAS(answer, "\"kind\": \"listener\",");
    CHECK_HAS(answer, "\"where\": \"game\",");
    CHECK_HAS(answer, "\"limit\": 1,");
    CHECK_HAS(answer, "\"hits_total\": 1,");
    CHECK(strstr(answer, "connect_rate") == NULL);
    net_close(first);
}

static void modules(void) {
    (void)ask("module arena");
    CHECK_HAS(answer, "\nsetting tick_ms = 77 default ");
    CHECK_HAS(answer, "\nstate of room type arena.field bytes ");
    CHECK_HAS(answer, "\n  tick (unsigned 64 bits)\n");
    CHECK_HAS(answer, "\ngeneration 1 ");
    CHECK(strstr(answer, "\ngeneration 2 ") == NULL);
    (void)ask("swap --force arena");
    (void)ask("module arena");
    CHECK_HAS(answer, "\ngeneration 2 ");
    CHECK_HAS(answer, " serves built ");
    CHECK_HAS(answer, "\ngeneration 1 ");
    CHECK_HAS(answer, " kept built ");
    (void)ask("json module arena");
    CHECK_HAS(answer, "\"value\": \"77\"");
    CHECK_HAS(answer, "\"generations\": [");
    CHECK_HAS(answer, "\"room_types\": [");
    CHECK_HAS(answer, "\"faults\": []");
    CHECK(!host_try_admin(h, "module nowhere", answer, sizeof answer));
    CHECK_HAS(answer, "no module of that name is loaded");
}

SCENARIO(limits_shown) {
    const host_options options = {
        .name = "limits_shown",
        .modules = "echo",
        .listeners = {{"game", "echo.session",
                       "max_sessions = 1\npackets_per_second = 5\nover_rate = slow\n"}},
        .body = "[module arena]\nfile = {modules}/arena{so}\ntick_ms = 77\n"};
    h = host_start(&options);
    limits();
    modules();
    host_stop(h);
}
