/* secure.h: TLS for one connection over HTTP: what is received becomes plaintext, and an answer
 * ciphertext. It knows no socket. [admin thread] */
#ifndef PORTICO_ADMIN_SECURE_H
#define PORTICO_ADMIN_SECURE_H

#include "admin/lines.h"
#include "tls/stream.h"

enum { SECURE_RECEIVE_BYTES = 4096 };

typedef struct http_secure {
    tls_stream *stream;
    bool open;                     /* the handshake is complete */
    bool waits;                    /* for secure_step */
    char in[SECURE_RECEIVE_BYTES]; /* where to receive */
    char *plain;                   /* what has been opened and not taken: ... */
    uint32_t at;                   /* ... from here ... */
    uint32_t size;                 /* ... to there */
    uint32_t capacity;
} http_secure;

/* NULL: out of memory. */
http_secure *secure_create(tls_keeper *keeper);
void secure_destroy(http_secure *s); /* NULL: does nothing */

/* Looks at `bytes` bytes of `in`. False: the connection has ended or failed. Call it when all
 * plaintext has been taken. With s->waits, a step of the handshake is to be computed, which may use
 * the private key: secure_step does that, returns the same, and must come before the next
 * secure_take. */
bool secure_take(http_secure *s, uint32_t bytes);
bool secure_step(http_secure *s);

/* Moves plaintext to `to`. Returns its size; 0: more has to be received. */
uint32_t secure_read(http_secure *s, char *to, uint32_t capacity);

/* Seals the answer and frees it. False: out of memory. */
bool secure_seal(http_secure *s, lines *answer);

/* Appends what is to be sent to `out`. */
void secure_write(http_secure *s, lines *out);

#endif
