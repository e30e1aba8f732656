/* channel.h: named lists of sessions; broadcast_to_members sends one packet to all of them.
 *
 * Any thread. One lock guards all channels. It is a leaf, and it is never held while sessions are
 * sent to: a broadcast works on a copy of the list.
 */
#ifndef PORTICO_CHANNEL_H
#define PORTICO_CHANNEL_H

#include "session/session.h"

/* The most channels of one session; 0: any number. Called before there are sessions. */
void channels_start(uint32_t most);

/* Statuses: see portico_host.channel_join and channel_leave. */
portico_status channel_join(const char *name, session *s);
portico_status channel_leave(const char *name, session *s);

/* Leaves all channels. The session is closing, so channel_join no longer accepts it. */
void channels_leave(session *s);

/* Writes up to `capacity` members and returns how many there are. */
uint32_t channel_members(const char *name, portico_session *members, uint32_t capacity);

/* Removes all members, and returns how many there were. */
uint32_t channel_close(const char *name);

#endif
