/* timers.c: post_after arrives once and never early. post_every keeps to start + n periods and
 * counts what it leaves out. Both can be cancelled, and end with the entity they were set for. The
 * test prints how late they are, but does not check it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum {
    AFTER = 1,
    EVERY = 2,
    CANCEL = 3,
    SLEEP = 4,
    EVERY_ROOM = 5,
    CLOSE_ROOM = 6,
    EVERY_MODULE = 7,
    DUE = 101,
    TICK = 102
};

typedef struct tick {
    uint32_t elapsed_us;
    uint32_t missed;
} tick;

static host *h;
static int64_t timers_before;

static void ask(net_socket s, uint16_t opcode, uint32_t figure, portico_status expected) {
    int32_t status = 1;
    CHECK_INT(wire_ask(s, opcode, &figure, sizeof figure, &status, sizeof status), sizeof status);
    CHECK_INT(status, expected);
}

static void after(net_socket s) {
    static const uint32_t delays_ms[] = {0, 1, 7, 50, 300};
    uint32_t worst_us = 0;
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        uint32_t elapsed_us = 0;
        uint32_t delay_ms = delays_ms[i];
        int32_t status = 1;
        bool early = false;
        CHECK(wire_send(s, WIRE_U16, AFTER, &delay_ms, sizeof delay_ms));
        CHECK_INT(wire_wait(s, AFTER, &status, sizeof status), sizeof status);
        CHECK_INT(status, PORTICO_OK);
        CHECK_INT(wire_wait(s, DUE, &elapsed_us, sizeof elapsed_us), sizeof elapsed_us);
        early = elapsed_us < delay_ms * 1000;
        CHECK(!early);
        worst_us =
            elapsed_us - delay_ms * 1000 > worst_us ? elapsed_us - delay_ms * 1000 : worst_us;
        ask(s, CANCEL, 0, PORTICO_E_GONE); /* it has already arrived */
    }
    printf("post_after: at most %u us late\n", worst_us);
    ask(s, AFTER, 100, PORTICO_OK);
    ask(s, CANCEL, 0, PORTICO_OK);
    ask(s, CANCEL, 0, PORTICO_E_GONE);
    net_set_timeout(s, 300);
    uint32_t never = 0;
    CHECK_INT(wire_wait(s, DUE, &never, sizeof never), -1);
    net_set_timeout(s, NET_TIMEOUT_MS);
}

/* Takes `count` ticks. A tick's number plus those left out before it give the number of the period:
 * never early, and later ticks number as many as periods have passed. */
static uint32_t take_ticks(net_socket s, uint32_t period_ms, uint32_t count, uint32_t position,
                           uint32_t *missed) {
    uint32_t worst_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        tick t;
        CHECK_INT(wire_wait(s, TICK, &t, sizeof t), sizeof t);
        position += 1 + t.missed;
        *missed += t.missed;
        CHECK((uint64_t)position * period_ms * 1000 <= t.elapsed_us);
        uint32_t late_us = t.elapsed_us - position * period_ms * 1000;
        worst_us = late_us > worst_us ? late_us : worst_us;
    }
    printf("post_every %u ms: tick %u, at most %u us late\n", period_ms, position, worst_us);
    return position;
}

static void every(net_socket s) {
    const uint32_t period_ms = 10;
    uint32_t missed = 0;
    ask(s, EVERY, 0, PORTICO_E_INVALID);
    ask(s, EVERY, period_ms, PORTICO_OK);
    uint32_t position = take_ticks(s, period_ms, 50, 0, &missed);
    missed = 0;
    uint32_t pause_ms = 300;
    CHECK(wire_send(s, WIRE_U16, SLEEP, &pause_ms,
                    sizeof pause_ms)); /* its turn is occupied for 30 periods */
    position = take_ticks(s, period_ms, 60, position, &missed);
    CHECK(missed >= 28); /* counted, not bunched: at most one of them arrived separately */
    /* No drift and no loss: position and clock agree within what a busy machine may be late. */
    tick t;
    CHECK_INT(wire_wait(s, TICK, &t, sizeof t), sizeof t);
    position += 1 + t.missed;
    CHECK(t.elapsed_us / 1000 / period_ms - position < 2000 / period_ms);
    ask(s, CANCEL, 0, PORTICO_OK);
    ask(s, CANCEL, 0, PORTICO_E_GONE);
    int32_t status = 1;
    uint32_t zero = 0;
    CHECK_INT(wire_ask(s, SLEEP, &zero, sizeof zero, &status, sizeof status), sizeof status);
    net_set_timeout(s, 200);
    int late = 0;
    while (wire_wait(s, TICK, &t, sizeof t) >= 0) {
        late++;
    }
    CHECK(late <= 1); /* what had already been posted */
    net_set_timeout(s, NET_TIMEOUT_MS);
}

static void ends_with_its_entity(void) {
    net_socket s = net_connect(host_port(h, "game"));
    ask(s, EVERY, 20, PORTICO_OK);
    host_wait_at_least(h, "timers", timers_before + 1);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_wait_at_most(h, "timers", timers_before);
    s = net_connect(host_port(h, "game"));
    ask(s, EVERY_ROOM, 20, PORTICO_OK);
    host_wait_at_least(h, "timers", timers_before + 1);
    ask(s, CLOSE_ROOM, 0, PORTICO_OK);
    host_wait_figure(h, "rooms", 0);
    host_wait_at_most(h, "timers", timers_before);
    ask(s, CANCEL, 0, PORTICO_E_GONE);
    ask(s, EVERY_MODULE, 20, PORTICO_OK);
    host_wait_at_least(h, "timers", timers_before + 1);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    CHECK(host_figure(h, "timers") >= timers_before); /* it continues without the session */
    host_admin(h, "unload ticks", NULL, 0);
    host_wait_log(h, "counted ", 1);
    host_wait_at_most(h, "timers", timers_before);
}

SCENARIO(timers) {
    host_options options = {
        .name = "timers",
        .modules = "ticks",
        .listeners = {{"game", "ticks.session", NULL}},
    };
    h = host_start(&options);
    timers_before = host_figure(h, "timers");
    net_socket s = net_connect(host_port(h, "game"));
    after(s);
    every(s);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    ends_with_its_entity();
    host_stop(h);
}
