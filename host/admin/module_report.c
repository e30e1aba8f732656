/* module_report.c: see module_report.h. */
#include "admin/module_report.h"

#include "base/table.h"
#include "base/text.h"
#include "module/fault_report.h"
#include "room/room_tally.h"
#include "session/session_type.h"

#include <stdio.h>
#include <stdlib.h>

/* The number of sessions or rooms of a type, taken before the table of modules is locked. */
typedef struct type_count {
    char name[2 * PORTICO_LABEL_MAX]; /* the key */
    uint32_t count;
    UT_hash_handle hh;
} type_count;

static void add_count(void *arg, const char *name, uint32_t count) {
    type_count **counts = arg;
    type_count *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return;
    }
    snprintf(c->name, sizeof c->name, "%s", name);
    c->count = count;
    HASH_ADD_STR(*counts, name, c);
    if (c->hh.tbl == NULL) {
        free(c);
    }
}

typedef struct module_report {
    lines *to; /* text ... */
    json *out; /* ... or, not NULL, JSON */
    type_count *session_types;
    type_count *room_types;
} module_report;

static uint32_t count_of(const type_count *counts, const char *name) {
    const type_count *c = NULL;
    HASH_FIND_STR(counts, name, c);
    return c != NULL ? c->count : 0;
}

static void free_counts(type_count *counts) {
    type_count *c = NULL;
    type_count *next = NULL;
    HASH_ITER(hh, counts, c, next) {
        HASH_DEL(counts, c);
        free(c);
    }
}

static void add_faults(lines *to, const module *m) {
    uint32_t faults = faults_count(m->name);
    char since[TEXT_TIME];
    if (faults > 0) {
        lines_add(to, "  module_faults %u: see `ctl faults`", faults);
    }
    if (gate_is_frozen(&m->gate)) {
        text_time(faults_frozen_ms(m->name), 'T', since);
        lines_add(to, "  frozen since %s: waits for its next build or `ctl thaw %s`", since,
                  m->name);
    }
}

static void add_module_text(const module_report *r, module *m) {
    const generation *g = module_generation(m);
    char built[TEXT_TIME];
    char since[TEXT_TIME];
    text_time(g->built_ms, 'T', built);
    text_time(g->since_ms, 'T', since);
    lines_add(
        r->to,
        "%s %s loaded %s sessions %u generation %u built %s since %s swaps %u swap_pause_seconds %.9g last %s",
        m->name, g->version, g->file, atomic_load(&m->sessions), g->number, built, since, m->swaps,
        (double)m->pause_ns / 1e9, m->outcome[0] != '\0' ? m->outcome : "-");
    add_faults(r->to, m);
    for (const registered_type *t = g->registry->types; t != NULL; t = t->next) {
        lines_add(r->to, "  type %s%s sessions %u", t->name, t->owned ? "" : " joined",
                  count_of(r->session_types, t->name));
    }
    for (const registered_room *t = g->registry->rooms; t != NULL; t = t->next) {
        lines_add(r->to, "  room type %s rooms %u", t->name, count_of(r->room_types, t->name));
    }
}

static void add_types(const module_report *r, const registry *all) {
    json *j = r->out;
    json_begin(j, "types", '[');
    for (const registered_type *t = all->types; t != NULL; t = t->next) {
        json_begin(j, NULL, '{');
        json_text(j, "name", t->name);
        json_bool(j, "joined", !t->owned);
        json_number(j, "sessions", count_of(r->session_types, t->name));
        json_end(j, '}');
    }
    json_end(j, ']');
    json_begin(j, "room_types", '[');
    for (const registered_room *t = all->rooms; t != NULL; t = t->next) {
        json_begin(j, NULL, '{');
        json_text(j, "name", t->name);
        json_number(j, "rooms", count_of(r->room_types, t->name));
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void add_module_json(const module_report *r, module *m) {
    json *j = r->out;
    const generation *g = module_generation(m);
    json_begin(j, NULL, '{');
    json_text(j, "name", m->name);
    json_text(j, "version", g->version);
    json_text(j, "file", g->file);
    json_number(j, "sessions", atomic_load(&m->sessions));
    json_number(j, "generation", g->number);
    json_time(j, "built", g->built_ms);
    json_time(j, "since", g->since_ms);
    json_number(j, "swaps", m->swaps);
    json_real(j, "swap_pause_seconds", (double)m->pause_ns / 1e9);
    json_text(j, "last", m->outcome[0] != '\0' ? m->outcome : NULL);
    json_number(j, "module_faults", faults_count(m->name));
    json_bool(j, "frozen", gate_is_frozen(&m->gate));
    add_types(r, g->registry);
    json_end(j, '}');
}

static void add_module(void *arg, module *m) {
    const module_report *r = arg;
    if (r->out != NULL) {
        add_module_json(r, m);
    } else {
        add_module_text(r, m);
    }
}

void report_modules(lines *to) {
    module_report r = {.to = to, .out = lines_object(to)};
    session_types_each(add_count, &r.session_types);
    room_tallies_each(add_count, &r.room_types);
    lines_list(to, "modules");
    module_table_each(add_module, &r);
    lines_list_end(to);
    free_counts(r.session_types);
    free_counts(r.room_types);
}
