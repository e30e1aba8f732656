/* proxy.h: sessions of a listener with proxy_protocol. See handshake.h; wire/proxy.h has the
 * header. */
#ifndef PORTICO_SESSION_PROXY_H
#define PORTICO_SESSION_PROXY_H

#include "session/handshake.h"

/* The PROXY header: it says what the session's address is, by which the session is then counted.
 * The first layer of its services. */
extern const handshake_layer proxy_layer;

#endif
