/* tls.c: see tls.h. */
#include "support/tls.h"

#include "os/os.h"
#include "support/check.h"
#include "support/host.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 * 1024 };

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;
    BIO *out;
    net_socket socket;
    char protocol[64];
};

static char why[256];

const char *tls_try_why(void) {
    return why;
}

/* ---- certificates ---------------------------------------------------------------------------- */

static EVP_PKEY *read_key(int key) {
    BIO *bio = BIO_new_mem_buf(tls_keys[key], (int)strlen(tls_keys[key]));
    EVP_PKEY *read = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    CHECK(read != NULL);
    BIO_free(bio);
    return read;
}

static X509_NAME *make_name(const char *text) {
    X509_NAME *name = X509_NAME_new();
    CHECK_INT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1,
                                         -1, 0),
              1);
    return name;
}

static void extend(X509 *one, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    CHECK(extension != NULL);
    CHECK_INT(X509_add_ext(one, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const tls_made *made) {
    static long serial = 1;
    X509 *one = X509_new();
    EVP_PKEY *key = read_key(made->key);
    EVP_PKEY *signer = read_key(made->signer != NULL ? made->signer_key : made->key);
    X509_NAME *subject = make_name(made->name);
    X509_NAME *issuer = make_name(made->signer != NULL ? made->signer : made->name);
    CHECK_INT(X509_set_version(one, 2), 1);
    CHECK_INT(ASN1_INTEGER_set(X509_get_serialNumber(one), ++serial), 1);
    CHECK(
        X509_gmtime_adj(X509_getm_notBefore(one), made->from_s != 0 ? (long)made->from_s : -3600));
    CHECK(X509_gmtime_adj(X509_getm_notAfter(one),
                          made->to_s != 0 ? (long)made->to_s : 100l * 24 * 3600));
    CHECK_INT(X509_set_pubkey(one, key), 1);
    CHECK_INT(X509_set_subject_name(one, subject), 1);
    CHECK_INT(X509_set_issuer_name(one, issuer), 1);
    extend(one, NID_basic_constraints, made->authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (made->hosts != NULL) {
        extend(one, NID_subject_alt_name, made->hosts);
    }
    CHECK(X509_sign(one, signer, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    EVP_PKEY_free(key);
    EVP_PKEY_free(signer);
    return one;
}

static void write_certificate(const char *path, const char *mode, const tls_made *made) {
    static char text[16384];
    X509 *one = make_certificate(made);
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK_INT(PEM_write_bio_X509(bio, one), 1);
    int size = BIO_read(bio, text, (int)sizeof text);
    CHECK(size > 0);
    FILE *file = fopen(path, mode);
    CHECK(file != NULL);
    CHECK_INT(fwrite(text, 1, (size_t)size, file), size);
    CHECK_INT(fclose(file), 0);
    BIO_free(bio);
    X509_free(one);
}

void tls_write_certificate(const char *path, const tls_made *made) {
    write_certificate(path, "wb", made);
}

void tls_append_certificate(const char *path, const tls_made *made) {
    write_certificate(path, "ab", made);
}

void tls_write_key(const char *path, int key) {
    (void)os_file_remove(path);
    FILE *file = os_fopen(path, "wx");
    CHECK(file != NULL);
    CHECK(fputs(tls_keys[key], file) >= 0);
    CHECK_INT(fclose(file), 0);
}

void tls_write_pair(const char *host_name, int key) {
    const tls_made made = {.name = "game.test", .key = key};
    char folder[512];
    char path[600];
    (void)snprintf(folder, sizeof folder, "%s/%s", host_test_folder(), host_name);
    folder_make(host_test_folder());
    folder_make(folder);
    file_path(path, sizeof path, folder, "c.pem");
    tls_write_certificate(path, &made);
    file_path(path, sizeof path, folder, "k.pem");
    tls_write_key(path, key);
}

/* ---- the client ------------------------------------------------------------------------------ */

static BIO *read_pem(const char *path, char **bytes) {
    size_t size = 0;
    *bytes = file_read(path, &size);
    CHECK(*bytes != NULL);
    return BIO_new_mem_buf(*bytes, (int)size);
}

static void trust(SSL_CTX *context, const char *path) {
    char *bytes = NULL;
    BIO *bio = read_pem(path, &bytes);
    X509 *one = NULL;
    while ((one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        CHECK_INT(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one), 1);
        X509_free(one);
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    BIO_free(bio);
    free(bytes);
}

static void present(SSL_CTX *context, const char *certificate, const char *key) {
    char *bytes = NULL;
    BIO *bio = read_pem(certificate, &bytes);
    X509 *one = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    CHECK_INT(SSL_CTX_use_certificate(context, one), 1);
    X509_free(one);
    BIO_free(bio);
    free(bytes);
    bio = read_pem(key, &bytes);
    EVP_PKEY *read = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    CHECK_INT(SSL_CTX_use_PrivateKey(context, read), 1);
    EVP_PKEY_free(read);
    BIO_free(bio);
    free(bytes);
}

static SSL_CTX *make_context(const tls_options *o) {
    SSL_CTX *context = SSL_CTX_new(o->serves ? TLS_server_method() : TLS_client_method());
    CHECK(context != NULL);
    if (o->version != 0) {
        int version = o->version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
        CHECK_INT(SSL_CTX_set_min_proto_version(context, version), 1);
        CHECK_INT(SSL_CTX_set_max_proto_version(context, version), 1);
    }
    if (o->trusted != NULL) {
        trust(context, o->trusted);
    }
    if (o->certificate != NULL) {
        present(context, o->certificate, o->key);
    }
    if (o->alpn != NULL) {
        unsigned char protocols[64];
        protocols[0] = (unsigned char)strlen(o->alpn);
        memcpy(protocols + 1, o->alpn, protocols[0]);
        CHECK_INT(SSL_CTX_set_alpn_protos(context, protocols, protocols[0] + 1u), 0);
    }
    if (o->ciphers != NULL) {
        CHECK_INT(SSL_CTX_set_cipher_list(context, o->ciphers), 1);
    }
    return context;
}

static tls_client *make_client(const tls_options *o, net_socket socket) {
    tls_client *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->socket = socket;
    c->context = make_context(o);
    c->ssl = SSL_new(c->context);
    c->in = BIO_new(BIO_s_mem());
    c->out = BIO_new(BIO_s_mem());
    SSL_set_bio(c->ssl, c->in, c->out);
    if (o->server_name != NULL) {
        CHECK_INT(SSL_set_tlsext_host_name(c->ssl, o->server_name), 1);
        CHECK_INT(SSL_set1_host(c->ssl, o->server_name), 1);
    }
    if (o->serves) {
        SSL_set_accept_state(c->ssl);
    } else {
        SSL_set_connect_state(c->ssl);
    }
    return c;
}

static void free_client(tls_client *c) {
    SSL_free(c->ssl);
    SSL_CTX_free(c->context);
    free(c);
}

static bool send_waiting(tls_client *c) {
    uint8_t block[BLOCK];
    int size = 0;
    while ((size = BIO_read(c->out, block, (int)sizeof block)) > 0) {
        if (!net_send_all(c->socket, block, (size_t)size)) {
            return false;
        }
    }
    return true;
}

/* Receives what there is into the BIO. Returns as net_recv_some. */
static int receive(tls_client *c) {
    uint8_t block[BLOCK];
    int size = net_recv_some(c->socket, block, sizeof block);
    if (size > 0) {
        CHECK_INT(BIO_write(c->in, block, size), size);
    }
    return size;
}

static bool handshake(tls_client *c) {
    for (;;) {
        ERR_clear_error();
        int result = SSL_do_handshake(c->ssl);
        int error = SSL_get_error(c->ssl, result);
        bool sent = send_waiting(c);
        if (result == 1) {
            return sent;
        }
        if (error != SSL_ERROR_WANT_READ) {
            const char *reason = ERR_reason_error_string(ERR_peek_last_error());
            snprintf(why, sizeof why, "%s", reason != NULL ? reason : "unknown");
            return false;
        }
        int size = receive(c);
        if (size <= 0) {
            snprintf(why, sizeof why, "%s",
                     size == NET_END       ? "ended"
                     : size == NET_TIMEOUT ? "timed out"
                                           : "broken");
            return false;
        }
    }
}

tls_client *tls_try_connect(const tls_options *o) {
    why[0] = '\0';
    net_socket s = o->connected ? o->socket : net_try_connect("127.0.0.1", o->port);
    if (s == NET_NONE) {
        snprintf(why, sizeof why, "not connected");
        return NULL;
    }
    tls_client *c = make_client(o, s);
    if (!handshake(c)) {
        net_close(c->socket);
        free_client(c);
        return NULL;
    }
    return c;
}

tls_client *tls_connect(const tls_options *o) {
    tls_client *c = tls_try_connect(o);
    CHECK_TEXT(why, "");
    CHECK(c != NULL);
    return c;
}

uint32_t tls_hello_bytes(const char *server_name, uint8_t *bytes, uint32_t capacity) {
    const tls_options o = {.server_name = server_name};
    tls_client *c = make_client(&o, NET_NONE);
    CHECK_INT(SSL_get_error(c->ssl, SSL_do_handshake(c->ssl)), SSL_ERROR_WANT_READ);
    int size = BIO_read(c->out, bytes, (int)capacity);
    free_client(c);
    CHECK(size > 0);
    return (uint32_t)size;
}

bool tls_send_all(tls_client *c, const void *data, size_t size) {
    CHECK_INT(SSL_write(c->ssl, data, (int)size), (int)size);
    return send_waiting(c);
}

int tls_recv_some(tls_client *c, void *data, size_t size) {
    for (;;) {
        ERR_clear_error();
        int bytes = SSL_read(c->ssl, data, (int)size);
        if (bytes > 0) {
            return bytes;
        }
        int error = SSL_get_error(c->ssl, bytes);
        (void)send_waiting(c);
        if (error == SSL_ERROR_ZERO_RETURN) {
            return NET_END;
        }
        if (error != SSL_ERROR_WANT_READ) {
            return NET_BROKEN;
        }
        int more = receive(c);
        if (more <= 0) {
            return more == NET_END ? NET_BROKEN : more;
        }
    }
}

bool tls_recv_exactly(tls_client *c, void *data, size_t size) {
    uint8_t *to = data;
    while (size > 0) {
        int bytes = tls_recv_some(c, to, size);
        if (bytes <= 0) {
            return false;
        }
        to += bytes;
        size -= (size_t)bytes;
    }
    return true;
}

void tls_expect_echo(tls_client *c, uint16_t opcode, const char *text) {
    uint8_t sent[1024];
    uint8_t received[1024];
    size_t size = wire_frame(WIRE_U16, sent, opcode, text, (uint32_t)strlen(text));
    CHECK(tls_send_all(c, sent, size));
    CHECK(tls_recv_exactly(c, received, size));
    CHECK(memcmp(sent, received, size) == 0);
}

void tls_update_keys(tls_client *c) {
    CHECK_INT(SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    CHECK_INT(SSL_do_handshake(c->ssl), 1);
    (void)send_waiting(c);
}

void tls_renegotiate(tls_client *c) {
    CHECK_INT(SSL_renegotiate(c->ssl), 1);
    (void)SSL_do_handshake(c->ssl);
    (void)send_waiting(c);
}

const char *tls_version(const tls_client *c) {
    return SSL_get_version(c->ssl);
}

const char *tls_protocol(const tls_client *c) {
    const unsigned char *name = NULL;
    unsigned int size = 0;
    SSL_get0_alpn_selected(c->ssl, &name, &size);
    char *to = ((tls_client *)(uintptr_t)c)->protocol;
    CHECK(size < sizeof c->protocol);
    if (size > 0) {
        memcpy(to, name, size);
    }
    to[size] = '\0';
    return to;
}

void tls_peer_name(const tls_client *c, char *name, size_t size) {
    X509 *one = SSL_get1_peer_certificate(c->ssl);
    CHECK(one != NULL);
    CHECK(X509_NAME_get_text_by_NID(X509_get_subject_name(one), NID_commonName, name, (int)size) >
          0);
    X509_free(one);
}

net_socket tls_socket(const tls_client *c) {
    return c->socket;
}

void tls_end(tls_client *c) {
    (void)SSL_shutdown(c->ssl);
    (void)send_waiting(c);
}

void tls_close(tls_client *c) {
    tls_end(c);
    tls_cut(c);
}

void tls_cut(tls_client *c) {
    net_close(c->socket);
    free_client(c);
}
