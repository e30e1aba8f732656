/* certificates.c: see certificates.h. */
#include "net/certificates.h"

#include "base/log.h"

#include <stdlib.h>

typedef struct kept {
    tls_keeper keeper;
    struct kept *next;
} kept;

/* Complete before a second thread looks at it. */
static kept *first;
static tls_keeper *of_admin; /* likewise; NULL: it has none */

/* NULL: the log says why not. */
static tls_keeper *keep(const config_service *c) {
    kept *k = calloc(1, sizeof *k);
    if (k == NULL) {
        log_error(c->name, "TLS: out of memory");
        return NULL;
    }
    if (!tls_keeper_start(&k->keeper, c)) {
        free(k);
        return NULL;
    }
    k->next = first;
    first = k;
    return &k->keeper;
}

bool certificates_begin(service *s) {
    s->tls = s->config->tls.on ? keep(s->config) : NULL;
    return s->tls != NULL || !s->config->tls.on;
}

bool certificates_begin_admin(const config *c) {
    bool needed = c->admin_enabled && c->admin_http_port >= 0 && c->admin_http.tls.on;
    of_admin = needed ? keep(&c->admin_http) : NULL;
    return of_admin != NULL || !needed;
}

tls_keeper *certificates_of_admin(void) {
    return of_admin;
}

void certificates_end(void) {
    of_admin = NULL;
    while (first != NULL) {
        kept *k = first;
        first = k->next;
        tls_keeper_stop(&k->keeper);
        free(k);
    }
}

portico_status certificates_reload(uint32_t *services, char why[TLS_WHY_MAX]) {
    char found[TLS_WHY_MAX];
    *services = 0;
    for (kept *k = first; k != NULL; k = k->next) {
        if (!tls_keeper_prepare(&k->keeper, found)) {
            (void)snprintf(why, TLS_WHY_MAX, "[%s] %.400s; the certificates before stay in use",
                           k->keeper.config->name, found);
            log_error(k->keeper.config->name, "certificates are not reloaded: %s", found);
            for (kept *other = first; other != k; other = other->next) {
                tls_keeper_forget(&other->keeper);
            }
            return PORTICO_E_INVALID;
        }
    }
    for (kept *k = first; k != NULL; k = k->next) {
        tls_keeper_exchange(&k->keeper);
        (*services)++;
    }
    if (*services == 0) {
        (void)snprintf(why, TLS_WHY_MAX, "no listener or connector has tls = yes");
    }
    return *services > 0 ? PORTICO_OK : PORTICO_E_NOT_FOUND;
}

void certificates_tell(uint64_t now_ms) {
    for (kept *k = first; k != NULL; k = k->next) {
        tls_keeper_tell(&k->keeper, now_ms);
    }
}
