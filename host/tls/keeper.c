/* keeper.c: see keeper.h. */
#include "tls/keeper.h"

#include "base/log.h"

#include <string.h>

enum { TELL_EVERY_MS = 60000 };

#define DAY_MS INT64_C(86400000)

/* ---- expiry ---------------------------------------------------------------------------------- */

static void tell_one(const tls_keeper *k, const certificate *c, int64_t left_ms, uint32_t level) {
    const char *label = k->config->name;
    if (level == 0) {
        log_warn(label,
                 "the certificate %s has expired: replace its file, then `portico ctl reload "
                 "certificates`",
                 c->name);
    } else if (left_ms < DAY_MS) {
        log_warn(label, "the certificate %s expires in %lld hours", c->name,
                 (long long)(left_ms / 3600000));
    } else {
        log_warn(label, "the certificate %s expires in %lld days", c->name,
                 (long long)(left_ms / DAY_MS));
    }
}

/* Tells of every certificate that has come closer to its end than `told`. Returns the closest. */
static uint32_t tell_all(const tls_keeper *k, const tls_context *t, uint32_t told) {
    int64_t now_ms = (int64_t)os_wall_ms();
    uint32_t closest = told;
    for (uint32_t i = 0; i < tls_context_certificates(t); i++) {
        const certificate *c = tls_context_certificate(t, i);
        uint32_t level = certificate_expires_within(c->expires_ms - now_ms);
        if (level < told) {
            tell_one(k, c, c->expires_ms - now_ms, level);
        }
        closest = level < closest ? level : closest;
    }
    return closest;
}

static void tell_begin(const tls_keeper *k, const tls_context *t) {
    int64_t now_ms = (int64_t)os_wall_ms();
    for (uint32_t i = 0; i < tls_context_certificates(t); i++) {
        const certificate *c = tls_context_certificate(t, i);
        log_info(k->config->name, "TLS with the certificate %s, valid for another %lld days",
                 c->name, (long long)((c->expires_ms - now_ms) / DAY_MS));
    }
}

void tls_keeper_tell(tls_keeper *k, uint64_t now_ms) {
    tls_context *t = NULL;
    uint32_t told = 0;
    os_mutex_lock(&k->lock);
    if (k->now != NULL && now_ms >= k->next_tell_ms) {
        k->next_tell_ms = now_ms + TELL_EVERY_MS;
        told = k->told_days;
        t = tls_context_hold(k->now);
    }
    os_mutex_unlock(&k->lock);
    if (t == NULL) {
        return;
    }
    uint32_t closest = tell_all(k, t, told);
    os_mutex_lock(&k->lock);
    if (k->now == t) {
        k->told_days = closest;
    }
    os_mutex_unlock(&k->lock);
    tls_context_release(t);
}

/* ---- contexts -------------------------------------------------------------------------------- */

static void log_fault(void *arg, const void *field, const char *why) {
    (void)field;
    log_error(((const config_service *)arg)->name, "TLS: %s", why);
}

static int64_t first_expiry_ms(const tls_context *t) {
    int64_t first_ms = 0;
    for (uint32_t i = 0; t != NULL && i < tls_context_certificates(t); i++) {
        int64_t ms = tls_context_certificate(t, i)->expires_ms;
        first_ms = first_ms == 0 || ms < first_ms ? ms : first_ms;
    }
    return first_ms;
}

static void keep(tls_keeper *k, tls_context *t) {
    atomic_store(&k->expires_ms, first_expiry_ms(t));
    os_mutex_lock(&k->lock);
    tls_context *before = k->now;
    k->now = t;
    k->told_days = CERTIFICATE_LATER;
    k->next_tell_ms = 0;
    os_mutex_unlock(&k->lock);
    tls_context_release(before);
}

bool tls_keeper_start(tls_keeper *k, const config_service *c) {
    memset(k, 0, sizeof *k);
    k->config = c;
    tls_context *t = tls_context_create(c, log_fault, (void *)(uintptr_t)c);
    if (t == NULL) {
        return false;
    }
    tell_begin(k, t);
    keep(k, t);
    tls_keeper_tell(k, os_monotonic_ms());
    return true;
}

void tls_keeper_stop(tls_keeper *k) {
    keep(k, NULL);
    tls_keeper_forget(k);
}

/* Keeps the first fault. */
static void note_fault(void *arg, const void *field, const char *why) {
    char *text = arg;
    (void)field;
    if (text[0] == '\0') {
        (void)snprintf(text, TLS_WHY_MAX, "%s", why);
    }
}

bool tls_keeper_prepare(tls_keeper *k, char why[TLS_WHY_MAX]) {
    why[0] = '\0';
    tls_keeper_forget(k);
    k->next = tls_context_create(k->config, note_fault, why);
    bool good = k->next != NULL;
    for (uint32_t i = 0; good && i < tls_context_certificates(k->next); i++) {
        good =
            certificate_is_valid(tls_context_certificate(k->next, i), (int64_t)os_wall_ms(), why);
    }
    if (!good) {
        tls_keeper_forget(k);
    }
    return good;
}

void tls_keeper_exchange(tls_keeper *k) {
    tls_context *t = k->next;
    k->next = NULL;
    tell_begin(k, t);
    keep(k, t);
}

void tls_keeper_forget(tls_keeper *k) {
    tls_context_release(k->next);
    k->next = NULL;
}

tls_context *tls_keeper_take(tls_keeper *k) {
    os_mutex_lock(&k->lock);
    tls_context *t = tls_context_hold(k->now);
    os_mutex_unlock(&k->lock);
    return t;
}

int64_t tls_keeper_expires_ms(tls_keeper *k) {
    return atomic_load(&k->expires_ms);
}
