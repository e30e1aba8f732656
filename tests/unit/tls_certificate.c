/* tls_certificate.c: what certificates and keys are taken, which one a client gets, and when they
 * expire. Everything that is wrong with the files of a service is reported, by key. */
#include "tls/context.h"

#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_S = 24 * 3600, PATH_SIZE = 1024 };

static char folder[512];
static char reports[8192];
static const config_service *reported;

static const char *at(const char *name, char path[PATH_SIZE]) {
    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static void note(void *arg, const void *field, const char *why) {
    const config_tls *c = &reported->tls;
    size_t size = strlen(reports);
    const char *key = field == &c->certificate ? "certificate"
                      : field == &c->key       ? "key"
                      : field == &c->client_ca ? "tls_client_ca"
                      : field == &c->ciphers   ? "tls_ciphers"
                                               : "?";
    (void)arg;
    snprintf(reports + size, sizeof reports - size, "%s: %s\n", key, why);
}

static tls_context *make(config_service *s) {
    reports[0] = '\0';
    reported = s;
    return tls_context_create(s, note, NULL);
}

/* Two lists with newlines, as the configuration has them. */
static config_service service_of(char certificates[2 * PATH_SIZE], char keys[2 * PATH_SIZE],
                                 const char *first, const char *second) {
    char path[PATH_SIZE];
    config_service s = {.tls = {.on = true, .certificate = certificates, .key = keys}};
    char name[64];
    snprintf(name, sizeof name, "%s.pem", first);
    size_t size = (size_t)snprintf(certificates, 2 * PATH_SIZE, "%s", at(name, path));
    snprintf(name, sizeof name, "%s.key", first);
    size_t key_size = (size_t)snprintf(keys, 2 * PATH_SIZE, "%s", at(name, path));
    if (second != NULL) {
        snprintf(name, sizeof name, "%s.pem", second);
        snprintf(certificates + size, 2 * PATH_SIZE - size, "\n%s", at(name, path));
        snprintf(name, sizeof name, "%s.key", second);
        snprintf(keys + key_size, 2 * PATH_SIZE - key_size, "\n%s", at(name, path));
    }
    return s;
}

static void write_files(void) {
    char path[PATH_SIZE];
    const tls_made a = {.name = "a.test", .hosts = "DNS:a.test,DNS:*.a.test", .key = TLS_KEY_A};
    const tls_made b = {.name = "b.test", .hosts = "DNS:b.test", .key = TLS_KEY_RSA};
    const tls_made old = {
        .name = "old.test", .key = TLS_KEY_A, .from_s = -10 * DAY_S, .to_s = -2 * DAY_S - 60};
    const tls_made early = {.name = "early.test", .key = TLS_KEY_A, .from_s = 2 * 3600 - 60};
    tls_write_certificate(at("a.pem", path), &a);
    tls_write_key(at("a.key", path), TLS_KEY_A);
    tls_write_certificate(at("b.pem", path), &b);
    tls_write_key(at("b.key", path), TLS_KEY_RSA);
    tls_write_certificate(at("old.pem", path), &old);
    tls_write_certificate(at("early.pem", path), &early);
    tls_write_certificate(at("mixed.pem", path), &a);
    tls_write_key(at("mixed.key", path), TLS_KEY_B);
    file_write(at("empty.pem", path), "no certificate\n", 15);
    (void)os_file_remove(at("empty.key", path));
    FILE *empty = os_fopen(path, "wx");
    CHECK(empty != NULL && fclose(empty) == 0);
    tls_write_certificate(at("cut.pem", path), &a);
    tls_append_certificate(at("cut.pem", path), &b);
    size_t size = 0;
    char *text = file_read(path, &size);
    file_write(path, text, size - 40);
    free(text);
}

static void check_times(void) {
    char path[PATH_SIZE];
    char why[TLS_WHY_MAX];
    certificate c;
    int64_t now_ms = (int64_t)os_wall_ms();
    CHECK(certificate_read(&c, at("a.pem", path), why));
    CHECK(certificate_is_valid(&c, now_ms, why));
    CHECK(!certificate_is_valid(&c, c.expires_ms, why));
    CHECK_TEXT(why, "the certificate /CN=a.test expired 0 days ago");
    int64_t days = (c.expires_ms - now_ms + 60000) / 86400000;
    CHECK_INT(days, 100);
    certificate_free(&c);
    CHECK(certificate_read(&c, at("old.pem", path), why));
    CHECK(!certificate_is_valid(&c, now_ms, why));
    CHECK_TEXT(why, "the certificate /CN=old.test expired 2 days ago");
    certificate_free(&c);
    CHECK(certificate_read(&c, at("early.pem", path), why));
    CHECK(!certificate_is_valid(&c, now_ms, why));
    CHECK(strstr(why, "is not valid for another 2 hours") != NULL);
    certificate_free(&c);

    static const int64_t day_ms = 86400000;
    CHECK_INT(certificate_expires_within(30 * day_ms + 1), CERTIFICATE_LATER);
    CHECK_INT(certificate_expires_within(30 * day_ms), 30);
    CHECK_INT(certificate_expires_within(7 * day_ms + 1), 30);
    CHECK_INT(certificate_expires_within(7 * day_ms), 7);
    CHECK_INT(certificate_expires_within(day_ms + 1), 7);
    CHECK_INT(certificate_expires_within(day_ms), 1);
    CHECK_INT(certificate_expires_within(1), 1);
    CHECK_INT(certificate_expires_within(0), 0);
    CHECK_INT(certificate_expires_within(-day_ms), 0);
}

static void check_good(void) {
    char certificates[2 * PATH_SIZE];
    char keys[2 * PATH_SIZE];
    config_service s = service_of(certificates, keys, "a", "b");
    tls_context *t = make(&s);
    CHECK_TEXT(reports, "");
    CHECK(t != NULL);
    CHECK_INT(tls_context_certificates(t), 2);
    CHECK(certificate_is_for(tls_context_certificate(t, 0), "a.test"));
    CHECK(certificate_is_for(tls_context_certificate(t, 0), "www.a.test"));
    CHECK(!certificate_is_for(tls_context_certificate(t, 0), "b.test"));
    CHECK(certificate_is_for(tls_context_certificate(t, 1), "b.test"));
    tls_context_release(t);
}

/* `right`, and nothing else, is reported of the pair. */
static void expect(const char *pair, const char *right) {
    char certificates[2 * PATH_SIZE];
    char keys[2 * PATH_SIZE];
    config_service s = service_of(certificates, keys, pair, NULL);
    CHECK(make(&s) == NULL);
    if (strstr(reports, right) == NULL) {
        CHECK_TEXT(reports, right);
    }
}

static void check_bad(void) {
    expect("absent", "absent.pem: there is no such file\n");
    expect("absent", "absent.key: there is no such file\n"); /* both at once */
    expect("empty", "empty.pem: there is no certificate in it");
    expect("empty", "empty.key: there is no private key in it");
    expect("mixed", "mixed.key: it is not the key of the certificate /CN=a.test\n");
    CHECK(strstr(reports, "OpenSSL refuses") == NULL); /* once is enough */
    expect("cut", "cut.pem: certificate 2 in it is damaged\n");

    char certificates[2 * PATH_SIZE];
    char keys[2 * PATH_SIZE];
    char path[PATH_SIZE];
    config_service s = service_of(certificates, keys, "a", NULL);
    s.tls.ciphers = (char *)(uintptr_t) "NONSENSE";
    CHECK(make(&s) == NULL);
    CHECK(strstr(reports, "tls_ciphers: OpenSSL knows none of these ciphers") != NULL);
    s.tls.ciphers = (char *)(uintptr_t) "TLS_AES_128_GCM_SHA256";
    CHECK(make(&s) == NULL);
    CHECK(strstr(reports, "those of TLS 1.3 are always on") != NULL);
    s.tls.ciphers = NULL;
    s.tls.client_ca = (char *)(uintptr_t)at("empty.pem", path);
    CHECK(make(&s) == NULL);
    CHECK(strstr(reports, "tls_client_ca: ") != NULL);
}

/* A key that others can read is as good as none. */
static void check_secret(void) {
    char path[PATH_SIZE];
    tls_write_key(at("shared.key", path), TLS_KEY_A);
    if (!file_share(path)) {
        return;
    }
    const tls_made a = {.name = "a.test", .key = TLS_KEY_A};
    tls_write_certificate(at("shared.pem", path), &a);
    expect("shared", "shared.key: it can be read ");
    expect("shared", "let no other user read it");
}

SCENARIO(tls_certificate) {
    snprintf(folder, sizeof folder, "%s/tls_certificate", host_test_folder());
    folder_make(host_test_folder());
    folder_make(folder);
    write_files();
    check_times();
    check_good();
    check_bad();
    check_secret();
}
