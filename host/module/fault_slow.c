/* fault_slow.c: what the watchdog asks about modules, and how reports begin and end. See
 * fault_report.h. */
#include "module/fault_files.h"
#include "module/fault_queue.h"
#include "module/running.h"

#include <string.h>

typedef struct hang_question {
    const char *name;
    uint32_t hang_ms;
} hang_question;

static void answer_if_named(void *arg, module *m) {
    hang_question *q = arg;
    if (strcmp(m->name, q->name) == 0) {
        q->hang_ms = m->hang_ms;
    }
}

static uint32_t hang_ms_of(const char *module_name) {
    hang_question q = {.name = module_name};
    module_table_each(answer_if_named, &q);
    return q.hang_ms;
}

static void *owner_here(void) {
    return &running_now;
}

portico_status fault_reports_start(const char *run_dir, fault_peer_of *peer_of) {
    static const watchdog_hooks hooks = {
        .hang_ms = hang_ms_of, .tell = fault_tell_slow, .owner = owner_here};
    fault_files_start(run_dir);
    fault_reports.peer_of = peer_of;
    watchdog_set_hooks(&hooks);
    return fault_reporter_start();
}

void fault_reports_stop(void) {
    fault_reporter_stop();
}
