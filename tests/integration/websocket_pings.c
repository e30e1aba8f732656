/* websocket_pings.c: the host answers a client's pings although it does not read its packets for
 * long: beside a handler of the session that sleeps, in a room and alone; behind that of another
 * session of the room; and while the session is read slowly. With and without TLS. What the clients
 * send besides is neither lost nor handled before its turn. */
#include "support/check.h"
#include "support/peer.h"
#include "support/swaps.h"
#include "support/tls_keys.h"

#include <portico/status.h>

#include <string.h>

/* Opcodes of swapped.c. SLEEP_MS: several times as long as the host waits before it looks. */
enum { WHO = 1, SLEEP = 3, JOIN = 4, SLEEP_MS = 20000, HELLO = 100 };

/* At one a second. */
enum { PACKETS = 15 };

enum { SLEEPS_ALONE, SLEEPS_IN_ROOM, WAITS_BEHIND, PEERS };

typedef struct party {
    peer peers[PEERS];
    peer slowed;
} party;

static host *h;

static void join(const peer *p, const char *room) {
    int32_t status = -1;
    peer_send_packet(p, JOIN, room, strlen(room));
    peer_expect_packet(p, JOIN, &status, sizeof status);
    CHECK_INT(status, PORTICO_OK);
}

static void ask_who(const peer *p) {
    peer_send_packet(p, WHO, "", 0);
}

static void expect_who(const peer *p, uint16_t opcode, uint32_t packets) {
    swaps_who who = {0};
    peer_expect_packet(p, opcode, &who, sizeof who);
    CHECK_INT(who.packets, packets);
}

static void enter(party *of, bool tls) {
    const char *room = tls ? "sealed" : "open";
    for (int i = 0; i < PEERS; i++) {
        uint32_t opened_by = 0;
        of->peers[i] = peer_open(host_port(h, tls ? "sealed" : "web"), tls);
        peer_expect_packet(&of->peers[i], HELLO, &opened_by, sizeof opened_by);
    }
    join(&of->peers[SLEEPS_IN_ROOM], room);
    join(&of->peers[WAITS_BEHIND], room);
    of->slowed = peer_open(host_port(h, tls ? "slowed_sealed" : "slowed"), tls);
}

static void begin_to_wait(const party *of) {
    static const uint32_t sleep_ms = SLEEP_MS;
    peer_send_packet(&of->peers[SLEEPS_ALONE], SLEEP, &sleep_ms, sizeof sleep_ms);
    peer_send_packet(&of->peers[SLEEPS_IN_ROOM], SLEEP, &sleep_ms, sizeof sleep_ms);
}

/* Sends all packets at once. Once the first has come back, the session is read slowly. */
static void begin_to_be_slowed(const party *of) {
    uint8_t number = 0xFF;
    uint8_t frames[PACKETS * 16];
    size_t size = 0;
    for (int i = 0; i < PACKETS; i++) {
        uint8_t which = (uint8_t)i;
        size += web_packet_frame(frames + size, WHO, &which, 1);
    }
    peer_send(&of->slowed, frames, size);
    peer_expect_packet(&of->slowed, WHO, &number, sizeof number);
    CHECK_INT(number, 0);
}

/* The pong comes before the last packet, and all packets in their order. */
static void expect_pong_among_packets(const peer *p) {
    uint8_t next = 1;
    bool pong = false;
    while (next < PACKETS) {
        uint8_t payload[PEER_PAYLOAD_MOST];
        uint8_t first = 0;
        size_t size = peer_recv_frame(p, &first, payload);
        if (first == WEB_PONG) {
            CHECK(!pong && size == sizeof(uint32_t));
            pong = true;
        } else {
            CHECK(first == WEB_BINARY && size == 3);
            CHECK_INT(payload[2], next);
            next++;
        }
    }
    CHECK(pong);
}

static void start(void) {
    static const char keys[] = "transport = websocket\n";
    static const char sealed[] =
        "transport = websocket\ntls = yes\ncertificate = c.pem\nkey = k.pem\n";
    static const char slow[] = "transport = websocket\npackets_per_second = 1\nover_rate = slow\n";
    static const char slow_sealed[] =
        "transport = websocket\npackets_per_second = 1\nover_rate = slow\n"
        "tls = yes\ncertificate = c.pem\nkey = k.pem\n";
    const host_options options = {
        .name = "websocket_pings",
        .workers = 6, /* four of them sleep */
        .modules = "echo",
        .listeners = {{"web", "swapped.session", keys},
                      {"sealed", "swapped.session", sealed},
                      {"slowed", "echo.session", slow},
                      {"slowed_sealed", "echo.session", slow_sealed}},
        .body = "[module swapped]\nfile = {tests}/swapped{so}\n",
    };
    tls_write_pair(options.name, TLS_KEY_A);
    h = host_start(&options);
}

/* Each sends a packet between two pings. */
static void ping_all(const party *of, uint32_t number) {
    for (int i = 0; i < PEERS; i++) {
        peer_send_ping(&of->peers[i], number);
        ask_who(&of->peers[i]);
    }
}

static void expect_pongs(const party *of, uint32_t number) {
    for (int i = 0; i < PEERS; i++) {
        peer_expect_pong(&of->peers[i], number);
    }
}

static void expect_answers(const party *of) {
    for (int i = 0; i < PEERS; i++) {
        uint32_t packets = 0;
        if (i != WAITS_BEHIND) {
            expect_who(&of->peers[i], SLEEP, ++packets);
        }
        expect_who(&of->peers[i], WHO, ++packets);
        expect_who(&of->peers[i], WHO, ++packets);
        peer_send_ping(&of->peers[i], 3);
        peer_expect_pong(&of->peers[i], 3);
        ask_who(&of->peers[i]);
        expect_who(&of->peers[i], WHO, ++packets);
    }
}

SCENARIO(websocket_pings) {
    enum { PARTIES = 2 };
    party parties[PARTIES];
    start();
    for (int i = 0; i < PARTIES; i++) {
        enter(&parties[i], i == 1);
    }
    for (int i = 0; i < PARTIES; i++) {
        begin_to_be_slowed(&parties[i]);
        begin_to_wait(&parties[i]);
        peer_send_ping(&parties[i].slowed, 1);
    }
    host_wait_log(h, "swapped sleeps", 2 * PARTIES);
    for (uint32_t number = 1; number <= 2; number++) {
        for (int i = 0; i < PARTIES; i++) {
            ping_all(&parties[i], number);
        }
        for (int i = 0; i < PARTIES; i++) {
            expect_pongs(&parties[i], number);
        }
    }
    for (int i = 0; i < PARTIES; i++) {
        expect_pong_among_packets(&parties[i].slowed);
        expect_answers(&parties[i]);
    }
    for (int i = 0; i < PARTIES; i++) {
        for (int j = 0; j < PEERS; j++) {
            peer_close(&parties[i].peers[j]);
        }
        peer_close(&parties[i].slowed);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
