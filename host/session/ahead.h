/* ahead.h: control frames of a session that waits for a frozen module are answered although nobody
 * reads its packets: a peer that pings and hears nothing would hang up.
 */
#ifndef PORTICO_SESSION_AHEAD_H
#define PORTICO_SESSION_AHEAD_H

#include "session/session.h"

/* Reads ahead if the session's turn waits for a frozen module, or in a room that does, and its
 * transport has control frames: now and as more comes, until the receive block is full. Call it
 * again, in case it could not yet. [worker, lock] */
void session_read_ahead_locked(session *s);

#endif
