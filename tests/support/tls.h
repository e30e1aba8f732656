/* tls.h: certificates for tests, and a client that speaks TLS with OpenSSL itself.
 *
 * One thread per client. A function that cannot do its work ends the test, unless its name begins
 * with tls_try_ or its comment says otherwise. */
#ifndef TEST_TLS_H
#define TEST_TLS_H

#include "support/net.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct tls_made {
    const char *name;   /* the subject's CN */
    const char *hosts;  /* "DNS:a.test,IP:127.0.0.1"; NULL: none */
    int key;            /* of tls_keys.h */
    int64_t from_s;     /* when it begins to be valid, from now on; 0: an hour ago */
    int64_t to_s;       /* when it expires, from now on; 0: in a hundred days */
    int signer_key;     /* with `signer`: its key */
    const char *signer; /* the CN of the authority that signs it; NULL: it signs itself */
    bool authority;
} tls_made;

/* Writes a certificate, or appends it to the file. `tls_write_key` writes its key, which only this
 * user can read. */
void tls_write_certificate(const char *path, const tls_made *made);
void tls_append_certificate(const char *path, const tls_made *made);
void tls_write_key(const char *path, int key);

/* Makes the folder of the host of that name, and in it c.pem, a certificate of game.test, and
 * k.pem, its key. */
void tls_write_pair(const char *host_name, int key);

typedef struct tls_client tls_client;

typedef struct tls_options {
    uint16_t port;
    int version;             /* 12 or 13: only this one; 0: both */
    const char *server_name; /* for SNI; NULL: none */
    const char *trusted;     /* PEM file of what the client believes; NULL: anybody */
    const char *certificate; /* PEM files of its own; NULL: none */
    const char *key;
    const char *alpn;    /* one protocol; NULL: none */
    const char *ciphers; /* NULL: OpenSSL's choice */
    net_socket socket;   /* one that is connected, with `connected` */
    bool connected;
    bool serves; /* it is the server's side of `socket` */
} tls_options;

/* Connects and completes the handshake. NULL: the server ended it; tls_try_why says how. */
tls_client *tls_connect(const tls_options *options);
tls_client *tls_try_connect(const tls_options *options);
const char *tls_try_why(void);

/* The first bytes of a connection: a ClientHello. Returns how many there are. */
uint32_t tls_hello_bytes(const char *server_name, uint8_t *bytes, uint32_t capacity);

bool tls_send_all(tls_client *c, const void *data, size_t size);

/* Bytes; NET_END: the server has said that nothing more comes; NET_BROKEN: the connection ended
 * without that; NET_TIMEOUT. */
int tls_recv_some(tls_client *c, void *data, size_t size);
bool tls_recv_exactly(tls_client *c, void *data, size_t size);

/* Sends a u16 frame and expects the same back. */
void tls_expect_echo(tls_client *c, uint16_t opcode, const char *text);

/* Asks for new keys of both sides (TLS 1.3), and for a new handshake (TLS 1.2). */
void tls_update_keys(tls_client *c);
void tls_renegotiate(tls_client *c);

const char *tls_version(const tls_client *c);
const char *tls_protocol(const tls_client *c); /* by ALPN; "": none */
/* The CN of the server's certificate. */
void tls_peer_name(const tls_client *c, char *name, size_t size);
net_socket tls_socket(const tls_client *c);

/* Says that nothing more comes; the connection stays open. */
void tls_end(tls_client *c);
/* The same and closes; tls_cut closes without a word. */
void tls_close(tls_client *c);
void tls_cut(tls_client *c);

#endif
