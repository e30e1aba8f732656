/* fault_report.c: see fault_report.h. */
#include "module/fault_report.h"

#include "base/log.h"

portico_status fault_reports_start(const char *run_dir) {
    (void)run_dir;
    return PORTICO_OK;
}

void fault_reports_stop(void) {
}

void fault_tell(const module *m, const generation *g, const call *c, const os_fault *fault) {
    log_error(m->name, "generation %u: %s in %s %u", g->number, os_fault_word(fault->kind),
              call_what(c->kind), c->number);
}

void fault_tell_end(const module *m, const generation *g, const call *c, const os_fault *fault) {
    (void)m;
    (void)g;
    (void)c;
    (void)fault;
}

uint32_t faults_count(const char *module_name) {
    (void)module_name;
    return 0;
}

void faults_each(uint32_t most, void (*each)(void *arg, const char *line, const char *path),
                 void *arg) {
    (void)most;
    (void)each;
    (void)arg;
}
