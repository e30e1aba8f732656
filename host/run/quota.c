/* quota.c: see quota.h. */
#include "run/quota.h"

#include "base/log.h"
#include "base/log_pause.h"
#include "base/stats.h"
#include "base/text.h"
#include "os/os.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_AGAIN_MS = 1000, REFUSAL_TEXT_MAX = 256 };

typedef struct kept {
    _Atomic uint64_t used;
    _Atomic uint64_t limit;
    _Atomic uint64_t peak; /* of `used`; two threads at once may miss a little */
} kept;

typedef struct refused {
    _Atomic uint64_t count;
    _Atomic uint64_t told; /* of these the log has mentioned */
    _Atomic uint64_t last_ms;
    log_pause pause;
} refused;

struct quota {
    char name[TEXT_IDENTIFIER_MAX];
    kept kinds[QUOTA_KINDS];
    refused refused[REFUSALS];
    quota *next;
};

/* Of what modules do on threads of their own, under the name that the log gives those. */
static quota others = {.name = "module"};

static struct {
    os_mutex lock;
    quota *all;
    uint64_t limits[QUOTA_KINDS];
} quotas;

static const struct {
    stat stat;
    const char *name;
} refusals[REFUSALS] = {
    [REFUSED_MESSAGES] = {STAT_messages_refused, "messages"},
    [REFUSED_ROOMS] = {STAT_rooms_refused, "rooms"},
    [REFUSED_TIMERS] = {STAT_timers_refused, "timers"},
    [REFUSED_REQUESTS] = {STAT_requests_refused, "requests"},
    [REFUSED_JOBS] = {STAT_jobs_refused, "jobs"},
    [REFUSED_CHANNELS] = {STAT_channels_refused, "joins of channels"},
    [REFUSED_PACKETS] = {STAT_send_overflows, "packets"},
};

static void begin(quota *q) {
    for (int k = 0; k < QUOTA_KINDS; k++) {
        atomic_store(&q->kinds[k].limit, quotas.limits[k]);
    }
}

void quotas_start(const uint64_t limits[QUOTA_KINDS]) {
    memcpy(quotas.limits, limits, sizeof quotas.limits);
    begin(&others);
}

void quotas_fini(void) {
    while (quotas.all != NULL) {
        quota *q = quotas.all;
        quotas.all = q->next;
        free(q);
    }
    memset(quotas.limits, 0, sizeof quotas.limits);
    memset(others.refused, 0, sizeof others.refused);
    memset(others.kinds, 0, sizeof others.kinds);
}

static quota *find_locked(const char *name) {
    quota *q = quotas.all;
    while (q != NULL && strcmp(q->name, name) != 0) {
        q = q->next;
    }
    return q;
}

quota *quota_of(const char *name) {
    if (name == NULL) {
        return &others;
    }
    os_mutex_lock(&quotas.lock);
    quota *q = find_locked(name);
    if (q == NULL && (q = calloc(1, sizeof *q)) != NULL) {
        snprintf(q->name, sizeof q->name, "%s", name);
        begin(q);
        q->next = quotas.all;
        quotas.all = q;
    }
    os_mutex_unlock(&quotas.lock);
    return q;
}

void quota_set_limit(quota *q, quota_kind kind, uint64_t limit) {
    if (q != NULL) {
        atomic_store(&q->kinds[kind].limit, limit);
    }
}

/* Adds first and looks then, so that two threads never both find room for the last one. */
bool quota_take(quota *q, quota_kind kind, uint64_t amount) {
    if (q == NULL) {
        return true;
    }
    kept *k = &q->kinds[kind];
    uint64_t limit = atomic_load_explicit(&k->limit, memory_order_relaxed);
    uint64_t used = atomic_fetch_add_explicit(&k->used, amount, memory_order_relaxed) + amount;
    if (limit != 0 && used > limit) {
        atomic_fetch_sub_explicit(&k->used, amount, memory_order_relaxed);
        return false;
    }
    if (used > atomic_load_explicit(&k->peak, memory_order_relaxed)) {
        atomic_store_explicit(&k->peak, used, memory_order_relaxed);
    }
    return true;
}

void quota_take_anyway(quota *q, quota_kind kind, uint64_t amount) {
    if (q != NULL) {
        atomic_fetch_add_explicit(&q->kinds[kind].used, amount, memory_order_relaxed);
    }
}

void quota_give(quota *q, quota_kind kind, uint64_t amount) {
    if (q != NULL) {
        atomic_fetch_sub_explicit(&q->kinds[kind].used, amount, memory_order_relaxed);
    }
}

quota_view quota_look(const quota *q, quota_kind kind) {
    const kept *k = &q->kinds[kind];
    return (quota_view){.used = atomic_load_explicit(&k->used, memory_order_relaxed),
                        .limit = atomic_load_explicit(&k->limit, memory_order_relaxed)};
}

uint64_t quota_take_peak(quota *q, quota_kind kind) {
    kept *k = &q->kinds[kind];
    uint64_t used = atomic_load_explicit(&k->used, memory_order_relaxed);
    uint64_t peak = atomic_exchange_explicit(&k->peak, used, memory_order_relaxed);
    return peak > used ? peak : used;
}

static bool tell_now(refused *r, uint64_t now_ms) {
    return log_pause_over(&r->pause, now_ms, TELL_AGAIN_MS);
}

void quota_refuse(quota *q, refusal what, const char *format, ...) {
    quota *of = q != NULL ? q : &others;
    refused *r = &of->refused[what];
    stats_add(refusals[what].stat, 1);
    uint64_t now_ms = os_monotonic_ms();
    uint64_t count = atomic_fetch_add(&r->count, 1) + 1;
    atomic_store_explicit(&r->last_ms, now_ms, memory_order_relaxed);
    if (!tell_now(r, now_ms)) {
        return;
    }
    char text[REFUSAL_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    uint64_t told = atomic_exchange(&r->told, count);
    if (count > told + 1) {
        log_warn(of->name, "%s (and %llu more since the last such line)", text,
                 (unsigned long long)(count - told - 1));
    } else {
        log_warn(of->name, "%s", text);
    }
}

refusal_view quota_refusals(const quota *q, refusal what) {
    const refused *r = &(q != NULL ? q : &others)->refused[what];
    return (refusal_view){.name = refusals[what].name,
                          .count = atomic_load(&r->count),
                          .last_ms = atomic_load_explicit(&r->last_ms, memory_order_relaxed)};
}

static void sum_up(quota *q, uint64_t now_ms) {
    for (int i = 0; i < REFUSALS; i++) {
        refused *r = &q->refused[i];
        uint64_t count = atomic_load(&r->count);
        if (count > atomic_load(&r->told) && tell_now(r, now_ms)) {
            uint64_t told = atomic_exchange(&r->told, count);
            log_warn(q->name, "%llu more %s were refused, %llu in all",
                     (unsigned long long)(count - told), refusals[i].name,
                     (unsigned long long)count);
        }
    }
}

void quotas_sweep(uint64_t now_ms) {
    os_mutex_lock(&quotas.lock);
    quota *all = quotas.all; /* grows at its front only, until the host ends */
    os_mutex_unlock(&quotas.lock);
    sum_up(&others, now_ms);
    for (quota *q = all; q != NULL; q = q->next) {
        sum_up(q, now_ms);
    }
}

void quotas_each(void (*each)(void *arg, const char *name, quota *q), void *arg) {
    os_mutex_lock(&quotas.lock);
    quota *all = quotas.all;
    os_mutex_unlock(&quotas.lock);
    for (quota *q = all; q != NULL; q = q->next) {
        each(arg, q->name, q);
    }
}
