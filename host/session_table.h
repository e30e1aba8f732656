/* session_table.h: sessions by id.
 *
 * An id is a slot (24 bits) and the slot's generation (40 bits, from 1). Slots never move and are never
 * unmapped while the host runs, and a slot's generation and its count of holds are one atomic word: a stale
 * id is told from a live one without a lock, and a session that was found cannot be freed before
 * session_release. Any thread; adding and freeing take a lock, finding does not.
 */
#ifndef PORTICO_SESSION_TABLE_H
#define PORTICO_SESSION_TABLE_H

#include <portico/portico.h>

#include <stdbool.h>

struct session;

enum { SESSION_SLOTS_MAX = 1 << 24 };

/* Gives `s` a slot with `holds` holds and writes its id to *id, before anybody can find it. False when out of
 * memory or slots. */
bool session_table_add(struct session *s, uint32_t holds, portico_session *id);

/* The session with a hold for the caller, or NULL when the id is stale or never was. */
struct session *session_table_find(portico_session id);

/* One more hold on a session that is held already. */
void session_table_hold(portico_session id);

/* Drops a hold. True when it was the last: the slot is free again and the caller frees the session. */
bool session_table_release(portico_session id);

/* Calls each(arg, session) for every session, holding it meanwhile. Sessions that come or go during the
 * walk may be seen or not. */
void session_table_each(void (*each)(void *arg, struct session *s), void *arg);

/* Frees the slots; no session is left. */
void session_table_fini(void);

#endif
