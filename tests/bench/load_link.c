/* load_link.c: see load_link.h. */
#include "bench/load_link.h"

#include "bench/load_meter.h"
#include "bench/load_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* STRIDE: a prime, so that connections are at different opcodes at any one time. */
enum { BATCH_BYTES = 65536, PATTERNS = 256, STRIDE = 7919, ANSWER_MAX = 1024, ANSWER_MS = 10000 };

static struct sockaddr_in server;
static bool over_websocket;
static uint32_t frame_size;
static uint32_t sent_size;    /* the same, and a mask */
static uint32_t header_bytes; /* before the opcode */
static uint32_t opcode_count;
static bool uses_tls;
static uint8_t pattern[PATTERNS + LINK_SIZE_MAX];

void link_prepare(const char *address, uint16_t port, uint32_t size, uint32_t opcodes,
                  bool websocket) {
    uint32_t random = 2463534242U;
    for (size_t i = 0; i < sizeof pattern; i++) { /* xorshift32 */
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        pattern[i] = (uint8_t)(random >> 11);
    }
    over_websocket = websocket;
    frame_size = size;
    sent_size = size + (websocket ? LINK_MASK_BYTES : 0);
    header_bytes = websocket && size > 127 ? 4 : 2;
    opcode_count = opcodes;
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    if (inet_pton(AF_INET, address, &server.sin_addr) != 1) {
        meter_fail(2, "%s is no IPv4 address", address);
    }
}

void link_use_tls(bool resume) {
    uses_tls = true;
    load_tls_prepare(resume);
}

static void put_u16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *at, uint32_t value) {
    put_u16(at, value);
    put_u16(at + 2, value >> 16);
}

static uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The header of a frame of the server. */
static void header_make(uint8_t *frame) {
    if (!over_websocket) {
        put_u16(frame, frame_size);
        return;
    }
    uint32_t payload = frame_size - header_bytes;
    frame[0] = 0x82; /* a whole binary message */
    frame[1] = (uint8_t)(header_bytes == 2 ? payload : 126);
    if (header_bytes == 4) {
        frame[2] = (uint8_t)(payload >> 8);
        frame[3] = (uint8_t)payload;
    }
}

static void frame_make(uint8_t *frame, uint32_t source, uint32_t number) {
    uint8_t *message = frame + header_bytes;
    uint32_t rest = frame_size - header_bytes - (LINK_SIZE_MIN - 2);
    header_make(frame);
    put_u16(message, 1 + (source * STRIDE + number) % opcode_count);
    put_u32(message + 2, source);
    put_u32(message + 6, number);
    memcpy(message + 10, pattern + (source * 7 + number) % PATTERNS, rest);
}

/* The frame that the client sends. */
static void sent_make(uint8_t *frame, uint32_t source, uint32_t number) {
    frame_make(frame, source, number);
    if (!over_websocket) {
        return;
    }
    uint8_t *mask = frame + header_bytes;
    uint8_t *message = mask + LINK_MASK_BYTES;
    memmove(message, mask, frame_size - header_bytes);
    frame[1] |= 0x80;
    put_u32(mask, (source + number) * 2654435761U);
    for (uint32_t i = 0; i < frame_size - header_bytes; i++) {
        message[i] ^= mask[i % LINK_MASK_BYTES];
    }
}

void link_connect(load_link *l, int from) {
    const int on = 1;
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    l->connected = false;
    if (l->fd < 0) {
        meter_fail(2, "no socket for connection %u: %s", l->id, strerror(errno));
    }
    (void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from > 0) {
        /* Let connect() choose the port: it knows that one port can serve several peers. */
        struct sockaddr_in here = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(0x7f000000U + (uint32_t)from)};
        (void)setsockopt(l->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(l->fd, (const struct sockaddr *)&here, sizeof here) != 0) {
            meter_fail(2, "no connection from 127.0.0.%d: %s", from, strerror(errno));
        }
    }
    if (connect(l->fd, (const struct sockaddr *)&server, sizeof server) != 0 &&
        errno != EINPROGRESS) {
        meter_fail(2, "connection %u: %s", l->id, strerror(errno));
    }
}

/* Whether more of the answer comes. */
static bool answer_more(const load_link *l, char *answer, size_t *size) {
    struct pollfd readable = {.fd = l->fd, .events = POLLIN};
    if (*size == ANSWER_MAX - 1 || poll(&readable, 1, ANSWER_MS) != 1) {
        return false;
    }
    ssize_t got = recv(l->fd, answer + *size, ANSWER_MAX - 1 - *size, 0);
    *size += got > 0 ? (size_t)got : 0;
    answer[*size] = '\0';
    return got > 0;
}

static void upgrade(const load_link *l) {
    char answer[ANSWER_MAX] = "";
    char request[ANSWER_MAX];
    size_t size = 0;
    int length = snprintf(request, sizeof request,
                          "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          ntohs(server.sin_port));
    if (send(l->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
        meter_fail(2, "connection %u: no request was sent: %s", l->id, strerror(errno));
    }
    while (strstr(answer, "\r\n\r\n") == NULL && answer_more(l, answer, &size)) {
    }
    const char *end = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 101 ", 13) != 0 || end == NULL || end[4] != '\0') {
        meter_fail(2, "connection %u: no upgrade, but: %s", l->id, answer);
    }
}

static bool shake_hands(load_link *l) {
    if (l->tls == NULL) {
        l->tls = load_tls_open(l->fd);
    }
    int result = load_tls_handshake(l->tls);
    if (result < 0) {
        meter_fail(1, "connection %u: the TLS handshake fails", l->id);
    }
    return result > 0;
}

bool link_connected(load_link *l) {
    int code = 0;
    socklen_t size = sizeof code;
    if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0 || code != 0) {
        meter_fail(2, "connection %u cannot be made: %s", l->id, strerror(code));
    }
    l->connected = !uses_tls || shake_hands(l);
    if (l->connected && over_websocket) {
        upgrade(l);
    }
    return l->connected;
}

static ssize_t link_send(load_link *l, const uint8_t *bytes, size_t size) {
    return l->tls != NULL ? load_tls_send(l->tls, bytes, size)
                          : send(l->fd, bytes, size, MSG_NOSIGNAL);
}

void link_flush(load_link *l) {
    static uint8_t bytes[BATCH_BYTES + LINK_SIZE_MAX + LINK_MASK_BYTES];
    while (l->sent != l->issued) {
        uint32_t filled = 0;
        for (uint32_t n = l->sent; n != l->issued && filled < BATCH_BYTES; n++) {
            sent_make(bytes + filled, l->id, n);
            filled += sent_size;
        }
        ssize_t taken = link_send(l, bytes + l->sent_part, filled - l->sent_part);
        if (taken < 0 && errno == EAGAIN) {
            return; /* continues when the socket is writable again */
        }
        if (taken < 0) {
            meter_fail(1, "connection %u: send: %s", l->id, strerror(errno));
        }
        uint32_t at = l->sent_part + (uint32_t)taken;
        l->sent += at / sent_size;
        l->sent_part = at % sent_size;
    }
}

static _Noreturn void differs(const load_link *l, const uint8_t *right, const uint8_t *found,
                              uint32_t size) {
    uint32_t at = 0;
    while (at < size && right[at] == found[at]) {
        at++;
    }
    meter_fail(1, "connection %u, frame %u, byte %u: is 0x%02x, must be 0x%02x", l->id, l->received,
               l->received_part + at, found[at], right[at]);
}

/* Takes the number from the first frame that a listener receives, which is then compared like any
 * other. */
static uint32_t tune(load_link *l, const uint8_t *bytes, uint32_t size) {
    uint8_t right[LINK_SIZE_MAX];
    uint32_t piece = LINK_SIZE_MIN - l->received_part;
    piece = piece < size ? piece : size;
    memcpy(l->head + l->received_part, bytes, piece);
    if (l->received_part + piece == LINK_SIZE_MIN) {
        l->tuned = true;
        l->received = get_u32(l->head + 8);
        frame_make(right, l->source, l->received);
        if (memcmp(right, l->head, LINK_SIZE_MIN) != 0) {
            l->received_part = 0;
            differs(l, right, l->head, LINK_SIZE_MIN);
        }
    }
    l->received_part += piece;
    return piece;
}

uint32_t link_read(load_link *l, uint32_t issued, bool *more) {
    static uint8_t bytes[BATCH_BYTES];
    uint8_t right[LINK_SIZE_MAX];
    uint32_t whole = 0;
    ssize_t size = l->tls != NULL ? load_tls_recv(l->tls, bytes, sizeof bytes)
                                  : recv(l->fd, bytes, sizeof bytes, 0);
    *more = l->tls != NULL ? size > 0 : size == (ssize_t)sizeof bytes;
    if (size < 0 && errno == EAGAIN) {
        return 0;
    }
    if (size <= 0) {
        meter_fail(1, "connection %u, frame %u of %u: the server has closed it%s%s", l->id,
                   l->received, issued, size < 0 ? ": " : "", size < 0 ? strerror(errno) : "");
    }
    for (uint32_t at = 0; at < (uint32_t)size;) {
        uint32_t left = (uint32_t)size - at;
        if (!l->tuned) {
            at += tune(l, bytes + at, left);
            continue;
        }
        uint32_t piece = frame_size - l->received_part;
        piece = piece < left ? piece : left;
        if (l->received >= issued) {
            meter_fail(1, "connection %u: more than the %u frames came that were sent", l->id,
                       issued);
        }
        frame_make(right, l->source, l->received);
        if (memcmp(right + l->received_part, bytes + at, piece) != 0) {
            differs(l, right + l->received_part, bytes + at, piece);
        }
        at += piece;
        l->received_part += piece;
        if (l->received_part == frame_size) {
            l->received_part = 0;
            l->received++;
            whole++;
        }
    }
    return whole;
}

void link_close(load_link *l) {
    load_tls_close(l->tls);
    l->tls = NULL;
    if (l->fd >= 0) {
        (void)close(l->fd);
        l->fd = -1;
    }
}
