/* services.c: see services.h. */
#include "net/services.h"

#include "base/log.h"
#include "base/stats.h"
#include "net/certificates.h"
#include "session/session.h"

#include <stdlib.h>

static struct {
    listener **listeners;
    size_t listener_count;
    connector **connectors;
    size_t connector_count;
} services;

static bool add_listener(const config_service *settings, const char *type_name, os_port *port) {
    session_type *type = session_type_get(type_name);
    listener *l = type != NULL ? listener_create(settings, type, port) : NULL;
    if (l == NULL) {
        log_error(settings->name, "out of memory");
        return false;
    }
    services.listeners[services.listener_count++] = l;
    return certificates_begin(listener_service(l));
}

static bool add_connector(const config_service *settings, os_port *port) {
    session_type *type = session_type_get(settings->type);
    connector *c = type != NULL ? connector_create(settings, type, port) : NULL;
    if (c == NULL) {
        log_error(settings->name, "out of memory");
        return false;
    }
    services.connectors[services.connector_count++] = c;
    return certificates_begin(connector_service(c));
}

bool services_create(const config *c, os_port *port) {
    flows_reset();
    services.listeners = calloc(c->listener_count + 1, sizeof *services.listeners);
    services.connectors = calloc(c->connector_count + 1, sizeof *services.connectors);
    bool good = services.listeners != NULL && services.connectors != NULL;
    if (!good) {
        log_error("host", "cannot start: out of memory");
    }
    for (size_t i = 0; good && i < c->listener_count; i++) {
        good = add_listener(&c->listeners[i], c->listeners[i].type, port);
    }
    for (size_t i = 0; good && i < c->connector_count; i++) {
        good = add_connector(&c->connectors[i], port);
    }
    good = good && certificates_begin_admin(c);
    return good;
}

void services_destroy(void) {
    for (size_t i = 0; i < services.listener_count; i++) {
        listener_destroy(services.listeners[i]);
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        connector_destroy(services.connectors[i]);
    }
    free(services.listeners);
    free(services.connectors);
    services.listener_count = 0;
    services.connector_count = 0;
    certificates_end();
}

static bool type_is_loaded(session_type *t) {
    uint32_t version = 0;
    layout *l = session_type_layout(t, &version);
    layout_release(l);
    return l != NULL;
}

portico_status services_open(const session_type *type) {
    portico_status result = PORTICO_OK;
    for (size_t i = 0; i < services.listener_count; i++) {
        service *s = listener_service(services.listeners[i]);
        if ((type == NULL || s->type == type) && type_is_loaded(s->type)) {
            portico_status status = listener_open(services.listeners[i], type != NULL);
            if (status != PORTICO_OK) {
                result = status;
            }
        }
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        service *s = connector_service(services.connectors[i]);
        if ((type == NULL || s->type == type) && type_is_loaded(s->type)) {
            connector_start(services.connectors[i]);
        }
    }
    return result;
}

bool services_reopen_due(uint64_t now_ms) {
    bool due = false;
    for (size_t i = 0; i < services.listener_count; i++) {
        due = due || listener_reopen_due(services.listeners[i], now_ms);
    }
    return due;
}

bool services_reopen(uint64_t now_ms) {
    bool opened = false;
    for (size_t i = 0; i < services.listener_count; i++) {
        listener *l = services.listeners[i];
        opened = (listener_reopen_due(l, now_ms) && listener_open(l, true) == PORTICO_OK) || opened;
    }
    return opened;
}

static void log_waiting(void *arg, listener *l, connector *c) {
    (void)arg;
    service *s = l != NULL ? listener_service(l) : connector_service(c);
    if (!type_is_loaded(s->type)) {
        log_warn(s->config->name, "waits: no loaded module has the session type %s", s->type->name);
    }
}

void services_log_waiting(void) {
    services_each(log_waiting, NULL);
}

static void close_of_type(void *arg, session *s) {
    if (s->service->type == arg) {
        session_close(s, PORTICO_E_UNLOADED);
    }
}

void services_pause(const session_type *type) {
    for (size_t i = 0; i < services.listener_count; i++) {
        if (listener_service(services.listeners[i])->type == type) {
            listener_close(services.listeners[i], LISTENER_WAITING);
        }
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        if (connector_service(services.connectors[i])->type == type) {
            connector_stop(services.connectors[i], CONNECTOR_WAITING);
        }
    }
    sessions_each(close_of_type, (void *)(uintptr_t)type);
}

void services_stop(void) {
    for (size_t i = 0; i < services.listener_count; i++) {
        listener_close(services.listeners[i], LISTENER_STOPPED);
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        connector_stop(services.connectors[i], CONNECTOR_STOPPED);
    }
}

bool services_idle(void) {
    bool idle = true;
    for (size_t i = 0; i < services.listener_count; i++) {
        idle = idle && listener_idle(services.listeners[i]);
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        idle = idle && connector_idle(services.connectors[i]);
    }
    return idle;
}

void services_each(void (*each)(void *arg, listener *l, connector *c), void *arg) {
    for (size_t i = 0; i < services.listener_count; i++) {
        each(arg, services.listeners[i], NULL);
    }
    for (size_t i = 0; i < services.connector_count; i++) {
        each(arg, NULL, services.connectors[i]);
    }
}
