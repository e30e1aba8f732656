/* stop_report.c: see stop_report.h. */
#include "admin/stop_report.h"

#include "os/os.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"

enum { SHORT_MS = 100 }; /* such calls are on their way to return */

static void add_call(void *arg, const watchdog_call *c, const os_fault *where) {
    uint64_t now_ns = os_monotonic_ns();
    uint64_t for_ms = now_ns > c->started_ns ? (now_ns - c->started_ns) / 1000000 : 0;
    char text[WATCHDOG_TEXT];
    (void)where;
    if (for_ms >= SHORT_MS) {
        watchdog_text(c, text);
        lines_add(arg, "waits for %s: %s has not returned for %.1f s", c->module, text,
                  (double)for_ms / 1e3);
    }
}

void report_stop(lines *to) {
    lines_add(to, "the host stops: its process ends within %.1f s, usually at once",
              (double)stop_clock_total_ms() / 1e3);
    watchdog_running(false, add_call, to);
}
