/* trace_ends.c: a trace ends by its time, with what it follows, or when ctl hangs up; there are
 * four at a time; what cannot be traced is refused; and handlers that fault, swaps and unloads in a
 * trace are in it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/tracing.h"
#include "support/wire.h"

#include "abi/typed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[8192];

static void refused(host *h, const char *command, const char *why) {
    CHECK(!host_try_admin(h, command, text, sizeof text));
    CHECK_HAS(text, why);
}

static void refusals(host *h) {
    refused(h, "trace session 99", "no session has that id");
    refused(h, "trace room 99", "no room has that id");
    refused(h, "trace type counts.nothing", "no type of sessions or rooms has that name");
    refused(h, "trace session 1x", "the ID of a session is a number; found \"1x\"");
    refused(h, "trace all 1", "trace takes session ID, room ID or type NAME first; found \"all\"");
    refused(h, "trace type counts.session count 0", "count takes a whole number, 1 to 1000000");
    refused(h, "trace type counts.session seconds 3601", "seconds takes a whole number, 1 to 3600");
    refused(h, "trace type counts.session loudly", "trace takes count N, seconds S and payload");
}

static void by_seconds(host *h) {
    tracing t;
    uint64_t began_ms = clock_now_ms();
    tracing_start(&t, h, 1, "type counts.session seconds 1");
    tracing_finish(&t, 0);
    CHECK(clock_now_ms() - began_ms >= 1000);
    (void)tracing_expect(&t, "\"trace\":");
    (void)tracing_expect(&t, "\"ended\":\"seconds\",\"events\":0,\"dropped\":0");
    tracing_free(&t);
}

/* A killed ctl leaves its place to others; a fifth trace is refused. */
static void by_hanging_up(host *h) {
    enum { AT_ONCE = 4 };
    tracing all[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        tracing_start(&all[i], h, 10 + i, "type counts.session seconds 3600");
    }
    refused(h, "trace type counts.session", "there are 4 traces");
    for (int i = 0; i < AT_ONCE; i++) {
        tracing_kill(&all[i]);
        tracing_free(&all[i]);
    }
    host_wait_log(h, "has ended (nobody follows it any more): 0 events", AT_ONCE);
    tracing_start(&all[0], h, 20, "type counts.session count 1");
    net_socket s = net_connect(host_port(h, "game"));
    tracing_finish(&all[0], 0);
    tracing_free(&all[0]);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

/* A client that sends something during its trace is heard when it hangs up, too. */
static void by_talking(host *h) {
    static const char begin[] = "token " HOST_TOKEN "\n"
                                "trace type counts.session seconds 3600\n";
    char answer[64];
    net_socket s = net_connect(host_port(h, "admin"));
    CHECK(net_send_all(s, begin, sizeof begin - 1));
    CHECK(net_recv_some(s, answer, sizeof answer) > 0);
    host_wait_log_some(h, "`trace type counts.session seconds 3600`", 5);
    CHECK(net_send_all(s, "x", 1));
    clock_sleep_ms(100);
    net_close(s);
    host_wait_log(h, "has ended (nobody follows it any more): 0 events", 5);
}

/* While nothing is traced, nothing is recorded: a trace begins empty. */
static void nothing_before(host *h) {
    tracing t;
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, 9, "before");
    tracing_start(&t, h, 2, "type counts.session count 2 payload");
    wire_expect_echo(s, WIRE_U16, 9, "after");
    tracing_finish(&t, 0);
    (void)tracing_expect(&t, "\"trace\":");
    (void)tracing_expect(&t, "\"in\"|\"bytes\":\"6166746572\"");
    (void)tracing_expect(&t, "\"out\"|\"bytes\":\"6166746572\"");
    (void)tracing_expect(&t, "\"ended\":\"count\"");
    tracing_free(&t);
    net_close(s);
}

static void ends(void) {
    host *h = host_start(&(host_options){.name = "trace_ends",
                                         .modules = "counts",
                                         .listeners = {{"game", "counts.session", NULL}}});
    refusals(h);
    by_seconds(h);
    by_hanging_up(h);
    by_talking(h);
    nothing_before(h);
    host_stop(h);
}

/* A call that faults is in the trace, and that it has faulted; and what comes once the module,
 * which was frozen, serves again. */
static void faults(void) {
    tracing t;
    host *h = faults_host(&(faults_options){.name = "trace_ends-faults"});
    tracing_start(&t, h, 1, "type faulty.session count 6");
    net_socket s = faults_connect(h, "game", 1);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ);
    tracing_await(&t, "\"fault\"");
    host_admin(h, "thaw faulty", text, sizeof text);
    (void)faults_echo(s, 7);
    tracing_finish(&t, 0);
    (void)tracing_expect(&t, "\"trace\":");
    (void)tracing_expect(&t, "\"open\"");
    (void)tracing_expect(&t, "\"out\"");
    (void)tracing_expect(&t, "\"in\"|\"opcode\":2,\"name\":\"FAULTY_FAULT\"");
    (void)tracing_expect(&t, "\"fault\"|\"handler\":\"opcode\",\"number\":2");
    (void)tracing_expect(&t, "\"in\"");
    (void)tracing_expect(&t, "\"out\"");
    tracing_free(&t);
    net_close(s);
    host_drop(h);
}

static void say(net_socket s, const char *packet) {
    uint8_t answer[64];
    CHECK(wire_ask(s, SAY, packet, (uint32_t)strlen(packet), answer, sizeof answer) >= 0);
}

/* The generation that has handled a packet declares it, also when it has gone. */
static void swaps(void) {
    tracing t;
    host *h = host_start(&(host_options){.name = "trace_ends-swaps",
                                         .modules = "typed",
                                         .listeners = {{"game", "typed.session", NULL}}});
    net_socket s = net_connect(host_port(h, "game"));
    say(s, "\1opened");
    tracing_start(&t, h, 1, "type typed.session payload count 5");
    say(s, "\1first");
    host_admin(h, "swap --force typed", text, sizeof text);
    say(s, "\1second");
    host_admin(h, "unload typed", text, sizeof text);
    tracing_finish(&t, 0);
    (void)tracing_expect(&t, "\"trace\":");
    (void)tracing_expect(&t, "\"in\"|\"generation\":1|\"text\":\"first\"");
    (void)tracing_expect(&t, "\"broadcast\"|\"generation\":1|\"text\":\"first\"");
    (void)tracing_expect(&t, "\"in\"|\"generation\":2|\"text\":\"second\"");
    (void)tracing_expect(&t, "\"broadcast\"|\"generation\":2|\"text\":\"second\"");
    (void)tracing_expect(&t, "\"close\"|\"status\":\"PORTICO_E_UNLOADED\"|\"generation\":2");
    tracing_free(&t);
    net_close(s);
    host_stop(h);
}

SCENARIO(trace_ends) {
    ends();
    swaps();
    faults();
}
