/* certificate.h: a certificate with its chain and its key, from PEM files.
 *
 * The files are read here and OpenSSL gets their bytes: under Wine it cannot open a Windows path.
 * Immutable once loaded, then any thread.
 */
#ifndef PORTICO_CERTIFICATE_H
#define PORTICO_CERTIFICATE_H

#include <portico/status.h>

#include <stdbool.h>
#include <stdint.h>

enum { TLS_WHY_MAX = 512, CERTIFICATE_CHAIN_MAX = 10, CERTIFICATE_NAME_MAX = 128 };

/* Receives what is wrong: `field`, of a config_service, is the key that says so. */
typedef void (*tls_report)(void *arg, const void *field, const char *why);

struct x509_st;
struct evp_pkey_st;

typedef struct certificate {
    struct x509_st *leaf;
    struct x509_st *chain[CERTIFICATE_CHAIN_MAX]; /* up to, and perhaps with, the root */
    uint32_t chain_count;
    struct evp_pkey_st *key;
    int64_t begins_ms; /* when it becomes valid and when it expires, as os_wall_ms */
    int64_t expires_ms;
    char name[CERTIFICATE_NAME_MAX]; /* of its subject, such as "/CN=game.example" */
} certificate;

/* Reads the certificate and those after it in the file. False: `why` says, after the path, what is
 * wrong. certificate_free frees what was read, in either case. */
bool certificate_read(certificate *c, const char *path, char why[TLS_WHY_MAX]);

/* Reads its key, which must match and which other users must not be able to read. */
bool certificate_read_key(certificate *c, const char *path, char why[TLS_WHY_MAX]);

void certificate_free(certificate *c);

/* Whether it is for that host name. */
bool certificate_is_for(const certificate *c, const char *name);

/* False: it has expired, or is not valid yet, and `why` says so. */
bool certificate_is_valid(const certificate *c, int64_t now_ms, char why[TLS_WHY_MAX]);

/* How soon, in days, one expires that has `left_ms`: 30, 7, 1, 0 if it has expired, or
 * CERTIFICATE_LATER. */
enum { CERTIFICATE_LATER = 1000 };
uint32_t certificate_expires_within(int64_t left_ms);

/* Reads certificates of authorities and hands each to `add`, which must copy or hold it. */
bool certificates_read(const char *path, bool (*add)(void *arg, struct x509_st *one), void *arg,
                       char why[TLS_WHY_MAX]);

#endif
