/* web.h: a WebSocket client as RFC 6455 describes it, built by hand so that the host's own code is
 * checked against other code. One thread. */
#ifndef TEST_WEB_H
#define TEST_WEB_H

#include "support/net.h"

/* The first byte of a frame. */
enum {
    WEB_FIN = 0x80,
    WEB_TEXT = 0x81,
    WEB_BINARY = 0x82,
    WEB_CLOSE = 0x88,
    WEB_PING = 0x89,
    WEB_PONG = 0x8A
};

/* What a client sends to open a WebSocket at `path`; `more`: lines with their ends. Returns its
 * size. */
size_t web_request(const char *path, const char *more, char *out, size_t size);

/* A connection that is not a plain socket. The functions are web_..., below, for it. */
typedef struct web_stream {
    bool (*send)(void *connection, const void *bytes, size_t size);
    bool (*recv)(void *connection, void *bytes, size_t size); /* all of them */
    void *connection;
} web_stream;

void web_stream_upgrade(const web_stream *w, const char *path, const char *more);
bool web_stream_send(const web_stream *w, uint8_t first, const void *payload, size_t size);
bool web_stream_send_packet(const web_stream *w, uint16_t opcode, const void *payload, size_t size);
int64_t web_stream_recv(const web_stream *w, uint8_t *first, void *payload, size_t capacity);

/* One over a plain socket, for code that serves both. */
web_stream web_stream_of(net_socket s);

/* Sends that and expects the right answer. */
void web_upgrade(net_socket s, const char *path);
void web_upgrade_with(net_socket s, const char *path, const char *more);
net_socket web_connect(uint16_t port);

/* Writes a masked frame. Returns its size: at most `size` + 14. */
size_t web_frame(uint8_t *out, uint8_t first, const void *payload, size_t size);
bool web_send(net_socket s, uint8_t first, const void *payload, size_t size);

/* Writes the frame of a binary message with an opcode. Returns its size: at most `size` + 16. */
size_t web_packet_frame(uint8_t *out, uint16_t opcode, const void *payload, size_t size);

/* Sends such a message. */
bool web_send_packet(net_socket s, uint16_t opcode, const void *payload, size_t size);

/* Receives one frame, which must not be masked. Returns the payload's size, or -1. */
int64_t web_recv(net_socket s, uint8_t *first, void *payload, size_t capacity);

/* Receives frames until a binary message of that opcode, dropping others. Returns the size of its
 * payload, or -1. */
int64_t web_wait(net_socket s, uint16_t opcode, void *payload, size_t capacity);

/* Receives a close frame of that code, then the end of the stream. */
void web_expect_close(net_socket s, int code);

/* Sends a packet to a session of `echo`, and expects it back. */
void web_expect_echo(net_socket s, uint16_t opcode, const char *text);

#endif
