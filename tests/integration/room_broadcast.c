/* room_broadcast.c: a room of 5,000 members natively, 200 under Wine, gets broadcasts: each member gets each of them once and in
 * order, and the host holds one copy of the bytes for all. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CREATE = 1,
    JOIN = 2,
    WHERE = 6,
    SAY = 7,
    SAID = 107,
    PAYLOAD_BYTES = 16000,
    BROADCASTS = 5,
    MEMBERS_MAX = 5000
};

static host *h;
static net_socket members[MEMBERS_MAX];

/* The most memory that the host has ever had, in bytes; 0 where the system does not tell. */
static int64_t peak_bytes(void) {
    char path[64];
    char line[256];
    long long kib = 0;
    snprintf(path, sizeof path, "/proc/%u/status", host_process_id(h));
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmHWM: %lld", &kib);
    }
    if (file != NULL) {
        fclose(file);
    }
    return (int64_t)kib * 1024;
}

static void expect_broadcast(net_socket s, uint32_t number) {
    static uint8_t bytes[PAYLOAD_BYTES];
    uint32_t found = UINT32_MAX;
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, bytes, sizeof bytes), PAYLOAD_BYTES);
    CHECK_INT(opcode, SAID);
    memcpy(&found, bytes, sizeof found);
    CHECK_INT(found, number);
    CHECK_INT(bytes[PAYLOAD_BYTES - 1], (uint8_t)(number + 1));
}

int main(void) {
    int count = scale(MEMBERS_MAX, 200);
    uint32_t limit = process_raise_handle_limit();
    count = limit < (uint32_t)count + 100 ? (int)limit - 100 : count;
    host_options options = {
        .name = "room_broadcast",
        .modules = "rooms",
        .listeners = {{"game", "rooms.session", "max_sessions = 10000\nmax_per_address = 10000\n"}},
    };
    h = host_start(&options);
    static uint8_t payload[PAYLOAD_BYTES];
    for (int i = 0; i < count; i++) {
        members[i] = net_connect(host_port(h, "game"));
        CHECK(i > 0 || wire_ask_status(members[i], CREATE, "phall") == 0);
        CHECK_INT(wire_ask_status(members[i], JOIN, "phall"), 0);
    }
    uint32_t where[4] = {0};
    CHECK_INT(wire_ask(members[count - 1], WHERE, NULL, 0, where, sizeof where), sizeof where);
    CHECK_INT(where[3], count);
    int64_t before = peak_bytes();
    uint64_t start_ms = clock_now_ms();
    for (uint32_t n = 0; n < BROADCASTS; n++) {
        uint32_t sent = 0;
        memcpy(payload, &n, sizeof n);
        payload[PAYLOAD_BYTES - 1] = (uint8_t)(n + 1);
        CHECK(wire_send(members[0], WIRE_U16, SAY, payload, sizeof payload));
        for (int i = 0; i < count; i++) {
            expect_broadcast(members[i], n);
        }
        CHECK_INT(wire_wait(members[0], SAY, &sent, sizeof sent), sizeof sent);
        CHECK_INT(sent, count);
    }
    int64_t grown = peak_bytes() - before;
    printf("%d members, %d broadcasts of %d bytes in %llu ms, the host's peak grew by %lld KiB\n", count,
           BROADCASTS, PAYLOAD_BYTES, (unsigned long long)(clock_now_ms() - start_ms),
           (long long)grown / 1024);
    /* A copy for each member would be above this by far; what a queued send costs is not. */
    CHECK(grown < (int64_t)count * PAYLOAD_BYTES / 4 || scale_sanitized() || count < 1000);
    for (int i = 0; i < count; i++) {
        net_close(members[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0);
    host_wait_log(h, "wrong 0", 1);
    host_stop(h);
    return 0;
}
