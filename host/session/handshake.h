/* handshake.h: what two sides agree on before a session is opened. See session.h.
 *
 * A service may have layers, from the outermost to the innermost. A session in HANDSHAKE passes
 * them one after another: each is given what the peer sends until it is done; what is left over
 * belongs to the next one, and in the end to the session's packets. After the last one the session
 * is opened. [turn] unless a function says otherwise
 */
#ifndef PORTICO_SESSION_HANDSHAKE_H
#define PORTICO_SESSION_HANDSHAKE_H

#include "session/session.h"

typedef enum handshake_result {
    HANDSHAKE_MORE,   /* more bytes of the peer are needed */
    HANDSHAKE_DONE,   /* the next layer follows */
    HANDSHAKE_SERVED, /* the peer gets what it wanted, and wants no session: it has a minute to
                       * receive it */
    HANDSHAKE_REFUSED /* the session is to be closed. The layer has logged why, and queued what the
                       * peer is to be answered */
} handshake_result;

typedef struct handshake_layer {
    /* Begins. It may queue bytes (session_queue_locked). */
    portico_status (*begin)(session *s);
    /* Looks at the s->in_used bytes at s->in->bytes, more than 0. *taken: how many of them, from
     * the first on, it needs no more. */
    handshake_result (*received)(session *s, uint32_t *taken);
    bool hidden; /* `received` is called without bytes, too: the layer sees them elsewhere */
} handshake_layer;

/* The layers of a service, which end with NULL; NULL: it has none. Any thread. */
const handshake_layer *const *handshake_of(const config_service *settings);

/* Continues the handshake. */
void session_transport(session *s);

/* The handshake has taken too long: closes the session. [lock] */
COLD void session_handshake_late_locked(session *s);

#endif
