/* follow.h: a session follows its type: which modules see it, and that they are told when it begins and ends for them.
 *
 * All functions: [turn].
 */
#ifndef PORTICO_FOLLOW_H
#define PORTICO_FOLLOW_H

#include "session/session.h"

/* Lets the session have its type's layout for the first time, and calls its modules' on_open. */
void session_open_type(session *s);

/* Lets the session have the layout that its type has now. False: it closes, or is not open yet. */
bool session_follow_type(session *s);

/* Ends all attachments, the last that came first. */
void attachments_end(session *s, portico_status reason);

#endif
