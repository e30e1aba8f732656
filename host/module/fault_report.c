/* fault_report.c: takes faults from the threads that have them. See fault_report.h. */
#include "module/fault_report.h"

#include "base/log.h"
#include "base/stats.h"
#include "module/fault_queue.h"
#include "module/fault_text.h"

#include <string.h>

enum { END_WAIT_MS = 1000, END_STEP_MS = 10 };

/* ---- counting ------------------------------------------------------------------------------- */

static fault_tally *tally_of(const char *module_name) {
    uint32_t count = atomic_load(&fault_reports.tally_count);
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(fault_reports.tallies[i].module, module_name) == 0) {
            return &fault_reports.tallies[i];
        }
    }
    return NULL;
}

/* NULL: there are too many. [lock] */
static fault_tally *tally_add(const char *module_name) {
    fault_tally *t = tally_of(module_name);
    uint32_t count = atomic_load(&fault_reports.tally_count);
    if (t == NULL && count < FAULT_TALLIES_MAX) {
        t = &fault_reports.tallies[count];
        memcpy(t->module, module_name, strlen(module_name) + 1);
        atomic_store(&fault_reports.tally_count, count + 1);
    }
    return t;
}

static bool freezes(fault_verdict verdict) {
    return verdict == FAULT_FROZEN || verdict == FAULT_ROLLED_BACK;
}

/* [lock] */
static void count_fault(const char *module_name, call_kind kind, fault_verdict verdict) {
    fault_tally *t = tally_add(module_name);
    atomic_fetch_add(&fault_reports.faults, 1);
    if (t != NULL) {
        atomic_fetch_add(&t->faults, 1);
        atomic_fetch_add(&t->by_kind[kind], 1);
        if (freezes(verdict)) {
            atomic_store(&t->frozen_ms, os_wall_ms());
        }
    }
}

static void count_stats(fault_verdict verdict) {
    stats_add(STAT_module_faults, 1);
    if (verdict == FAULT_CLOSED) {
        stats_add(STAT_faults_closed, 1);
    } else if (verdict == FAULT_ROLLED_BACK) {
        stats_add(STAT_faults_rolled_back, 1);
    } else if (verdict == FAULT_FROZEN) {
        stats_add(STAT_faults_frozen, 1);
    }
}

uint32_t faults_count(const char *module_name) {
    if (module_name == NULL) {
        return atomic_load(&fault_reports.faults);
    }
    const fault_tally *t = tally_of(module_name);
    return t != NULL ? atomic_load(&t->faults) : 0;
}

void faults_each_kind(void (*each)(void *arg, const char *module, call_kind kind, uint32_t count),
                      void *arg) {
    uint32_t count = atomic_load(&fault_reports.tally_count);
    for (uint32_t i = 0; i < count; i++) {
        const fault_tally *t = &fault_reports.tallies[i];
        for (int k = 0; k < CALL_KINDS; k++) {
            uint32_t faults = atomic_load(&t->by_kind[k]);
            if (faults > 0) {
                each(arg, t->module, (call_kind)k, faults);
            }
        }
    }
}

uint64_t faults_frozen_ms(const char *module_name) {
    const fault_tally *t = tally_of(module_name);
    return t != NULL ? atomic_load(&t->frozen_ms) : 0;
}

/* ---- the queue ------------------------------------------------------------------------------ */

/* Reserves a slot for the next report, for which there is room. [lock] */
static fault_slot *take_slot_locked(bool is_fault) {
    fault_queue *q = &fault_reports;
    uint32_t count = atomic_load(&q->count);
    uint64_t number = ++q->reports;
    q->history[number % FAULT_HISTORY_MAX] =
        (fault_entry){.number = number, .wall_ms = os_wall_ms(), .is_fault = is_fault};
    fault_slot *s = &q->slots[(q->first + count) % FAULT_QUEUE_MAX];
    s->number = number;
    atomic_store(&s->ready, false);
    atomic_store(&q->count, count + 1);
    return s;
}

/* Reserves a slot for a report of its own. NULL: it is only counted. [lock] */
static fault_slot *reserve_locked(const flood_key *key, bool is_fault) {
    fault_queue *q = &fault_reports;
    uint64_t now_ms = os_monotonic_ms();
    if (atomic_load(&q->count) == FAULT_QUEUE_MAX) {
        flood_add_other(&q->flood, now_ms);
        return NULL;
    }
    uint64_t number = q->reports + 1;
    uint64_t like = flood_add(&q->flood, key, number, now_ms);
    fault_entry *e = fault_entry_of(like);
    if (like != number) {
        if (e != NULL) {
            e->more++;
        }
        return NULL;
    }
    return take_slot_locked(is_fault);
}

/* The record is complete. */
static void hand_over(fault_slot *s) {
    os_mutex_lock(&fault_reports.lock);
    fault_entry *e = fault_entry_of(s->number);
    if (e != NULL) { /* without its place, which the reporter finds */
        put p = put_begin(e->line, sizeof e->line);
        fault_headline(&p, &s->record);
        memcpy(e->module, s->record.module, sizeof e->module);
    }
    atomic_store(&s->ready, true);
    os_cond_wake_all(&fault_reports.wake);
    os_mutex_unlock(&fault_reports.lock);
}

static flood_key key_of(fault_event event, const char *module_name, const os_fault *fault) {
    flood_key key = {.event = event};
    memcpy(key.module, module_name, strlen(module_name) + 1);
    if (fault != NULL) {
        bool in_place = event == FAULT_EVENT_CONTAINED && fault->kind != OS_FAULT_HANG;
        key.kind = fault->kind;
        key.place = in_place && fault->frame_count > 0 ? fault->frames[0] : 0;
    }
    return key;
}

void fault_tell(const module *m, const generation *g, const call *c, const os_fault *fault) {
    flood_key key = key_of(FAULT_EVENT_CONTAINED, m->name, fault);
    key.verdict = c->verdict;
    key.generation = g->number;
    key.call = c->kind;
    key.number = c->number;
    count_stats(c->verdict);
    os_mutex_lock(&fault_reports.lock);
    bool runs = fault_reports.runs;
    count_fault(m->name, c->kind, c->verdict);
    fault_slot *s = runs ? reserve_locked(&key, true) : NULL;
    os_mutex_unlock(&fault_reports.lock);
    if (s != NULL) {
        fault_record_fill(&s->record, FAULT_EVENT_CONTAINED, m, g, c, fault, fault_reports.peer_of);
        hand_over(s);
    } else if (!runs || freezes(c->verdict)) { /* an operator must not miss a freeze */
        log_error(m->name, "generation %u: %s in %s %u: %s", g->number, os_fault_word(fault->kind),
                  call_what(c->kind), c->number, fault_verdict_word(c->verdict));
    }
}

/* Calls on one thread that are slow in the same way are alike, so that each of those that are stuck
 * at the same time has a report of its own. */
bool fault_tell_slow(const watchdog_call *c, const os_fault *where, bool hangs) {
    fault_event event = hangs ? FAULT_EVENT_HANGS : FAULT_EVENT_LATE;
    flood_key key = key_of(event, c->module, where);
    key.number = c->number;
    key.thread = c->thread;
    os_mutex_lock(&fault_reports.lock);
    bool runs = fault_reports.runs;
    bool has_room = atomic_load(&fault_reports.count) < FAULT_QUEUE_MAX &&
                    flood_has_room(&fault_reports.flood, &key, os_monotonic_ms());
    fault_slot *s = runs && has_room ? reserve_locked(&key, false) : NULL;
    os_mutex_unlock(&fault_reports.lock);
    if (s != NULL) {
        fault_record_fill_slow(&s->record, event, c, where, fault_reports.peer_of);
        hand_over(s);
    }
    return has_room || !runs;
}

bool fault_tell_stuck(const watchdog_call *c, const os_fault *where) {
    os_mutex_lock(&fault_reports.lock);
    bool has_room = fault_reports.runs && atomic_load(&fault_reports.count) < FAULT_QUEUE_MAX;
    fault_slot *s = has_room ? take_slot_locked(false) : NULL;
    os_mutex_unlock(&fault_reports.lock);
    if (s != NULL) {
        fault_record_fill_slow(&s->record, FAULT_EVENT_STUCK, c, where, fault_reports.peer_of);
        hand_over(s);
    }
    return s != NULL;
}

uint32_t fault_reports_waiting(void) {
    return atomic_load(&fault_reports.count);
}

/* ---- the end of the process ------------------------------------------------------------------ */

/* Lets the reporter write what it has. It may be what is broken, so only for a moment. */
static void wait_in_handler(void) {
    for (uint32_t ms = 0; ms < END_WAIT_MS && atomic_load(&fault_reports.count) > 0;
         ms += END_STEP_MS) {
        os_sleep(END_STEP_MS);
    }
}

static void write_end(const fault_record *r, const os_place *places, const char *path) {
    static char text[FAULT_TEXT_MAX]; /* the thread may have little stack left */
    static char dump[FAULT_PATH_MAX];
    put p = put_begin(text, sizeof text);
    put_text(&p, "the process ends: ");
    fault_headline(&p, r);
    if (r->fault.frame_count > 0) {
        put_text(&p, ", at ");
        fault_place(&p, &places[fault_record_frame(r)]);
    }
    if (path[0] != '\0') {
        put_text(&p, "; report: ");
        put_text(&p, path);
    }
    log_last_line(LOG_ERROR, r->module[0] != '\0' ? r->module : "host", text);
    if (path[0] == '\0') {
        return;
    }
    fault_files_dump_path(path, dump);
    p = put_begin(text, sizeof text);
    fault_text(&p, r, places, path);
    os_fault_write(path, text, p.used);
    if (os_fault_dump(dump) == PORTICO_OK) {
        log_last_line(LOG_ERROR, "host", "a minidump is beside the report");
    }
}

void fault_tell_end(const module *m, const generation *g, const call *c, const os_fault *fault) {
    static fault_record record;
    static os_place places[OS_FRAMES_MAX];
    static char path[FAULT_PATH_MAX];
    wait_in_handler();
    fault_record_fill(&record, FAULT_EVENT_ENDS, m, g, c, fault, fault_reports.peer_of);
    for (uint32_t i = 0; i < fault->frame_count && i < OS_FRAMES_MAX; i++) {
        os_place_quick(fault->frames[i], &places[i]);
    }
    fault_files_path(record.wall_ms, record.module, record.generation, path);
    write_end(&record, places, path);
}

/* ---- the last faults ------------------------------------------------------------------------ */

static void put_age(put *p, uint64_t wall_ms) {
    uint64_t now_ms = os_wall_ms();
    uint64_t age_s = now_ms > wall_ms ? (now_ms - wall_ms) / 1000 : 0;
    uint64_t unit = age_s < 120 ? 1 : age_s < 7200 ? 60 : age_s < 172800 ? 3600 : 86400;
    put_number(p, age_s / unit);
    put_text(p, unit == 1 ? " s" : unit == 60 ? " min" : unit == 3600 ? " h" : " days");
    put_text(p, " ago: ");
}

static void show_entry(const fault_entry *e, fault_each *each, void *arg) {
    char line[FAULT_LINE_MAX + 100];
    put p = put_begin(line, sizeof line);
    put_age(&p, e->wall_ms);
    put_text(&p, e->line);
    if (e->more > 0) {
        put_text(&p, ", and ");
        fault_put_count(&p, e->more);
        put_text(&p, " more like it");
    }
    each(arg, e->module, line, e->path);
}

void faults_each(uint32_t most, fault_each *each, void *arg) {
    os_mutex_lock(&fault_reports.lock);
    uint32_t shown = 0;
    for (uint64_t number = fault_reports.reports; number > 0 && shown < most; number--) {
        const fault_entry *e = fault_entry_of(number);
        if (e == NULL) {
            break;
        }
        if (e->is_fault) {
            show_entry(e, each, arg);
            shown++;
        }
    }
    os_mutex_unlock(&fault_reports.lock);
}
