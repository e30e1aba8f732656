/* listener.h: takes connections in.
 *
 * Opened, paused and closed by the control thread; its accepts complete on workers. A listener whose session
 * type's module is not loaded waits with its socket closed, so that clients see it. The lock guards the state
 * and the slots; sessions are made with no lock held.
 */
#ifndef PORTICO_LISTENER_H
#define PORTICO_LISTENER_H

#include "session/service.h"

typedef struct listener listener;

typedef enum listener_state {
    LISTENER_WAITING,
    LISTENER_LISTENING,
    LISTENER_STOPPED
} listener_state;

/* Makes it, in LISTENER_WAITING. NULL when out of memory. */
listener *listener_create(const config_service *settings, session_type *type, os_port *port);

/* Starts to listen. On failure the log says why and the state stays; with `keep_trying` the log says it once, and
 * listener_reopen_due says when to call this again, after pauses that grow. [control thread] */
portico_status listener_open(listener *l, bool keep_trying);
bool listener_reopen_due(listener *l, uint64_t now_ms);

/* Closes the socket; LISTENER_STOPPED is for ever. Sessions stay. [control thread] */
void listener_close(listener *l, listener_state to);

/* Every accept has come home and every session is freed: then it may be freed. [control thread] */
bool listener_idle(listener *l);
void listener_destroy(listener *l);

service *listener_service(listener *l);
listener_state listener_look(listener *l, os_address *address);

#endif
