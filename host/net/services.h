/* services.h: all listeners and connectors of the host.
 *
 * The control thread creates, opens and destroys them; services_each may be called from any thread
 * in between.
 */
#ifndef PORTICO_SERVICES_H
#define PORTICO_SERVICES_H

#include "config/config.h"
#include "net/connector.h"
#include "net/listener.h"

/* False: the log says why. */
bool services_create(const config *c, os_port *port);
void services_destroy(void);

/* Opens the services of `type` (NULL: of all types) whose module is loaded. Returns PORTICO_OK, or
 * the last failure. A listener of one `type` that cannot open is retried (services_reopen); at the
 * start (NULL) the host ends. */
portico_status services_open(const session_type *type);

/* Whether it is time to retry a listener that could not open. [any thread] */
bool services_reopen_due(uint64_t now_ms);

/* Retries those that are due. True: one has opened. */
bool services_reopen(uint64_t now_ms);

/* Logs which services wait for a module. */
void services_log_waiting(void);

/* Closes the sessions of `type`, and its services until its module is loaded again. */
void services_pause(const session_type *type);

/* Closes all listeners and stops all connectors, for good. */
void services_stop(void);

/* Whether nothing is in flight and no session is left. */
bool services_idle(void);

/* Calls `each` for every service; either `l` or `c` is NULL. */
void services_each(void (*each)(void *arg, listener *l, connector *c), void *arg);

#endif
