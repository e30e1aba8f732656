/* certificate.c: see certificate.h. */
#include "tls/certificate.h"

#include "base/system_text.h"
#include "os/os.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* FILE_MOST: system-wide lists of authorities have some 200 KiB. */
enum { FILE_MOST = 4 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

/* ---- files ----------------------------------------------------------------------------------- */

static FILE *open_file(const char *path, bool secret, char why[TLS_WHY_MAX]) {
    char found[OS_FOUND_TEXT] = "";
    FILE *file = NULL;
    portico_status status = PORTICO_OK;
    if (secret) {
        status = os_fopen_secret(path, &file, found);
    } else if ((file = os_fopen(path, "rb")) == NULL) {
        status = os_error_status();
    }
    if (status == PORTICO_E_NOT_FOUND) {
        (void)snprintf(why, TLS_WHY_MAX, "there is no such file");
    } else if (found[0] != '\0') {
        (void)snprintf(why, TLS_WHY_MAX,
                       "%s: give it to the user of the host, and let no other user read it", found);
    } else if (status != PORTICO_OK) {
        (void)snprintf(why, TLS_WHY_MAX, "it cannot be read (%s)", system_text(os_error()));
    }
    return status == PORTICO_OK ? file : NULL;
}

/* The bytes of a file as a BIO, which refers to *bytes: the caller frees both. NULL: see `why`. */
static BIO *read_file(const char *path, bool secret, char **bytes, size_t *size,
                      char why[TLS_WHY_MAX]) {
    BIO *bio = NULL;
    *bytes = NULL;
    *size = 0;
    FILE *file = open_file(path, secret, why);
    if (file == NULL) {
        return NULL;
    }
    *bytes = malloc(FILE_MOST + 1);
    *size = *bytes != NULL ? fread(*bytes, 1, FILE_MOST + 1, file) : 0;
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (*bytes == NULL || failed) {
        (void)snprintf(why, TLS_WHY_MAX, "%s", failed ? "it cannot be read" : "out of memory");
    } else if (*size > FILE_MOST) {
        (void)snprintf(why, TLS_WHY_MAX, "it has more than 4 MiB: name a PEM file");
    } else if ((bio = BIO_new_mem_buf(*bytes, (int)*size)) == NULL) {
        (void)snprintf(why, TLS_WHY_MAX, "out of memory");
    }
    return bio;
}

/* Frees what read_file returned; the bytes may have been a key. */
static void end_file(BIO *bio, char *bytes, size_t size) {
    volatile char *erase = bytes;
    for (size_t i = 0; bytes != NULL && i < size; i++) {
        erase[i] = 0;
    }
    BIO_free(bio);
    free(bytes);
    ERR_clear_error();
}

/* Without a password OpenSSL would ask for one on the terminal; with "" it fails. */
static char no_password[1] = "";

/* ---- certificates ---------------------------------------------------------------------------- */

bool certificates_read(const char *path, bool (*add)(void *arg, X509 *one), void *arg,
                       char why[TLS_WHY_MAX]) {
    char *bytes = NULL;
    size_t size = 0;
    BIO *bio = read_file(path, false, &bytes, &size, why);
    uint32_t count = 0;
    bool good = bio != NULL;
    while (good) {
        X509 *one = PEM_read_bio_X509(bio, NULL, NULL, no_password);
        if (one == NULL) {
            break;
        }
        good = add(arg, one);
        X509_free(one);
        count++;
        if (!good) {
            (void)snprintf(why, TLS_WHY_MAX, "certificate %u cannot be used: %s", (unsigned)count,
                           "there are too many, or there is no memory");
        }
    }
    /* At the end of the file there is no further beginning; anything else is a damaged one. */
    if (good && (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)) {
        (void)snprintf(why, TLS_WHY_MAX,
                       count == 0 ? "there is no certificate in it: name a PEM file with a line "
                                    "\"-----BEGIN CERTIFICATE-----\""
                                  : "certificate %u in it is damaged",
                       (unsigned)count + 1);
        good = false;
    }
    end_file(bio, bytes, size);
    return good;
}

static bool add_to_chain(void *arg, X509 *one) {
    certificate *c = arg;
    if (c->leaf == NULL) {
        c->leaf = one;
    } else if (c->chain_count < CERTIFICATE_CHAIN_MAX) {
        c->chain[c->chain_count++] = one;
    } else {
        return false;
    }
    return X509_up_ref(one) == 1;
}

/* Milliseconds like os_wall_ms. */
static int64_t time_of(const ASN1_TIME *at, int64_t now_ms) {
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, NULL, at) != 1) {
        return now_ms;
    }
    return now_ms + (int64_t)days * DAY_MS + (int64_t)seconds * 1000;
}

bool certificate_read(certificate *c, const char *path, char why[TLS_WHY_MAX]) {
    memset(c, 0, sizeof *c);
    if (!certificates_read(path, add_to_chain, c, why)) {
        return false;
    }
    int64_t now_ms = (int64_t)os_wall_ms();
    c->begins_ms = time_of(X509_get0_notBefore(c->leaf), now_ms);
    c->expires_ms = time_of(X509_get0_notAfter(c->leaf), now_ms);
    (void)X509_NAME_oneline(X509_get_subject_name(c->leaf), c->name, (int)sizeof c->name);
    for (char *p = c->name; *p != '\0'; p++) {
        *p = *p < ' ' || *p > '~' ? '?' : *p; /* it goes into the log */
    }
    return true;
}

bool certificate_read_key(certificate *c, const char *path, char why[TLS_WHY_MAX]) {
    char *bytes = NULL;
    size_t size = 0;
    BIO *bio = read_file(path, true, &bytes, &size, why);
    if (bio == NULL) {
        end_file(bio, bytes, size);
        return false;
    }
    c->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password);
    end_file(bio, bytes, size);
    if (c->key == NULL) {
        (void)snprintf(why, TLS_WHY_MAX,
                       "there is no private key in it that can be read: name a PEM file with a "
                       "line \"-----BEGIN PRIVATE KEY-----\" and without a password");
        return false;
    }
    bool matches = c->leaf == NULL || X509_check_private_key(c->leaf, c->key) == 1;
    ERR_clear_error();
    if (!matches) {
        (void)snprintf(why, TLS_WHY_MAX, "it is not the key of the certificate %s", c->name);
        EVP_PKEY_free(c->key);
        c->key = NULL;
    }
    return matches;
}

void certificate_free(certificate *c) {
    X509_free(c->leaf);
    for (uint32_t i = 0; i < c->chain_count; i++) {
        X509_free(c->chain[i]);
    }
    EVP_PKEY_free(c->key);
    memset(c, 0, sizeof *c);
}

bool certificate_is_for(const certificate *c, const char *name) {
    return X509_check_host(c->leaf, name, strlen(name), 0, NULL) == 1;
}

bool certificate_is_valid(const certificate *c, int64_t now_ms, char why[TLS_WHY_MAX]) {
    if (now_ms >= c->expires_ms) {
        (void)snprintf(why, TLS_WHY_MAX, "the certificate %s expired %lld days ago", c->name,
                       (long long)((now_ms - c->expires_ms) / DAY_MS));
    } else if (now_ms < c->begins_ms) {
        (void)snprintf(why, TLS_WHY_MAX, "the certificate %s is not valid for another %lld hours",
                       c->name, (long long)((c->begins_ms - now_ms) / 3600000 + 1));
    } else {
        return true;
    }
    return false;
}

uint32_t certificate_expires_within(int64_t left_ms) {
    static const uint32_t days[] = {0, 1, 7, 30};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        if (left_ms <= (int64_t)days[i] * DAY_MS) {
            return days[i];
        }
    }
    return CERTIFICATE_LATER;
}
