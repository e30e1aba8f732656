/* server.c: see server.h.
 *
 * Start: log, port, workers, modules, listeners, ready file. Stop: close the listeners, notify the
 * modules, send what is queued, close the sessions, unload the modules in reverse order. The stop
 * waits for all that it ends without a limit of its own: the warden has the limit.
 */
#include "server.h"

#include "admin/admin.h"
#include "admin/rates.h"
#include "admin/figures.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/stats.h"
#include "base/status.h"
#include "base/system_text.h"
#include "loader/contain.h"
#include "loader/loader.h"
#include "loader/swap.h"
#include "loader/watch.h"
#include "metrics/metrics.h"
#include "module/blocking.h"
#include "module/call.h"
#include "module/caller.h"
#include "module/fault_report.h"
#include "module/module_figures.h"
#include "module/generation.h"
#include "module/mailbox.h"
#include "module/probe.h"
#include "net/certificates.h"
#include "net/ready.h"
#include "net/resolver.h"
#include "net/services.h"
#include "room/room.h"
#include "run/control.h"
#include "run/inbox.h"
#include "run/memory.h"
#include "run/request.h"
#include "run/schedule.h"
#include "run/turns.h"
#include "run/stop_clock.h"
#include "run/timer.h"
#include "run/watchdog.h"
#include "run/watchdog_thread.h"
#include "run/worker.h"
#include "run_folder.h"
#include "session/channel.h"
#include "session/handshake_queue.h"
#include "session/relief.h"
#include "session/session.h"
#include "session/standstill.h"
#include "web/reader.h"
#include "trim.h"
#include "warden.h"

#include <stdatomic.h>
#include <string.h>

/* Shells and timeout(1) signal a process and then its whole group: two signals this close count as
 * one. */
enum { SECOND_STOP_MS = 300, SECOND_FLUSH_MS = 100 };

enum { SWEEP_MS = 250, STOP_STEP_MS = 5 };

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

/* Ctrl+C or SIGTERM. The second one ends the host at once, but for a moment for what is queued for
 * the log. [a thread of the system's] */
static void server_on_stop(void) {
    uint64_t now_ms = os_monotonic_ms();
    uint64_t first_ms = 0;
    if (atomic_compare_exchange_strong(&server.stop_ms, &first_ms, now_ms)) {
        control_end();
    } else if (now_ms - first_ms >= SECOND_STOP_MS) {
        log_flush(SECOND_FLUSH_MS);
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
    standstill_look(now_ms);
    entities_sweep(sweeps, now_ms);
    contain_sweep(now_ms);
    rates_sample();
    turns_look(now_ms);
    quotas_sweep(now_ms);
    relief_sweep();
    trim_sweep();
    handshake_queue_sweep();
    certificates_tell(now_ms);
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
    standstill_start();
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
        session_view view = session_look(s);
        os_address_format(&view.peer, text);
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
    control_doing("loading modules");
    loader_load_all();
    control_doing("the start");
    if (c->modules_watch && watch_start(swap_on_rebuilt) != PORTICO_OK) {
        log_error("host", "[modules] watch: cannot start its thread (system error %d)", os_error());
        return false;
    }
    return true;
}

/* The limits of what modules may make the host keep. */
static void server_start_limits(const config *c) {
    const uint64_t most[QUOTA_KINDS] = {[QUOTA_MEMORY] = c->modules_memory_limit_bytes,
                                        [QUOTA_ROOMS] = c->modules_max_rooms,
                                        [QUOTA_TIMERS] = c->modules_max_timers,
                                        [QUOTA_REQUESTS] = c->modules_max_requests};
    const uint64_t inbox_bytes[ENTITY_KINDS] = {[ENTITY_SESSION] = c->modules_session_inbox_bytes,
                                                [ENTITY_ROOM] = c->modules_room_inbox_bytes,
                                                [ENTITY_MODULE] = c->modules_module_inbox_bytes};
    memory_start(c->memory_limit_bytes, c->workers);
    quotas_start(most);
    inboxes_start(inbox_bytes);
    channels_start(c->modules_max_channels);
    rooms_start(server.port, c->max_rooms);
}

/* The folder for the host's own files, and the ready file's name. */
static bool server_start_files(const config *c) {
    char why[RUN_FOLDER_WHY_MAX];
    if (!run_folder_check(c, true, why)) {
        log_error("host", "[host] run_dir = %s: %s", c->run_dir, why);
        return false;
    }
    return ready_take(c);
}

/* Starts everything from the port to the last listener. False: it has logged why; server_stop
 * stops what was started. */
static bool server_start(const config *c) {
    if (!server_start_files(c)) {
        return false;
    }
    if (!warden_start(c)) {
        log_error("host", "cannot start: out of threads (%s)", system_text(os_error()));
        return false;
    }
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
    hash_start();
    server_start_limits(c);
    watchdog_start(c->watchdog_ms);
    contain_start(c); /* before the sweep, which looks at it, as at the services' certificates */
    if (!services_create(c, server.port)) {
        return false;
    }
    if (timers_start(server.port) != PORTICO_OK ||
        workers_start(server.port, c->workers) != PORTICO_OK ||
        watchdog_thread_start(c->watchdog_ms) != PORTICO_OK ||
        blocking_start(c->blocking_threads, c->blocking_queue, c->blocking_queue_bytes) !=
            PORTICO_OK ||
        server_start_sweep() != PORTICO_OK) {
        log_error("host", "cannot start: out of memory or threads (%s)", system_text(os_error()));
        return false;
    }
    figures_start();
    metrics_start();
    if (!admin_start(c) || !server_start_modules(c)) {
        return false;
    }
    if (control_ending()) {
        return true; /* nobody is let in that would have to go at once */
    }
    services_log_waiting();
    return services_open(NULL) == PORTICO_OK && ready_write(c);
}

static void close_one(void *arg, session *s) {
    (void)arg;
    session_close(s, PORTICO_E_SHUTDOWN);
}

/* Closes every session again and again until none is left: an accept that was in flight when its
 * listener closed may still become a session. False: it is `until_ms`, and some are left. */
static bool server_end_sessions(uint64_t until_ms) {
    sessions_each(close_one, NULL);
    while (!services_idle()) {
        if (os_monotonic_ms() >= until_ms) {
            return false;
        }
        os_sleep(STOP_STEP_MS);
        control_drain(); /* a connector waits for its command */
        sessions_each(close_one, NULL);
    }
    return true;
}

/* Sessions that do not end are those in whose turn a handler runs. After the cut they leave half of
 * the time to the modules, which may have something to save. */
static void server_stop_sessions(void) {
    control_doing("closing sessions");
    if (!server_end_sessions(stop_clock_cut_ms())) {
        uint64_t now_ms = os_monotonic_ms();
        stop_clock_drained();
        (void)server_end_sessions(stop_clock_limit_ms(now_ms, STOP_CLOCK_NEVER));
    }
    stop_clock_drained();
}

static void server_stop(void) {
    control_end(); /* also after a failed start: from now on no command may load or swap */
    ready_remove();
    services_stop();
    control_doing("telling modules");
    loader_tell_stopping();
    server_stop_sessions();
    watch_stop();
    (void)resolver_stop(); /* false: its thread waits for the system, and uses nothing of ours */
    (void)reader_stop();   /* the same */
    control_drain();
    control_doing("unloading modules");
    rooms_close(NULL, PORTICO_E_SHUTDOWN);
    loader_unload_all();
    control_doing("closing sessions");
    (void)server_end_sessions(STOP_CLOCK_NEVER);
    control_doing("ending threads");
    server.calls_lost = !caller_stop();
    control_drain(); /* closes the libraries of the generations released last */
}

/* Frees everything, after the last session and module. */
static void server_fini(void) {
    warden_spare_sessions();
    probe_stop();
    server_stop_sweep();
    blocking_stop();
    timers_stop();
    workers_stop();
    handshake_queue_fini();
    fault_reports_stop();
    generations_fini();
    module_figures_fini();
    calls_fini();
    schedules_fini();
    requests_fini();
    timers_fini();
    rooms_fini();
    services_destroy();
    session_types_fini();
    entity_table_fini();
    quotas_fini();
    if (server.port != NULL) {
        os_port_destroy(server.port);
    }
}

int server_run(const config *c) {
    os_threads_set_stack(c->stack_bytes);
    stop_clock_start(c->stop_timeout_ms);
    server.reopen_log.run = server_on_reopen_log;
    portico_status status = os_on_signals(server_on_stop, server_on_hang_up);
    if (!log_start(&c->log)) { /* the first thread after that of the signals */
        return 1;
    }
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
    if (started && !control_ending()) {
        log_info("host", "serving");
        control_run();
    }
    if (started) {
        log_info("host", "stopping");
    }
    server_stop();
    admin_close();
    control_drain(); /* what was posted before the admin thread ended */
    watchdog_thread_stop();
    if (server.calls_lost) {
        fault_reports_stop();
        caller_remove_copies();
        generations_fini();
    } else {
        server_fini();
    }
    warden_stop();
    ready_give_back();
    log_info("host", "stopped: %llu sessions opened, %llu closed",
             (unsigned long long)stats_sum(STAT_connections_accepted),
             (unsigned long long)stats_sum(STAT_connections_closed));
    (void)log_stop();
    int code = started ? 0 : 1;
    admin_stop(code); /* last: it tells `ctl stop` that nothing is left to be done */
    if (server.calls_lost) {
        os_exit(code);
    }
    return code;
}
