/* rates.c: what a session may cost per second: packets, bytes, and bytes that its packets make
 * others receive. See session.h.
 *
 * Each rate is a bucket of one second's worth (base/bucket.h). A session that is over one is closed
 * or slowed, as the key over_rate says. A slowed session reads no more until it owes nothing: what
 * it has received stays in its block, and it submits no recv, so that TCP slows the client down.
 * The sweep requests the turn with which it continues. Until then everything else of the session
 * works, and its time limits are suspended.
 *
 * A rate that is exceeded sets `over_until_ns`, which ends the delivery of packets; at its end
 * session_slow sets `slow_until_ms`.
 */
#include "session/private.h"

#include "base/bucket.h"
#include "base/log_pause.h"
#include "base/stats.h"

/* A debt beyond this is forgiven, so that the end of a client is noticed in time: until a session
 * reads again, it does not see that its peer has gone. */
#define SLOW_MOST_NS (10 * BUCKET_SECOND_NS)

/* FANOUT_PACKET_BYTES: the cost of a packet to one receiver besides its payload, which may be
 * empty: it is a system call. */
enum { TELL_AGAIN_MS = 60000, FANOUT_PACKET_BYTES = 64 };

static log_kind floods = LOG_KIND("sessions that send too much");

static uint64_t now_ns(void) {
    return worker_now_ms() * 1000000;
}

/* The session owes `excess_ns` more than the rate of that kind allows. */
static void session_over(session *s, uint64_t excess_ns, service_rate kind, uint32_t rate) {
    service_counts *counts = &s->service->counts;
    const config_service *limits = s->service->config;
    uint64_t before_ns = s->over_until_ns;
    uint64_t until_ns = now_ns() + excess_ns;
    s->over_until_ns = until_ns > before_ns ? until_ns : before_ns;
    service_count_hit(&counts->over_rate[kind], &counts->over_rate_ms[kind], worker_now_ms());
    if (before_ns != 0) {
        /* It exceeds two rates, or one of them twice before it is closed or slowed. */
    } else if (limits->over_rate == CONFIG_OVER_RATE_CLOSE) {
        log_limited(&floods, LOG_INFO, limits->name, "session %llu exceeds %s = %u: closed",
                    (unsigned long long)s->base.id, service_rate_name(kind), rate);
    } else if (log_pause_over(&s->service->slow_told, worker_now_ms(), TELL_AGAIN_MS)) {
        /* Once a minute for each listener: floods come in crowds. */
        char peer[OS_ADDRESS_TEXT];
        os_address_format(&s->peer, peer);
        log_info(limits->name,
                 "session %llu of %s exceeds %s = %u: read more slowly; others are only counted",
                 (unsigned long long)s->base.id, peer, service_rate_name(kind), rate);
    }
}

/* Charges `amount` to the bucket of a rate. False: the session is over it. */
static bool session_charge(session *s, uint64_t *due_ns, uint64_t amount, service_rate kind,
                           uint32_t rate) {
    uint64_t excess_ns =
        bucket_charge(due_ns, now_ns(), bucket_cost_ns(amount, rate), BUCKET_SECOND_NS);
    if (excess_ns > SLOW_MOST_NS) {
        *due_ns -= excess_ns - SLOW_MOST_NS;
        excess_ns = SLOW_MOST_NS;
    }
    if (excess_ns > 0) {
        session_over(s, excess_ns, kind, rate);
    }
    return excess_ns == 0;
}

bool session_charge_packet(session *s) {
    uint32_t rate = s->service->config->packets_per_second;
    if (s->over_until_ns != 0) {
        return false; /* the packet before was one too many */
    }
    if (rate == 0 || session_charge(s, &s->packet_due_ns, 1, RATE_packets_per_second, rate)) {
        return true;
    }
    session_return_packet(s);
    return false;
}

void session_return_packet(session *s) {
    uint32_t rate = s->service->config->packets_per_second;
    s->packet_due_ns -= rate != 0 ? bucket_cost_ns(1, rate) : 0;
}

void session_charge_bytes_locked(session *s, uint32_t bytes) {
    (void)session_charge(s, &s->byte_due_ns, bytes, RATE_byte_rate, s->service->config->byte_rate);
}

/* The session that pays for what the calling thread sends, although a room's handler sends it. */
static _Thread_local session *payer;

session *session_pays(session *s) {
    session *before = payer;
    payer = s;
    return before;
}

/* The session that pays for what is sent to others now; NULL: nobody. */
static session *paying_session(void) {
    entity *e = turn_actor();
    if (payer != NULL) {
        return payer;
    }
    return e != NULL && e->kind == ENTITY_SESSION ? (session *)e : NULL;
}

/* `s` NULL: nobody pays. */
static void charge_fanout(session *s, uint32_t receivers, uint32_t bytes) {
    const config_service *limits = s != NULL ? s->service->config : NULL;
    if (s == NULL || limits->fanout_rate == 0) {
        return;
    }
    uint64_t amount = (uint64_t)receivers * (bytes + FANOUT_PACKET_BYTES);
    os_mutex_lock(&s->lock); /* in the turn of a message, a recv may just bring bytes */
    bool open = s->state < SESSION_DRAINING;
    bool over = open && !session_charge(s, &s->fanout_due_ns, amount, RATE_fanout_rate,
                                        limits->fanout_rate);
    if (over && limits->over_rate == CONFIG_OVER_RATE_CLOSE) {
        session_close_locked(s, PORTICO_E_FLOOD);
    }
    os_mutex_unlock(&s->lock);
}

void session_charge_fanout(uint32_t receivers, uint32_t bytes) {
    charge_fanout(paying_session(), receivers, bytes);
}

void session_charge_send(const session *to, uint32_t size) {
    session *s = paying_session();
    charge_fanout(s != to ? s : NULL, 1, size);
}

bool session_is_over(session *s) {
    bool closes = s->service->config->over_rate == CONFIG_OVER_RATE_CLOSE;
    if (!closes && s->over_until_ns <= now_ns()) {
        s->over_until_ns = 0; /* paid since */
    }
    return s->over_until_ns != 0;
}

bool session_slow(session *s) {
    bool closes = s->service->config->over_rate == CONFIG_OVER_RATE_CLOSE;
    uint64_t until_ms = s->over_until_ns / 1000000 + 1;
    s->over_until_ns = 0;
    os_mutex_lock(&s->lock);
    if (closes) {
        session_close_locked(s, PORTICO_E_FLOOD);
    }
    bool slows = s->state == SESSION_OPEN;
    if (slows) {
        s->slow_until_ms = until_ms;
        entity_sweep_soon(&s->base);
        stats_add(STAT_slowed, 1);
    }
    os_mutex_unlock(&s->lock);
    return slows;
}
