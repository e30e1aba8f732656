/* layered.c: see layered.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: a provider would do the same in 200 lines */
#include "sim/layered.h"

#include "sim/client.h"
#include "sim/world.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 3600000, MESSAGE_MAX = 100, PIECE_BYTES = 2048, SINGLE_BYTES = 300 };

struct layered {
    layers layers;
    client *client;
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;
    BIO *out;
    uint32_t left_bytes; /* have left */
    bool cut;
    uint8_t pings;          /* that have been sent, ... */
    uint8_t pongs;          /* ... and how many of these were answered */
    uint64_t ping_until_ms; /* when the last one is to be answered */
};

/* ---- OpenSSL --------------------------------------------------------------------------------- */

#if !defined(_WIN32)

void *sim_malloc(size_t size); /* os/sim/step.h */
void sim_free(void *block);

static uint64_t random_state;

/* Any thread that has the token. */
static int random_bytes(unsigned char *to, int size) {
    for (int i = 0; i < size; i++) { /* xorshift64 */
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        to[i] = (unsigned char)(random_state >> 32);
    }
    return 1;
}

static int random_is_good(void) {
    return 1;
}

static bool fails;
static bool has_failed;

#if defined(__SANITIZE_ADDRESS__)
/* Asked by the leak sanitizer at the end. OpenSSL itself loses some bytes when it gets no memory,
 * in a call stack that does not say for whom; then nothing can be said about leaks. */
int __lsan_is_turned_off(void) __attribute__((visibility("default")));
int __lsan_is_turned_off(void) {
    return has_failed;
}
#endif

/* OpenSSL keeps memory for the process and for threads that have ended, so it is not counted. */
static void *allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    void *probe = fails ? sim_malloc(1) : NULL;
    if (fails && probe == NULL) {
        has_failed = true;
        return NULL;
    }
    sim_free(probe);
    return malloc(size);
}

static void *reallocate(void *block, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return realloc(block, size);
}

static void release(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    free(block);
}

void layered_begin(void) {
    static const RAND_METHOD method = {
        .bytes = random_bytes, .pseudorand = random_bytes, .status = random_is_good};
    CHECK(CRYPTO_set_mem_functions(allocate, reallocate, release) == 1);
    CHECK(OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1);
    random_state = 1 + sim_random(SIM_WORLD, UINT64_MAX);
    CHECK(RAND_set_rand_method(&method) == 1);
    SSL_CTX_free(SSL_CTX_new(TLS_server_method())); /* loads what is loaded once */
    fails = true;
}

#else

/* A RAND_METHOD would have to cross to another calling convention: layers.c uses no TLS here. */
void layered_begin(void) {
}

#endif

/* ---- bytes ----------------------------------------------------------------------------------- */

/* False: the connection has ended, or ends here. */
static bool send_piece(layered *l, const uint8_t *bytes, uint32_t size) {
    uint32_t most = l->layers.cut_after;
    if (most != 0 && l->left_bytes + size >= most) {
        size = most - l->left_bytes;
        l->cut = true;
    }
    l->left_bytes += size;
    bool sent = size == 0 || client_send(l->client, bytes, size, PATIENCE_MS);
    return sent && !l->cut;
}

/* In one piece, in two, or byte by byte, with time between them. */
static bool send_raw(layered *l, const uint8_t *bytes, uint32_t size) {
    uint32_t way = world_random(4);
    while (size > 0) {
        uint32_t piece = way == 0 && size <= SINGLE_BYTES ? 1
                         : way == 1                       ? 1 + world_random(size)
                                                          : size;
        if (!send_piece(l, bytes, piece)) {
            return false;
        }
        bytes += piece;
        size -= piece;
        if (size > 0 && world_random(2) == 0) {
            os_sleep(world_random(20));
        }
    }
    return true;
}

/* How many, or CLIENT_... */
static int32_t recv_raw(layered *l, uint8_t *to, uint32_t capacity) {
    int32_t got = client_recv(l->client, to, capacity, PATIENCE_MS);
    CHECK(got != CLIENT_TIMEOUT);
    return got;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static bool send_waiting(layered *l) {
    uint8_t bytes[PIECE_BYTES];
    for (int size; (size = BIO_read(l->out, bytes, (int)sizeof bytes)) > 0;) {
        if (!send_raw(l, bytes, (uint32_t)size)) {
            return false;
        }
    }
    return true;
}

/* Gives OpenSSL more bytes. False: there are none. */
static bool feed(layered *l) {
    uint8_t bytes[PIECE_BYTES];
    int32_t got = recv_raw(l, bytes, sizeof bytes);
    return got > 0 && BIO_write(l->in, bytes, got) == got;
}

/* The host's TLS never breaks the rules; if something fails in it, any alert may come. */
static bool wants_more(layered *l, int result) {
    sim_figures figures;
    int error = SSL_get_error(l->ssl, result);
    sim_look(&figures);
    CHECK(error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN || figures.faults > 0);
    return error == SSL_ERROR_WANT_READ;
}

static bool shake_hands(layered *l) {
    l->context = SSL_CTX_new(TLS_client_method());
    CHECK(l->context != NULL);
    SSL_CTX_set_verify(l->context, SSL_VERIFY_NONE, NULL);
    if (world_random(2) == 0) {
        CHECK(SSL_CTX_set_max_proto_version(l->context, TLS1_2_VERSION) == 1);
    }
    l->ssl = SSL_new(l->context);
    l->in = BIO_new(BIO_s_mem());
    l->out = BIO_new(BIO_s_mem());
    CHECK(l->ssl != NULL && l->in != NULL && l->out != NULL);
    SSL_set_bio(l->ssl, l->in, l->out);
    SSL_set_connect_state(l->ssl);
    for (;;) {
        ERR_clear_error();
        int result = SSL_do_handshake(l->ssl);
        bool more = result != 1 && wants_more(l, result);
        if (!send_waiting(l)) {
            return false;
        }
        if (result == 1) {
            return true;
        }
        if (!more || !feed(l)) {
            return false;
        }
    }
}

/* ---- plaintext ------------------------------------------------------------------------------- */

static bool send_plain(layered *l, const uint8_t *bytes, uint32_t size) {
    if (l->ssl == NULL) {
        return send_raw(l, bytes, size);
    }
    ERR_clear_error();
    CHECK(SSL_write(l->ssl, bytes, (int)size) == (int)size);
    return send_waiting(l);
}

/* How many, 0: the host has said that nothing more comes; -1: it has ended without that. */
static int32_t recv_plain(layered *l, uint8_t *to, uint32_t capacity) {
    if (l->ssl == NULL) {
        int32_t got = recv_raw(l, to, capacity);
        return got == CLIENT_END ? 0 : got < 0 ? -1 : got;
    }
    for (;;) {
        ERR_clear_error();
        int got = SSL_read(l->ssl, to, (int)capacity);
        if (got > 0) {
            return got;
        }
        if (!wants_more(l, got)) {
            return SSL_get_error(l->ssl, got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
        }
        if (!feed(l)) {
            return -1;
        }
    }
}

static bool recv_exactly(layered *l, uint8_t *to, uint32_t size) {
    while (size > 0) {
        int32_t got = recv_plain(l, to, size);
        if (got <= 0) {
            return false;
        }
        to += got;
        size -= (uint32_t)got;
    }
    return true;
}

/* ---- the layers ------------------------------------------------------------------------------ */

static bool send_proxy(layered *l) {
    uint8_t header[128] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c";
    unsigned a[5] = {0};
    uint32_t size = 28;
    CHECK(sscanf(l->layers.source, "%u.%u.%u.%u:%u", &a[0], &a[1], &a[2], &a[3], &a[4]) == 5);
    if (l->layers.proxy == 1) {
        size = (uint32_t)snprintf((char *)header, sizeof header,
                                  "PROXY TCP4 %u.%u.%u.%u 127.0.0.1 %u 7000\r\n", a[0], a[1], a[2],
                                  a[3], a[4]);
    } else {
        for (int i = 0; i < 4; i++) {
            header[16 + i] = (uint8_t)a[i];
        }
        memcpy(header + 20, "\x7f\0\0\x01", 4);
        header[24] = (uint8_t)(a[4] >> 8);
        header[25] = (uint8_t)a[4];
        header[26] = 7000 >> 8;
        header[27] = 7000 & 255;
    }
    if (l->layers.odd_proxy) {
        header[l->layers.proxy == 1 ? 3 : 12] ^= 64;
    }
    return send_raw(l, header, size);
}

/* The host's whole answer, which is more only if it refuses. */
static bool upgrade(layered *l) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    uint8_t last[4] = {0};
    bool begun = false;
    if (!send_plain(l, (const uint8_t *)request, sizeof request - 1)) {
        return false;
    }
    do {
        memmove(last, last + 1, 3);
        if (!recv_exactly(l, last + 3, 1)) {
            return false;
        }
        begun = begun || memcmp(last, " 101", 4) == 0;
    } while (memcmp(last, "\r\n\r\n", 4) != 0);
    CHECK(begun);
    return true;
}

layered *layered_open(const layers *to, bool *cut) {
    layered *l = calloc(1, sizeof *l);
    CHECK(l != NULL);
    l->layers = *to;
    l->client = client_open(to->port);
    bool open = l->client != NULL && (to->proxy == 0 || send_proxy(l)) &&
                (!to->tls || shake_hands(l)) && (!to->websocket || upgrade(l));
    *cut = l->cut;
    if (!open) {
        layered_close(l, l->cut);
        return NULL;
    }
    return l;
}

bool layered_send(layered *l, const void *message, uint32_t size) {
    uint8_t frame[6 + MESSAGE_MAX];
    uint8_t *at = frame;
    CHECK(size <= MESSAGE_MAX);
    if (l->layers.websocket) {
        *at++ = 0x82;
        *at++ = (uint8_t)(0x80 | size);
        memset(at, 0, 4); /* a mask that changes nothing */
        at += 4;
    } else {
        *at++ = (uint8_t)(2 + size);
        *at++ = 0;
    }
    memcpy(at, message, size);
    return send_plain(l, frame, (uint32_t)(at - frame) + size);
}

static uint64_t now_ms(void) {
    sim_figures figures;
    sim_look(&figures);
    return figures.now_ns / 1000000;
}

bool layered_ping(layered *l, uint32_t within_ms) {
    const uint8_t frame[] = {0x89, 0x81, 0, 0, 0, 0, l->pings};
    if (!l->layers.websocket) {
        return true;
    }
    l->pings++;
    l->ping_until_ms = now_ms() + within_ms;
    return send_plain(l, frame, sizeof frame);
}

static bool take_control(layered *l, const uint8_t head[2]) {
    uint8_t payload[6 + MESSAGE_MAX] = {0x8A, 0x80 | head[1]};
    if (!recv_exactly(l, payload + 6, head[1])) {
        return false;
    }
    if (head[0] == 0x89) {
        return send_plain(l, payload, 6u + head[1]);
    }
    CHECK(head[1] == 1 && payload[6] == l->pongs && l->pongs < l->pings);
    l->pongs++;
    sim_figures figures;
    sim_look(&figures);
    CHECK(now_ms() <= l->ping_until_ms || figures.faults > 0);
    return true;
}

/* The head of the next frame that is no control frame of WebSocket, but for its end. */
static bool recv_head(layered *l, uint8_t head[2]) {
    bool open = recv_exactly(l, head, 2);
    while (open && l->layers.websocket && (head[0] == 0x89 || head[0] == 0x8A)) {
        open = take_control(l, head) && recv_exactly(l, head, 2);
    }
    return open;
}

bool layered_expect(layered *l, const void *message, uint32_t size) {
    uint8_t head[2];
    uint8_t back[MESSAGE_MAX];
    if (!recv_head(l, head) || !recv_exactly(l, back, size)) {
        return false;
    }
    CHECK(l->layers.websocket ? head[0] == 0x82 && head[1] == size
                              : head[0] == 2 + size && head[1] == 0);
    CHECK(memcmp(back, message, size) == 0);
    return true;
}

bool layered_end(layered *l) {
    static const uint8_t close_frame[] = {0x88, 0x82, 0, 0, 0, 0, 3, 232};
    uint8_t back[16];
    if (l->layers.websocket && (!send_plain(l, close_frame, sizeof close_frame) ||
                                !recv_head(l, back) || !recv_exactly(l, back + 2, 2))) {
        return false;
    }
    if (l->ssl != NULL) {
        (void)SSL_shutdown(l->ssl);
        if (!send_waiting(l)) {
            return false;
        }
    }
    client_half_close(l->client);
    return recv_plain(l, back, sizeof back) == 0;
}

bool layered_is_cut(const layered *l) {
    return l->cut;
}

void layered_close(layered *l, bool reset) {
    if (l->client != NULL) {
        client_close(l->client, reset);
    }
    SSL_free(l->ssl);
    SSL_CTX_free(l->context);
    free(l);
}
