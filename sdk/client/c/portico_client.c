/* portico_client.c: see portico_client.h.
 *
 * A client is one socket, one buffer each way and a state. portico_client_step does what the state
 * asks for until that yields an event. Packets are parsed and delivered in the buffer of what was
 * received; only fragmented WebSocket messages are put together in a buffer of their own.
 */
#if !defined(_WIN32) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1 /* getentropy, getaddrinfo */
#endif
#if defined(_WIN32) && !defined(_CRT_RAND_S)
#define _CRT_RAND_S 1 /* rand_s */
#endif

#include "portico_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h> /* before OpenSSL, which includes windows.h */
#include <ws2tcpip.h>
typedef SOCKET socket_id;
#define NO_SOCKET INVALID_SOCKET
#else
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif
typedef int socket_id;
#define NO_SOCKET (-1)
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* Windows has no signals; macOS: SO_NOSIGPIPE */
#endif

enum {
    READ_BYTES = 16 * 1024,
    HEAD_BYTES = 8192,  /* of a server's answer to the upgrade to WebSocket */
    PONG_BYTES = 65536, /* pongs are dropped while more than that waits to be sent */
    CLOSE_MS = 2000,
    KEY_BYTES = 24,
    ACCEPT_BYTES = 28,
    TEXT_BYTES = 192,
    TURNS = 1000 /* of a step without an event: a server may send pings without end */
};

#ifdef PORTICO_CLIENT_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

typedef enum client_state {
    CONNECTING, /* the socket is not connected yet */
    SECURING,   /* the handshake of TLS */
    UPGRADING,  /* the answer to a WebSocket's request is awaited */
    OPEN,
    CLOSING, /* portico_client_close was called: the server's end is awaited */
    WAITING, /* to connect again; no socket */
    CLOSED
} client_state;

typedef struct bytes {
    uint8_t *data;
    size_t begin, end, capacity;
} bytes;

struct portico_client {
    portico_client_options o;
    char *host, *path, *origin; /* origin may be NULL */
    char port[8];
    client_state state;
    socket_id socket;
    struct addrinfo *addresses, *address; /* the one that is tried, and those after it */
#ifdef PORTICO_CLIENT_OPENSSL
    SSL *tls;              /* of the connection; NULL: none */
    BIO *tls_in, *tls_out; /* the server's bytes and those for it; `tls` owns them */
    bool tls_ended;        /* it has said that nothing follows */
#endif
    bytes in, out, message;
    bytes sealed;         /* what TLS has made of `out`, and the system has not taken */
    size_t taken;         /* bytes of `in` that the last event showed */
    size_t scanned;       /* of `in`: no line end before that */
    size_t out_allowed;   /* while UPGRADING: bytes of `out` that are the request */
    uint64_t deadline_ms; /* of the state; of silence while OPEN; 0: none */
    uint32_t failures;    /* in a row */
    uint8_t message_kind; /* of the message whose fragments arrive; 0: none */
    bool was_open;        /* ever */
    bool write_failed;    /* nothing more can be sent; the reason comes from receiving */
    bool said_close;      /* a close frame is sent, or the direction is shut down */
    bool started;         /* Windows: WSAStartup */
    bool busy;            /* there may be more to do without waiting */
    bool ending;          /* an event LOST or CLOSED is to be returned */
    portico_client_reason reason;
    uint32_t pause_ms;
    char key[KEY_BYTES + 1];
    char text[TEXT_BYTES];
};

static void say(portico_client *c, portico_client_reason reason, const char *text) {
    c->reason = reason;
    (void)snprintf(c->text, sizeof c->text, "%s", text);
}

/* ---- the system ------------------------------------------------------------------------------ */

#ifdef _WIN32
static uint64_t now_ms(void) {
    return GetTickCount64();
}

static int last_error(void) {
    return WSAGetLastError();
}

static bool would_block(int error) {
    return error == WSAEWOULDBLOCK || error == WSAEINTR;
}

static bool in_progress(int error) {
    return error == WSAEWOULDBLOCK || error == WSAEINPROGRESS;
}

static void socket_close(socket_id s) {
    closesocket(s);
}

static bool socket_prepare(socket_id s) {
    u_long on = 1;
    return ioctlsocket(s, FIONBIO, &on) == 0;
}

static void error_text(int error, char *text, size_t size) {
    (void)snprintf(text, size, "system error %d", error);
}

static bool random_bytes(uint8_t *to, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned int number = 0;
        if (rand_s(&number) != 0) {
            return false;
        }
        to[i] = (uint8_t)number;
    }
    return true;
}

/* Waits until the socket can be read, or with `write` written, or has failed to connect. */
static bool socket_wait(socket_id s, bool write, int timeout_ms) {
    fd_set to_read, to_write, failed;
    struct timeval time = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    if (s == NO_SOCKET) {
        Sleep(timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms);
        return false;
    }
    FD_ZERO(&to_read);
    FD_ZERO(&to_write);
    FD_ZERO(&failed);
    FD_SET(s, &to_read);
    if (write) {
        FD_SET(s, &to_write);
    }
    FD_SET(s, &failed);
    return select(0, &to_read, &to_write, &failed, timeout_ms < 0 ? NULL : &time) > 0;
}
#else
static uint64_t now_ms(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static int last_error(void) {
    return errno;
}

static bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static bool in_progress(int error) {
    return error == EINPROGRESS || error == EINTR;
}

static void socket_close(socket_id s) {
    (void)close(s);
}

static bool socket_prepare(socket_id s) {
#ifdef SO_NOSIGPIPE
    int on = 1;
    (void)setsockopt(s, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    return fcntl(s, F_SETFD, FD_CLOEXEC) == 0 && fcntl(s, F_SETFL, O_NONBLOCK) == 0;
}

static void error_text(int error, char *text, size_t size) {
    (void)snprintf(text, size, "%s", strerror(error));
}

static bool random_bytes(uint8_t *to, size_t size) {
    return getentropy(to, size) == 0;
}

static bool socket_wait(socket_id s, bool write, int timeout_ms) {
    struct pollfd poll_for = {s, (short)(POLLIN | (write ? POLLOUT : 0)), 0};
    return poll(&poll_for, s == NO_SOCKET ? 0 : 1, timeout_ms) > 0;
}
#endif

static uint32_t random_number(void) {
    uint8_t from[4] = {0};
    if (!random_bytes(from, sizeof from)) {
        return (uint32_t)now_ms() * 2654435761U;
    }
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* ---- buffers --------------------------------------------------------------------------------- */

static size_t bytes_size(const bytes *b) {
    return b->end - b->begin;
}

static uint8_t *bytes_at(const bytes *b) {
    return b->data != NULL ? b->data + b->begin : NULL;
}

/* Makes room for `size` more. False: out of memory. */
static bool bytes_reserve(bytes *b, size_t size) {
    size_t used = bytes_size(b);
    if (b->capacity - b->end >= size) {
        return true;
    }
    if (used > 0 && b->begin > 0) {
        memmove(b->data, b->data + b->begin, used);
    }
    b->begin = 0;
    b->end = used;
    if (b->capacity - used < size) {
        size_t capacity = used + size > 2 * b->capacity ? used + size : 2 * b->capacity;
        uint8_t *data = (uint8_t *)realloc(b->data, capacity);
        if (data == NULL) {
            return false;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return true;
}

static bool bytes_add(bytes *b, const void *from, size_t size) {
    if (!bytes_reserve(b, size)) {
        return false;
    }
    if (size > 0) {
        memcpy(b->data + b->end, from, size);
    }
    b->end += size;
    return true;
}

static void bytes_drop(bytes *b, size_t size) {
    b->begin += size;
    if (b->begin == b->end) {
        b->begin = b->end = 0;
    }
}

static void bytes_free(bytes *b) {
    free(b->data);
    memset(b, 0, sizeof *b);
}

static char *copy_text(const char *from) {
    size_t size = strlen(from) + 1;
    char *to = (char *)malloc(size);
    if (to != NULL) {
        memcpy(to, from, size);
    }
    return to;
}

static uint32_t load_u16(const uint8_t *from) {
    return from[0] | (uint32_t)from[1] << 8;
}

static uint32_t load_u32(const uint8_t *from) {
    return load_u16(from) | load_u16(from + 2) << 16;
}

static void store_u16(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

/* ---- the end of a connection ----------------------------------------------------------------- */

static void tls_end(portico_client *c);

static void hang_up(portico_client *c) {
    tls_end(c);
    if (c->socket != NO_SOCKET) {
        socket_close(c->socket);
        c->socket = NO_SOCKET;
    }
    if (c->addresses != NULL) {
        freeaddrinfo(c->addresses);
        c->addresses = c->address = NULL;
    }
    c->taken = c->scanned = c->out_allowed = 0;
    c->message_kind = 0;
    c->write_failed = c->said_close = false;
    bytes_free(&c->in);
    bytes_free(&c->out);
    bytes_free(&c->message);
}

/* The connection is over for the reason that say() was given. The next step returns the event. */
static void over(portico_client *c) {
    hang_up(c);
    c->ending = true;
    if (!c->o.reconnect || c->reason == PORTICO_CLIENT_BROKEN ||
        c->reason == PORTICO_CLIENT_CLOSED_BY_YOU) {
        c->state = CLOSED;
        c->deadline_ms = 0;
        return;
    }
    uint64_t longest = c->o.pause_min_ms;
    for (uint32_t i = 0; i < c->failures && longest < c->o.pause_max_ms; i++) {
        longest *= 2;
    }
    longest = longest < c->o.pause_max_ms ? longest : c->o.pause_max_ms;
    c->failures++;
    c->pause_ms = (uint32_t)(longest / 2 + random_number() % (longest - longest / 2 + 1));
    c->state = WAITING;
    c->deadline_ms = now_ms() + c->pause_ms;
}

static void over_because(portico_client *c, portico_client_reason reason, const char *text) {
    say(c, reason, text);
    over(c);
}

static void over_by_system(portico_client *c, portico_client_reason reason, int error) {
    char text[TEXT_BYTES];
    error_text(error, text, sizeof text);
    over_because(c, reason, text);
}

/* ---- bytes to and from the socket, through TLS or not ---------------------------------------- */

/* All of these return a size, IO_WAIT or IO_FAILED; those that receive 0 at the server's end. */
enum { IO_WAIT = -1, IO_FAILED = -2 };

static int64_t socket_send(portico_client *c, const uint8_t *data, int size) {
    int sent = (int)send(c->socket, (const char *)data, (size_t)size, MSG_NOSIGNAL);
    return sent >= 0 ? sent : would_block(last_error()) ? IO_WAIT : IO_FAILED;
}

static int64_t socket_receive(portico_client *c, uint8_t *to, int capacity) {
    int received = (int)recv(c->socket, (char *)to, (size_t)capacity, 0);
    return received >= 0 ? received : would_block(last_error()) ? IO_WAIT : IO_FAILED;
}

#ifdef PORTICO_CLIENT_OPENSSL
/* TLS reads from and writes to memory, and these carry the bytes: OpenSSL's own way to write to a
 * socket would raise SIGPIPE. */

/* Sends what TLS has written. 0: all of it, or IO_WAIT or IO_FAILED. */
static int64_t tls_push(portico_client *c) {
    size_t made = BIO_ctrl_pending(c->tls_out);
    if (made > 0 && !bytes_reserve(&c->sealed, made)) {
        return IO_FAILED;
    }
    if (made > 0) {
        int size = BIO_read(c->tls_out, c->sealed.data + c->sealed.end, (int)made);
        c->sealed.end += size > 0 ? (size_t)size : 0;
    }
    while (bytes_size(&c->sealed) > 0) {
        int64_t sent = socket_send(c, bytes_at(&c->sealed), (int)bytes_size(&c->sealed));
        if (sent <= 0) {
            return sent;
        }
        bytes_drop(&c->sealed, (size_t)sent);
    }
    return 0;
}

/* Receives once for TLS. How many bytes, 0 at the end, IO_WAIT or IO_FAILED. */
static int64_t tls_pull(portico_client *c) {
    uint8_t block[READ_BYTES];
    int64_t size = socket_receive(c, block, sizeof block);
    if (size > 0 && BIO_write(c->tls_in, block, (int)size) != (int)size) {
        return IO_FAILED;
    }
    return size;
}

/* The certificate must be for c->host. */
static bool tls_name(portico_client *c) {
    X509_VERIFY_PARAM *rules = SSL_get0_param(c->tls);
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, c->host) == 1) {
        return true;
    }
    return SSL_set1_host(c->tls, c->host) == 1 && SSL_set_tlsext_host_name(c->tls, c->host) == 1;
}

static bool tls_begin(portico_client *c) {
    c->tls = SSL_new(c->o.tls);
    c->tls_in = c->tls != NULL ? BIO_new(BIO_s_mem()) : NULL;
    c->tls_out = c->tls_in != NULL ? BIO_new(BIO_s_mem()) : NULL;
    if (c->tls_out == NULL) {
        (void)BIO_free(c->tls_in);
        return false;
    }
    SSL_set_bio(c->tls, c->tls_in, c->tls_out);
    if (!tls_name(c)) {
        return false;
    }
    (void)SSL_set_mode(c->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_connect_state(c->tls);
    ERR_clear_error(); /* a name is no address */
    return true;
}

static void tls_end(portico_client *c) {
    SSL_free(c->tls);
    c->tls = NULL;
    c->tls_in = c->tls_out = NULL;
    c->tls_ended = false;
    bytes_free(&c->sealed);
}

/* What the result of one of OpenSSL's functions means. */
static int64_t tls_result(portico_client *c, int result) {
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(c->tls, result);
    ERR_clear_error();
    if (error == SSL_ERROR_NONE) {
        return result;
    }
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return IO_WAIT;
    }
    return error == SSL_ERROR_ZERO_RETURN ? 0 : IO_FAILED;
}

static void tls_refused(portico_client *c, unsigned long error) {
    char text[TEXT_BYTES];
    long verdict = SSL_get_verify_result(c->tls);
    const char *why = verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
                      : error != 0         ? ERR_reason_error_string(error)
                                           : "the server hung up";
    (void)snprintf(text, sizeof text, "%s: %s",
                   verdict != X509_V_OK ? "the server's certificate is not accepted"
                                        : "the handshake of TLS has failed",
                   why != NULL ? why : "no reason is known");
    over_because(c, PORTICO_CLIENT_FAILED, text);
}

/* True: the handshake is over, well or not. */
static bool tls_handshake(portico_client *c) {
    for (;;) {
        int done = SSL_do_handshake(c->tls);
        unsigned long error = ERR_peek_last_error();
        int64_t result = tls_result(c, done);
        (void)tls_push(c); /* what cannot be sent is noticed when receiving */
        if (result == IO_WAIT) {
            int64_t size = tls_pull(c);
            if (size > 0) {
                continue;
            }
            if (size == IO_WAIT) {
                return false;
            }
        }
        if (result != 1) {
            tls_refused(c, error);
        }
        return true;
    }
}

/* False: call it again later. */
static bool tls_say_close(portico_client *c) {
    if (c->tls == NULL) {
        return true;
    }
    if (!c->tls_ended) {
        c->tls_ended = true;
        (void)SSL_shutdown(c->tls);
        ERR_clear_error();
    }
    return tls_push(c) != IO_WAIT;
}

static int64_t tls_send(portico_client *c, const uint8_t *data, int size) {
    int64_t result = tls_push(c);
    if (result == 0) {
        result = tls_result(c, SSL_write(c->tls, data, size));
        (void)tls_push(c);
    }
    return result;
}

static int64_t tls_receive(portico_client *c, uint8_t *to, int capacity) {
    for (;;) {
        int64_t result = tls_result(c, SSL_read(c->tls, to, capacity));
        (void)tls_push(c);
        if (result != IO_WAIT) {
            return result;
        }
        result = tls_pull(c);
        if (result <= 0) {
            return result == 0 ? (int64_t)IO_FAILED : result; /* TLS ends in its own words */
        }
    }
}

/* Holds the context of the options. */
static bool tls_take(portico_client *c) {
    if (c->o.tls != NULL && SSL_CTX_up_ref(c->o.tls) != 1) {
        c->o.tls = NULL;
        return false;
    }
    return true;
}

static void tls_release(portico_client *c) {
    SSL_CTX_free(c->o.tls);
}
#else
static bool tls_take(portico_client *c) {
    return c->o.tls == NULL; /* there is no TLS in this build */
}

static void tls_release(portico_client *c) {
    (void)c;
}

static bool tls_begin(portico_client *c) {
    (void)c;
    return false;
}

static void tls_end(portico_client *c) {
    (void)c;
}

static bool tls_handshake(portico_client *c) {
    (void)c;
    return true;
}

static bool tls_say_close(portico_client *c) {
    (void)c;
    return true;
}
#endif

static int64_t io_send(portico_client *c, const uint8_t *data, int size) {
#ifdef PORTICO_CLIENT_OPENSSL
    if (c->tls != NULL) {
        return tls_send(c, data, size);
    }
#endif
    return socket_send(c, data, size);
}

static int64_t io_receive(portico_client *c, uint8_t *to, int capacity) {
#ifdef PORTICO_CLIENT_OPENSSL
    if (c->tls != NULL) {
        return tls_receive(c, to, capacity);
    }
#endif
    return socket_receive(c, to, capacity);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Hands to the system what it takes. */
static void flush(portico_client *c) {
    size_t size = c->state == UPGRADING ? c->out_allowed : bytes_size(&c->out);
    bool ready = c->state != CONNECTING && c->state != SECURING;
    while (ready && size > 0 && !c->write_failed) {
        int64_t sent = io_send(c, bytes_at(&c->out), (int)(size < 1 << 20 ? size : 1 << 20));
        if (sent <= 0) {
            c->write_failed = sent != IO_WAIT;
            return;
        }
        bytes_drop(&c->out, (size_t)sent);
        c->out_allowed -= c->state == UPGRADING ? (size_t)sent : 0;
        size -= (size_t)sent;
    }
}

/* Queues a WebSocket frame, final and masked: `head` and then `data`. */
static bool web_queue(portico_client *c, uint8_t kind, const uint8_t *head, size_t head_size,
                      const void *data, size_t data_size) {
    uint8_t mask[4];
    size_t size = head_size + data_size;
    size_t extra = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
    if (!random_bytes(mask, sizeof mask) || !bytes_reserve(&c->out, 6 + extra + size)) {
        return false;
    }
    uint8_t *at = c->out.data + c->out.end;
    *at++ = (uint8_t)(0x80 | kind);
    *at++ = (uint8_t)(0x80 | (extra == 0 ? size : extra == 2 ? 126 : 127));
    for (size_t i = extra; i-- > 0;) {
        *at++ = (uint8_t)((uint64_t)size >> (8 * i));
    }
    memcpy(at, mask, sizeof mask);
    at += sizeof mask;
    if (head_size > 0) {
        memcpy(at, head, head_size);
    }
    if (data_size > 0) {
        memcpy(at + head_size, data, data_size);
    }
    for (size_t i = 0; i < size; i++) {
        at[i] ^= mask[i & 3];
    }
    c->out.end += 6 + extra + size;
    return true;
}

static bool frame_fits(const portico_client *c, uint16_t opcode, const void *data, size_t size) {
    portico_client_framing framing = c->o.framing;
    if (size > c->o.limit_bytes || bytes_size(&c->out) + size + 14 > c->o.backlog_bytes) {
        return false;
    }
    if (framing == PORTICO_CLIENT_LINE && size > 0 && memchr(data, '\n', size) != NULL) {
        return false;
    }
    return (framing != PORTICO_CLIENT_U16 || size <= 0xFFFF - 4) &&
           (opcode == 0 || (framing != PORTICO_CLIENT_LINE && framing != PORTICO_CLIENT_RAW));
}

static bool frame_queue(portico_client *c, uint16_t opcode, const void *data, size_t size) {
    uint8_t header[8] = {0};
    size_t header_size = 0;
    switch (c->o.framing) {
    case PORTICO_CLIENT_U16:
        header_size = 4;
        store_u16(header, (uint32_t)size + 4);
        store_u16(header + 2, opcode);
        break;
    case PORTICO_CLIENT_U32:
        header_size = 8;
        store_u16(header, (uint32_t)size + 8);
        store_u16(header + 2, ((uint32_t)size + 8) >> 16);
        store_u16(header + 4, opcode);
        break;
    case PORTICO_CLIENT_WEBSOCKET:
        store_u16(header, opcode);
        return web_queue(c, 2, header, 2, data, size);
    case PORTICO_CLIENT_LINE:
    case PORTICO_CLIENT_RAW: break;
    }
    if (!bytes_reserve(&c->out, header_size + size + 1)) {
        return false;
    }
    (void)bytes_add(&c->out, header, header_size);
    (void)bytes_add(&c->out, data, size);
    return c->o.framing != PORTICO_CLIENT_LINE || bytes_add(&c->out, "\n", 1);
}

/* Before the first connection is open, packets wait for it; between two connections none do. */
static bool can_send(const portico_client *c) {
    return c != NULL && (c->state == OPEN || (c->state < OPEN && !c->was_open));
}

bool portico_client_send(portico_client *c, uint16_t opcode, const void *data, size_t size) {
    if (!can_send(c) || !frame_fits(c, opcode, data, size) || !frame_queue(c, opcode, data, size)) {
        return false;
    }
    flush(c);
    return true;
}

bool portico_client_send_text(portico_client *c, const char *text, size_t size) {
    if (!can_send(c) || c->o.framing != PORTICO_CLIENT_WEBSOCKET) {
        return portico_client_send(c, 0, text, size);
    }
    if (!frame_fits(c, 0, text, size) || !web_queue(c, 1, NULL, 0, text, size)) {
        return false;
    }
    flush(c);
    return true;
}

/* ---- receiving ------------------------------------------------------------------------------- */

typedef enum found {
    FOUND_PACKET, /* in *e */
    FOUND_MORE,   /* nothing for the caller; look again */
    FOUND_PART,   /* more bytes are needed */
    FOUND_END     /* say() was called, and over() is due */
} found;

static found broken(portico_client *c, const char *text) {
    say(c, PORTICO_CLIENT_BROKEN, text);
    return FOUND_END;
}

static found found_packet(portico_client *c, portico_client_event *e, uint32_t opcode,
                          const uint8_t *data, size_t size, size_t taken) {
    e->kind = PORTICO_CLIENT_PACKET;
    e->opcode = (uint16_t)opcode;
    e->data = data;
    e->size = size;
    c->taken = taken;
    return FOUND_PACKET;
}

static found find_sized(portico_client *c, portico_client_event *e, size_t header) {
    const uint8_t *data = bytes_at(&c->in);
    size_t have = bytes_size(&c->in);
    if (have < header) {
        return FOUND_PART;
    }
    size_t size = header == 4 ? load_u16(data) : load_u32(data);
    if (size < header) {
        return broken(c, "the size in a frame's header is smaller than the header");
    }
    if (size - header > c->o.limit_bytes) {
        return broken(c, "the size in a frame's header is above limit_bytes");
    }
    if (header == 8 && load_u16(data + 6) != 0) {
        return broken(c, "the last two bytes of a frame's header are not zero");
    }
    return have < size ? FOUND_PART
                       : found_packet(c, e, load_u16(data + header / 2), data + header,
                                      size - header, size);
}

static found find_line(portico_client *c, portico_client_event *e) {
    const uint8_t *data = bytes_at(&c->in);
    size_t have = bytes_size(&c->in);
    const uint8_t *end = have > c->scanned
                             ? (const uint8_t *)memchr(data + c->scanned, '\n', have - c->scanned)
                             : NULL;
    size_t size = end != NULL ? (size_t)(end - data) : have;
    if (size > 0 && (end == NULL || end[-1] == '\r')) {
        size--; /* a part may end in the CR */
    }
    if (size > c->o.limit_bytes) {
        return broken(c, "a line has more than limit_bytes");
    }
    c->scanned = end != NULL ? 0 : have;
    return end == NULL ? FOUND_PART : found_packet(c, e, 0, data, size, (size_t)(end - data) + 1);
}

static found find_raw(portico_client *c, portico_client_event *e) {
    size_t have = bytes_size(&c->in);
    size_t size = have < c->o.limit_bytes ? have : c->o.limit_bytes;
    return have == 0 ? FOUND_PART : found_packet(c, e, 0, bytes_at(&c->in), size, size);
}

/* ---- WebSocket: RFC 6455, the client's side -------------------------------------------------- */

enum {
    WEB_CONTINUED = 0,
    WEB_TEXT = 1,
    WEB_BINARY = 2,
    WEB_CLOSE = 8,
    WEB_PING = 9,
    WEB_PONG = 10
};

static bool is_utf8(const uint8_t *text, size_t size) {
    for (size_t i = 0; i < size;) {
        uint8_t first = text[i];
        size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || size - i <= more) {
            return false;
        }
        for (size_t j = 1; j <= more; j++) {
            uint8_t least = j > 1 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
            uint8_t most = j > 1 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            if (text[i + j] < least || text[i + j] > most) {
                return false;
            }
        }
        i += 1 + more;
    }
    return true;
}

static void web_say_close(portico_client *c, uint32_t status) {
    const uint8_t payload[2] = {(uint8_t)(status >> 8), (uint8_t)status};
    if (!c->said_close && web_queue(c, WEB_CLOSE, NULL, 0, payload, sizeof payload)) {
        flush(c);
    }
    c->said_close = true;
}

static found web_broken(portico_client *c, uint32_t status, const char *text) {
    web_say_close(c, status);
    return broken(c, text);
}

static found web_control(portico_client *c, uint8_t kind, const uint8_t *data, size_t size) {
    if (kind == WEB_PING && bytes_size(&c->out) < PONG_BYTES && !c->said_close) {
        (void)web_queue(c, WEB_PONG, NULL, 0, data, size);
    }
    if (kind != WEB_CLOSE) {
        return FOUND_MORE;
    }
    uint32_t status = size >= 2 ? (uint32_t)data[0] << 8 | data[1] : 1000;
    bool known = status >= 1000 && status <= 1014 && (status < 1004 || status > 1006);
    if (size == 1 || !(known || (status >= 3000 && status <= 4999))) {
        return web_broken(c, 1002, "a close frame has no valid status");
    }
    if (size > 2 && !is_utf8(data + 2, size - 2)) {
        return web_broken(c, 1007, "a close frame's reason is not UTF-8");
    }
    web_say_close(c, status);
    c->reason = PORTICO_CLIENT_ENDED;
    (void)snprintf(c->text, sizeof c->text, "the server closed the WebSocket: %u %.*s",
                   (unsigned)status, size > 2 ? (int)size - 2 : 0, (const char *)data + 2);
    for (char *at = c->text; *at != '\0'; at++) {
        *at = (char)((uint8_t)*at < ' ' || *at == 0x7F ? '?' : *at);
    }
    return FOUND_END;
}

/* A message that is complete, in whatever buffer it is. `taken` is of `in`. */
static found web_message(portico_client *c, portico_client_event *e, uint8_t kind,
                         const uint8_t *data, size_t size, size_t taken) {
    if (kind == WEB_TEXT) {
        return is_utf8(data, size) ? found_packet(c, e, 0, data, size, taken)
                                   : web_broken(c, 1007, "a text message is not UTF-8");
    }
    return size >= 2 ? found_packet(c, e, load_u16(data), data + 2, size - 2, taken)
                     : web_broken(c, 1002, "a binary message has no opcode");
}

static found web_fragment(portico_client *c, portico_client_event *e, uint8_t kind, bool last,
                          const uint8_t *data, size_t size, size_t taken) {
    if ((kind == WEB_CONTINUED) != (c->message_kind != 0)) {
        return web_broken(c, 1002, "the fragments of WebSocket messages are mixed up");
    }
    if (kind != WEB_CONTINUED && last) {
        return web_message(c, e, kind, data, size, taken);
    }
    if (!bytes_add(&c->message, data, size)) {
        say(c, PORTICO_CLIENT_BROKE_OFF, "out of memory");
        return FOUND_END;
    }
    c->message_kind = kind != WEB_CONTINUED ? kind : c->message_kind;
    if (!last) {
        c->taken = taken;
        return FOUND_MORE;
    }
    kind = c->message_kind;
    c->message_kind = 0;
    return web_message(c, e, kind, bytes_at(&c->message), bytes_size(&c->message), taken);
}

/* Reads a frame's header. FOUND_MORE: it is right, and *header and *size are known. */
static found web_header(portico_client *c, size_t *header, size_t *size) {
    const uint8_t *data = bytes_at(&c->in);
    size_t have = bytes_size(&c->in);
    if (have < 2) {
        return FOUND_PART;
    }
    uint8_t kind = data[0] & 15;
    if ((data[0] & 0x70) != 0 || kind > WEB_PONG || (kind > WEB_BINARY && kind < WEB_CLOSE)) {
        return web_broken(c, 1002, "a WebSocket frame has reserved bits or an unknown kind");
    }
    if (data[1] >= 0x80) {
        return web_broken(c, 1002, "a server's WebSocket frame is masked");
    }
    if (kind >= WEB_CLOSE && (data[1] > 125 || data[0] < 0x80)) {
        return web_broken(c, 1002, "a control frame is fragmented or has more than 125 bytes");
    }
    size_t extra = data[1] == 126 ? 2 : data[1] == 127 ? 8 : 0;
    if (have < 2 + extra) {
        return FOUND_PART;
    }
    uint64_t length = extra == 0 ? data[1] : 0;
    for (size_t i = 0; i < extra; i++) {
        length = length << 8 | data[2 + i];
    }
    if (extra != 0 && (length < 126 || (extra == 8 && length <= 0xFFFF))) {
        return web_broken(c, 1002, "a WebSocket frame's size is not as short as it can be");
    }
    uint64_t most = (uint64_t)c->o.limit_bytes + 2 - bytes_size(&c->message);
    if (kind < WEB_CLOSE && length > most) {
        return web_broken(c, 1009, "a message has more than limit_bytes");
    }
    *header = 2 + extra;
    *size = (size_t)length;
    return FOUND_MORE;
}

static found find_web(portico_client *c, portico_client_event *e) {
    size_t header = 0;
    size_t size = 0;
    if (c->message_kind == 0) {
        bytes_drop(&c->message, bytes_size(&c->message)); /* delivered by the step before */
    }
    found result = web_header(c, &header, &size);
    if (result != FOUND_MORE) {
        return result;
    }
    if (bytes_size(&c->in) < header + size) {
        return FOUND_PART;
    }
    const uint8_t *data = bytes_at(&c->in);
    uint8_t kind = data[0] & 15;
    if (kind < WEB_CLOSE) {
        return web_fragment(c, e, kind, data[0] >= 0x80, data + header, size, header + size);
    }
    result = web_control(c, kind, data + header, size);
    c->taken = header + size;
    return result;
}

static found find(portico_client *c, portico_client_event *e) {
    switch (c->o.framing) {
    case PORTICO_CLIENT_U16: return find_sized(c, e, 4);
    case PORTICO_CLIENT_U32: return find_sized(c, e, 8);
    case PORTICO_CLIENT_LINE: return find_line(c, e);
    case PORTICO_CLIENT_RAW: return find_raw(c, e);
    case PORTICO_CLIENT_WEBSOCKET: break;
    }
    return find_web(c, e);
}

/* ---- the upgrade ----------------------------------------------------------------------------- */

static uint32_t rotate(uint32_t value, int bits) {
    return value << bits | value >> (32 - bits);
}

static void sha1_block(uint32_t sum[5], const uint8_t *block) {
    uint32_t w[80];
    uint32_t a = sum[0], b = sum[1], c = sum[2], d = sum[3], e = sum[4];
    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (int i = 16; i < 80; i++) {
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999U
                     : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1U
                     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCU
                              : (b ^ c ^ d) + 0xCA62C1D6U;
        uint32_t next = rotate(a, 5) + f + e + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    sum[0] += a;
    sum[1] += b;
    sum[2] += c;
    sum[3] += d;
    sum[4] += e;
}

/* Of up to 119 bytes, which is enough here: a WebSocket's key and its 36 bytes. */
static void sha1(const char *text, uint8_t digest[20]) {
    uint32_t sum[5] = {0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
    uint8_t blocks[128] = {0};
    size_t size = strlen(text);
    size_t end = size < 56 ? 64 : 128;
    memcpy(blocks, text, size);
    blocks[size] = 0x80;
    blocks[end - 2] = (uint8_t)(8 * size >> 8);
    blocks[end - 1] = (uint8_t)(8 * size);
    for (size_t at = 0; at < end; at += 64) {
        sha1_block(sum, blocks + at);
    }
    for (int i = 0; i < 20; i++) {
        digest[i] = (uint8_t)(sum[i / 4] >> (24 - 8 * (i % 4)));
    }
}

static void base64(const uint8_t *from, size_t size, char *to) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t)from[i] << 16 | (i + 1 < size ? (uint32_t)from[i + 1] << 8 : 0) |
                         (i + 2 < size ? from[i + 2] : 0U);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = digits[three >> 6 & 63];
        *to++ = digits[three & 63];
    }
    for (size_t rest = size % 3; rest != 0 && rest < 3; rest++) {
        to[(int)rest - 3] = '=';
    }
    *to = '\0';
}

/* Puts the request in front of whatever waits to be sent. */
static bool upgrade_begin(portico_client *c) {
    char request[1024];
    uint8_t key[16];
    if (!random_bytes(key, sizeof key)) {
        return false;
    }
    base64(key, sizeof key, c->key);
    bool six = strchr(c->host, ':') != NULL;
    int size =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: %s%s%s:%s\r\nUpgrade: websocket\r\nConnection: "
                 "Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                 c->path, six ? "[" : "", c->host, six ? "]" : "", c->port, c->key,
                 c->origin != NULL ? "Origin: " : "", c->origin != NULL ? c->origin : "",
                 c->origin != NULL ? "\r\n" : "");
    size_t waiting = bytes_size(&c->out);
    if (size < 0 || size >= (int)sizeof request || !bytes_reserve(&c->out, (size_t)size)) {
        return false;
    }
    uint8_t *at = bytes_at(&c->out);
    memmove(at + size, at, waiting);
    memcpy(at, request, (size_t)size);
    c->out.end += (size_t)size;
    c->out_allowed = (size_t)size;
    return true;
}

static bool same_word(const char *a, const char *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char x = a[i];
        char y = b[i];
        x = (char)(x >= 'A' && x <= 'Z' ? x + 32 : x);
        y = (char)(y >= 'A' && y <= 'Z' ? y + 32 : y);
        if (x != y) {
            return false;
        }
    }
    return true;
}

/* Finds a field of the head, which ends with a zero: its value, without blanks around. NULL: it has
 * none. */
static const char *head_field(const char *head, const char *name, size_t *size) {
    size_t name_size = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strlen(line) <= name_size || !same_word(line, name, name_size) ||
            line[name_size] != ':') {
            continue;
        }
        const char *value = line + name_size + 1;
        const char *end = strstr(value, "\r\n");
        end = end != NULL ? end : value + strlen(value);
        while (value < end && (*value == ' ' || *value == '\t')) {
            value++;
        }
        while (value < end && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }
        *size = (size_t)(end - value);
        return value;
    }
    return NULL;
}

static bool head_field_is(const char *head, const char *name, const char *word) {
    size_t size = 0;
    const char *value = head_field(head, name, &size);
    return value != NULL && size == strlen(word) && same_word(value, word, size);
}

/* Whether the value is a list that has the word. */
static bool head_field_has(const char *head, const char *name, const char *word) {
    size_t size = 0;
    size_t word_size = strlen(word);
    const char *value = head_field(head, name, &size);
    for (size_t at = 0; value != NULL && at + word_size <= size; at++) {
        bool begins = at == 0 || value[at - 1] == ',' || value[at - 1] == ' ';
        size_t after = at + word_size;
        bool ends = after == size || value[after] == ',' || value[after] == ' ';
        if (begins && ends && same_word(value + at, word, word_size)) {
            return true;
        }
    }
    return false;
}

/* NULL: the answer opens a WebSocket. Else it is what is wrong. */
static const char *head_fault(const portico_client *c, const char *head) {
    char text[KEY_BYTES + 37];
    char accept[ACCEPT_BYTES + 1];
    uint8_t digest[20];
    size_t size = 0;
    (void)snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", c->key);
    sha1(text, digest);
    base64(digest, sizeof digest, accept);
    if (strncmp(head, "HTTP/1.1 101 ", 13) != 0 && strncmp(head, "HTTP/1.1 101\r", 13) != 0) {
        return "the server opens no WebSocket here";
    }
    const char *value = head_field(head, "sec-websocket-accept", &size);
    bool right = value != NULL && size == ACCEPT_BYTES && memcmp(value, accept, size) == 0;
    if (!right || !head_field_is(head, "upgrade", "websocket") ||
        !head_field_has(head, "connection", "upgrade") ||
        head_field(head, "sec-websocket-extensions", &size) != NULL ||
        head_field(head, "sec-websocket-protocol", &size) != NULL) {
        return "the server's answer to the upgrade breaks RFC 6455";
    }
    return NULL;
}

/* Looks for the whole answer. FOUND_MORE: the WebSocket is open. */
static found upgrade_find(portico_client *c) {
    char head[HEAD_BYTES + 1];
    size_t have = bytes_size(&c->in);
    size_t size = have < HEAD_BYTES ? have : (size_t)HEAD_BYTES;
    if (size > 0) {
        memcpy(head, bytes_at(&c->in), size);
    }
    for (size_t i = 0; i < size; i++) {
        head[i] = (char)(head[i] == '\0' ? '?' : head[i]);
    }
    head[size] = '\0';
    char *end = strstr(head, "\r\n\r\n");
    if (end == NULL && size < HEAD_BYTES) {
        return FOUND_PART;
    }
    const char *fault = "the server's answer to the upgrade is too long";
    if (end != NULL) {
        bytes_drop(&c->in, (size_t)(end - head) + 4);
        end[2] = '\0';
        fault = head_fault(c, head);
    }
    if (fault != NULL) {
        say(c, PORTICO_CLIENT_FAILED, fault);
        return FOUND_END;
    }
    return FOUND_MORE;
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* Tries the addresses, from c->address on, until one does not fail at once. */
static void try_addresses(portico_client *c, int error) {
    for (; c->address != NULL; c->address = c->address->ai_next) {
        const struct addrinfo *a = c->address;
        int on = 1;
        c->socket = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (c->socket == NO_SOCKET) {
            error = last_error();
            continue;
        }
        (void)setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
        if (socket_prepare(c->socket) &&
            (connect(c->socket, a->ai_addr, (socklen_t)a->ai_addrlen) == 0 ||
             in_progress(last_error()))) {
            return;
        }
        error = last_error();
        socket_close(c->socket);
        c->socket = NO_SOCKET;
    }
    over_by_system(c, PORTICO_CLIENT_FAILED, error);
}

static void dial(portico_client *c) {
    struct addrinfo hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    c->state = CONNECTING;
    c->deadline_ms = now_ms() + c->o.timeout_ms;
    if (getaddrinfo(c->host, c->port, &hints, &c->addresses) != 0) {
        c->addresses = NULL;
        over_because(c, PORTICO_CLIENT_FAILED, "the host's name has no address");
        return;
    }
    c->address = c->addresses;
    try_addresses(c, 0);
}

static void opened(portico_client *c, portico_client_event *e) {
    c->state = OPEN;
    c->was_open = true;
    c->deadline_ms = c->o.silence_ms != 0 ? now_ms() + c->o.silence_ms : 0;
    e->kind = PORTICO_CLIENT_OPEN;
}

/* The socket can carry bytes, through TLS or not. */
static void connected(portico_client *c, portico_client_event *e) {
    if (c->o.framing != PORTICO_CLIENT_WEBSOCKET) {
        opened(c, e);
    } else if (upgrade_begin(c)) {
        c->state = UPGRADING;
    } else {
        over_because(c, PORTICO_CLIENT_FAILED, "out of memory, or the path is too long");
    }
}

/* Looks whether the socket is connected. */
static bool step_connecting(portico_client *c, portico_client_event *e) {
    int error = 0;
    socklen_t size = sizeof error;
    if (c->socket == NO_SOCKET || !socket_wait(c->socket, true, 0)) {
        return false;
    }
    (void)getsockopt(c->socket, SOL_SOCKET, SO_ERROR, (char *)&error, &size);
    if (error != 0) {
        socket_close(c->socket);
        c->socket = NO_SOCKET;
        c->address = c->address->ai_next;
        try_addresses(c, error);
        return true;
    }
    freeaddrinfo(c->addresses);
    c->addresses = c->address = NULL;
    if (c->o.tls == NULL) {
        connected(c, e);
    } else if (tls_begin(c)) {
        c->state = SECURING;
    } else {
        over_because(c, PORTICO_CLIENT_FAILED, "TLS cannot be used");
    }
    return true;
}

/* Receives once. True: there are more bytes, or the connection is over. */
static bool receive(portico_client *c) {
    if (!bytes_reserve(&c->in, READ_BYTES)) {
        over_because(c, PORTICO_CLIENT_BROKE_OFF, "out of memory");
        return true;
    }
    int64_t size = io_receive(c, c->in.data + c->in.end, READ_BYTES);
    int error = last_error();
    if (size > 0) {
        c->in.end += (size_t)size;
        if (c->state == OPEN && c->o.silence_ms != 0) {
            c->deadline_ms = now_ms() + c->o.silence_ms;
        }
        return true;
    }
    if (size == IO_WAIT) {
        return false;
    }
    if (c->state == CLOSING) {
        over_because(c, PORTICO_CLIENT_CLOSED_BY_YOU, "closed by the client");
    } else if (c->state == UPGRADING) {
        over_because(c, PORTICO_CLIENT_FAILED, "the server hung up instead of opening a WebSocket");
    } else if (size == 0 && c->o.framing == PORTICO_CLIENT_WEBSOCKET) {
        over_because(c, PORTICO_CLIENT_BROKE_OFF, "the server hung up without a close frame");
    } else if (size == 0) {
        over_because(c, PORTICO_CLIENT_ENDED, "the server closed the connection");
    } else if (c->o.tls != NULL) {
        over_because(c, PORTICO_CLIENT_BROKE_OFF, "TLS has failed, or was cut off");
    } else {
        over_by_system(c, PORTICO_CLIENT_BROKE_OFF, error);
    }
    return true;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Each does one thing in its state. True: look again, there may be more to do. */

static bool step_securing(portico_client *c, portico_client_event *e) {
    if (!tls_handshake(c)) {
        return false;
    }
    if (c->state == SECURING) {
        connected(c, e);
    }
    return true;
}

static bool step_upgrading(portico_client *c, portico_client_event *e) {
    flush(c);
    switch (upgrade_find(c)) {
    case FOUND_MORE:
        bytes_drop(&c->out, c->out_allowed); /* a server that answers before it has read */
        c->out_allowed = 0;
        opened(c, e);
        return true;
    case FOUND_END: over(c); return true;
    default: return receive(c);
    }
}

static bool step_open(portico_client *c, portico_client_event *e) {
    flush(c);
    switch (find(c, e)) {
    case FOUND_PACKET: c->failures = 0; return true;
    case FOUND_MORE:
        bytes_drop(&c->in, c->taken);
        c->taken = 0;
        return true;
    case FOUND_END: over(c); return true;
    default: return receive(c);
    }
}

static bool step_closing(portico_client *c) {
    flush(c);
    if (bytes_size(&c->out) == 0 && !c->said_close && tls_say_close(c)) {
        c->said_close = true;
#ifdef _WIN32
        (void)shutdown(c->socket, SD_SEND);
#else
        (void)shutdown(c->socket, SHUT_WR);
#endif
    }
    bytes_drop(&c->in, bytes_size(&c->in));
    return receive(c);
}

static void step_deadline(portico_client *c) {
    switch (c->state) {
    case CONNECTING:
    case SECURING:
    case UPGRADING: over_because(c, PORTICO_CLIENT_FAILED, "the server does not answer"); break;
    case OPEN: over_because(c, PORTICO_CLIENT_BROKE_OFF, "the server is silent"); break;
    case CLOSING: over_because(c, PORTICO_CLIENT_CLOSED_BY_YOU, "closed by the client"); break;
    case WAITING: dial(c); break;
    case CLOSED: c->deadline_ms = 0; break;
    }
}

static bool step_once(portico_client *c, portico_client_event *e) {
    bytes_drop(&c->in, c->taken);
    c->taken = 0;
    if (c->ending) {
        c->ending = false;
        e->kind = c->state == CLOSED ? PORTICO_CLIENT_CLOSED : PORTICO_CLIENT_LOST;
        e->reason = c->reason;
        e->text = c->text;
        e->pause_ms = c->state == CLOSED ? 0 : c->pause_ms;
        return true;
    }
    bool late = c->deadline_ms != 0 && now_ms() >= c->deadline_ms;
    if (late && c->state != OPEN) {
        step_deadline(c);
        return true;
    }
    bool more = false;
    switch (c->state) {
    case CONNECTING: more = step_connecting(c, e); break;
    case SECURING: more = step_securing(c, e); break;
    case UPGRADING: more = step_upgrading(c, e); break;
    case OPEN: more = step_open(c, e); break;
    case CLOSING: more = step_closing(c); break;
    case WAITING:
    case CLOSED: break;
    }
    if (late && !more && c->deadline_ms != 0 && now_ms() >= c->deadline_ms) {
        step_deadline(c); /* silence: nothing has come in this step either */
        more = true;
    }
    return more;
}

static int least_wait(int a, int b) {
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

bool portico_client_step(portico_client *c, portico_client_event *e, int wait_ms) {
    uint64_t until = wait_ms > 0 ? now_ms() + (uint64_t)wait_ms : 0;
    memset(e, 0, sizeof *e);
    e->text = "";
    while (c != NULL) {
        int turns = 0;
        c->busy = true;
        while (turns++ < TURNS && step_once(c, e)) {
            if (e->kind != PORTICO_CLIENT_NOTHING) {
                return true;
            }
        }
        c->busy = turns > TURNS;
        uint64_t now = now_ms();
        if (c->state == CLOSED || wait_ms == 0 || (wait_ms > 0 && now >= until)) {
            break;
        }
        portico_client_want want = portico_client_wants(c);
        int left = wait_ms > 0 ? (int)(until - now) : -1;
        (void)socket_wait(c->socket, want.write, least_wait(left, want.timeout_ms));
    }
    return false;
}

portico_client_want portico_client_wants(const portico_client *c) {
    portico_client_want want = {-1, false, false, -1};
    if (c == NULL || c->state == CLOSED) {
        want.timeout_ms = c != NULL && c->ending ? 0 : -1;
        return want;
    }
    size_t queued = c->state == UPGRADING  ? c->out_allowed
                    : c->state == SECURING ? 0
                                           : bytes_size(&c->out);
    queued += bytes_size(&c->sealed);
    want.socket = c->socket == NO_SOCKET ? -1 : (intptr_t)c->socket;
    want.read = want.socket != -1 && c->state != CONNECTING;
    want.write = want.socket != -1 && (c->state == CONNECTING || (queued > 0 && !c->write_failed));
    if (c->deadline_ms != 0) {
        uint64_t now = now_ms();
        uint64_t left = c->deadline_ms > now ? c->deadline_ms - now : 0;
        want.timeout_ms = left < 3600000 ? (int)left : 3600000;
    }
    want.timeout_ms = c->ending || c->busy ? 0 : want.timeout_ms;
    return want;
}

size_t portico_client_queued(const portico_client *c) {
    return c != NULL ? bytes_size(&c->out) + bytes_size(&c->sealed) : 0;
}

bool portico_client_is_open(const portico_client *c) {
    return c != NULL && c->state == OPEN;
}

const char *portico_client_reason_name(portico_client_reason reason) {
    static const char *const names[] = {"", "closed", "ended", "lost", "failed", "broken"};
    return reason <= PORTICO_CLIENT_BROKEN ? names[reason] : "";
}

/* ---- a client's life ------------------------------------------------------------------------- */

void portico_client_close(portico_client *c) {
    if (c == NULL || c->state == CLOSED || c->state == CLOSING) {
        return;
    }
    c->ending = false;
    if (c->state != OPEN) {
        c->o.reconnect = false;
        over_because(c, PORTICO_CLIENT_CLOSED_BY_YOU, "closed by the client");
        return;
    }
    c->deadline_ms = now_ms() + CLOSE_MS;
    if (c->o.framing == PORTICO_CLIENT_WEBSOCKET) {
        web_say_close(c, 1000);
    }
    c->state = CLOSING;
}

/* Whether it can be in a request: ASCII without blanks. */
static bool is_word(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static uint32_t or_default(uint32_t value, uint32_t fallback) {
    return value != 0 ? value : fallback;
}

static bool options_take(portico_client *c, const portico_client_options *from) {
    if (from != NULL) {
        c->o = *from;
    }
    if (!tls_take(c)) {
        return false;
    }
    const char *path = c->o.path != NULL ? c->o.path : "/";
    c->o.limit_bytes = or_default(c->o.limit_bytes, 1 << 20);
    c->o.backlog_bytes = or_default(c->o.backlog_bytes, 16 << 20);
    c->o.timeout_ms = or_default(c->o.timeout_ms, 10000);
    c->o.pause_min_ms = or_default(c->o.pause_min_ms, 250);
    c->o.pause_max_ms = or_default(c->o.pause_max_ms, 15000);
    if (c->o.pause_max_ms < c->o.pause_min_ms) {
        c->o.pause_max_ms = c->o.pause_min_ms;
    }
    if (c->o.framing > PORTICO_CLIENT_WEBSOCKET || path[0] != '/' || !is_word(path) ||
        (c->o.origin != NULL && !is_word(c->o.origin))) {
        return false;
    }
    if (c->o.limit_bytes > 0x7FFFFFFF || c->o.backlog_bytes > 0x7FFFFFFF) {
        return false;
    }
    c->path = copy_text(path);
    c->origin = c->o.origin != NULL ? copy_text(c->o.origin) : NULL;
    return c->path != NULL && (c->origin != NULL || c->o.origin == NULL);
}

portico_client *portico_client_connect(const char *host, uint16_t port,
                                       const portico_client_options *options) {
    portico_client *c = (portico_client *)calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->socket = NO_SOCKET;
#ifdef _WIN32
    WSADATA data;
    c->started = WSAStartup(MAKEWORD(2, 2), &data) == 0;
#else
    c->started = true;
#endif
    c->host = copy_text(host);
    (void)snprintf(c->port, sizeof c->port, "%u", (unsigned)port);
    if (!c->started || c->host == NULL || !is_word(host) || !options_take(c, options)) {
        portico_client_free(c);
        return NULL;
    }
    dial(c);
    return c;
}

void portico_client_free(portico_client *c) {
    if (c == NULL) {
        return;
    }
    hang_up(c);
#ifdef _WIN32
    if (c->started) {
        (void)WSACleanup();
    }
#endif
    tls_release(c);
    free(c->host);
    free(c->path);
    free(c->origin);
    free(c);
}
