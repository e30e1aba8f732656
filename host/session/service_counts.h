/* service_counts.h: what a listener or connector counts besides its flow (base/stats.h): events
 * that are rare beside packets. Any thread, no lock.
 */
#ifndef PORTICO_SERVICE_COUNTS_H
#define PORTICO_SERVICE_COUNTS_H

#include <portico/status.h>

#include <stdatomic.h>
#include <stdint.h>

/* Why a connection is turned away: its reason in the metrics. */
#define SERVICE_REFUSALS(X) \
    X(memory_limit_bytes)   \
    X(connect_rate)         \
    X(max_sessions)         \
    X(max_per_address)      \
    X(proxy_from)           \
    X(no_memory)

/* Why a packet is rejected. */
#define SERVICE_REJECTIONS(X)                                             \
    X(frame)     /* its frame breaks the rules: the session closes */     \
    X(websocket) /* the same for a WebSocket */                           \
    X(shape)     /* it does not fit its declaration: the session closes*/ \
    X(unhandled) /* no module has a handler for its opcode */

typedef enum service_refusal {
#define SERVICE_REFUSAL(name) REFUSAL_##name,
    SERVICE_REFUSALS(SERVICE_REFUSAL)
#undef SERVICE_REFUSAL
        REFUSAL_KINDS
} service_refusal;

typedef enum service_rejection {
#define SERVICE_REJECTION(name) REJECTION_##name,
    SERVICE_REJECTIONS(SERVICE_REJECTION)
#undef SERVICE_REJECTION
        REJECTION_KINDS
} service_rejection;

/* How many statuses there are, from 0 downwards. */
enum {
#define SERVICE_STATUS(name, number, sentence) SERVICE_STATUS_##name,
    PORTICO_STATUS_LIST(SERVICE_STATUS)
#undef SERVICE_STATUS
        SERVICE_STATUSES
};

/* The rates of a session that may be exceeded, by their keys. */
#define SERVICE_RATES(X)  \
    X(packets_per_second) \
    X(byte_rate)          \
    X(fanout_rate)

typedef enum service_rate {
#define SERVICE_RATE(name) RATE_##name,
    SERVICE_RATES(SERVICE_RATE)
#undef SERVICE_RATE
        RATE_KINDS
} service_rate;

#define SERVICE_WORD(name) #name,

static inline const char *service_refusal_name(service_refusal reason) {
    static const char *const names[] = {SERVICE_REFUSALS(SERVICE_WORD)};
    return names[reason];
}

static inline const char *service_rejection_name(service_rejection reason) {
    static const char *const names[] = {SERVICE_REJECTIONS(SERVICE_WORD)};
    return names[reason];
}

static inline const char *service_rate_name(service_rate rate) {
    static const char *const names[] = {SERVICE_RATES(SERVICE_WORD)};
    return names[rate];
}

#undef SERVICE_WORD

typedef struct service_counts {
    _Atomic uint64_t refused[REFUSAL_KINDS];
    _Atomic uint64_t rejected[REJECTION_KINDS];
    _Atomic uint64_t closed[SERVICE_STATUSES]; /* connections that have ended, by -status */
    _Atomic uint64_t send_overflows;        /* sessions at send_limit_bytes, or packets dropped */
    _Atomic uint64_t over_rate[RATE_KINDS]; /* times that a session was over it */
    /* When the last one was, in ms of os_monotonic_ms(). */
    _Atomic uint64_t refused_ms[REFUSAL_KINDS];
    _Atomic uint64_t over_rate_ms[RATE_KINDS];
    _Atomic uint64_t send_overflow_ms;
} service_counts;

static inline void service_count(_Atomic uint64_t *count) {
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* The same for what a limit has caused, which `ctl limits` shows with its time. */
static inline void service_count_hit(_Atomic uint64_t *count, _Atomic uint64_t *last_ms,
                                     uint64_t now_ms) {
    service_count(count);
    atomic_store_explicit(last_ms, now_ms, memory_order_relaxed);
}

/* Counts a connection that is turned away. */
static inline void service_count_refused(service_counts *c, service_refusal reason,
                                         uint64_t now_ms) {
    service_count_hit(&c->refused[reason], &c->refused_ms[reason], now_ms);
}

/* All connections that were turned away. */
static inline uint64_t service_refused(const service_counts *c) {
    uint64_t sum = 0;
    for (int i = 0; i < REFUSAL_KINDS; i++) {
        sum += atomic_load_explicit(&c->refused[i], memory_order_relaxed);
    }
    return sum;
}

static inline void service_count_closed(service_counts *c, portico_status reason) {
    if (reason <= 0 && -reason < SERVICE_STATUSES) {
        service_count(&c->closed[-reason]);
    }
}

#endif
