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

bool certificates_begin(service *s) {
    if (!s->config->tls.on) {
        return true;
    }
    kept *k = calloc(1, sizeof *k);
    if (k == NULL) {
        log_error(s->config->name, "TLS: out of memory");
        return false;
    }
    if (!tls_keeper_start(&k->keeper, s->config)) {
        free(k);
        return false;
    }
    k->next = first;
    first = k;
    s->tls = &k->keeper;
    return true;
}

void certificates_end(void) {
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
