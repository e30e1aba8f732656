/* connector.h: makes connections and keeps them.
 *
 * A connector keeps `max_sessions` sessions of its type open while the type's module is loaded.
 * After a failure or the end of a session it pauses for reconnect_min_ms, and twice as long after
 * each further failure, up to reconnect_max_ms. A session that ends sooner than the pause counts
 * as a failure. The control thread starts and stops a connector; workers and the
 * resolver's thread connect.
 */
#ifndef PORTICO_CONNECTOR_H
#define PORTICO_CONNECTOR_H

#include "session/service.h"

typedef struct connector connector;

typedef enum connector_state {
    CONNECTOR_WAITING,
    CONNECTOR_RUNNING,
    CONNECTOR_STOPPED
} connector_state;

typedef struct connector_view {
    uint32_t connected;
    uint64_t attempts;
    uint64_t failures;
    connector_state state;
} connector_view;

/* NULL: out of memory. */
connector *connector_create(const config_service *settings, session_type *type, os_port *port);

/* Starts connecting. [control thread] */
void connector_start(connector *c);

/* Stops connecting, in CONNECTOR_STOPPED for good. Its sessions stay open. [control thread] */
void connector_stop(connector *c, connector_state to);

/* Whether no timer is pending and every session is freed. [control thread] */
bool connector_idle(connector *c);
void connector_destroy(connector *c);

service *connector_service(connector *c);
connector_view connector_look(connector *c);

#endif
