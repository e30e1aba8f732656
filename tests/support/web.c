/* web.c: see web.h. */
#include "support/web.h"

#include "support/check.h"

#include <stdio.h>
#include <string.h>

enum { HEAD_MAX = 4096, MESSAGE_MAX = 70000 };

size_t web_request(const char *path, const char *more, char *out, size_t size) {
    return (size_t)snprintf(out, size,
                            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                            "Connection: keep-alive, Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n%s\r\n",
                            path, more);
}

static bool plain_send(void *connection, const void *bytes, size_t size) {
    return net_send_all((net_socket)(intptr_t)connection, bytes, size);
}

static bool plain_recv(void *connection, void *bytes, size_t size) {
    return net_recv_exactly((net_socket)(intptr_t)connection, bytes, size);
}

web_stream web_stream_of(net_socket s) {
    return (web_stream){plain_send, plain_recv, (void *)(intptr_t)s};
}

void web_stream_upgrade(const web_stream *w, const char *path, const char *more) {
    char head[HEAD_MAX + 1];
    size_t used = 0;
    CHECK(w->send(w->connection, head, web_request(path, more, head, sizeof head)));
    while (used < 4 || memcmp(head + used - 4, "\r\n\r\n", 4) != 0) {
        CHECK(used < HEAD_MAX);
        CHECK(w->recv(w->connection, head + used, 1));
        used++;
    }
    head[used] = '\0';
    /* The key and the answer to it are those of section 1.3. */
    CHECK(strncmp(head, "HTTP/1.1 101 ", 13) == 0);
    CHECK(strstr(head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != NULL);
    CHECK(strstr(head, "\r\nUpgrade: websocket\r\n") != NULL);
    CHECK(strstr(head, "\r\nConnection: Upgrade\r\n") != NULL);
}

void web_upgrade(net_socket s, const char *path) {
    web_upgrade_with(s, path, "");
}

void web_upgrade_with(net_socket s, const char *path, const char *more) {
    const web_stream w = web_stream_of(s);
    web_stream_upgrade(&w, path, more);
}

net_socket web_connect(uint16_t port) {
    net_socket s = net_connect(port);
    web_upgrade(s, "/");
    return s;
}

size_t web_frame(uint8_t *out, uint8_t first, const void *payload, size_t size) {
    static uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t at = 2;
    out[0] = first;
    if (size < 126) {
        out[1] = (uint8_t)(0x80 | size);
    } else if (size < 65536) {
        out[1] = 0x80 | 126;
        out[at++] = (uint8_t)(size >> 8);
        out[at++] = (uint8_t)size;
    } else {
        out[1] = 0x80 | 127;
        for (int shift = 56; shift >= 0; shift -= 8) {
            out[at++] = (uint8_t)((uint64_t)size >> shift);
        }
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < size; i++) {
        out[at + i] = ((const uint8_t *)payload)[i] ^ mask[i % 4];
    }
    mask[3]++; /* every frame has another one */
    return at + size;
}

size_t web_packet_frame(uint8_t *out, uint16_t opcode, const void *payload, size_t size) {
    static uint8_t message[MESSAGE_MAX];
    CHECK(size + 2 <= MESSAGE_MAX);
    message[0] = (uint8_t)opcode;
    message[1] = (uint8_t)(opcode >> 8);
    memcpy(message + 2, payload, size);
    return web_frame(out, WEB_BINARY, message, size + 2);
}

bool web_stream_send(const web_stream *w, uint8_t first, const void *payload, size_t size) {
    static uint8_t bytes[MESSAGE_MAX + 14];
    CHECK(size <= MESSAGE_MAX);
    return w->send(w->connection, bytes, web_frame(bytes, first, payload, size));
}

bool web_send(net_socket s, uint8_t first, const void *payload, size_t size) {
    const web_stream w = web_stream_of(s);
    return web_stream_send(&w, first, payload, size);
}

bool web_stream_send_packet(const web_stream *w, uint16_t opcode, const void *payload,
                            size_t size) {
    static uint8_t bytes[MESSAGE_MAX + 14];
    return w->send(w->connection, bytes, web_packet_frame(bytes, opcode, payload, size));
}

bool web_send_packet(net_socket s, uint16_t opcode, const void *payload, size_t size) {
    const web_stream w = web_stream_of(s);
    return web_stream_send_packet(&w, opcode, payload, size);
}

int64_t web_stream_recv(const web_stream *w, uint8_t *first, void *payload, size_t capacity) {
    uint8_t header[10];
    if (!w->recv(w->connection, header, 2)) {
        return -1;
    }
    CHECK((header[1] & 0x80) == 0); /* section 5.1 */
    *first = header[0];
    uint64_t size = header[1];
    size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (more > 0) {
        if (!w->recv(w->connection, header + 2, more)) {
            return -1;
        }
        size = 0;
        for (size_t i = 0; i < more; i++) {
            size = size << 8 | header[2 + i];
        }
        CHECK(size >= (more == 2 ? 126u : 65536u)); /* the shortest form */
    }
    CHECK(size <= capacity);
    return size == 0 || w->recv(w->connection, payload, size) ? (int64_t)size : -1;
}

int64_t web_recv(net_socket s, uint8_t *first, void *payload, size_t capacity) {
    const web_stream w = web_stream_of(s);
    return web_stream_recv(&w, first, payload, capacity);
}

int64_t web_wait(net_socket s, uint16_t opcode, void *payload, size_t capacity) {
    static uint8_t message[MESSAGE_MAX];
    uint8_t first = 0;
    int64_t size;
    while ((size = web_recv(s, &first, message, sizeof message)) >= 0) {
        if (first == WEB_BINARY && size >= 2 && (message[0] | message[1] << 8) == opcode) {
            CHECK((size_t)size - 2 <= capacity);
            memcpy(payload, message + 2, (size_t)size - 2);
            return size - 2;
        }
    }
    return -1;
}

void web_expect_close(net_socket s, int code) {
    uint8_t payload[125];
    uint8_t first = 0;
    int64_t size = web_recv(s, &first, payload, sizeof payload);
    CHECK_INT(first, WEB_CLOSE);
    CHECK_INT(size >= 2 ? payload[0] << 8 | payload[1] : size == 0 ? 1005 : -1, code);
    CHECK_INT(net_recv_some(s, payload, 1), NET_END);
}

void web_expect_echo(net_socket s, uint16_t opcode, const char *text) {
    char reply[256];
    CHECK(web_send_packet(s, opcode, text, strlen(text)));
    CHECK_INT(web_wait(s, opcode, reply, sizeof reply), strlen(text));
    CHECK(memcmp(reply, text, strlen(text)) == 0);
}
