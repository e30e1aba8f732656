/* collect_modules.c: the metrics of modules and rooms. The tables are copied first, so that their
 * locks are held for a moment only. */
#include "metrics/collect.h"

#include "module/fault_report.h"
#include "room/room_type.h"

#include <stdio.h>
#include <string.h>

enum { MODULES_MAX = 256, TYPES_MAX = 512 }; /* the rest is left out */

/* A module as it is now. */
typedef struct module_copy {
    char name[TEXT_IDENTIFIER_MAX];
    char version[64];
    uint32_t generation;
    uint32_t swaps[MODULE_SWAP_RESULTS];
    uint64_t pause_ns;
} module_copy;

static struct {
    module_copy all[MODULES_MAX];
    uint32_t count;
} copies; /* [admin thread] */

static void copy_module(void *arg, module *m) {
    (void)arg;
    if (copies.count == MODULES_MAX) {
        return;
    }
    module_copy *c = &copies.all[copies.count++];
    const generation *g = module_generation(m);
    memcpy(c->name, m->name, sizeof c->name);
    snprintf(c->version, sizeof c->version, "%s", g->version);
    c->generation = g->number;
    memcpy(c->swaps, m->swap_results, sizeof c->swaps);
    c->pause_ns = m->pause_ns;
}

void collect_modules_begin(void) {
    copies.count = 0;
    module_table_each(copy_module, NULL);
}

void collect_portico_module(metric_out *to) {
    for (uint32_t i = 0; i < copies.count; i++) {
        const module_copy *c = &copies.all[i];
        char number[16];
        snprintf(number, sizeof number, "%u", c->generation);
        metric_count(to, METRIC_NAMES(c->name, c->version, number), 1);
    }
}

void collect_portico_swaps(metric_out *to) {
    static const char *const results[] = {
#define SWAP_NAME(result) #result,
        MODULE_SWAPS(SWAP_NAME)
#undef SWAP_NAME
    };
    for (uint32_t i = 0; i < copies.count; i++) {
        const module_copy *c = &copies.all[i];
        for (int k = 0; k < MODULE_SWAP_RESULTS; k++) {
            metric_count(to, METRIC_NAMES(c->name, results[k]), c->swaps[k]);
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

/* ---- rooms ----------------------------------------------------------------------------------- */

typedef struct type_copy {
    char name[2 * PORTICO_LABEL_MAX];
    uint32_t rooms;
} type_copy;

static struct {
    type_copy all[TYPES_MAX];
    uint32_t count;
} types; /* [admin thread] */

static void copy_type(void *arg, const char *name, uint32_t rooms) {
    (void)arg;
    if (types.count < TYPES_MAX) {
        type_copy *t = &types.all[types.count++];
        snprintf(t->name, sizeof t->name, "%s", name);
        t->rooms = rooms;
    }
}

void collect_portico_rooms(metric_out *to) {
    types.count = 0;
    room_types_each(copy_type, NULL);
    for (uint32_t i = 0; i < types.count; i++) {
        metric_count(to, METRIC_NAMES(types.all[i].name), types.all[i].rooms);
    }
}
