/* unload_refused.c: while a handler or job does not return, an unload is refused and changes
 * nothing: the sessions stay, and the module's timer fires on. If a handler hangs only because its
 * session closes, the sessions are closed, but the module's timer and its messages go on. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { HANDLER = 1, CLOSE = 2, ASK = 3, AFTER = 4, MESSAGE = 5, JOB = 6 };
enum { LONG_MS = 3000, WAIT_MS = 30000 };

typedef struct figures {
    uint32_t ticks;
    int32_t pending;
} figures;

static host *h;

static figures ask(net_socket s) {
    figures a = {0};
    CHECK_INT(wire_ask(s, ASK, NULL, 0, &a, sizeof a), sizeof a);
    return a;
}

static void expect_ticks(net_socket s) {
    uint32_t before = ask(s).ticks;
    uint64_t end_ms = clock_now_ms() + WAIT_MS;
    while (ask(s).ticks < before + 3) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(5);
    }
}

static void tell(net_socket s, uint16_t opcode, uint32_t ms) {
    uint32_t echoed = 0;
    CHECK_INT(wire_ask(s, opcode, &ms, sizeof ms, &echoed, sizeof echoed), sizeof echoed);
}

static void expect_refusal(const char *text) {
    char answer[1024];
    CHECK(!host_try_admin(h, "unload dawdles", answer, sizeof answer));
    CHECK(strstr(answer, "not returned within") != NULL);
    CHECK(strstr(answer, text) != NULL);
}

static void expect_nothing_pending(net_socket s) {
    uint64_t end_ms = clock_now_ms() + WAIT_MS;
    while (ask(s).pending != 0) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(5);
    }
}

/* Something takes long before the unload begins. */
static void busy(uint16_t opcode, int times) {
    uint32_t ms = LONG_MS;
    uint32_t echoed = 0;
    net_socket s = net_connect(host_port(h, "game"));
    net_socket other = net_connect(host_port(h, "game"));
    expect_ticks(s);
    CHECK(wire_send(other, WIRE_U16, opcode, &ms, sizeof ms));
    host_wait_log(h, "dawdles now", times);
    expect_refusal("nothing has changed");
    CHECK_INT(wire_wait(other, opcode, &echoed, sizeof echoed), sizeof echoed);
    wire_expect_echo(other, WIRE_U16, 9, "not even closed");
    expect_ticks(s);
    expect_nothing_pending(s);
    net_close(s);
    net_close(other);
    host_wait_figure(h, "sessions", 0);
}

/* A handler takes long because of the unload. */
static void closing(void) {
    net_socket s = net_connect(host_port(h, "game"));
    tell(s, AFTER, 10);
    tell(s, AFTER, LONG_MS / 3); /* due during the unload, which keeps it */
    tell(s, CLOSE, LONG_MS);
    expect_refusal("its sessions are closed");
    CHECK(net_wait_end(s, WAIT_MS));
    net_close(s);
    s = net_connect(host_port(h, "game"));
    expect_ticks(s);
    expect_nothing_pending(s);
    net_close(s);
}

SCENARIO(unload_refused) {
    host_options options = {
        .name = "unload_refused",
        .modules = "dawdles",
        .host_keys = "stop_timeout_ms = 500\n",
        .listeners = {{"game", "dawdles.session", NULL}},
    };
    h = host_start(&options);
    host_expect_error(h, "dawdles is not unloaded");
    busy(HANDLER, 1);
    busy(MESSAGE, 2);
    busy(JOB, 3);
    closing();
    char answer[1024];
    uint64_t end_ms = clock_now_ms() + WAIT_MS;
    while (!host_try_admin(h, "unload dawdles", answer, sizeof answer)) {
        CHECK(clock_now_ms() < end_ms); /* until the handler that hung has returned */
    }
    host_stop(h);
}
