/* ahead.h: control frames of a session are answered although nobody reads its packets for long: it
 * waits for a frozen module, is slowed, or a handler takes its time. A peer that pings and hears
 * nothing would hang up.
 */
#ifndef PORTICO_SESSION_AHEAD_H
#define PORTICO_SESSION_AHEAD_H

#include "session/session.h"

enum { AHEAD_LOOK_MS = 5000 }; /* without a byte of the peer, before the host looks for some */

/* Reads ahead if the transport has control frames. At once and as more comes, until the receive
 * block is full, if the session's turn waits for a frozen module, or in a room that does. Once in
 * AHEAD_LOOK_MS otherwise. Call it again, in case it could not yet. [worker, lock] */
void session_read_ahead_locked(session *s);

#endif
