/* fault_queue.c: see fault_queue.h. */
#include "module/fault_queue.h"

enum { WAIT_MS = 10000 };

fault_queue fault_reports;

fault_entry *fault_entry_of(uint64_t number) {
    fault_entry *e = &fault_reports.history[number % FAULT_HISTORY_MAX];
    return number != 0 && e->number == number ? e : NULL;
}

void fault_reports_wait(void) {
    uint64_t end_ms = os_monotonic_ms() + WAIT_MS;
    os_mutex_lock(&fault_reports.lock);
    for (uint64_t now_ms = os_monotonic_ms();
         fault_reports.runs && atomic_load(&fault_reports.count) > 0 && now_ms < end_ms;
         now_ms = os_monotonic_ms()) {
        os_cond_wait(&fault_reports.idle, &fault_reports.lock, (uint32_t)(end_ms - now_ms));
    }
    os_mutex_unlock(&fault_reports.lock);
}

void fault_libraries_hold(void) {
    os_mutex_lock(&fault_reports.naming);
}

void fault_libraries_release(void) {
    os_mutex_unlock(&fault_reports.naming);
}
