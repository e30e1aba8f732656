/* secure.h: sessions whose bytes TLS encrypts. See session.h; tls/stream.h has the connection
 * without its socket.
 *
 * TLS is the outermost layer of a handshake. From its beginning on the session has other functions
 * for its completions: what is received is decrypted before it comes into the receive block, and
 * what is queued is encrypted when it is flushed. Everything between is as without TLS.
 */
#ifndef PORTICO_SESSION_SECURE_H
#define PORTICO_SESSION_SECURE_H

#include "session/handshake.h"

extern const handshake_layer secure_layer;

#endif
