/* fault_reporter.c: the thread that writes reports. See fault_queue.h. */
#include "base/log.h"
#include "module/fault_queue.h"
#include "module/fault_text.h"

#include <string.h>

enum { SUM_MS = 1000, STAMP_ROOM = 64 };

static os_thread *thread;

/* Only for the reporter. */
static os_place places[OS_FRAMES_MAX];
static char text[FAULT_TEXT_MAX];

/* The line that `ctl faults` shows, and one that sums up its likes. */
static void keep_line(const fault_record *r, uint64_t number, const char *path) {
    char line[FAULT_LINE_MAX];
    put p = put_begin(line, sizeof line);
    fault_headline(&p, r);
    if (r->fault.frame_count > 0) {
        put_text(&p, ", at ");
        fault_place(&p, &places[fault_record_frame(r)]);
    }
    if (!fault_is_slow(r->event)) {
        put_text(&p, ": ");
        put_text(&p, fault_verdict_word(r->verdict));
    }
    os_mutex_lock(&fault_reports.lock);
    fault_entry *e = fault_entry_of(number);
    if (e != NULL) {
        memcpy(e->line, line, sizeof line);
        memcpy(e->path, path, strlen(path) + 1);
    }
    os_mutex_unlock(&fault_reports.lock);
}

static bool is_warning(const fault_record *r) {
    return fault_is_slow(r->event) && r->event != FAULT_EVENT_STUCK;
}

/* Finds the functions of the frames. */
static void find_places(const fault_record *r) {
    memset(places, 0, sizeof places);
    fault_libraries_hold();
    if (r->fault.frame_count > 0) {
        os_places_find(r->fault.frames, r->fault.frame_count, places);
    }
    fault_libraries_release();
}

static put compose(const fault_record *r, const char *path) {
    put p = put_begin(text, sizeof text);
    fault_libraries_hold();
    fault_text(&p, r, places, path);
    fault_libraries_release();
    return p;
}

static void write_report(const fault_record *r, uint64_t number) {
    char path[FAULT_PATH_MAX] = "";
    find_places(r);
    if (!fault_is_slow(r->event)) {
        fault_files_free_path(r->wall_ms, r->module, r->generation, path);
    }
    put p = compose(r, path);
    if (path[0] != '\0' && !fault_files_write(path, text, p.used)) {
        path[0] = '\0';
        (void)compose(r, path);
    }
    keep_line(r, number, path);
    log_lines(is_warning(r) ? LOG_WARN : LOG_ERROR, r->module[0] != '\0' ? r->module : "host",
              text);
}

/* Logs one sum. */
static void write_sum(const flood_sum *sum, const fault_entry *like) {
    char line[FAULT_LINE_MAX + FAULT_PATH_MAX + 100];
    put p = put_begin(line, sizeof line);
    fault_put_count(&p, sum->more);
    put_text(&p, " more");
    put_text(&p, sum->report == 0 ? " faults or slow calls of other kinds" : " like it");
    put_text(&p, " in ");
    put_real(&p, (double)sum->for_ms / 1000, 4);
    put_text(&p, " s");
    if (like->number != 0) {
        put_text(&p, ": ");
        put_text(&p, like->line);
        put_text(&p, like->path[0] != '\0' ? "; report: " : "");
        put_text(&p, like->path);
    }
    log_warn("faults", "%s", line);
}

/* Writes a sum that is due. [lock, which it releases while it writes] */
static bool sum_up_locked(bool all) {
    static fault_entry like; /* only for the reporter */
    flood_sum sum;
    if (!flood_take(&fault_reports.flood, os_monotonic_ms(), all, &sum)) {
        return false;
    }
    const fault_entry *e = fault_entry_of(sum.report);
    like = e != NULL ? *e : (fault_entry){0};
    os_mutex_unlock(&fault_reports.lock);
    write_sum(&sum, &like);
    os_mutex_lock(&fault_reports.lock);
    return true;
}

/* Writes the next record, if it is complete. [lock, which it releases while it writes] */
static bool report_locked(void) {
    fault_queue *q = &fault_reports;
    fault_slot *s = &q->slots[q->first];
    if (atomic_load(&q->count) == 0 || !atomic_load(&s->ready)) {
        return false;
    }
    os_mutex_unlock(&q->lock);
    write_report(&s->record, s->number);
    os_mutex_lock(&q->lock);
    q->first = (q->first + 1) % FAULT_QUEUE_MAX;
    if (atomic_fetch_sub(&q->count, 1) == 1) {
        os_cond_wake_all(&q->idle);
    }
    return true;
}

static void reporter_run(void *arg) {
    (void)arg;
    os_mutex_lock(&fault_reports.lock);
    while (!fault_reports.stop || atomic_load(&fault_reports.count) > 0) {
        if (!report_locked() && !sum_up_locked(false)) {
            (void)os_cond_wait(&fault_reports.wake, &fault_reports.lock, SUM_MS);
        }
    }
    while (sum_up_locked(true)) {
    }
    fault_reports.runs = false;
    os_cond_wake_all(&fault_reports.idle);
    os_mutex_unlock(&fault_reports.lock);
}

portico_status fault_reporter_start(void) {
    fault_reports.stop = false;
    fault_reports.runs = true;
    portico_status status = os_thread_start(&thread, "reporter", reporter_run, NULL);
    fault_reports.runs = status == PORTICO_OK;
    thread = status == PORTICO_OK ? thread : NULL;
    return status;
}

void fault_reporter_stop(void) {
    if (thread != NULL) {
        os_mutex_lock(&fault_reports.lock);
        fault_reports.stop = true;
        os_cond_wake_all(&fault_reports.wake);
        os_mutex_unlock(&fault_reports.lock);
        os_thread_join(thread);
        thread = NULL;
    }
}
