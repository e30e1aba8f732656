/* context.c: see context.h. */
#include "tls/context.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CERTIFICATES_MAX = 16, ALPN_BYTES_MAX = 256 };

/* A certificate and its context of OpenSSL. */
typedef struct served {
    SSL_CTX *ssl;
    certificate certificate;
} served;

struct tls_context {
    _Atomic uint32_t refs;
    const config_service *config;
    uint32_t count; /* of `served`; a connector has at least one, perhaps without a certificate */
    served served[CERTIFICATES_MAX];
    uint8_t alpn[ALPN_BYTES_MAX]; /* protocols, each after a byte with its size */
    uint32_t alpn_bytes;
};

/* While it is made. */
typedef struct making {
    tls_context *made;
    tls_report report;
    void *arg;
    bool good;
} making;

static void refuse(making *m, const void *field, const char *why) {
    m->good = false;
    m->report(m->arg, field, why);
}

/* "PATH: why" for one of the keys that name files. */
static void refuse_file(making *m, const void *field, const char *path, const char *why) {
    char text[CONFIG_PATH_MAX + TLS_WHY_MAX + 4];
    (void)snprintf(text, sizeof text, "%s: %s", path, why);
    refuse(m, field, text);
}

/* ---- certificates and keys ------------------------------------------------------------------- */

static void read_pairs(making *m) {
    tls_context *t = m->made;
    const config_tls *c = &t->config->tls;
    char why[TLS_WHY_MAX];
    char path[CONFIG_PATH_MAX];
    for (uint32_t i = 0; config_list_item(c->certificate, i, path, sizeof path); i++) {
        if (i == CERTIFICATES_MAX) {
            refuse(m, &c->certificate, "more than 16 certificates");
            return;
        }
        certificate *one = &t->served[i].certificate;
        t->count = i + 1;
        if (!certificate_read(one, path, why)) {
            refuse_file(m, &c->certificate, path, why);
        }
        if (config_list_item(c->key, i, path, sizeof path) &&
            !certificate_read_key(one, path, why)) {
            refuse_file(m, &c->key, path, why);
        }
    }
}

static bool use_certificate(SSL_CTX *ssl, const certificate *one) {
    if (SSL_CTX_use_certificate(ssl, one->leaf) != 1 ||
        SSL_CTX_use_PrivateKey(ssl, one->key) != 1) {
        return false;
    }
    for (uint32_t i = 0; i < one->chain_count; i++) {
        if (SSL_CTX_add1_chain_cert(ssl, one->chain[i]) != 1) {
            return false;
        }
    }
    return true;
}

/* ---- authorities ----------------------------------------------------------------------------- */

static bool trust(void *arg, X509 *one) {
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(arg), one) == 1;
}

/* Also names it to clients, which choose their certificate by that. */
static bool trust_clients_of(void *arg, X509 *one) {
    return trust(arg, one) && SSL_CTX_add_client_CA(arg, one) == 1;
}

/* One that OpenSSL cannot read is left out, as is one that it has. */
static void trust_root(void *arg, const void *der, uint32_t size) {
    const unsigned char *bytes = der;
    X509 *one = d2i_X509(NULL, &bytes, (long)size);
    if (one != NULL) {
        (void)trust(arg, one);
    }
    X509_free(one);
    ERR_clear_error();
}

static void set_authorities(making *m, SSL_CTX *ssl) {
    const config_service *c = m->made->config;
    char why[TLS_WHY_MAX];
    if (!c->outgoing) {
        if (c->tls.client_ca != NULL) {
            if (!certificates_read(c->tls.client_ca, trust_clients_of, ssl, why)) {
                refuse_file(m, &c->tls.client_ca, c->tls.client_ca, why);
            }
            SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        }
        return;
    }
    if (!c->tls.verify) {
        SSL_CTX_set_verify(ssl, SSL_VERIFY_NONE, NULL);
        return;
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    if (c->tls.ca == NULL) {
        (void)SSL_CTX_set_default_verify_paths(ssl); /* without any, every connection fails */
        (void)os_root_certificates(trust_root, ssl);
    } else if (!certificates_read(c->tls.ca, trust, ssl, why)) {
        refuse_file(m, &c->tls.ca, c->tls.ca, why);
    }
}

/* ---- protocols ------------------------------------------------------------------------------- */

/* The first of ours that the client offers. With none the handshake fails, as RFC 7301 says. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned int in_size, void *arg) {
    const tls_context *t = arg;
    (void)ssl;
    for (uint32_t ours = 0; ours < t->alpn_bytes; ours += t->alpn[ours] + 1u) {
        for (uint32_t at = 0; at < in_size; at += in[at] + 1u) {
            if (in[at] == t->alpn[ours] && at + in[at] < in_size &&
                memcmp(in + at, t->alpn + ours, in[at] + 1u) == 0) {
                *out = in + at + 1;
                *out_size = in[at];
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void set_protocols(making *m, SSL_CTX *ssl) {
    tls_context *t = m->made;
    if (t->alpn_bytes == 0) {
        return;
    }
    if (t->config->outgoing) {
        (void)SSL_CTX_set_alpn_protos(ssl, t->alpn, t->alpn_bytes);
    } else {
        SSL_CTX_set_alpn_select_cb(ssl, select_protocol, t);
    }
}

static void read_protocols(making *m) {
    tls_context *t = m->made;
    const config_tls *c = &t->config->tls;
    char name[ALPN_BYTES_MAX];
    for (uint32_t i = 0; config_list_item(c->alpn, i, name, sizeof name); i++) {
        size_t size = strlen(name);
        if (size > 255 || t->alpn_bytes + size + 1 > sizeof t->alpn) {
            refuse(m, &c->alpn, "all names together must have less than 256 bytes");
            return;
        }
        t->alpn[t->alpn_bytes] = (uint8_t)size;
        memcpy(t->alpn + t->alpn_bytes + 1, name, size);
        t->alpn_bytes += (uint32_t)size + 1;
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Sessions are resumed by tickets, which cost the host no memory. Their keys are made by OpenSSL
 * for each context, so a reload ends their use. A ticket would give a client that resumes the
 * certificate of another name, so every context has its own id. */
static SSL_CTX *new_ssl(making *m, uint32_t index) {
    const config_service *c = m->made->config;
    SSL_CTX *ssl = SSL_CTX_new(c->outgoing ? TLS_client_method() : TLS_server_method());
    if (ssl == NULL) {
        refuse(m, &c->tls, "out of memory");
        return NULL;
    }
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_read_ahead(ssl, 1); /* takes a record at once, not its head first */
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_session_id_context(ssl, (const unsigned char *)&index, sizeof index);
    if (!c->outgoing) {
        (void)SSL_CTX_set_num_tickets(ssl, 1);
    }
    bool set = SSL_CTX_set_min_proto_version(
                   ssl, c->tls.min == CONFIG_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1;
    if (!set) {
        refuse(m, &c->tls.min, "this OpenSSL does not have that version of TLS");
    }
    if (c->tls.ciphers != NULL && SSL_CTX_set_cipher_list(ssl, c->tls.ciphers) != 1) {
        refuse(m, &c->tls.ciphers,
               "OpenSSL knows none of these ciphers for TLS 1.2: see `openssl ciphers -s -v "
               "-tls1_2`; those of TLS 1.3 are always on");
    }
    return ssl;
}

static void refuse_certificate(making *m, uint32_t index) {
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    const config_tls *c = &m->made->config->tls;
    char text[TLS_WHY_MAX];
    char path[CONFIG_PATH_MAX];
    (void)snprintf(text, sizeof text, "OpenSSL refuses the certificate %s (%s): use another one",
                   m->made->served[index].certificate.name, why != NULL ? why : "unknown reason");
    (void)config_list_item(c->certificate, index, path, sizeof path);
    refuse_file(m, &c->certificate, path, text);
}

static void make_ssl(making *m, uint32_t index) {
    served *s = &m->made->served[index];
    s->ssl = new_ssl(m, index);
    if (s->ssl == NULL) {
        return;
    }
    if (s->certificate.leaf != NULL && s->certificate.key != NULL &&
        !use_certificate(s->ssl, &s->certificate)) {
        refuse_certificate(m, index);
    }
    set_authorities(m, s->ssl);
    set_protocols(m, s->ssl);
}

tls_context *tls_context_create(const config_service *c, tls_report report, void *arg) {
    /* OpenSSL's own configuration file is not read: what applies is in the ini, on every system.
     * Nothing is freed at exit, when threads may still run. */
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1) {
        report(arg, &c->tls, "OpenSSL cannot start");
        return NULL;
    }
    making m = {.made = calloc(1, sizeof(tls_context)), .report = report, .arg = arg, .good = true};
    if (m.made == NULL) {
        report(arg, &c->tls, "out of memory");
        return NULL;
    }
    atomic_init(&m.made->refs, 1);
    m.made->config = c;
    read_pairs(&m);
    read_protocols(&m);
    m.made->count += m.made->count == 0; /* a connector's, without a certificate */
    for (uint32_t i = 0; i < m.made->count && (i == 0 || m.good); i++) {
        make_ssl(&m, i);
    }
    ERR_clear_error();
    if (!m.good) {
        tls_context_release(m.made);
        return NULL;
    }
    return m.made;
}

tls_context *tls_context_hold(tls_context *t) {
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void tls_context_release(tls_context *t) {
    if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < CERTIFICATES_MAX; i++) {
        SSL_CTX_free(t->served[i].ssl);
        certificate_free(&t->served[i].certificate);
    }
    free(t);
}

uint32_t tls_context_certificates(const tls_context *t) {
    return t->served[0].certificate.leaf != NULL ? t->count : 0;
}

const certificate *tls_context_certificate(const tls_context *t, uint32_t index) {
    return &t->served[index].certificate;
}

SSL *tls_context_accept(const tls_context *t, const char *name) {
    const served *s = &t->served[0];
    for (uint32_t i = 0; name[0] != '\0' && i < t->count; i++) {
        if (certificate_is_for(&t->served[i].certificate, name)) {
            s = &t->served[i];
            break;
        }
    }
    SSL *ssl = SSL_new(s->ssl);
    if (ssl != NULL) {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}

/* A server with a numeric address has a certificate for that, and gets no SNI (RFC 6066). */
static bool expect_name(SSL *ssl, const char *name) {
    os_address numeric;
    if (os_address_parse(name, 0, &numeric) == PORTICO_OK) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    }
    return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

SSL *tls_context_connect(const tls_context *t, const char *name) {
    SSL *ssl = SSL_new(t->served[0].ssl);
    if (ssl != NULL && !expect_name(ssl, name)) {
        SSL_free(ssl);
        ssl = NULL;
    }
    if (ssl != NULL) {
        SSL_set_connect_state(ssl);
    }
    ERR_clear_error();
    return ssl;
}
