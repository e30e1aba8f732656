/* peer.h: a WebSocket client of a listener with or without TLS. One thread. Any failure ends the
 * test. */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include "support/web_tls.h"

enum { PEER_PAYLOAD_MOST = 125 };

typedef struct peer {
    web_stream stream;
    net_socket plain;
    tls_client *tls; /* NULL: it has none */
} peer;

/* Connects and opens a WebSocket at "/". */
peer peer_open(uint16_t port, bool tls);
void peer_close(peer *p);

void peer_send(const peer *p, const void *bytes, size_t size);
void peer_send_frame(const peer *p, uint8_t first, const void *payload, size_t size);

void peer_send_packet(const peer *p, uint16_t opcode, const void *payload, size_t size);

/* The next frame that is no ping of the host. Returns the size of its payload. */
size_t peer_recv_frame(const peer *p, uint8_t *first, uint8_t payload[PEER_PAYLOAD_MOST]);

/* The payload of the next packet, which must have that opcode and size. */
void peer_expect_packet(const peer *p, uint16_t opcode, void *payload, size_t size);

/* Sends a ping; expects its pong as the next frame. */
void peer_send_ping(const peer *p, uint32_t number);
void peer_expect_pong(const peer *p, uint32_t number);

#endif
