/* sha1.h: SHA-1 (RFC 3174) of a short text, for the handshake of WebSocket, which does not need it
 * to be secure. Pure, any thread. */
#ifndef PORTICO_WEB_SHA1_H
#define PORTICO_WEB_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_BYTES = 20, SHA1_INPUT_MAX = 119 };

/* Of at most SHA1_INPUT_MAX bytes. */
void sha1(const void *bytes, size_t size, uint8_t digest[SHA1_BYTES]);

#endif
