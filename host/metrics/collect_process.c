/* collect_process.c: the metrics of the process and its threads. */
#include "metrics/collect.h"

#include "base/stats.h"
#include "module/blocking.h"
#include "os/os.h"
#include "run/timer.h"
#include "run/turns.h"
#include "run/worker.h"

#include <stdio.h>

static uint64_t started_ms; /* of the wall clock */

void metrics_start(void) {
    started_ms = os_wall_ms();
}

static os_usage usage; /* [admin thread] */

/* Once: before Linux 6.2, and under Wine, the system counts the handles one by one. */
void collect_process_begin(void) {
    os_process_usage(&usage);
}

void collect_process_cpu_seconds(metric_out *to) {
    metric_seconds(to, METRIC_NO_NAMES, usage.cpu_ns);
}

void collect_process_resident_memory_bytes(metric_out *to) {
    metric_count(to, METRIC_NO_NAMES, usage.memory_bytes);
}

void collect_process_open_fds(metric_out *to) {
    metric_count(to, METRIC_NO_NAMES, usage.handles);
}

void collect_process_start_time_seconds(metric_out *to) {
    metric_real(to, METRIC_NO_NAMES, (double)started_ms / 1000);
}

void collect_portico_build(metric_out *to) {
    metric_count(to, METRIC_NAMES(PORTICO_VERSION), 1);
}

void collect_portico_send_queue_bytes(metric_out *to) {
    int64_t bytes = (int64_t)stats_sum(STAT_send_queue_bytes); /* a sum may miss a count */
    metric_count(to, METRIC_NO_NAMES, bytes > 0 ? (uint64_t)bytes : 0);
}

void collect_portico_timer_lateness_seconds(metric_out *to) {
    durations_view view = {0};
    timers_lateness(&view);
    metric_durations(to, METRIC_NO_NAMES, &view);
}

void collect_portico_blocking_queued(metric_out *to) {
    metric_count(to, METRIC_NO_NAMES, blocking_waiting());
}

void collect_portico_blocking_busy(metric_out *to) {
    metric_count(to, METRIC_NO_NAMES, blocking_running());
}

void collect_portico_worker_busy_seconds(metric_out *to) {
    for (uint32_t i = 0; i < workers_count(); i++) {
        char number[16];
        snprintf(number, sizeof number, "%u", i + 1);
        metric_seconds(to, METRIC_NAMES(number), worker_busy_ns(i));
    }
}

void collect_portico_tls_handshakes(metric_out *to) {
    metric_count(to, METRIC_NAMES("done"), stats_sum(STAT_tls_done));
    metric_count(to, METRIC_NAMES("failed"), stats_sum(STAT_tls_failed));
    metric_count(to, METRIC_NAMES("made_way"), stats_sum(STAT_tls_made_way));
}

/* `kind` NULL: waits of messages, whose row has no second label. */
static void add_turns(void *arg, const char *module_name, const char *kind,
                      const durations_view *view) {
    metric_durations(arg, METRIC_NAMES(module_name, kind), view);
}

void collect_portico_turn_duration_seconds(metric_out *to) {
    turns_each(false, add_turns, to);
}

void collect_portico_mailbox_delay_seconds(metric_out *to) {
    turns_each(true, add_turns, to);
}
