/* services.h: all listeners and connectors of the host.
 *
 * Made, opened and freed by the control thread; services_each may be called from any thread between
 * services_create and services_destroy.
 */
#ifndef PORTICO_SERVICES_H
#define PORTICO_SERVICES_H

#include "config/config.h"
#include "net/connector.h"
#include "net/listener.h"

/* `admin_type` is the session type of [admin]. */
portico_status services_create(const config *c, os_port *port, const char *admin_type);
void services_destroy(void);

/* Opens the services of `type` (NULL: all) whose type's module is loaded now. PORTICO_OK, or the last failure;
 * a listener of one type that cannot open is tried again (services_reopen), at the start it ends the host. */
portico_status services_open(const session_type *type);

/* Whether a listener that could not open is to be tried again now. [any thread] */
bool services_reopen_due(uint64_t now_ms);

/* Tries those. True: one has opened. */
bool services_reopen(uint64_t now_ms);

/* Names in the log what waits for a module. */
void services_tell_waiting(void);

/* The type's module goes: closes its services until it comes again, and all its sessions. */
void services_pause(const session_type *type);

/* Nothing new comes any more. */
void services_stop(void);

/* Nothing is in flight and no session is left. */
bool services_idle(void);

/* One of the two is NULL. */
void services_each(void (*each)(void *arg, listener *l, connector *c), void *arg);

#endif
