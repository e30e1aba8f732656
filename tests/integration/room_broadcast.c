/* room_broadcast.c: a room of 5,000 members natively, 300 under Wine, receives a broadcast every 50
 * ms, driven by a periodic message. Every member receives each of them, in order and byte for byte,
 * and the host reports one copy of the payload for each broadcast and framing; a tenth of the
 * members use another framing. The test prints the ticks that the host left out and the processor
 * time it used, and checks neither.
 *
 * Members read rarely, several broadcasts at once, so that reading does not take the host's
 * processors away. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOIN = 1,
    COUNT = 2,
    START = 3,
    CRY = 103,
    DONE = 104,
    PAYLOAD_BYTES = 500,
    FRAME_BYTES = WIRE_U32 + PAYLOAD_BYTES, /* the larger of the two framings */
    PERIOD_MS = 50,
    BROADCASTS = 60,
    FRAMINGS = 2,
    MEMBERS_MAX = 5000,
    IN_BYTES = 65536
};

typedef struct member {
    net_socket socket;
    wire_kind kind;
    uint32_t next; /* the next broadcast expected */
    uint32_t rest_size;
    uint8_t rest[FRAME_BYTES]; /* the part of it received so far */
} member;

static member members[MEMBERS_MAX];
static uint8_t cries[FRAMINGS][BROADCASTS][FRAME_BYTES]; /* as they must arrive */

static void cries_make(void) {
    uint8_t payload[PAYLOAD_BYTES];
    for (uint32_t n = 0; n < BROADCASTS; n++) {
        memcpy(payload, &n, sizeof n);
        for (uint32_t i = sizeof n; i < PAYLOAD_BYTES; i++) {
            payload[i] = (uint8_t)(n * 31 + i * 7);
        }
        (void)wire_frame(WIRE_U16, cries[0][n], CRY, payload, PAYLOAD_BYTES);
        (void)wire_frame(WIRE_U32, cries[1][n], CRY, payload, PAYLOAD_BYTES);
    }
}

static void member_join(member *m, wire_kind kind, uint16_t port) {
    uint16_t opcode = 0;
    int32_t status = -1;
    m->kind = kind;
    m->socket = net_connect(port);
    CHECK(wire_send(m->socket, kind, JOIN, NULL, 0));
    CHECK_INT(wire_recv(m->socket, kind, &opcode, &status, sizeof status), sizeof status);
    CHECK_INT(status, 0);
}

/* Sends a packet and takes its answer. */
static void member_ask(const member *m, uint16_t asked, const void *data, uint32_t size,
                       uint32_t *figure) {
    uint16_t opcode = 0;
    CHECK(wire_send(m->socket, m->kind, asked, data, size));
    CHECK_INT(wire_recv(m->socket, m->kind, &opcode, figure, sizeof *figure), sizeof *figure);
    CHECK_INT(opcode, asked);
}

/* Receives and compares what has arrived, if anything. Until the last broadcast nothing else is
 * sent. */
static void member_read(member *m) {
    static uint8_t in[IN_BYTES];
    uint32_t frame_bytes = (uint32_t)m->kind + PAYLOAD_BYTES;
    memcpy(in, m->rest, m->rest_size);
    uint32_t capacity =
        (BROADCASTS - m->next) * frame_bytes; /* but not what follows the broadcasts */
    capacity = capacity < IN_BYTES ? capacity : IN_BYTES;
    int got = net_recv_some(m->socket, in + m->rest_size, capacity - m->rest_size);
    CHECK(got > 0 || got == NET_TIMEOUT);
    uint32_t size = m->rest_size + (got > 0 ? (uint32_t)got : 0);
    uint32_t at = 0;
    for (; size - at >= frame_bytes; at += frame_bytes) {
        CHECK(memcmp(in + at, cries[m->kind == WIRE_U32][m->next], frame_bytes) == 0);
        m->next++;
    }
    m->rest_size = size - at;
    memcpy(m->rest, in + at, m->rest_size);
}

/* Reads all members in rounds until each has received all broadcasts. */
static void members_read_all(int count) {
    uint64_t end_ms = clock_now_ms() + 100000;
    for (int done = 0; done < count;) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(8 * PERIOD_MS);
        done = 0;
        for (int i = 0; i < count; i++) {
            if (members[i].next < BROADCASTS) {
                member_read(&members[i]);
            }
            done += members[i].next == BROADCASTS;
        }
    }
}

static void members_open(const host *h, int count) {
    for (int i = 0; i < count; i++) {
        bool other = i % 10 == 9;
        member_join(&members[i], other ? WIRE_U32 : WIRE_U16,
                    host_port(h, other ? "game32" : "game16"));
    }
    for (int i = 0; i < count; i++) {
        uint32_t inside = 0;
        member_ask(&members[i], COUNT, NULL, 0, &inside); /* answered inside the room */
        CHECK(i < count - 1 || inside == (uint32_t)count);
        net_set_nonblocking(members[i].socket);
    }
}

/* Reads the closing message to the first member. */
static void done_read(uint32_t figures[3]) {
    uint16_t opcode = 0;
    net_poll_entry entry = {.socket = members[0].socket};
    CHECK(net_poll(&entry, 1, NET_TIMEOUT_MS));
    CHECK_INT(
        wire_recv(members[0].socket, members[0].kind, &opcode, figures, 3 * sizeof figures[0]),
        3 * sizeof figures[0]);
    CHECK_INT(opcode, DONE);
}

static void broadcast(host *h, int count) {
    const uint32_t asked[3] = {BROADCASTS, PAYLOAD_BYTES, PERIOD_MS};
    uint32_t status = 1;
    uint32_t figures[3] = {0};
    int64_t broadcasts = host_figure(h, "broadcasts");
    int64_t packets = host_figure(h, "broadcast_packets");
    int64_t copies = host_figure(h, "broadcast_copies");
    int64_t cpu_ms = host_cpu_ms(h);
    uint64_t start_ms = clock_now_ms();
    net_poll_entry first = {.socket = members[0].socket};
    CHECK(wire_send(members[0].socket, WIRE_U16, START, asked, sizeof asked));
    CHECK(net_poll(&first, 1, NET_TIMEOUT_MS));
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(members[0].socket, WIRE_U16, &opcode, &status, sizeof status),
              sizeof status);
    CHECK_INT(status, 0);
    members_read_all(count);
    done_read(figures);
    uint64_t took_ms = clock_now_ms() - start_ms;
    cpu_ms = host_cpu_ms(h) - cpu_ms;
    CHECK_INT(figures[0], BROADCASTS);
    CHECK_INT(figures[1], BROADCASTS * count);
    CHECK_INT(host_figure(h, "broadcasts") - broadcasts, BROADCASTS);
    CHECK_INT(host_figure(h, "broadcast_packets") - packets, BROADCASTS * count);
    CHECK_INT(host_figure(h, "broadcast_copies") - copies, BROADCASTS * FRAMINGS);
    printf("%d members, %d broadcasts of %d bytes every %d ms: %d copies, %u ticks left out, "
           "took %llu ms; the host used %lld ms of processor time (%.0f %% of one), "
           "%.2f us a packet\n",
           count, BROADCASTS, PAYLOAD_BYTES, PERIOD_MS, BROADCASTS * FRAMINGS, figures[2],
           (unsigned long long)took_ms, (long long)cpu_ms, 100.0 * (double)cpu_ms / (double)took_ms,
           1000.0 * (double)cpu_ms / (BROADCASTS * count));
}

SCENARIO(room_broadcast) {
    int count = scale(MEMBERS_MAX, 300);
    uint32_t limit = process_raise_handle_limit();
    count = limit < (uint32_t)count + 100 ? (int)limit - 100 : count;
    const char *keys16 = "framing = u16\nmax_sessions = 10000\nmax_per_address = 10000\n";
    const char *keys32 = "framing = u32\nmax_sessions = 10000\nmax_per_address = 10000\n";
    host_options options = {
        .name = "room_broadcast",
        .modules = "crier",
        .listeners = {{"game16", "crier.session", keys16}, {"game32", "crier.session", keys32}},
    };
    host *h = host_start(&options);
    cries_make();
    members_open(h, count);
    CHECK_INT(host_figure(h, "sessions"), count);
    broadcast(h, count);
    for (int i = 0; i < count; i++) {
        net_close(members[i].socket);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}
