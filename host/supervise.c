/* supervise.c: see supervise.h.
 *
 * The supervisor runs no module and has no sockets, so that what ends a host does not end it. When
 * it is killed itself, the host continues to serve: players matter more than being supervised.
 *
 * The main thread waits for the host; signals come on a thread of the system's. The lock is for
 * what both use.
 */
#include "supervise.h"

#include "base/log.h"
#include "base/status.h"
#include "base/system_text.h"
#include "os/child.h"
#include "run/stop_clock.h"

#include <stdio.h>
#include <string.h>

enum {
    ENDS_MAX = 5, /* within WINDOW_MS */
    WINDOW_MS = 60000,
    PAUSE_MIN_MS = 100,
    PAUSE_MAX_MS = 10000,
    SECOND_STOP_MS = 300, /* as in server.c */
    EXIT_CONFIGURATION = 2,
    EXIT_SIGNAL = 128,
    PATH_BYTES = 4096
};

static struct {
    os_mutex lock; /* guards what follows */
    os_cond changed;
    os_child *host;     /* that runs; NULL: none */
    uint64_t stop_ms;   /* when the first stop signal came; 0: not yet */
    bool stops_at_once; /* a second one came */
} supervisor;

/* The ends so far. */
typedef struct history {
    uint64_t ends_ms[ENDS_MAX]; /* of the last hosts, as a ring */
    uint32_t ends;
    uint32_t pause_ms; /* before the next start */
} history;

/* [a thread of the system's] */
static void on_stop(void) {
    uint64_t now_ms = os_monotonic_ms();
    os_mutex_lock(&supervisor.lock);
    bool first = supervisor.stop_ms == 0;
    supervisor.stop_ms = first ? now_ms : supervisor.stop_ms;
    bool at_once = !first && now_ms - supervisor.stop_ms >= SECOND_STOP_MS;
    supervisor.stops_at_once = supervisor.stops_at_once || at_once;
    if (supervisor.host != NULL && (first || at_once)) {
        os_child_stop(supervisor.host, at_once);
    }
    os_cond_wake_all(&supervisor.changed);
    os_mutex_unlock(&supervisor.lock);
}

/* [a thread of the system's] */
static void on_hang_up(void) {
    os_mutex_lock(&supervisor.lock);
    if (supervisor.host != NULL) {
        os_child_hang_up(supervisor.host);
    }
    os_mutex_unlock(&supervisor.lock);
}

/* Starts a host and waits for its end. *id is its number. */
static portico_status run_host(const char *file, uint32_t *id, os_child_end *end) {
    const char *const arguments[] = {"run", file, NULL};
    os_child *host = NULL;
    os_mutex_lock(&supervisor.lock);
    portico_status status = os_child_start(arguments, OS_CHILD_INHERITS, &host);
    supervisor.host = host;
    if (host != NULL && supervisor.stop_ms != 0) {
        os_child_stop(host, supervisor.stops_at_once); /* asked for before it was there */
    }
    os_mutex_unlock(&supervisor.lock);
    if (status != PORTICO_OK) {
        return status;
    }
    *id = os_child_id(host);
    (void)os_child_wait(host, UINT32_MAX, end);
    os_mutex_lock(&supervisor.lock);
    supervisor.host = NULL;
    os_mutex_unlock(&supervisor.lock);
    os_child_free(host);
    return PORTICO_OK;
}

/* On Windows an exception's code is already an exit code. */
static int exit_code(const os_child_end *end) {
    bool is_signal = end->crashed && end->code > 0 && end->code < EXIT_SIGNAL;
    return is_signal ? EXIT_SIGNAL + end->code : end->code;
}

/* A host that is asked to stop before it listens for that ends at once, which is as good. */
static int stopped_code(const os_child_end *end, bool at_once) {
    if (at_once) {
        return 1; /* as of a host that is stopped twice */
    }
    return end->stopped ? 0 : exit_code(end);
}

/* Notes an end. False: there have been too many. */
static bool note_end(history *h, uint64_t lived_ms) {
    uint64_t now_ms = os_monotonic_ms();
    uint64_t *slot = &h->ends_ms[h->ends % ENDS_MAX];
    bool within = h->ends >= ENDS_MAX && now_ms - *slot < WINDOW_MS;
    *slot = now_ms;
    h->ends++;
    if (lived_ms >= WINDOW_MS || h->pause_ms == 0) {
        h->pause_ms = PAUSE_MIN_MS;
    } else {
        h->pause_ms = h->pause_ms < PAUSE_MAX_MS / 2 ? 2 * h->pause_ms : PAUSE_MAX_MS;
    }
    return !within;
}

/* Where the host has left what it knew about its end. */
static void reports_folder(const config *c, char folder[PATH_BYTES]) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/faults", c->run_dir);
    if (os_path_absolute(path, folder, PATH_BYTES) != PORTICO_OK) {
        snprintf(folder, PATH_BYTES, "%s", path);
    }
}

/* Waits for `pause_ms`. False: a stop is wanted. */
static bool pause_for(uint32_t pause_ms) {
    uint64_t until_ms = os_monotonic_ms() + pause_ms;
    os_mutex_lock(&supervisor.lock);
    for (;;) {
        uint64_t now_ms = os_monotonic_ms();
        if (supervisor.stop_ms != 0 || now_ms >= until_ms) {
            break;
        }
        (void)os_cond_wait(&supervisor.changed, &supervisor.lock, (uint32_t)(until_ms - now_ms));
    }
    bool stop = supervisor.stop_ms != 0;
    os_mutex_unlock(&supervisor.lock);
    return !stop;
}

static bool stop_wanted(bool *at_once) {
    os_mutex_lock(&supervisor.lock);
    bool wanted = supervisor.stop_ms != 0;
    *at_once = supervisor.stops_at_once;
    os_mutex_unlock(&supervisor.lock);
    return wanted;
}

/* Runs one host after another. Returns the exit code. */
static int run_hosts(const config *c, const char *file) {
    char folder[PATH_BYTES];
    history h = {0};
    reports_folder(c, folder);
    for (;;) {
        uint32_t id = 0;
        bool at_once = false;
        os_child_end end = {0};
        uint64_t begun_ms = os_monotonic_ms();
        portico_status status = run_host(file, &id, &end);
        uint64_t lived_ms = os_monotonic_ms() - begun_ms;
        if (status != PORTICO_OK) {
            log_error("supervisor", "cannot start the host: %s (%s)", status_text(status),
                      system_text(os_error()));
            return 1;
        }
        if (stop_wanted(&at_once)) {
            return stopped_code(&end, at_once);
        }
        bool was_asked = end.code == 0 || end.code == STOP_STUCK; /* perhaps by `ctl stop` */
        if (!end.crashed && (was_asked || end.code == EXIT_CONFIGURATION)) {
            return end.code;
        }
        bool again = note_end(&h, lived_ms);
        log_error("supervisor",
                  "the host (process %u) has ended after %.1f s: %s; reports of faults are in %s",
                  id, (double)lived_ms / 1e3, end.text, folder);
        if (!again) {
            log_error("supervisor", "giving up: the host has ended more than %d times within %d s",
                      ENDS_MAX, WINDOW_MS / 1000);
            return exit_code(&end);
        }
        log_info("supervisor", "the host is started again in %.1f s", (double)h.pause_ms / 1e3);
        if (!pause_for(h.pause_ms)) {
            return 0;
        }
    }
}

int supervise(const config *c, const char *file) {
    log_options options = c->log;
    options.file = NULL; /* that is the host's, which renames it when it has become large */
    options.terminal = true;
    portico_status status = os_on_signals(on_stop, on_hang_up);
    if (!log_start(&options)) {
        return 1;
    }
    if (status != PORTICO_OK) {
        log_warn("supervisor", "Ctrl+C and SIGTERM will end the supervisor, not the host: %s (%s)",
                 status_text(status), system_text(os_error()));
    }
    int code = run_hosts(c, file);
    (void)log_stop();
    return code;
}
