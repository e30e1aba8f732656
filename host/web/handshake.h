/* handshake.h: the opening handshake of WebSocket, RFC 6455 section 4, for both sides. Pure, any
 * thread.
 *
 * No subprotocol and no extension is ever chosen. Answers have fixed texts and repeat nothing of
 * the request.
 */
#ifndef PORTICO_WEB_HANDSHAKE_H
#define PORTICO_WEB_HANDSHAKE_H

#include "web/http_head.h"

enum {
    HANDSHAKE_NONCE_BYTES = 16,
    HANDSHAKE_ACCEPT_BYTES = 29, /* a zero included */
    HANDSHAKE_ANSWER_BYTES = 384,
    HANDSHAKE_SWITCH = 101
};

/* Decides about a request that http_read_request has accepted. `origins` lists the origins that
 * browsers may come from, separated by spaces or commas; "*" or NULL: any. HANDSHAKE_SWITCH, or the
 * status to refuse it with, and *why. */
uint32_t handshake_judge(const http_head *request, const char *path, const char *origins,
                         const char **why);

/* Writes the answer that accepts such a request. Returns its size. */
uint32_t handshake_accept(const http_head *request, char answer[HANDSHAKE_ANSWER_BYTES]);

/* Writes the answer that refuses a request with that status. Returns its size. */
uint32_t handshake_refuse(uint32_t status, char answer[HANDSHAKE_ANSWER_BYTES]);

/* Writes a client's request into `request`. Returns its size; 0: it does not fit. */
uint32_t handshake_request(const char *host, uint16_t port, const char *path,
                           const uint8_t nonce[HANDSHAKE_NONCE_BYTES], char *request,
                           uint32_t capacity);

/* Checks the answer to it. NULL: the connection is a WebSocket; else what is wrong, a constant. */
const char *handshake_check(const http_head *answer, const uint8_t nonce[HANDSHAKE_NONCE_BYTES]);

#endif
