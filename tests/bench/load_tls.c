/* load_tls.c: see load_tls.h. */
#include "bench/load_tls.h"

#include "bench/load_meter.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context;
static SSL_SESSION *newest; /* with --resume: the newest session, for the next connection */
static bool resumes;
static unsigned long handshake_count;
static unsigned long resumed_count;

static int keep_session(SSL *tls, SSL_SESSION *session) {
    (void)tls;
    SSL_SESSION_free(newest);
    newest = session;
    return 1; /* it is ours */
}

void load_tls_prepare(bool resume) {
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        meter_fail(2, "OpenSSL has no context");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_mode(context,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    resumes = resume;
    if (resume) {
        (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
                                                          SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_sess_set_new_cb(context, keep_session);
    }
}

SSL *load_tls_open(int fd) {
    SSL *tls = SSL_new(context);
    if (tls == NULL || SSL_set_fd(tls, fd) != 1) {
        meter_fail(2, "OpenSSL has no connection");
    }
    SSL_set_connect_state(tls);
    if (resumes && newest != NULL) {
        (void)SSL_set_session(tls, newest);
    }
    return tls;
}

void load_tls_close(SSL *tls) {
    if (tls != NULL) { /* else its session could not be resumed */
        SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(tls);
}

/* The value that recv and send return instead. */
static int result_of(SSL *tls, int result) {
    int error = SSL_get_error(tls, result);
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

int load_tls_handshake(SSL *tls) {
    ERR_clear_error();
    int result = SSL_do_handshake(tls);
    if (result == 1) {
        handshake_count++;
        resumed_count += SSL_session_reused(tls) == 1 ? 1 : 0;
        return 1;
    }
    return result_of(tls, result) < 0 && errno == EAGAIN ? 0 : -1;
}

ssize_t load_tls_send(SSL *tls, const void *bytes, size_t size) {
    ERR_clear_error();
    int taken = SSL_write(tls, bytes, (int)size);
    return taken > 0 ? taken : result_of(tls, taken);
}

ssize_t load_tls_recv(SSL *tls, void *to, size_t size) {
    ERR_clear_error();
    int taken = SSL_read(tls, to, (int)size);
    return taken > 0 ? taken : result_of(tls, taken);
}

void load_tls_count(unsigned long *handshakes, unsigned long *resumed) {
    *handshakes = handshake_count;
    *resumed = resumed_count;
}
