/* figures.c: see figures.h. */
#include "admin/figures.h"

#include "base/stats.h"
#include "os/os.h"

static uint64_t started_ms;

void figures_start(void) {
    started_ms = os_monotonic_ms();
}

void figure_add(lines *to, const char *name, uint64_t value) {
    json *j = lines_object(to);
    if (j != NULL) {
        json_number(j, name, (int64_t)value);
    } else {
        lines_add(to, "%s %llu", name, (unsigned long long)value);
    }
}

void figure_add_uptime(lines *to) {
    figure_add(to, "uptime_s", (os_monotonic_ms() - started_ms) / 1000);
}

uint64_t figure_sessions(void) {
    return stats_difference(STAT_connections_accepted, STAT_connections_closed);
}

uint64_t figure_ops_pending(void) {
    return stats_difference(STAT_ops_submitted, STAT_ops_completed);
}
