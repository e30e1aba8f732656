/* label.h: names of sessions, unique within a session type.
 *
 * Any thread. One lock guards the table and every session's `label`. It is a leaf.
 */
#ifndef PORTICO_LABEL_H
#define PORTICO_LABEL_H

#include "session/session.h"

/* Statuses: see portico_host.session_set_label. */
portico_status label_set(session *s, const char *text);

/* The session's label, "" when it has none. */
void label_get(session *s, char text[PORTICO_LABEL_MAX]);

/* The id of the session of this type with this label, or 0. */
uint64_t label_find(const session_type *type, const char *text);

/* Removes the label. The session is closing, so label_set no longer accepts it. */
void label_drop(session *s);

#endif
