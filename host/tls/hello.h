/* hello.h: the server name in a TLS ClientHello. Pure, any thread.
 *
 * The certificate of a connection depends on it. OpenSSL could ask for one in a callback, but not
 * across the boundary to a library with another calling convention, as under Wine.
 */
#ifndef PORTICO_HELLO_H
#define PORTICO_HELLO_H

#include <stdint.h>

/* HELLO_NAME_MAX: bytes of a host name, its zero included. HELLO_BYTES_MAX: of a ClientHello with
 * the headers of its records. Those of browsers have up to 2 KiB. */
enum { HELLO_NAME_MAX = 256, HELLO_BYTES_MAX = 16 * 1024 };

typedef enum hello_result {
    HELLO_WHOLE,      /* `name` is the server's name in lower case; "": the client sent none */
    HELLO_INCOMPLETE, /* more bytes are needed */
    HELLO_ODD         /* no ClientHello, or not a usual one: let OpenSSL say why */
} hello_result;

/* Looks at the first `size` bytes that a client has sent. */
hello_result hello_parse(const uint8_t *bytes, uint32_t size, char name[HELLO_NAME_MAX]);

#endif
