/* fault_stuck.c: see fault_stuck.h. */
#include "module/fault_stuck.h"

#include "base/log.h"
#include "module/fault_report.h"

enum { STEP_MS = 5 };

static void count_one(void *arg, const watchdog_call *c, const os_fault *where) {
    (void)c;
    (void)where;
    ++*(uint32_t *)arg;
}

uint32_t fault_stuck_count(void) {
    uint32_t count = 0;
    watchdog_running(false, count_one, &count);
    return count;
}

static void name_one(void *arg, const watchdog_call *c, const os_fault *where) {
    char text[WATCHDOG_TEXT];
    (void)where;
    watchdog_text(c, text);
    log_error(c->module, "%s has not returned for %llu ms", text,
              (unsigned long long)(*(const uint64_t *)arg - c->started_ns) / 1000000);
}

/* Waits while the reporter has no room for one more. */
static void tell_one(void *arg, const watchdog_call *c, const os_fault *where) {
    uint64_t until_ms = *(const uint64_t *)arg;
    while (!fault_tell_stuck(c, where) && os_monotonic_ms() < until_ms) {
        os_sleep(STEP_MS);
    }
}

void fault_stuck_tell(uint64_t until_ms) {
    uint64_t now_ns = os_monotonic_ns();
    watchdog_running(false, name_one, &now_ns);
    watchdog_running(true, tell_one, &until_ms);
    while (fault_reports_waiting() > 0 && os_monotonic_ms() < until_ms) {
        os_sleep(STEP_MS);
    }
}
