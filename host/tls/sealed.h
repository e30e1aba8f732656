/* sealed.h: ciphertext on its way out: memory of OpenSSL that is sent as it is, without a copy.
 *
 * OpenSSL makes it larger as it writes to it, so it has to be OpenSSL's own. Each thread keeps a
 * piece for its next message, because a message's ciphertext usually is gone before the next one is
 * sealed. Any thread; one may give what another took.
 */
#ifndef PORTICO_TLS_SEALED_H
#define PORTICO_TLS_SEALED_H

#include <stddef.h>
#include <stdint.h>

/* All bytes zero: nothing. */
typedef struct tls_sealed {
    uint8_t *bytes;
    size_t size;
    size_t room; /* of the memory */
} tls_sealed;

/* Memory that this thread has kept, with size 0; or nothing. */
tls_sealed tls_sealed_take(void);

/* Keeps or frees it, and sets it to nothing. */
void tls_sealed_give(tls_sealed *t);

#endif
