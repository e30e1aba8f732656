/* service.h: what listeners and connectors have in common: a configuration, a session type, and the
 * counts of the sessions they made.
 *
 * A session is counted from before it is made until it has been freed. Any thread. The lock is a
 * leaf.
 */
#ifndef PORTICO_SERVICE_H
#define PORTICO_SERVICE_H

#include "base/log_pause.h"
#include "config/config.h"
#include "session/service_counts.h"
#include "session/session_type.h"
#include "session/source.h"

struct session;

typedef struct service {
    const config_service *config;
    session_type *type;
    os_port *port;
    uint32_t frame_extra_bytes; /* what the framing adds to a payload ... */
    uint32_t payload_below;     /* ... and the size of a payload for which that is not so, or which
                                 * frame_limit_bytes does not allow. 0: it depends on the packet */
    uint32_t flow;              /* of base/stats.h */
    bool rates_packets;         /* packets may exceed a rate: packets_per_second or fanout_rate */
    bool looks_at_bytes;        /* byte_rate is set, or the transport is not just TCP */
    struct files *files;        /* set once by the listener, which owns it; NULL: there is none */
    const struct handshake_layer *const *handshake; /* ends with NULL. NULL: there is none */
    struct tls_keeper *tls;                         /* set once; NULL: without TLS */
    /* Called on any thread when one of its sessions has been freed; `connected` is false if its
     * connect failed, for `reason`; `lived_ms` is how long it existed. May be NULL. */
    void (*on_session_freed)(struct service *s, bool connected, uint64_t lived_ms,
                             portico_status reason);
    os_mutex lock;                     /* guards the next five */
    struct session_secure *handshakes; /* TLS handshakes that are computed, the oldest first */
    struct session_secure *newest_handshake;
    uint32_t handshake_count;
    struct service_address *addresses; /* for max_per_address */
    sources *rates;            /* for connect_rate, set once by the listener; NULL: there is none */
    _Atomic uint32_t sessions; /* alive */
    _Atomic uint32_t connected; /* of these, those that have or had a connection */
    _Atomic uint64_t made;      /* ever */
    service_counts counts;
    log_pause slow_told; /* of what the log says of sessions over a rate */
} service;

/* `handshake`: see the field. */
void service_init(service *s, const config_service *settings, session_type *type, os_port *port,
                  const struct handshake_layer *const *handshake);
void service_fini(service *s);

/* The address that a connection of `peer` counts for when it is accepted; NULL: for none yet, since
 * `peer` is a balancer and its PROXY header will say it. */
static inline const os_address *service_counts_for(const service *s, const os_address *peer) {
    return s->config->proxy_protocol == CONFIG_PROXY_NO ? peer : NULL;
}

/* Counts a session of `peer`; NULL: service_admit_address follows. PORTICO_E_LIMIT: not counted,
 * and *why names the limit. */
portico_status service_admit(service *s, const os_address *peer, const char **why);
/* The limits of `peer`, for a session that was counted without. Likewise. */
portico_status service_admit_address(service *s, const os_address *peer, const char **why);
/* Uncounts it; `peer` NULL: its address was not counted. */
void service_leave(service *s, const os_address *peer, bool connected, uint64_t lived_ms,
                   portico_status reason);

#endif
