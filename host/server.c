/* server.c: see server.h.
 *
 * Start: log, port, workers, modules, listeners, ready file. Stop: close the listeners, notify the
 * modules, send what is queued, close the sessions, unload the modules in reverse order.
 */
#include "server.h"

#include "admin/admin.h"
#include "admin/rates.h"
#include "admin/status_report.h"
#include "base/random.h"
#include "base/stats.h"
#include "base/status.h"
#include "base/system_text.h"
#include "loader/contain.h"
#include "loader/loader.h"
#include "loader/swap.h"
#include "loader/watch.h"
#include "module/blocking.h"
#include "module/call.h"
#include "module/caller.h"
#include "module/fault_report.h"
#include "module/generation.h"
#include "module/mailbox.h"
#include "module/probe.h"
#include "net/ready.h"
#include "net/services.h"
#include "room/room.h"
#include "run/control.h"
#include "run/request.h"
#include "run/schedule.h"
#include "run/timer.h"
#include "run/watchdog.h"
#include "run/worker.h"
#include "session/session.h"

#include <stdatomic.h>
#include <string.h>

/* Shells and timeout(1) signal a process and then its whole group: two signals this close count as
 * one. */
enum { SECOND_STOP_MS = 300 };

enum { SWEEP_MS = 250, STOP_STEP_MS = 5, ABORT_TIMEOUT_MS = 2000 };

static struct {
    os_port *port;
    _Atomic uint64_t stop_ms; /* when the first stop signal came; 0: not yet */
    timer sweep;
    control_command reopen;
    atomic_bool reopening; /* `reopen` is posted */
    control_command reopen_log;
    atomic_bool log_reopening; /* `reopen_log` is posted */
    atomic_bool sweeping;      /* false: the sweep does not set its timer again */
    atomic_bool swept;         /* the last sweep has ended */
    bool calls_lost;           /* see caller_stop */
} server;

/* Ctrl+C or SIGTERM. The second one ends the host at once, without a log line: the log may be what
 * hangs. [a thread of the system's] */
static void server_on_stop(void) {
    uint64_t now_ms = os_monotonic_ms();
    uint64_t first_ms = 0;
    if (atomic_compare_exchange_strong(&server.stop_ms, &first_ms, now_ms)) {
        control_end();
    } else if (now_ms - first_ms >= SECOND_STOP_MS) {
        os_exit(1);
    }
}

/* [control thread] */
static void server_on_reopen_log(control_command *command) {
    char why[LOG_WHY_MAX];
    (void)command;
    atomic_store(&server.log_reopening, false);
    portico_status status = log_reopen(why);
    if (status == PORTICO_E_NOT_FOUND) {
        log_info("host", "SIGHUP is ignored: %s", why);
    } else if (status != PORTICO_OK) {
        log_warn("host", "SIGHUP: %s", why);
    }
}

/* SIGHUP only reopens the log file, so players stay when it comes from a terminal that closes. The
 * control thread does that: a file that hangs must not block the thread that receives signals. [a
 * thread of the system's] */
static void server_on_hang_up(void) {
    if (!atomic_exchange(&server.log_reopening, true)) {
        control_post(&server.reopen_log);
    }
}

static const entity_sweep sweeps[ENTITY_KINDS] = {
    [ENTITY_SESSION] = session_sweep, [ENTITY_ROOM] = room_sweep, [ENTITY_MODULE] = mailbox_sweep};

/* After a crowd has left, gives the memory that the C library keeps back to the system. */
static void memory_trim(void) {
    static uint64_t most; /* concurrent sessions since the last trim; only the sweep uses it */
    uint64_t closed = stats_sum(STAT_sessions_closed);
    uint64_t opened = stats_sum(STAT_sessions_opened);
    uint64_t sessions = opened > closed ? opened - closed : 0;
    most = sessions > most ? sessions : most;
    if (most >= 64 && sessions < most / 4) {
        os_memory_trim();
        most = sessions;
    }
}

/* Retries the listeners that could not open. [control thread] */
static void server_on_reopen(control_command *command) {
    (void)command;
    if (!control_ending() && services_reopen(os_monotonic_ms())) {
        (void)ready_update(); /* a failure is in the log */
    }
    atomic_store(&server.reopening, false);
}

static void server_on_sweep(const os_completion *completion) {
    (void)completion;
    uint64_t now_ms = worker_now_ms();
    entities_sweep(sweeps, now_ms);
    watchdog_look();
    contain_sweep(now_ms);
    rates_sample();
    memory_trim();
    if (services_reopen_due(now_ms) && !atomic_exchange(&server.reopening, true)) {
        control_post(&server.reopen);
    }
    if (atomic_load(&server.sweeping)) {
        timer_set(&server.sweep, SWEEP_MS);
    } else {
        atomic_store(&server.swept, true);
    }
    workers_rescue(); /* last: it may run a handler that blocks */
}

static portico_status server_start_sweep(void) {
    portico_status status = timer_init(&server.sweep, server_on_sweep);
    if (status != PORTICO_OK) {
        return status;
    }
    server.reopen.run = server_on_reopen;
    atomic_store(&server.sweeping, true);
    timer_set(&server.sweep, SWEEP_MS);
    return PORTICO_OK;
}

static void server_stop_sweep(void) {
    if (!atomic_exchange(&server.sweeping, false)) {
        return; /* it was never started */
    }
    if (timer_cancel(&server.sweep)) {
        return;
    }
    while (!atomic_load(&server.swept)) {
        os_sleep(STOP_STEP_MS);
        if (timer_cancel(&server.sweep)) { /* set by a sweep that was running */
            return;
        }
    }
}

/* For reports of faults: who is at the other end of a session. */
static void server_peer_of(uint64_t id, char text[OS_ADDRESS_TEXT]) {
    session *s = session_find(id);
    text[0] = '\0';
    if (s != NULL) {
        os_address_format(&s->peer, text);
        session_release(s);
    }
}

/* Makes calls into modules safe: their faults are reported and contained. */
static bool server_start_guards(const config *c) {
    if (fault_reports_start(c->run_dir, server_peer_of) != PORTICO_OK) {
        log_error("host", "cannot start the reporter of faults (%s)", system_text(os_error()));
        return false;
    }
    portico_status status = calls_start(c->modules_state_copy_limit_bytes);
    if (status != PORTICO_OK) {
        log_error("host", "cannot install the handler of faults: %s (%s)", status_text(status),
                  system_text(os_error()));
    }
    return status == PORTICO_OK;
}

static bool server_start_modules(const config *c) {
    portico_status status = loader_start(c, server.port);
    if (status != PORTICO_OK) {
        log_error("host", "cannot create [host] run_dir = %s: %s (%s)", c->run_dir,
                  status_text(status), system_text(os_error()));
        return false;
    }
    loader_load_all();
    if (c->modules_watch && watch_start(swap_on_rebuilt) != PORTICO_OK) {
        log_error("host", "[modules] watch: cannot start its thread (system error %d)", os_error());
        return false;
    }
    return true;
}

/* Starts everything from the port to the last listener. False: it has logged why; server_stop
 * stops what was started. */
static bool server_start(const config *c) {
    portico_status status = os_port_create(&server.port);
    if (status != PORTICO_OK) {
        log_error("host", "cannot create the completion port: %s (%s)", status_text(status),
                  system_text(os_error()));
        return false;
    }
    if (!server_start_guards(c)) {
        return false;
    }
    status = random_start();
    if (status != PORTICO_OK) {
        log_error("host", "cannot start: the system has no random numbers (%s)",
                  system_text(os_error()));
        return false;
    }
    rooms_start(server.port);
    watchdog_start(c->watchdog_ms);
    contain_start(c); /* before the sweep, which looks at it */
    if (timers_start(server.port) != PORTICO_OK ||
        workers_start(server.port, c->workers) != PORTICO_OK ||
        services_create(c, server.port) != PORTICO_OK ||
        blocking_start(c->blocking_threads, c->blocking_queue) != PORTICO_OK ||
        server_start_sweep() != PORTICO_OK) {
        log_error("host", "cannot start: out of memory or threads (%s)", system_text(os_error()));
        return false;
    }
    report_start(c);
    if (!admin_start(c) || !server_start_modules(c)) {
        return false;
    }
    services_log_waiting();
    return services_open(NULL) == PORTICO_OK && ready_write(c);
}

static void close_one(void *arg, session *s) {
    (void)arg;
    session_close(s, PORTICO_E_SHUTDOWN);
}

static void abort_one(void *arg, session *s) {
    (void)arg;
    session_abort(s, PORTICO_E_SHUTDOWN);
}

/* Calls `end` for every session, again and again until none is left or the time is over: an accept
 * that was in flight when its listener closed may still become a session. */
static bool server_end_sessions(void (*end)(void *arg, session *s), uint32_t timeout_ms) {
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    sessions_each(end, NULL);
    while (!services_idle()) {
        if (os_monotonic_ms() >= until_ms) {
            return false;
        }
        os_sleep(STOP_STEP_MS);
        control_drain(); /* a connector waits for its command */
        sessions_each(end, NULL);
    }
    return true;
}

/* False: a handler does not return, so nothing may be freed. */
static bool server_stop(const config *c) {
    control_end(); /* also after a failed start: from now on no command may load or swap */
    ready_remove();
    services_stop();
    loader_tell_stopping();
    if (!server_end_sessions(close_one, c->stop_timeout_ms)) {
        log_warn("host",
                 "some sessions have not ended after stop_timeout_ms = %u: closing them at once",
                 c->stop_timeout_ms);
        if (!server_end_sessions(abort_one, ABORT_TIMEOUT_MS)) {
            log_error("host", "a handler does not return: ending anyway");
            return false;
        }
    }
    watch_stop();
    control_drain();
    rooms_close(NULL, PORTICO_E_SHUTDOWN);
    loader_unload_all();
    server.calls_lost = !caller_stop();
    control_drain(); /* closes the libraries of the generations released last */
    return true;
}

/* Frees everything, after the last session and module. */
static void server_fini(void) {
    probe_stop();
    server_stop_sweep();
    blocking_stop();
    timers_stop();
    workers_stop();
    fault_reports_stop();
    generations_fini();
    calls_fini();
    schedules_fini();
    requests_fini();
    timers_fini();
    rooms_fini();
    services_destroy();
    session_types_fini();
    entity_table_fini();
    if (server.port != NULL) {
        os_port_destroy(server.port);
    }
}

int server_run(const config *c) {
    if (!log_start(&c->log)) {
        return 1;
    }
    server.reopen_log.run = server_on_reopen_log;
    portico_status status = os_on_signals(server_on_stop, server_on_hang_up);
    if (status != PORTICO_OK) {
        log_warn("host", "Ctrl+C and SIGTERM will end the host without draining: %s (%s)",
                 status_text(status), system_text(os_error()));
    }
    log_info("host", "portico %s, %u workers, configuration %s", PORTICO_VERSION, c->workers,
             c->path);
    if (c->modules_probe) {
        probe_start(
            c->modules_swap_timeout_ms); /* early: it is ready when the first module loads */
    }
    control_doing("the start");
    bool started = server_start(c);
    if (started) {
        log_info("host", "serving");
        control_run();
        log_info("host", "stopping");
    }
    control_doing("the stop");
    bool ended = server_stop(c);
    admin_stop();
    control_drain(); /* what was posted before the admin thread ended */
    if (!ended) {
        fault_reports_stop();
        log_stop();
        os_exit(1);
    }
    if (server.calls_lost) {
        fault_reports_stop();
        caller_remove_copies();
        generations_fini();
    } else {
        server_fini();
    }
    log_info("host", "stopped: %llu sessions opened, %llu closed",
             (unsigned long long)stats_sum(STAT_sessions_opened),
             (unsigned long long)stats_sum(STAT_sessions_closed));
    log_stop();
    if (server.calls_lost) {
        os_exit(started ? 0 : 1);
    }
    return started ? 0 : 1;
}
