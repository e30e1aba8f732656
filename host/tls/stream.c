/* stream.c: see stream.h.
 *
 * A message costs as few calls of OpenSSL as possible. ERR_clear_error, which SSL_get_error needs
 * before each call, and a read that finds nothing cost more than the host's own work: so read_state
 * asks the connection instead of the thread's queue of errors, and `whole` says when to read.
 */
#include "tls/stream.h"

#include "tls/hello.h"
#include "wire/buffer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

/* RECORD_HEAD: bytes before a record's payload, which has RECORD_MOST at most. TRIM_BYTES: above this a memory BIO is replaced
 * once it is empty, so that an idle connection is small. */
enum { RECORD_HEAD = 5, RECORD_MOST = 18 * 1024, TRIM_BYTES = 4096, HELLO_FIRST_BYTES = 1024 };

struct tls_stream {
    tls_keeper *keeper;
    tls_context
        *context; /* of the SSL, which calls back into it; held, since a reload replaces it */
    SSL *ssl;     /* NULL: the ClientHello is not complete */
    BIO *in;      /* the SSL owns both */
    BIO *out;
    uint8_t *hello; /* what has come of it */
    uint32_t hello_bytes;
    uint32_t hello_capacity;
    uint8_t head[RECORD_HEAD]; /* of the record that is arriving ... */
    uint32_t head_bytes;
    uint32_t body_left; /* ... and what its payload lacks */
    uint32_t held;      /* bytes of it that have come */
    uint32_t opened;    /* records with plaintext, since tls_stream_count_opened */
    uint32_t whole;     /* complete records that have not been read, or more */
    uint32_t waiting;   /* bytes in `out` */
    uint32_t in_most;   /* the most that was in each BIO since it was made */
    uint32_t out_most;
    bool done;   /* the handshake is complete */
    bool closed; /* tls_stream_close has been called */
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

/* Gives the SSL two empty BIOs. */
static bool renew_bios(tls_stream *s) {
    BIO *in = BIO_new(BIO_s_mem());
    BIO *out = BIO_new(BIO_s_mem());
    if (in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set_bio(s->ssl, in, out); /* frees the two before */
    s->in = in;
    s->out = out;
    s->in_most = 0;
    s->out_most = 0;
    return true;
}

static void trim(tls_stream *s) {
    bool large = s->in_most > TRIM_BYTES || s->out_most > TRIM_BYTES;
    if (large && s->done && s->waiting == 0 && BIO_ctrl_pending(s->in) == 0) {
        (void)renew_bios(s); /* else they stay */
    }
}

/* Call after whatever may have written to `out`. */
static void note_output(tls_stream *s) {
    s->waiting = (uint32_t)BIO_ctrl_pending(s->out);
    s->out_most = s->waiting > s->out_most ? s->waiting : s->out_most;
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
    return s->ssl != NULL && renew_bios(s);
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
    if (s->hello != NULL) {
        buffer_free(s->hello, s->hello_capacity);
    }
    free(s);
}

/* ---- what comes ------------------------------------------------------------------------------ */

static bool hello_grow(tls_stream *s, uint32_t need) {
    uint32_t capacity = s->hello_capacity != 0 ? s->hello_capacity : HELLO_FIRST_BYTES;
    while (capacity < need) {
        capacity *= 2;
    }
    if (capacity == s->hello_capacity) {
        return true;
    }
    uint8_t *more = buffer_allocate(capacity);
    if (more == NULL) {
        return false;
    }
    if (s->hello != NULL) {
        memcpy(more, s->hello, s->hello_bytes);
        buffer_free(s->hello, s->hello_capacity);
    }
    s->hello = more;
    s->hello_capacity = capacity;
    return true;
}

static bool feed_ssl(tls_stream *s, const uint8_t *bytes, uint32_t size) {
    if (BIO_write(s->in, bytes, (int)size) != (int)size) {
        return false;
    }
    uint32_t there = size + s->held; /* or less */
    s->in_most = there > s->in_most ? there : s->in_most;
    return true;
}

/* Collects the ClientHello, which says which certificate the client wants. */
static bool feed_hello(tls_stream *s, const uint8_t *bytes, uint32_t size) {
    char name[HELLO_NAME_MAX];
    if (!hello_grow(s, s->hello_bytes + size)) {
        return false;
    }
    memcpy(s->hello + s->hello_bytes, bytes, size);
    s->hello_bytes += size;
    if (hello_parse(s->hello, s->hello_bytes, name) == HELLO_INCOMPLETE) {
        return true;
    }
    bool good = begin(s, name);
    if ((s->hello[0] & 0x80) != 0) { /* OpenSSL takes it, but it has no record to follow */
        (void)fail(s, "a ClientHello of SSL 2.0");
    } else {
        good = good && feed_ssl(s, s->hello, s->hello_bytes);
    }
    buffer_free(s->hello, s->hello_capacity);
    s->hello = NULL;
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
    return s->ssl != NULL ? feed_ssl(s, bytes, size) : feed_hello(s, bytes, size);
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
    ERR_clear_error();
    int result = SSL_do_handshake(s->ssl);
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, result);
    note_output(s);
    if (error == SSL_ERROR_NONE) {
        s->done = true;
        return TLS_DONE;
    }
    return error == SSL_ERROR_WANT_READ ? TLS_MORE : fail_openssl(s);
}

/* Why SSL_read has returned nothing. A connection that has failed is back in its handshake; so is one
 * that waits for the rest of a message such as a ticket, and only then the errors decide. */
static tls_result read_state(tls_stream *s) {
    note_output(s);
    bool waits = SSL_want_read(s->ssl) && (!SSL_in_init(s->ssl) || ERR_peek_last_error() == 0);
    if (waits) {
        s->whole = 0;
        return TLS_DONE;
    }
    bool ended = (SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN) != 0 && !SSL_in_init(s->ssl);
    return ended ? TLS_ENDED : fail_openssl(s);
}

/* One SSL_read returns the plaintext of one record. It may pass over others that have none, and answer
 * them: then `whole` is too large, and another read finds nothing. */
tls_result tls_stream_open(tls_stream *s, void *to, uint32_t capacity, uint32_t *size) {
    uint8_t *at = to;
    tls_result result = TLS_DONE;
    *size = 0;
    if (ERR_peek_last_error() !=
        0) { /* of something else on this thread, which read_state would read */
        ERR_clear_error();
    }
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
    trim(s);
    return result;
}

uint32_t tls_stream_count_opened(tls_stream *s) {
    uint32_t opened = s->opened;
    s->opened = 0;
    return opened;
}

/* ---- what goes ------------------------------------------------------------------------------- */

bool tls_stream_seal(tls_stream *s, const void *bytes, uint32_t size) {
    bool sealed = SSL_write(s->ssl, bytes, (int)size) == (int)size;
    note_output(s);
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
        note_output(s);
    }
}

uint32_t tls_stream_waiting(const tls_stream *s) {
    return s->waiting;
}

uint32_t tls_stream_take(tls_stream *s, void *to, uint32_t size) {
    int taken = s->waiting > 0 && size > 0 ? BIO_read(s->out, to, (int)size) : 0;
    s->waiting -= taken > 0 ? (uint32_t)taken : 0;
    trim(s);
    return taken > 0 ? (uint32_t)taken : 0;
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
