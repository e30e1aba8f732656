/* load_tls.h: TLS for the connections of the load client. One thread. */
#ifndef BENCH_LOAD_TLS_H
#define BENCH_LOAD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_st;

/* Call once, first. `resume`: later connections resume the session of an earlier one. */
void load_tls_prepare(bool resume);

/* A connection on a socket, which stays the caller's. The server's certificate is not checked. */
struct ssl_st *load_tls_open(int fd);
void load_tls_close(struct ssl_st *tls);

/* One step of the handshake. Returns 1: it is complete, 0: it needs more bytes, -1: it failed. */
int load_tls_handshake(struct ssl_st *tls);

/* As send and recv: -1 with EAGAIN in errno if the socket is not ready. */
ssize_t load_tls_send(struct ssl_st *tls, const void *bytes, size_t size);
ssize_t load_tls_recv(struct ssl_st *tls, void *to, size_t size);

/* How many handshakes were complete, and how many of them resumed a session. */
void load_tls_count(unsigned long *handshakes, unsigned long *resumed);

#endif
