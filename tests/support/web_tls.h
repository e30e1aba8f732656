/* web_tls.h: a WebSocket over TLS. Header only. */
#ifndef TEST_WEB_TLS_H
#define TEST_WEB_TLS_H

#include "support/tls.h"
#include "support/web.h"

static inline bool web_tls_send(void *connection, const void *bytes, size_t size) {
    return tls_send_all(connection, bytes, size);
}

static inline bool web_tls_recv(void *connection, void *bytes, size_t size) {
    return tls_recv_exactly(connection, bytes, size);
}

static inline web_stream web_stream_of_tls(tls_client *c) {
    return (web_stream){web_tls_send, web_tls_recv, c};
}

#endif
