/* stream.c: see stream.h. */
#include "tls/stream.h"

#include "tls/hello.h"
#include "wire/buffer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

/* RECORD_HEAD: bytes before a record's payload. TRIM_BYTES: above this a memory BIO is replaced
 * once it is empty, so that an idle connection is small. */
enum { RECORD_HEAD = 5, TRIM_BYTES = 4096, HELLO_FIRST_BYTES = 1024 };

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
    if (large && s->done && BIO_ctrl_pending(s->in) == 0 && BIO_ctrl_pending(s->out) == 0) {
        (void)renew_bios(s); /* else they stay */
    }
}

static void note_output(tls_stream *s) {
    uint32_t waiting = tls_stream_waiting(s);
    s->out_most = waiting > s->out_most ? waiting : s->out_most;
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
    uint32_t waiting = (uint32_t)BIO_ctrl_pending(s->in);
    s->in_most = waiting > s->in_most ? waiting : s->in_most;
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
    bool good = begin(s, name) && feed_ssl(s, s->hello, s->hello_bytes);
    buffer_free(s->hello, s->hello_capacity);
    s->hello = NULL;
    return good;
}

/* Follows the records, so that the room for plaintext is known. */
static void follow_records(tls_stream *s, const uint8_t *bytes, uint32_t size) {
    while (size > 0) {
        if (s->head_bytes < RECORD_HEAD) {
            s->head[s->head_bytes++] = *bytes++;
            size--;
            s->held++;
            if (s->head_bytes == RECORD_HEAD) {
                s->body_left = (uint32_t)s->head[3] << 8 | s->head[4];
            }
        } else {
            uint32_t part = size < s->body_left ? size : s->body_left;
            bytes += part;
            size -= part;
            s->body_left -= part;
            s->held += part;
        }
        if (s->head_bytes == RECORD_HEAD && s->body_left == 0) {
            s->head_bytes = 0;
            s->held = 0;
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

tls_result tls_stream_open(tls_stream *s, void *to, uint32_t capacity, uint32_t *size) {
    uint8_t *at = to;
    tls_result result = TLS_DONE;
    *size = 0;
    for (;;) {
        uint8_t none;
        uint32_t room = capacity - *size;
        ERR_clear_error();
        int bytes = SSL_read(s->ssl, room > 0 ? at + *size : &none, room > 0 ? (int)room : 1);
        if (bytes > 0 && room == 0) {
            result = fail(s, "more plaintext than ciphertext");
            break;
        }
        if (bytes > 0) {
            *size += (uint32_t)bytes;
            s->opened++;
            continue;
        }
        int error = SSL_get_error(s->ssl, bytes);
        result = error == SSL_ERROR_WANT_READ     ? TLS_DONE
                 : error == SSL_ERROR_ZERO_RETURN ? TLS_ENDED
                                                  : fail_openssl(s);
        break;
    }
    note_output(s);
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
    ERR_clear_error();
    bool sealed = SSL_write(s->ssl, bytes, (int)size) == (int)size;
    note_output(s);
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
    return s->out != NULL ? (uint32_t)BIO_ctrl_pending(s->out) : 0;
}

uint32_t tls_stream_take(tls_stream *s, void *to, uint32_t size) {
    int taken = s->out != NULL && size > 0 ? BIO_read(s->out, to, (int)size) : 0;
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
