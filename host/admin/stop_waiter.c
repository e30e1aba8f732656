/* stop_waiter.c: see stop_waiter.h. */
#include "admin/stop_waiter.h"

#include "admin/figures.h"
#include "admin/stop_report.h"
#include "os/os.h"
#include "run/stop_clock.h"

#include <stdatomic.h>

enum {
    LOOK_MS = 100,
    CHANGE_MS = 1000, /* between two lines about sessions */
    QUIET_MS = 5000   /* the longest time without a line: ctl gives up after twice that */
};

static struct {
    atomic_int code;   /* plus 1; 0: not known yet */
    atomic_int untold; /* waiters to whom the last line has not been sent */
} stop;

void stop_waiter_begin(stop_waiter *w) {
    uint64_t now_ms = os_monotonic_ms();
    *w = (stop_waiter){.waits = true,
                       .look_ms = now_ms + LOOK_MS,
                       .said_ms = now_ms,
                       .sessions = figure_sessions()};
    w->left = w->sessions;
    atomic_fetch_add(&stop.untold, 1);
}

/* Whether it is time for another line about sessions. */
static bool has_news(const stop_waiter *w, uint64_t now_ms, uint64_t sessions) {
    uint64_t quiet_ms = now_ms - w->said_ms;
    return quiet_ms >= QUIET_MS || (quiet_ms >= CHANGE_MS && sessions != w->sessions);
}

/* Whether sessions have been cut off since it last got a line. The host may have ended since. */
static bool was_cut(const stop_waiter *w, uint64_t now_ms, bool ended) {
    return !w->cut && now_ms >= stop_clock_cut_ms() && (!ended || w->left > 0);
}

bool stop_waiter_look(stop_waiter *w, uint64_t now_ms, lines *to) {
    int code = atomic_load(&stop.code) - 1;
    if (w->last || (code < 0 && now_ms < w->look_ms)) {
        return false;
    }
    uint64_t sessions = figure_sessions();
    bool news = code >= 0;
    if (was_cut(w, now_ms, news)) {
        report_stop_cut(to, w->left);
        w->cut = true;
        news = true;
    } else if (!news && has_news(w, now_ms, sessions)) {
        report_stop_sessions(to, sessions);
        news = true;
    }
    if (code >= 0) {
        report_stop_end(to, code);
        w->last = true;
    }
    w->said_ms = news ? now_ms : w->said_ms;
    w->sessions = news ? sessions : w->sessions;
    w->left = sessions;
    w->look_ms = now_ms + LOOK_MS;
    return news;
}

void stop_waiter_sent(stop_waiter *w) {
    if (w->waits && w->last && !w->told) {
        w->told = true;
        atomic_fetch_sub(&stop.untold, 1);
    }
}

void stop_waiter_end(stop_waiter *w) {
    w->last = true;
    stop_waiter_sent(w);
}

void stop_announce(int exit_code) {
    int unknown = 0;
    (void)atomic_compare_exchange_strong(&stop.code, &unknown, exit_code + 1);
}

bool stop_all_told(void) {
    return atomic_load(&stop.untold) == 0;
}
