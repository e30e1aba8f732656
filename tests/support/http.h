/* http.h: asks the host over HTTP, in a connection for each request. Header only, one thread. */
#ifndef TEST_HTTP_H
#define TEST_HTTP_H

#include "support/check.h"
#include "support/host.h"
#include "support/net.h"

#define HTTP_TOKEN HOST_TOKEN
#define HTTP_RIGHT "Authorization: Bearer " HTTP_TOKEN "\r\n"

/* Reads the whole answer, zero-terminated, and closes. Returns its status; 0: the host closed the
 * connection without one. */
static inline int http_read(net_socket s, char *answer, size_t capacity) {
    size_t used = 0;
    int got = 1;
    int status = 0;
    while (got > 0 && used < capacity - 1) {
        got = net_recv_some(s, answer + used, capacity - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    CHECK(got != NET_TIMEOUT);
    answer[used] = '\0';
    net_close(s);
    return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

/* Sends the bytes and reads the answer. */
static inline int http_send(uint16_t port, const char *bytes, size_t size, char *answer,
                            size_t capacity) {
    net_socket s = net_connect(port);
    (void)net_send_all(s, bytes, size); /* the host may have answered by now, and closed */
    return http_read(s, answer, capacity);
}

/* Writes a request. `headers` are whole lines; `body` NULL: none. Returns its size. */
static inline size_t http_request(uint16_t port, const char *method, const char *path,
                                  const char *headers, const char *body, char *request,
                                  size_t capacity) {
    char length[64] = "";
    if (body != NULL) {
        snprintf(length, sizeof length, "Content-Length: %u\r\n", (unsigned)strlen(body));
    }
    int size = snprintf(request, capacity, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%s\r\n%s",
                        method, path, (unsigned)port, headers, length, body != NULL ? body : "");
    CHECK(size > 0 && (size_t)size < capacity);
    return (size_t)size;
}

/* One request and its answer. */
static inline int http_ask(uint16_t port, const char *method, const char *path, const char *headers,
                           const char *body, char *answer, size_t capacity) {
    char request[16384];
    size_t size = http_request(port, method, path, headers, body, request, sizeof request);
    return http_send(port, request, size, answer, capacity);
}

#endif
