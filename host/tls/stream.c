/* stream.c: see stream.h.
 *
 * A message costs as few calls of OpenSSL as possible. ERR_clear_error, which SSL_get_error needs
 * before each call, and a read that finds nothing cost more than the host's own work: so read_state
 * asks the connection instead of the thread's queue of errors, and `whole` says when to read.
 *
 * Nor is anything copied that need not be. The BIO `from` reads bytes where they are, which are
 * lent to it for the time of a call: the caller's or those of `rest`. The BIO `to` writes to `out`,
 * which is then sent. Both only refer to that memory (BIO_NOCLOSE) and have a copy of its BUF_MEM,
 * so refer follows each change of one.
 */
#include "tls/stream.h"

#include "tls/hello.h"
#include "tls/rest.h"

#include <openssl/bio.h>
#include <openssl/buffer.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

/* RECORD_HEAD: bytes before a record's payload, which has RECORD_MOST at most. */
enum { RECORD_HEAD = 5, RECORD_MOST = 18 * 1024 };

struct tls_stream {
    tls_keeper *keeper;
    tls_context
        *context; /* of the SSL, which calls back into it; held, since a reload replaces it */
    SSL *ssl;     /* NULL: the ClientHello is not complete */
    BIO *from;    /* the SSL owns both BIOs */
    BIO *to;
    BUF_MEM
    in; /* of `from`: refers to `fed` or `rest`, which it must not be read from after a call */
    BUF_MEM out;     /* of `to`; what waits for the peer */
    const void *fed; /* what the caller has fed last ... */
    uint32_t fed_bytes;
    tls_rest rest;             /* ... unless this came before it, and then has it, too */
    uint8_t head[RECORD_HEAD]; /* of the record that is arriving ... */
    uint32_t head_bytes;
    uint32_t body_left; /* ... and what its payload lacks */
    uint32_t held;      /* bytes of it that have come */
    uint32_t opened;    /* records with plaintext, since tls_stream_count_opened */
    uint32_t whole;     /* complete records that have not been read, or more */
    bool done;          /* the handshake is complete */
    bool closed;        /* tls_stream_close has been called */
    char why[160];
};

static tls_result fail(tls_stream *s, const char *why) {
    if (s->why[0] == '\0') {
        (void)snprintf(s->why, sizeof s->why, "%s", why);
    }
    return TLS_FAILED;
}

/* OpenSSL's reason for the call that has just failed. */
static tls_result fail_openssl(tls_stream *s) {
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    long verify = SSL_get_verify_result(s->ssl);
    ERR_clear_error();
    if (!s->done && verify != X509_V_OK) {
        (void)snprintf(s->why, sizeof s->why, "the peer's certificate is refused: %s",
                       X509_verify_cert_error_string(verify));
    }
    return fail(s, reason != NULL ? reason : "the peer ended the connection");
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* Tells a BIO that its memory is another. */
static void refer(BIO *bio, BUF_MEM *memory) {
    (void)BIO_set_mem_buf(bio, memory, BIO_NOCLOSE);
}

static bool give_bios(tls_stream *s) {
    s->from = BIO_new(BIO_s_mem());
    s->to = BIO_new(BIO_s_mem());
    if (s->from == NULL || s->to == NULL) {
        BIO_free(s->from);
        BIO_free(s->to);
        return false;
    }
    refer(s->from, &s->in);
    refer(s->to, &s->out);
    SSL_set_bio(s->ssl, s->from, s->to);
    return true;
}

/* Not by assignment: OpenSSL below Wine reads more bytes of `flags` than it has here. */
static void forget(BUF_MEM *memory) {
    memset(memory, 0, sizeof *memory);
}

tls_stream *tls_stream_accept(tls_keeper *k) {
    tls_stream *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->keeper = k;
    }
    return s;
}

/* `name`: see tls_context_accept and tls_context_connect. */
static bool begin(tls_stream *s, const char *name) {
    s->context = tls_keeper_take(s->keeper);
    s->ssl = s->keeper->config->outgoing ? tls_context_connect(s->context, name)
                                         : tls_context_accept(s->context, name);
    return s->ssl != NULL && give_bios(s);
}

tls_stream *tls_stream_connect(tls_keeper *k, const char *server_name) {
    tls_stream *s = tls_stream_accept(k);
    if (s == NULL) {
        return NULL;
    }
    if (!begin(s, server_name) || tls_stream_handshake(s) == TLS_FAILED) {
        tls_stream_destroy(s);
        return NULL;
    }
    return s;
}

void tls_stream_destroy(tls_stream *s) {
    if (s == NULL) {
        return;
    }
    SSL_free(s->ssl);
    tls_context_release(s->context);
    tls_rest_keep(&s->rest, 0);
    OPENSSL_free(s->out.data);
    free(s);
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* Collects the ClientHello, which says which certificate the client wants. */
static bool follow_hello(tls_stream *s) {
    char name[HELLO_NAME_MAX];
    if (hello_parse(s->rest.bytes, s->rest.size, name) == HELLO_INCOMPLETE) {
        return true;
    }
    bool good = begin(s, name);
    if ((s->rest.bytes[0] & 0x80) != 0) { /* OpenSSL takes it, but it has no record to follow */
        (void)fail(s, "a ClientHello of SSL 2.0");
    }
    return good;
}

/* Lends OpenSSL what has come, for the next call. */
static void lend(tls_stream *s) {
    bool kept = s->rest.bytes != NULL;
    s->in.data = kept ? (char *)s->rest.bytes : (char *)(uintptr_t)s->fed;
    s->in.length = kept ? s->rest.size : s->fed_bytes;
    s->in.max = s->in.length;
    refer(s->from, &s->in);
}

/* After the call: keeps the last `left` bytes, which it has not read. False: out of memory. */
static bool settle(tls_stream *s, uint32_t left) {
    bool good = true;
    if (left == 0 || s->rest.bytes != NULL) {
        tls_rest_keep(&s->rest, left);
    } else {
        good = tls_rest_add(&s->rest, (const uint8_t *)s->fed + s->fed_bytes - left, left);
    }
    s->fed = NULL;
    s->fed_bytes = 0;
    forget(&s->in);
    refer(s->from, &s->in);
    return good;
}

/* The head of a record is complete. */
static void record_begin(tls_stream *s, const uint8_t *head) {
    s->body_left = (uint32_t)head[3] << 8 | head[4];
    s->whole += s->body_left > RECORD_MOST; /* OpenSSL refuses it now */
}

/* Takes the next bytes of a record, at least one. Returns how many. */
static uint32_t record_take(tls_stream *s, const uint8_t *bytes, uint32_t size) {
    uint32_t part = size < s->body_left ? size : s->body_left;
    if (s->head_bytes == RECORD_HEAD) {
        s->body_left -= part;
        return part;
    }
    if (s->head_bytes == 0 && size >= RECORD_HEAD) {
        s->head_bytes = RECORD_HEAD;
        record_begin(s, bytes);
        return RECORD_HEAD;
    }
    s->head[s->head_bytes++] = *bytes;
    if (s->head_bytes == RECORD_HEAD) {
        record_begin(s, s->head);
    }
    return 1;
}

/* Follows the records, so that the room for plaintext is known. */
static void follow_records(tls_stream *s, const uint8_t *bytes, uint32_t size) {
    while (size > 0) {
        uint32_t part = record_take(s, bytes, size);
        bytes += part;
        size -= part;
        s->held += part;
        if (s->head_bytes == RECORD_HEAD && s->body_left == 0) {
            s->head_bytes = 0;
            s->held = 0;
            s->whole++;
        }
    }
}

bool tls_stream_feed(tls_stream *s, const void *bytes, uint32_t size) {
    follow_records(s, bytes, size);
    if (s->done && s->rest.bytes == NULL) {
        s->fed = bytes;
        s->fed_bytes = size;
        return true;
    }
    return tls_rest_add(&s->rest, bytes, size) && (s->ssl != NULL || follow_hello(s));
}

/* Every byte of plaintext has come as at least one byte of ciphertext: there is no compression. */
uint32_t tls_stream_plain_most(const tls_stream *s, uint32_t size) {
    return s->held + size;
}

bool tls_stream_is_dear(const tls_stream *s) {
    return s->ssl != NULL && !s->done;
}

tls_result tls_stream_handshake(tls_stream *s) {
    if (s->ssl == NULL) {
        return TLS_MORE;
    }
    if (s->why[0] != '\0') {
        return TLS_FAILED;
    }
    lend(s);
    ERR_clear_error();
    int result = SSL_do_handshake(s->ssl);
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, result);
    (void)settle(s, (uint32_t)BIO_ctrl_pending(s->from)); /* what is left is in `rest` already */
    if (error == SSL_ERROR_NONE) {
        s->done = true;
        return TLS_DONE;
    }
    return error == SSL_ERROR_WANT_READ ? TLS_MORE : fail_openssl(s);
}

/* Why SSL_read has returned nothing. A connection that has failed is back in its handshake; so is
 * one that waits for the rest of a message such as a ticket, and only then the errors decide. */
static tls_result read_state(tls_stream *s) {
    bool waits = SSL_want_read(s->ssl) && (!SSL_in_init(s->ssl) || ERR_peek_last_error() == 0);
    if (waits) {
        s->whole = 0;
        return TLS_DONE;
    }
    bool ended = (SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && !SSL_in_init(s->ssl);
    return ended ? TLS_ENDED : fail_openssl(s);
}

/* After the last read. All of it has usually been read, and then there is nothing to do. After the
 * end nothing more is read. */
static tls_result open_end(tls_stream *s, tls_result result) {
    if (result == TLS_DONE && s->held == 0 && s->rest.bytes == NULL) {
        s->fed = NULL;
        s->fed_bytes = 0;
        return TLS_DONE;
    }
    uint32_t left = result == TLS_DONE ? (uint32_t)BIO_ctrl_pending(s->from) : 0;
    return settle(s, left) ? result : fail(s, "out of memory");
}

/* One SSL_read returns the plaintext of one record. It may pass over others that have none, and
 * answer them: then `whole` is too large, and another read finds nothing. */
tls_result tls_stream_open(tls_stream *s, void *to, uint32_t capacity, uint32_t *size) {
    uint8_t *at = to;
    tls_result result = TLS_DONE;
    *size = 0;
    if (ERR_peek_last_error() !=
        0) { /* of something else on this thread, which read_state would read */
        ERR_clear_error();
    }
    lend(s);
    while (s->whole > 0) {
        uint8_t none;
        uint32_t room = capacity - *size;
        int bytes = SSL_read(s->ssl, room > 0 ? at + *size : &none, room > 0 ? (int)room : 1);
        if (bytes <= 0) {
            result = read_state(s);
            break;
        }
        if (room == 0) {
            result = fail(s, "more plaintext than ciphertext");
            break;
        }
        *size += (uint32_t)bytes;
        s->opened++;
        s->whole--;
    }
    return open_end(s, result);
}

uint32_t tls_stream_count_opened(tls_stream *s) {
    uint32_t opened = s->opened;
    s->opened = 0;
    return opened;
}

/* ---- what goes ------------------------------------------------------------------------------- */

bool tls_stream_seal(tls_stream *s, const void *bytes, uint32_t size) {
    if (s->out.data == NULL) {
        tls_sealed kept = tls_sealed_take();
        s->out.data = (char *)kept.bytes;
        s->out.max = kept.room;
        refer(s->to, &s->out);
    }
    bool sealed = SSL_write(s->ssl, bytes, (int)size) == (int)size;
    if (!sealed) {
        ERR_clear_error();
    }
    return sealed;
}

void tls_stream_close(tls_stream *s) {
    if (!s->closed && s->done && s->why[0] == '\0') {
        s->closed = true;
        ERR_clear_error();
        (void)SSL_shutdown(s->ssl);
    }
}

uint32_t tls_stream_waiting(const tls_stream *s) {
    return (uint32_t)s->out.length;
}

tls_sealed tls_stream_take(tls_stream *s) {
    tls_sealed all = {.bytes = (uint8_t *)s->out.data, .size = s->out.length, .room = s->out.max};
    if (all.bytes != NULL) {
        forget(&s->out);
        refer(s->to, &s->out);
    }
    return all;
}

const char *tls_stream_why(const tls_stream *s) {
    return s->why;
}

const char *tls_stream_version(const tls_stream *s) {
    return SSL_get_version(s->ssl);
}

const char *tls_stream_cipher(const tls_stream *s) {
    return SSL_CIPHER_get_name(SSL_get_current_cipher(s->ssl));
}
