/* rest.h: bytes from the peer that OpenSSL has not read: the start of a ClientHello or of a record.
 * Like its tls_stream, used by one thread at a time.
 */
#ifndef PORTICO_TLS_REST_H
#define PORTICO_TLS_REST_H

#include <stdbool.h>
#include <stdint.h>

/* All bytes zero: empty. */
typedef struct tls_rest {
    uint8_t *bytes; /* NULL: empty */
    uint32_t size;
    uint32_t capacity;
} tls_rest;

/* Appends a copy. False: out of memory. */
bool tls_rest_add(tls_rest *r, const void *bytes, uint32_t size);

/* Drops all but the last `left` bytes. */
void tls_rest_keep(tls_rest *r, uint32_t left);

#endif
