/* log_kind.c: see log_kind.h. */
#include "base/log_kind.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>

/* One of the burst comes back for each LOG_KIND_MS that has passed. */
static void kind_refill(log_kind *k, uint64_t now_ms) {
    uint64_t back = k->spent > 0 ? (now_ms - k->spent_ms) / LOG_KIND_MS : 0;
    if (back >= k->spent) {
        k->spent = 0;
        k->spent_ms = now_ms;
    } else {
        k->spent -= (uint32_t)back;
        k->spent_ms += back * LOG_KIND_MS;
    }
}

bool log_kind_admit(log_kind *k, uint64_t now_ms) {
    kind_refill(k, now_ms);
    if (k->more == 0 && k->spent < LOG_KIND_BURST) {
        k->spent++;
        return true;
    }
    if (k->more == 0) {
        k->since_ms = now_ms;
    }
    k->more++;
    return false;
}

bool log_kind_due(const log_kind *k, uint64_t now_ms, bool all) {
    return k->more > 0 && (all || now_ms - k->since_ms >= LOG_KIND_MS);
}

void log_kind_sum(log_kind *k, uint64_t now_ms, char *text, uint32_t size) {
    char count[TEXT_COUNT];
    char period[32];
    uint64_t for_ms = now_ms - k->since_ms;
    text_count(k->more, count);
    if (for_ms < 2 * (uint64_t)LOG_KIND_MS) {
        snprintf(period, sizeof period, "second");
    } else {
        snprintf(period, sizeof period, "%" PRIu64 " s", for_ms / 1000);
    }
    snprintf(text, size, "%s: %s more in the last %s; the last one: %s", k->name, count, period,
             k->last);
    kind_refill(k, now_ms);
    k->spent += k->spent < LOG_KIND_BURST;
    k->more = 0;
}
