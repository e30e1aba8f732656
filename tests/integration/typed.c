/* typed.c: declared packets of every kind go to a module and back. One that does not fit closes its
 * session before the handler runs, and the log names the field, what was expected and what was
 * found. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include "../abi/typed.h"

static host *h;
static net_socket client;    /* all its packets fit */
static net_socket bystander; /* in the channel, not in the room */
static int64_t refused;

/* Sends an encoded packet and receives the answer of the same opcode. */
static uint32_t ask(uint16_t opcode, const uint8_t *bytes, uint32_t size, uint8_t *answer,
                    uint32_t capacity) {
    int64_t received = wire_ask(client, opcode, bytes, size, answer, capacity);
    CHECK(received >= 0);
    return (uint32_t)received;
}

/* The bytes come back as they are. */
static void expect_same(uint16_t opcode, const void *bytes, uint32_t size) {
    uint8_t answer[128];
    CHECK_INT(ask(opcode, bytes, size, answer, sizeof answer), size);
    CHECK(memcmp(answer, bytes, size) == 0);
}

static void fixed(void) {
    uint8_t bytes[everything_size_max];
    uint8_t answer[everything_size_max];
    uint32_t size = 0;
    const everything sent = {.i8 = -5,
                             .u64 = UINT64_MAX - 1,
                             .ready = true,
                             .f64 = 0.1,
                             .i16 = {1, -2, INT16_MIN},
                             .name = "caf\xC3\xA9",
                             .home = {7, 1.5f, true},
                             .away = {{8, -1.5f, false}, {9, 0, true}}};
    everything e;
    CHECK_INT(everything_encode(&sent, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK_INT(ask(EVERY, bytes, size, answer, sizeof answer), size);
    CHECK(memcmp(answer, bytes, size) == 0);
    CHECK(everything_decode(&e, answer, size));
    CHECK(e.i8 == -5 && e.u64 == UINT64_MAX - 1 && e.ready && e.f64 == 0.1);
    CHECK(e.i16[0] == 1 && e.i16[1] == -2 && e.i16[2] == INT16_MIN);
    CHECK_TEXT(e.name, "caf\xC3\xA9");
    CHECK(e.home.who == 7 && e.home.x == 1.5f && e.home.seen);
    CHECK(e.away[1].who == 9 && e.away[1].seen && !e.away[0].seen);
}

static void variable(void) {
    uint8_t answer[128];
    expect_same(SAY, "\1", 1);
    expect_same(SAY, "\1twenty bytes of text", 21);
    CHECK_INT(wire_wait(bystander, SAY, answer, sizeof answer), 1);
    CHECK_INT(wire_wait(bystander, SAY, answer, sizeof answer), 21);
    expect_same(BLOB, "", 0);
    expect_same(BLOB, "\0\xFF\x80\0\0\1", 6);
    expect_same(CARDS, "\1\0", 2);
    expect_same(CARDS, "\1\0aaaabbbbcccc", 14);
    expect_same(PLAIN, "ab", 2);
    expect_same(PLAIN, "abcd", 4);
}

static void rows(void) {
    uint8_t bytes[scene_size_max];
    uint8_t answer[scene_size_max];
    uint32_t size = 0;
    CHECK_INT(ask(ENTER, NULL, 0, answer, sizeof answer), 0);
    const scene sent = {99, {{1, 0.5f, true}, {2, 0, false}, {3, 1, true}, {4, 2, true}}, 4};
    scene s;
    CHECK_INT(scene_encode(&sent, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK_INT(ask(SCENE, bytes, size, answer, sizeof answer), size);
    CHECK(scene_decode(&s, answer, size) && s.tick == 99 && s.spots_count == 4);
    CHECK(s.spots[0].who == 4 && s.spots[3].who == 1 && s.spots[3].x == 0.5f && s.spots[3].seen);
    expect_same(SCENE, "tick", 4);
}

/* A packet that the module must not send reaches nobody. */
static void not_sent(uint32_t packets) {
    uint8_t answer[128];
    counting c = {{0}, 0};
    CHECK(wire_send(client, WIRE_U16, TOO_BIG, NULL, 0));
    uint16_t opcode = 0;
    int64_t size = wire_recv(client, WIRE_U16, &opcode, answer, sizeof answer);
    CHECK_INT(opcode, COUNTS);
    CHECK(counting_decode(&c, answer, (uint32_t)size));
    CHECK_INT(c.statuses[0], PORTICO_E_INVALID);
    CHECK_INT(c.statuses[1], PORTICO_E_INVALID);
    CHECK_INT(c.packets, packets);
    host_wait_log(h, "packet hand is not sent", 2);
    host_wait_log(h, "packet everything is not sent", 1);
}

/* A packet of a session of its own that must not reach the handler. */
static void refuse(uint16_t opcode, const void *bytes, uint32_t size, const char *words) {
    char line[256];
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, opcode, bytes, size));
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_figure(h, "packets_rejected{reason=\"shape\"}", ++refused);
    host_wait_figure(h, "sessions", 2);
    (void)snprintf(line, sizeof line, "%s: closed", words);
    host_wait_log(h, line, 1);
    (void)snprintf(line, sizeof line, "closed for %d after 0 packets", PORTICO_E_FRAME);
    host_wait_log(h, line, (int)refused);
}

static void wrong_sizes(void) {
    refuse(CARDS, "x", 1, "opcode CARDS (4) packet hand: 1 bytes, allowed are 2 to 14");
    refuse(CARDS, "xxxxxxxxxxxxxxx", 15,
           "opcode CARDS (4) packet hand: 15 bytes, allowed are 2 to 14");
    refuse(CARDS, "xxaaaab", 7,
           "opcode CARDS (4) packet hand: field cards has 5 bytes, not a multiple of 4");
    refuse(SCENE, "tickxx", 6,
           "opcode SCENE (5) packet scene: field spots has 2 bytes, not a multiple of 7");
    refuse(BLOB, "1234567", 7, "opcode BLOB (3) packet blob: 7 bytes, allowed are 0 to 6");
    refuse(EVERY, "x", 1, "opcode EVERY (1) packet everything: 1 bytes, must be 53");
    refuse(PLAIN, "x", 1, "opcode PLAIN (8) with 1 bytes: allowed are 2 to 4");
    refuse(PLAIN, "xxxxx", 5, "opcode PLAIN (8) with 5 bytes: allowed are 2 to 4");
    refuse(ENTER, "x", 1, "opcode ENTER (6) with 1 bytes: allowed are 0 to 0");
}

static void wrong_contents(void) {
    uint8_t bytes[everything_size_max] = {0};
    bytes[9] = 2;
    refuse(EVERY, bytes, sizeof bytes,
           "opcode EVERY (1) packet everything: field ready is 2, allowed are 0 and 1");
    bytes[9] = 1;
    memset(bytes + 24, 'n', 8);
    refuse(
        EVERY, bytes, sizeof bytes,
        "opcode EVERY (1) packet everything: field name does not end with a zero within 8 bytes");
    bytes[31] = 0;
    bytes[30] = 0xFF;
    refuse(EVERY, bytes, sizeof bytes,
           "opcode EVERY (1) packet everything: field name is not UTF-8 at byte 6");
    bytes[30] = 0;
    bytes[31] = 'n';
    refuse(EVERY, bytes, sizeof bytes, "field name has a 110 at byte 7, after its end");
    bytes[31] = 0;
    bytes[38] = 9;
    refuse(EVERY, bytes, sizeof bytes, "field home.seen is 9, allowed are 0 and 1");
    bytes[38] = 0;
    bytes[52] = 9;
    refuse(EVERY, bytes, sizeof bytes, "field away[1].seen is 9, allowed are 0 and 1");
    refuse(SAY, "\1ab\xE2\x82", 5,
           "opcode SAY (2) packet saying: field text is not UTF-8 at byte 2");
    refuse(SAY, "\1ab\0", 4, "opcode SAY (2) packet saying: field text has a zero at byte 2");
    refuse(SCENE, "tick123456\0abcdef\3", 18, "field spots[1].seen is 3, allowed are 0 and 1");
}

SCENARIO(typed) {
    const host_options options = {
        .name = "typed",
        .modules = "typed",
        .listeners = {{"game", "typed.session", NULL}},
    };
    h = host_start(&options);
    host_expect_error(h, "is not sent: a part is larger than declared");
    client = net_connect(host_port(h, "game"));
    bystander = net_connect(host_port(h, "game"));
    host_wait_figure(h, "sessions", 2);
    fixed();
    variable();
    rows();
    not_sent(13);
    wrong_sizes();
    wrong_contents();
    variable();
    net_close(client);
    net_close(bystander);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
