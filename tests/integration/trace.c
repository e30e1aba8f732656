/* trace.c: a scripted exchange, and what a trace of its type, session and room shows of it, event
 * by event: packets with their fields, messages, timers, joins, opens and closes, in their turns.
 */
#include "support/check.h"
#include "support/tracing.h"
#include "support/wire.h"

#include "abi/typed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN = 77, TICKS_EVERY = 2, TICKS_TICK = 102 };

static uint8_t bytes[everything_size_max];

static uint64_t only_session(host *h) {
    static char text[4096];
    host_admin(h, "json sessions", text, sizeof text);
    const char *at = strstr(text, "\"id\": \"");
    CHECK(at != NULL);
    return strtoull(at + strlen("\"id\": \""), NULL, 10);
}

static void ask(net_socket s, uint16_t opcode, const void *packet, uint32_t size) {
    uint8_t answer[256];
    CHECK(wire_ask(s, opcode, packet, size, answer, sizeof answer) >= 0);
}

/* What trace.c does. The module answers each packet; the last one has no handler. */
static void exchange(net_socket s) {
    uint32_t size = 0;
    const everything sent = {.i8 = -5,
                             .u64 = UINT64_MAX - 1,
                             .ready = true,
                             .f64 = 0.5,
                             .i16 = {1, -2, INT16_MIN},
                             .name = "caf\xC3\xA9\"",
                             .home = {7, 1.5f, true}};
    const scene places = {99, {{1, 0.5f, true}, {2, 0, false}}, 2};
    CHECK_INT(everything_encode(&sent, bytes, sizeof bytes, &size), PORTICO_OK);
    ask(s, EVERY, bytes, size);
    ask(s, SAY, "\7hello", 6);
    ask(s, ENTER, NULL, 0);
    CHECK_INT(scene_encode(&places, bytes, sizeof bytes, &size), PORTICO_OK);
    ask(s, SCENE, bytes, size);
    ask(s, PLAIN, "abc", 3);
    CHECK(wire_send(s, WIRE_U16, UNKNOWN, "??", 2));
    CHECK(net_wait_end(s, 20000));
    net_close(s);
}

/* The same turn as the line before, or a later one. */
static void expect_turn(const char *line, int64_t *turn, bool same) {
    int64_t now = tracing_number(line, "turn");
    CHECK(now > 0 && (same ? now == *turn : now > *turn));
    *turn = now;
}

static const char every_fields[] =
    "\"fields\":{\"i8\":-5,\"u64\":18446744073709551614,\"ready\":true,\"f64\":0.5,"
    "\"i16\":[1,-2,-32768],\"name\":\"caf\xC3\xA9\\\"\",\"home\":{\"who\":7,\"x\":1.5,\"seen\":true},"
    "\"away\":[{\"who\":0,\"x\":0,\"seen\":false},{\"who\":0,\"x\":0,\"seen\":false}]}}";

/* The events in the order in which they happen. */
static void expect_exchange(tracing *t) {
    int64_t turn = 0;
    int64_t us = 0;
    static const struct {
        const char *parts;
        bool same_turn;
    } events[] = {
        {"\"event\":\"open\"|\"session\":\"|\"module\":\"typed\",\"generation\":1}", false},
        {"\"event\":\"in\"|\"opcode\":1,\"name\":\"EVERY\",\"size\":", false},
        {"\"event\":\"out\"|\"opcode\":1,\"name\":\"EVERY\",\"size\":", true},
        {"\"event\":\"in\"|\"name\":\"SAY\",\"size\":6|\"fields\":{\"mood\":7,\"text\":\"hello\"}}",
         false},
        {"\"event\":\"broadcast\"|\"name\":\"SAY\"|\"receivers\":1|\"text\":\"hello\"}}", true},
        {"\"event\":\"in\"|\"name\":\"ENTER\",\"size\":0", false},
        {"\"event\":\"join\"|\"session\":\"|\"room\":\"|\"module\":\"typed\"", false},
        {"\"event\":\"message\"|\"message\":1,\"name\":\"ARRIVED\",\"size\":16|\"room\":\"", true},
        {"\"event\":\"out\"|\"opcode\":6|\"size\":0|\"room\":\"", true},
        {"\"event\":\"in\"|\"name\":\"SCENE\"|\"fields\":{\"tick\":99,\"spots\":[{\"who\":1,\"x\":"
         "0.5,\"seen\":true},{\"who\":2,\"x\":0,\"seen\":false}]}}",
         false},
        {"\"event\":\"broadcast\"|\"name\":\"SCENE\"|\"receivers\":1|\"spots\":[{\"who\":2,", true},
        {"\"event\":\"in\"|\"opcode\":8,\"name\":\"PLAIN\",\"size\":3|\"bytes\":\"616263\"}",
         false},
        {"\"event\":\"out\"|\"opcode\":8|\"size\":3|\"bytes\":\"616263\"}", true},
        {"\"event\":\"rejected\"|\"opcode\":77,\"size\":2,\"why\":\"no module handles it\"|\"3f3f\"",
         false},
        {"\"event\":\"leave\"|\"room\":\"|\"status\":\"PORTICO_E_NOT_FOUND\"", false},
        {"\"event\":\"close\"|\"status\":\"PORTICO_E_NOT_FOUND\",\"module\":\"typed\"", true},
    };
    (void)tracing_expect(t, "\"trace\":\"type typed.session\"|\"began\":\"20|\"payload\":true");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const char *line = tracing_expect(t, events[i].parts);
        bool loose = strstr(line, "\"leave\"") != NULL || strstr(line, "\"close\"") != NULL;
        if (!loose) { /* the turn that closes it may be the one that has rejected */
            expect_turn(line, &turn, events[i].same_turn);
        }
        CHECK(tracing_number(line, "us") >= us);
        us = tracing_number(line, "us");
        if (i == 1 || i == 2) {
            CHECK(strstr(line, every_fields) != NULL);
        }
    }
    (void)tracing_expect(t, "\"ended\":\"count\",\"events\":16,\"dropped\":0");
    CHECK(tracing_next(t) == NULL);
}

/* Without `payload` no value is shown. */
static void expect_no_payload(tracing *t) {
    const char *line;
    int events = 0;
    (void)tracing_expect(t, "\"payload\":false");
    while ((line = tracing_next(t)) != NULL) {
        CHECK(strstr(line, "fields") == NULL && strstr(line, "bytes") == NULL);
        CHECK(strstr(line, "hello") == NULL);
        events += strstr(line, "\"event\":") != NULL;
    }
    CHECK_INT(events, 16);
}

/* A room's type: what its member says in it, but not before it has joined. */
static void expect_hall(tracing *t) {
    static const char *const events[] = {
        "\"open\"|\"room\":\"|\"module\":\"typed\"",
        "\"join\"|\"session\":\"|\"room\":\"",
        "\"message\"|\"name\":\"ARRIVED\"",
        "\"out\"|\"opcode\":6",
        "\"in\"|\"name\":\"SCENE\"",
        "\"broadcast\"|\"name\":\"SCENE\"|\"by\":\"",
        "\"in\"|\"name\":\"PLAIN\"",
        "\"out\"|\"opcode\":8",
        "\"rejected\"",
        "\"leave\"",
    };
    (void)tracing_expect(t, "\"trace\":\"type typed.hall\"");
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        (void)tracing_expect(t, events[i]);
    }
    (void)tracing_expect(t, "\"ended\":\"count\",\"events\":10,\"dropped\":0");
}

static void types(void) {
    tracing full;
    tracing bare;
    tracing hall;
    host *h = host_start(
        &(host_options){.name = "trace",
                        .modules = "typed",
                        .listeners = {{"game", "typed.session", "unknown_opcode = close\n"}}});
    tracing_start(&full, h, 1, "type typed.session payload count 16");
    tracing_start(&bare, h, 2, "type typed.session count 16");
    tracing_start(&hall, h, 3, "type typed.hall count 10");
    exchange(net_connect(host_port(h, "game")));
    tracing_finish(&full, 0);
    tracing_finish(&bare, 0);
    tracing_finish(&hall, 0);
    expect_exchange(&full);
    expect_no_payload(&bare);
    expect_hall(&hall);
    tracing_free(&full);
    tracing_free(&bare);
    tracing_free(&hall);
    host_wait_log(h, "`trace type typed.session payload count 16` by ctl on this machine", 1);
    host_wait_log(h, "the trace of type typed.session has ended (its count is reached): 16 events",
                  2);
    host_stop(h);
}

/* One session of two, and its timer. */
static void session_timer(void) {
    tracing t;
    char what[64];
    uint32_t period_ms = 20;
    host *h = host_start(&(host_options){
        .name = "trace-timer", .modules = "ticks", .listeners = {{"game", "ticks.session", NULL}}});
    net_socket s = net_connect(host_port(h, "game"));
    host_wait_figure(h, "sessions", 1);
    (void)snprintf(what, sizeof what, "session %llu payload", (unsigned long long)only_session(h));
    tracing_start(&t, h, 1, what);
    net_socket other = net_connect(host_port(h, "game"));
    ask(s, TICKS_EVERY, &period_ms, sizeof period_ms);
    ask(other, TICKS_EVERY, &period_ms, sizeof period_ms);
    CHECK(wire_wait(s, TICKS_TICK, bytes, sizeof bytes) >= 0);
    net_half_close(s); /* ctl may have the socket, too */
    tracing_finish(&t, 0);
    net_close(s);
    (void)tracing_expect(&t, "\"trace\":\"session ");
    (void)tracing_expect(&t, "\"in\"|\"opcode\":2|\"bytes\":\"14000000\"");
    (void)tracing_expect(&t, "\"out\"|\"opcode\":2|\"bytes\":\"00000000\"");
    (void)tracing_expect(&t, "\"timer\"|\"message\":2");
    (void)tracing_expect(&t, "\"out\"|\"opcode\":102|\"size\":8");
    const char *line = tracing_next(&t);
    const char *last = NULL;
    const char *end = NULL;
    for (; line != NULL; line = tracing_next(&t)) {
        last = end;
        end = line;
    }
    CHECK(end != NULL && strstr(end, "\"ended\":\"gone\"") != NULL);
    CHECK(last != NULL && strstr(last, "\"event\":\"close\"") != NULL);
    tracing_free(&t);
    net_close(other);
    host_stop(h);
}

SCENARIO(trace) {
    types();
    session_timer();
}
