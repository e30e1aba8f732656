/* listener.h: accepts connections.
 *
 * The control thread opens and closes a listener; its accepts complete on workers. While the
 * module of its session type is not loaded, a listener waits with its socket closed, so that
 * clients notice. The lock guards the state and the slots; sessions are created with no lock held.
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

/* Creates a listener in LISTENER_WAITING. NULL: out of memory. */
listener *listener_create(const config_service *settings, session_type *type, os_port *port);

/* Starts to listen. On failure it logs why and stays in LISTENER_WAITING. With `keep_trying` it
 * logs that once, and listener_reopen_due says when to call it again, after growing pauses.
 * [control thread] */
portico_status listener_open(listener *l, bool keep_trying);
bool listener_reopen_due(listener *l, uint64_t now_ms);

/* Closes the socket, in LISTENER_STOPPED for good. Sessions stay open. [control thread] */
void listener_close(listener *l, listener_state to);

/* Whether every accept has completed and every session is freed, so that it may be destroyed.
 * [control thread] */
bool listener_idle(listener *l);
void listener_destroy(listener *l);

service *listener_service(listener *l);
listener_state listener_look(listener *l, os_address *address);

#endif
