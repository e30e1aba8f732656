/* handshakes.c: how many TLS handshakes of a listener wait for their client. See secure.h.
 *
 * A client whose ClientHello has been answered has cost the host work and memory, and may never say
 * another word. If more than tls_handshakes_max of them wait, the oldest ends: an honest client
 * answers within a round trip, so the oldest are those that never will. Turning new ones away
 * instead would let a few silent clients keep everybody out.
 */
#include "session/secure_private.h"

#include "base/stats.h"

static log_kind crowded = LOG_KIND("TLS handshakes that make way");

static void unlink_locked(service *from, session_secure *t) {
    session_secure **before = t->older != NULL ? &t->older->newer : &from->handshakes;
    session_secure **after = t->newer != NULL ? &t->newer->older : &from->newest_handshake;
    *before = t->newer;
    *after = t->older;
    t->older = NULL;
    t->newer = NULL;
    t->listed = false;
    from->handshake_count--;
}

uint64_t secure_enlist(session_secure *t) {
    service *from = t->owner->service;
    uint64_t id = 0;
    if (from->config->outgoing) {
        return 0;
    }
    os_mutex_lock(&from->lock);
    if (t->listed) {
        os_mutex_unlock(&from->lock);
        return 0;
    }
    t->older = from->newest_handshake;
    *(t->older != NULL ? &t->older->newer : &from->handshakes) = t;
    from->newest_handshake = t;
    t->listed = true;
    from->handshake_count++;
    if (from->handshake_count > from->config->tls.handshakes_max) {
        id = from->handshakes->owner->base.id;
        unlink_locked(from, from->handshakes);
    }
    os_mutex_unlock(&from->lock);
    return id;
}

void secure_delist(session_secure *t) {
    service *from = t->owner->service;
    os_mutex_lock(&from->lock);
    if (t->listed) {
        unlink_locked(from, t);
    }
    os_mutex_unlock(&from->lock);
}

void secure_make_way(uint64_t id) {
    session *s = session_find(id);
    if (s == NULL) {
        return;
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_HANDSHAKE) {
        stats_add(STAT_tls_made_way, 1);
        log_limited(&crowded, LOG_INFO, s->service->config->name,
                    "session %llu: its TLS handshake is the oldest of more than "
                    "tls_handshakes_max = %u: closed",
                    (unsigned long long)s->base.id, s->service->config->tls.handshakes_max);
        session_abort_locked(s, PORTICO_E_LIMIT);
    }
    os_mutex_unlock(&s->lock);
    session_release(s);
}
