/* channel.h: named lists of sessions, to send one packet to all of them (broadcast_to_members).
 *
 * Any thread. One lock guards all channels; it is never held while sessions are sent to: a send works on a
 * copy of the list of members. Nothing is locked under the channels' lock.
 */
#ifndef PORTICO_CHANNEL_H
#define PORTICO_CHANNEL_H

#include "session/session.h"

/* Statuses as portico_host.channel_join and channel_leave. */
portico_status channel_join(const char *name, session *s);
portico_status channel_leave(const char *name, session *s);

/* Leaves all. The session is closing: channel_join lets it in nowhere. */
void channels_leave(session *s);

/* Writes up to `capacity` members; returns how many there are. */
uint32_t channel_members(const char *name, portico_session *members, uint32_t capacity);

#endif
