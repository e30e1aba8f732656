/* fault_flood.c: see fault_flood.h. */
#include "module/fault_flood.h"

#include <string.h>

static bool is_same(const flood_key *a, const flood_key *b) {
    return a->generation == b->generation && a->event == b->event && a->kind == b->kind &&
           a->call == b->call && a->number == b->number && a->verdict == b->verdict &&
           a->thread == b->thread && a->place == b->place && strcmp(a->module, b->module) == 0;
}

static bool is_over(const flood_family *k, uint64_t now_ms) {
    return now_ms >= k->begin_ms + FLOOD_MS;
}

static bool is_free(const flood_family *k, uint64_t now_ms) {
    return k->report == 0 || (k->more == 0 && is_over(k, now_ms));
}

bool flood_has_room(const flood *f, const flood_key *key, uint64_t now_ms) {
    for (int i = 0; i < FLOOD_KINDS; i++) {
        const flood_family *k = &f->families[i];
        if (is_free(k, now_ms) || is_same(&k->key, key)) {
            return true;
        }
    }
    return false;
}

void flood_add_other(flood *f, uint64_t now_ms) {
    if (f->others == 0) {
        f->others_ms = now_ms;
    }
    f->others++;
}

uint64_t flood_add(flood *f, const flood_key *key, uint64_t report, uint64_t now_ms) {
    flood_family *unused = NULL;
    for (int i = 0; i < FLOOD_KINDS; i++) {
        flood_family *k = &f->families[i];
        bool free = is_free(k, now_ms);
        if (!free && is_same(&k->key, key)) {
            k->more++;
            return k->report;
        }
        unused = free ? k : unused;
    }
    if (unused == NULL) {
        flood_add_other(f, now_ms);
        return 0;
    }
    *unused = (flood_family){.key = *key, .report = report, .begin_ms = now_ms};
    return report;
}

bool flood_take(flood *f, uint64_t now_ms, bool all, flood_sum *sum) {
    for (int i = 0; i < FLOOD_KINDS; i++) {
        flood_family *k = &f->families[i];
        if (k->report != 0 && k->more > 0 && (all || is_over(k, now_ms))) {
            *sum = (flood_sum){k->report, k->more, now_ms - k->begin_ms};
            k->begin_ms = now_ms;
            k->more = 0;
            return true;
        }
    }
    if (f->others > 0 && (all || now_ms >= f->others_ms + FLOOD_MS)) {
        *sum = (flood_sum){0, f->others, now_ms - f->others_ms};
        f->others = 0;
        return true;
    }
    return false;
}
