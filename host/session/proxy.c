/* proxy.c: see proxy.h. [turn] */
#include "session/proxy.h"

#include "os/compiler.h"
#include "session/private.h"
#include "wire/proxy.h"

static log_kind refused_headers = LOG_KIND("refused PROXY headers");
static log_kind refused_addresses = LOG_KIND("refused addresses in PROXY headers");

static portico_status proxy_begin(session *s) {
    (void)s; /* the balancer speaks first */
    return PORTICO_OK;
}

static uint32_t versions_of(const config_service *c) {
    static const uint32_t versions[] = {[CONFIG_PROXY_V1] = PROXY_V1,
                                        [CONFIG_PROXY_V2] = PROXY_V2,
                                        [CONFIG_PROXY_ANY] = PROXY_V1 | PROXY_V2};
    return versions[c->proxy_protocol];
}

COLD static handshake_result refuse_header(session *s, const char *why) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(&refused_headers, LOG_WARN, s->service->config->name,
                "session %llu of %s: its PROXY header is refused: %s",
                (unsigned long long)s->base.id, peer, why);
    return HANDSHAKE_REFUSED;
}

/* The session is closed, and not counted for its address. */
COLD static handshake_result refuse_address(session *s, const char *why) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(&refused_addresses, LOG_INFO, s->service->config->name,
                "session %llu of %s is refused: %s is reached", (unsigned long long)s->base.id,
                peer, why);
    session_close(s, PORTICO_E_LIMIT);
    return HANDSHAKE_REFUSED;
}

/* A balancer's own address does not count: limits must not refuse its health checks. */
static handshake_result take_header(session *s, const proxy_header *header) {
    const char *why = NULL;
    if (!header->has_source) {
        return HANDSHAKE_DONE;
    }
    os_mutex_lock(&s->lock);
    s->peer = header->source;
    os_mutex_unlock(&s->lock);
    if (service_admit_address(s->service, &s->peer, &why) != PORTICO_OK) {
        return refuse_address(s, why);
    }
    s->address_counted = true;
    return HANDSHAKE_DONE;
}

static handshake_result proxy_received(session *s, uint32_t *taken) {
    proxy_header header;
    const char *why = NULL;
    proxy_result result =
        proxy_read(s->in->bytes, s->in_used, versions_of(s->service->config), &header, &why);
    if (result == PROXY_MORE) {
        return HANDSHAKE_MORE;
    }
    if (result == PROXY_REFUSED) {
        return refuse_header(s, why);
    }
    *taken = header.bytes;
    return take_header(s, &header);
}

const handshake_layer proxy_layer = {.begin = proxy_begin, .received = proxy_received};
