/* follow.h: keeps a session with its type: which modules take part in it, and in which
 * generation.
 *
 * All functions: [turn].
 */
#ifndef PORTICO_FOLLOW_H
#define PORTICO_FOLLOW_H

#include "os/compiler.h"
#include "session/session.h"

/* Adopts the layout that the type has now: ends the modules that have gone, and opens those that
 * have not opened the session. If that fails or a module refuses the session, the session
 * closes. */
COLD void session_adopt_layout(session *s);

/* Adopts the type's layout if it is not the session's. False: the session is not open yet, closing,
 * or parks. */
bool session_follow_type(session *s);

/* Calls on_open of the modules that have not opened the session, until one refuses or the session
 * parks. */
void session_open_parts(session *s);

/* Ends all attachments, the last one first. False: the session parks; call it again. */
bool attachments_end(session *s, portico_status reason);

/* The closing session parks: lets go of modules that have left its type, so that they need not wait
 * for it, unless it still has to end them. */
COLD void session_let_go(session *s);

#endif
