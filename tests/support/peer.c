/* peer.c: see peer.h. */
#include "support/peer.h"

#include "support/check.h"

#include <string.h>

void peer_send(const peer *p, const void *bytes, size_t size) {
    CHECK(p->tls != NULL ? tls_send_all(p->tls, bytes, size) : net_send_all(p->plain, bytes, size));
}

static void recv_bytes(const peer *p, void *bytes, size_t size) {
    CHECK(p->tls != NULL ? tls_recv_exactly(p->tls, bytes, size)
                         : net_recv_exactly(p->plain, bytes, size));
}

peer peer_open(uint16_t port, bool tls) {
    char request[512];
    char head[1024] = "";
    peer p = {.plain = NET_NONE};
    const tls_options options = {.port = port};
    if (tls) {
        p.tls = tls_connect(&options);
    } else {
        p.plain = net_connect(port);
    }
    peer_send(&p, request, web_request("/", "", request, sizeof request));
    for (size_t size = 0; strstr(head, "\r\n\r\n") == NULL; size++) {
        CHECK(size < sizeof head - 1);
        recv_bytes(&p, head + size, 1);
    }
    CHECK(strncmp(head, "HTTP/1.1 101 ", 13) == 0);
    return p;
}

void peer_close(peer *p) {
    if (p->tls != NULL) {
        tls_close(p->tls);
    } else {
        net_close(p->plain);
    }
}

void peer_send_frame(const peer *p, uint8_t first, const void *payload, size_t size) {
    uint8_t frame[PEER_PAYLOAD_MOST + 14];
    CHECK(size <= PEER_PAYLOAD_MOST);
    peer_send(p, frame, web_frame(frame, first, payload, size));
}

size_t peer_packet(uint8_t *to, uint16_t opcode, const void *payload, size_t size) {
    to[0] = (uint8_t)opcode;
    to[1] = (uint8_t)(opcode >> 8);
    memcpy(to + 2, payload, size);
    return size + 2;
}

void peer_send_packet(const peer *p, uint16_t opcode, const void *payload, size_t size) {
    uint8_t message[PEER_PAYLOAD_MOST];
    CHECK(size + 2 <= sizeof message);
    peer_send_frame(p, WEB_BINARY, message, peer_packet(message, opcode, payload, size));
}

size_t peer_recv_frame(const peer *p, uint8_t *first, uint8_t payload[PEER_PAYLOAD_MOST]) {
    uint8_t head[2];
    do {
        recv_bytes(p, head, 2);
        CHECK(head[1] <= PEER_PAYLOAD_MOST);
        recv_bytes(p, payload, head[1]);
    } while (head[0] == WEB_PING);
    *first = head[0];
    return head[1];
}

void peer_expect_packet(const peer *p, uint16_t opcode, void *payload, size_t size) {
    uint8_t first = 0;
    uint8_t message[PEER_PAYLOAD_MOST];
    CHECK_INT(peer_recv_frame(p, &first, message), size + 2);
    CHECK_INT(first, WEB_BINARY);
    CHECK_INT(message[0] | message[1] << 8, opcode);
    memcpy(payload, message + 2, size);
}

void peer_send_ping(const peer *p, uint32_t number) {
    peer_send_frame(p, WEB_PING, &number, sizeof number);
}

void peer_expect_pong(const peer *p, uint32_t number) {
    uint8_t first = 0;
    uint8_t payload[PEER_PAYLOAD_MOST];
    uint32_t echoed = 0;
    CHECK_INT(peer_recv_frame(p, &first, payload), sizeof echoed);
    CHECK_INT(first, WEB_PONG);
    memcpy(&echoed, payload, sizeof echoed);
    CHECK_INT(echoed, number);
}
