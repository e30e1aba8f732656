/* peer.c: see peer.h. */
#include "support/peer.h"

#include "support/check.h"

#include <string.h>

peer peer_open(uint16_t port, bool tls) {
    const tls_options options = {.port = port};
    peer p = {.plain = NET_NONE};
    if (tls) {
        p.tls = tls_connect(&options);
        p.stream = web_stream_of_tls(p.tls);
    } else {
        p.plain = net_connect(port);
        p.stream = web_stream_of(p.plain);
    }
    web_stream_upgrade(&p.stream, "/", "");
    return p;
}

void peer_close(peer *p) {
    if (p->tls != NULL) {
        tls_close(p->tls);
    } else {
        net_close(p->plain);
    }
}

void peer_send(const peer *p, const void *bytes, size_t size) {
    CHECK(p->stream.send(p->stream.connection, bytes, size));
}

void peer_send_frame(const peer *p, uint8_t first, const void *payload, size_t size) {
    CHECK(web_stream_send(&p->stream, first, payload, size));
}

void peer_send_packet(const peer *p, uint16_t opcode, const void *payload, size_t size) {
    CHECK(web_stream_send_packet(&p->stream, opcode, payload, size));
}

size_t peer_recv_frame(const peer *p, uint8_t *first, uint8_t payload[PEER_PAYLOAD_MOST]) {
    int64_t size = 0;
    do {
        size = web_stream_recv(&p->stream, first, payload, PEER_PAYLOAD_MOST);
        CHECK(size >= 0);
    } while (*first == WEB_PING);
    return (size_t)size;
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
