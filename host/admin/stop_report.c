/* stop_report.c: see stop_report.h. */
#include "admin/stop_report.h"

#include "os/os.h"
#include "run/control.h"
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

/* Adds the calls that have not returned for a while. */
static void add_calls(lines *to) {
    watchdog_running(false, add_call, to);
}

static double since_s(void) {
    return (double)stop_clock_since_ms() / 1e3;
}

void report_stop(lines *to) {
    lines_add(to, "the host stops: its process ends within %.1f s, usually at once",
              (double)stop_clock_total_ms() / 1e3);
    add_calls(to);
}

void report_stop_sessions(lines *to, uint64_t sessions) {
    char what[CONTROL_WHAT_MAX];
    (void)control_look(what);
    lines_add(to, "after %.1f s (%s): %llu session%s left", since_s(), what,
              (unsigned long long)sessions, sessions == 1 ? " is" : "s are");
}

void report_stop_cut(lines *to, uint64_t sessions) {
    char what[CONTROL_WHAT_MAX];
    (void)control_look(what);
    lines_add(to,
              "after %.1f s (%s): stop_timeout_ms has passed: %llu open session%s closed at once, "
              "and the process ends within %.1f s",
              since_s(), what, (unsigned long long)sessions, sessions == 1 ? " is" : "s are",
              (double)(stop_clock_end_ms() - stop_clock_cut_ms()) / 1e3);
    add_calls(to);
}

void report_stop_end(lines *to, int exit_code) {
    if (exit_code == 0) {
        lines_add(to, "stopped after %.1f s with exit code 0", since_s());
    } else if (exit_code == STOP_STUCK) {
        lines_add(to, "the stop has not ended after %.1f s", since_s());
        add_calls(to);
        lines_add(to,
                  "the process ends with exit code %d; its log names each call, with backtraces",
                  exit_code);
    } else {
        lines_add(to, "stopped after %.1f s with exit code %d: the log says why", since_s(),
                  exit_code);
    }
    lines_end(to, PORTICO_OK, "");
}
