/* context.h: how a listener or connector speaks TLS: certificates, versions, ciphers, and whom it
 * believes. Made from its configuration, then immutable: a reload makes another one. Any thread.
 */
#ifndef PORTICO_TLS_CONTEXT_H
#define PORTICO_TLS_CONTEXT_H

#include "config/config.h"
#include "tls/certificate.h"

struct ssl_st;

typedef struct tls_context tls_context;

/* Reads the files and reports everything that is wrong with them. NULL: there was something. The
 * caller owns the result. Takes milliseconds. */
tls_context *tls_context_create(const config_service *c, tls_report report, void *arg);
tls_context *tls_context_hold(tls_context *t);
void tls_context_release(tls_context *t); /* NULL: does nothing */

/* Its certificates; the first is for clients that name none, or one that no certificate is for. */
uint32_t tls_context_certificates(const tls_context *t);
const certificate *tls_context_certificate(const tls_context *t, uint32_t index);

/* A new connection, for a client that asked for `name` ("": for none), or to the server `name`. The
 * caller frees it. NULL: out of memory. */
struct ssl_st *tls_context_accept(const tls_context *t, const char *name);
struct ssl_st *tls_context_connect(const tls_context *t, const char *name);

#endif
