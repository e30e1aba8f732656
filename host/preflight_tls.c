/* preflight_tls.c: see preflight_tls.h. */
#include "preflight_tls.h"

#include "tls/context.h"

#include <stddef.h>
#include <stdio.h>

enum { LABEL_BYTES = CONFIG_NAME_MAX + 40 };

typedef struct looking {
    const config *config;
    const config_service *service;
    config_faults *faults;
} looking;

/* The key of a field. With `is_file` a message begins with the file's path. */
static const char *key_of(const config_service *s, const void *field, bool *is_file) {
    const struct {
        const void *field;
        const char *key;
        bool is_file;
    } keys[] = {{&s->tls.certificate, "certificate", true},
                {&s->tls.key, "key", true},
                {&s->tls.client_ca, "tls_client_ca", true},
                {&s->tls.ca, "tls_ca", true},
                {&s->tls.ciphers, "tls_ciphers", false},
                {&s->tls.alpn, "tls_alpn", false},
                {&s->tls.min, "tls_min", false}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (keys[i].field == field) {
            *is_file = keys[i].is_file;
            return keys[i].key;
        }
    }
    *is_file = false;
    return "tls";
}

/* Writes "[listener game] certificate", or "[admin] http_certificate". */
static void label_of(const looking *l, const char *key, char *label, size_t size) {
    const config_service *s = l->service;
    if (s == &l->config->admin_http) {
        (void)snprintf(label, size, "[admin] http_%s", key);
    } else {
        (void)snprintf(label, size, "[%s %s] %s", s->outgoing ? "connector" : "listener", s->name,
                       key);
    }
}

static void add_fault(void *arg, const void *field, const char *why) {
    const looking *l = arg;
    char label[LABEL_BYTES];
    bool is_file = false;
    const char *key = key_of(l->service, field, &is_file);
    uint32_t line = config_line(l->config, field);
    label_of(l, key, label, sizeof label);
    fault_add(l->faults, line != 0 ? line : l->service->line, "%s%s %s", label,
              is_file ? " =" : ":", why);
}

static void look(looking *l) {
    char why[TLS_WHY_MAX];
    char label[LABEL_BYTES];
    label_of(l, "certificate", label, sizeof label);
    tls_context *t = tls_context_create(l->service, add_fault, l);
    for (uint32_t i = 0; t != NULL && i < tls_context_certificates(t); i++) {
        if (!certificate_is_valid(tls_context_certificate(t, i), (int64_t)os_wall_ms(), why)) {
            const void *field = &l->service->tls.certificate;
            fault_add(l->faults, config_line(l->config, field), "%s: %s", label, why);
        }
    }
    tls_context_release(t);
}

static void look_at(const config *c, const config_service *services, size_t count,
                    config_faults *faults) {
    for (size_t i = 0; i < count; i++) {
        looking l = {.config = c, .service = &services[i], .faults = faults};
        if (services[i].tls.on) {
            look(&l);
        }
    }
}

void preflight_tls(const config *c, config_faults *faults) {
    look_at(c, c->listeners, c->listener_count, faults);
    look_at(c, c->connectors, c->connector_count, faults);
    if (c->admin_enabled && c->admin_http_port >= 0) {
        look_at(c, &c->admin_http, 1, faults);
    }
}
