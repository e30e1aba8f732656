/* collect_modules.c: the metrics of modules and rooms. */
#include "metrics/collect.h"

#include "module/fault_report.h"
#include "module/module_figures.h"
#include "room/room_tally.h"

#include <stdio.h>
#include <string.h>

enum { MODULES_MAX = 256 }; /* the rest is left out */

static struct {
    module_figures all[MODULES_MAX];
    uint32_t count;
} copies; /* [admin thread] */

static void copy_module(void *arg, const module_figures *f) {
    (void)arg;
    if (copies.count < MODULES_MAX) {
        copies.all[copies.count++] = *f;
    }
}

void collect_modules_begin(void) {
    copies.count = 0;
    module_figures_each(copy_module, NULL);
}

void collect_portico_module(metric_out *to) {
    for (uint32_t i = 0; i < copies.count; i++) {
        const module_figures *c = &copies.all[i];
        char number[16];
        snprintf(number, sizeof number, "%u", c->generation);
        metric_count(to, METRIC_NAMES(c->name, c->version, number), 1);
    }
}

void collect_portico_swaps(metric_out *to) {
    for (uint32_t i = 0; i < copies.count; i++) {
        const module_figures *c = &copies.all[i];
        for (int k = 0; k < MODULE_SWAP_RESULTS; k++) {
            metric_count(to, METRIC_NAMES(c->name, module_swap_name((module_swap)k)), c->swaps[k]);
        }
    }
}

void collect_portico_swap_pause_seconds(metric_out *to) {
    for (uint32_t i = 0; i < copies.count; i++) {
        metric_seconds(to, METRIC_NAMES(copies.all[i].name), copies.all[i].pause_ns);
    }
}

/* Three kinds of calls have the same word for people. */
static const char *handler_name(call_kind kind) {
    switch (kind) {
    case CALL_MODULE_MESSAGE: return "module message";
    case CALL_ROOM_MESSAGE: return "room message";
    default: return call_what(kind);
    }
}

static void add_faults(void *arg, const char *module_name, call_kind kind, uint32_t count) {
    metric_count(arg, METRIC_NAMES(module_name, handler_name(kind)), count);
}

void collect_portico_module_faults(metric_out *to) {
    faults_each_kind(add_faults, to);
}

static void add_rooms(void *arg, const char *type, uint32_t rooms) {
    metric_count(arg, METRIC_NAMES(type), rooms);
}

void collect_portico_rooms(metric_out *to) {
    room_tallies_each(add_rooms, to);
}
