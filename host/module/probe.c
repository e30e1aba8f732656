/* probe.c: see probe.h.
 *
 * The control thread talks to one child. When that is used up, it gives the child to the keeper, a
 * thread that frees it and starts the next one. The keeper exists from then on until probe_stop,
 * since a child also ends with the thread that started it (os/child.h).
 */
#include "module/probe.h"

#include "base/log.h"
#include "base/status.h"
#include "base/system_text.h"
#include "module/probe_child.h"
#include "os/child.h"
#include "run/control.h"

#include <stdio.h>
#include <string.h>

enum {
    LOADS_MAX = 500, /* of one child: the loader keeps memory of unloaded libraries */
    LIMIT_LEAST_MS = 10000,
    LOOK_MS = 100,      /* between two looks whether the host is stopping */
    STOPPING_MS = 1000, /* a file that takes longer than this is given up then */
    END_MS = 5000,      /* for a child that has closed its pipe to end */
    KEEPER_MS = 5000,
    ANSWER_BYTES = 4096
};

static struct {
    bool on;
    bool warned; /* that files are loaded untried */
    uint32_t limit_ms;
    uint32_t number; /* of the last request */
    os_child *child; /* NULL: the keeper has to start one */
    uint32_t loads;  /* of the child */
    size_t at;       /* in what it has answered: `answered` bytes */
    size_t answered;
    char answers[ANSWER_BYTES];

    os_thread *keeper; /* NULL until it is needed */
    os_mutex lock;     /* guards what follows */
    os_cond changed;
    bool stop;
    bool wanted;       /* the keeper is to start a child */
    os_child *next;    /* that it has started */
    os_child *used_up; /* that it is to free */
    int32_t error;     /* the system's, why it could not start one */
} probe;

/* ---- children -------------------------------------------------------------------------------- */

static portico_status start_child(os_child **child) {
    static const char *const arguments[] = {"probe", NULL};
    return os_child_start(arguments, OS_CHILD_PIPES, child);
}

/* [lock, released during the work] */
static void keeper_work(void) {
    os_child *child = NULL;
    os_child *used_up = probe.used_up;
    bool wanted = probe.wanted;
    os_mutex_unlock(&probe.lock);
    portico_status status = wanted ? start_child(&child) : PORTICO_OK; /* first: it is waited for */
    int32_t error = status == PORTICO_OK ? 0 : os_error();
    if (wanted) {
        os_mutex_lock(&probe.lock);
        probe.next = child;
        probe.error = error;
        probe.wanted = false;
        os_cond_wake_all(&probe.changed);
        os_mutex_unlock(&probe.lock);
    }
    os_child_free(used_up);
    os_mutex_lock(&probe.lock);
    if (used_up != NULL) {
        probe.used_up = NULL;
        os_cond_wake_all(&probe.changed);
    }
}

static void keeper_main(void *arg) {
    (void)arg;
    os_mutex_lock(&probe.lock);
    while (!probe.stop) {
        if (probe.wanted || probe.used_up != NULL) {
            keeper_work();
        } else {
            (void)os_cond_wait(&probe.changed, &probe.lock, UINT32_MAX);
        }
    }
    os_mutex_unlock(&probe.lock);
}

/* Has the keeper start a child, and free the current one. */
static void replace_child(void) {
    if (probe.keeper == NULL &&
        os_thread_start(&probe.keeper, "probe", keeper_main, NULL) != PORTICO_OK) {
        os_child_free(probe.child);
        probe.child = NULL;
        return;
    }
    uint64_t until_ms = os_monotonic_ms() + KEEPER_MS;
    os_mutex_lock(&probe.lock);
    while (probe.used_up != NULL && os_monotonic_ms() < until_ms) {
        (void)os_cond_wait(&probe.changed, &probe.lock, LOOK_MS);
    }
    if (probe.used_up == NULL) {
        probe.used_up = probe.child;
    } /* else one does not end, and this one is left alone: it ends with the host */
    probe.child = NULL;
    probe.wanted = probe.next == NULL;
    os_cond_wake_all(&probe.changed);
    os_mutex_unlock(&probe.lock);
}

/* Takes the child that the keeper has started, is starting, or starts now because it could not do
 * so before. False: there is none. */
static bool have_child(void) {
    if (probe.child != NULL) {
        return true;
    }
    if (probe.keeper == NULL) {
        replace_child();
    }
    if (probe.keeper == NULL) {
        return false;
    }
    uint64_t until_ms = os_monotonic_ms() + KEEPER_MS;
    os_mutex_lock(&probe.lock);
    if (probe.next == NULL && !probe.wanted) {
        probe.wanted = true;
        os_cond_wake_all(&probe.changed);
    }
    while (probe.wanted && os_monotonic_ms() < until_ms) {
        (void)os_cond_wait(&probe.changed, &probe.lock, LOOK_MS);
    }
    probe.child = probe.next;
    probe.next = NULL;
    os_mutex_unlock(&probe.lock);
    probe.loads = 0;
    probe.at = 0;
    probe.answered = 0;
    return probe.child != NULL;
}

void probe_start(uint32_t swap_timeout_ms) {
    portico_status status = start_child(&probe.child);
    probe.limit_ms = swap_timeout_ms > LIMIT_LEAST_MS ? swap_timeout_ms : LIMIT_LEAST_MS;
    probe.loads = 0;
    probe.error = os_error();
    probe.on = status != PORTICO_E_STATE;
}

void probe_stop(void) {
    os_mutex_lock(&probe.lock);
    probe.stop = true;
    os_cond_wake_all(&probe.changed);
    os_mutex_unlock(&probe.lock);
    if (probe.keeper != NULL) {
        os_thread_join(probe.keeper);
    }
    os_child_free(probe.child);
    os_child_free(probe.next);
    os_child_free(probe.used_up);
    memset(&probe, 0, sizeof probe);
}

/* ---- asking the child ------------------------------------------------------------------------ */

/* One file that is tried. */
typedef struct trial {
    const char *path;
    const char *file;
    char *why; /* IMAGE_WHY_MAX */
    uint64_t begun_ms;
    probe_step step; /* after a failure: what the child was at */
} trial;

/* In one piece: each write costs the child a read. */
static portico_status send_request(const trial *t) {
    static char bytes[sizeof(probe_request) + 2 * PROBE_PATH_MAX];
    probe_request request = {++probe.number, (uint32_t)strlen(t->path), (uint32_t)strlen(t->file)};
    char *path = bytes + sizeof request;
    char *file = path + request.path_size;
    memcpy(bytes, &request, sizeof request);
    memcpy(path, t->path, request.path_size);
    memcpy(file, t->file, request.file_size);
    return os_child_write(probe.child, bytes, (size_t)(file - bytes) + request.file_size);
}

/* Reads more of the answers, unless the time is over or the host is stopping. */
static portico_status receive_more(const trial *t) {
    uint64_t spent_ms = os_monotonic_ms() - t->begun_ms;
    portico_status status = PORTICO_E_TIMEOUT;
    while (status == PORTICO_E_TIMEOUT) {
        if (spent_ms >= probe.limit_ms) {
            return PORTICO_E_TIMEOUT;
        }
        if (spent_ms >= STOPPING_MS && control_ending()) {
            return PORTICO_E_SHUTDOWN;
        }
        status = os_child_read(probe.child, probe.answers, ANSWER_BYTES, LOOK_MS, &probe.answered);
        spent_ms = os_monotonic_ms() - t->begun_ms;
    }
    probe.at = 0;
    return status;
}

static portico_status receive(const trial *t, void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        portico_status status = probe.at < probe.answered ? PORTICO_OK : receive_more(t);
        if (status != PORTICO_OK) {
            return status;
        }
        size_t left = probe.answered - probe.at;
        size_t part = size - done < left ? size - done : left;
        memcpy((char *)data + done, probe.answers + probe.at, part);
        probe.at += part;
        done += part;
    }
    return PORTICO_OK;
}

/* Reads the answer, whose status is *result. Any other status than PORTICO_OK: the child is of no
 * use any more. */
static portico_status receive_answer(const trial *t, portico_status *result) {
    probe_answer a;
    portico_status status = receive(t, &a, sizeof a);
    if (status != PORTICO_OK) {
        return status;
    }
    if (a.number != probe.number || a.why_size >= IMAGE_WHY_MAX) {
        return PORTICO_E_CLOSED; /* foreign code has written that */
    }
    status = receive(t, t->why, a.why_size);
    t->why[status == PORTICO_OK ? a.why_size : 0] = '\0';
    *result = (portico_status)a.status;
    return status;
}

/* The child has failed at the file: says how. */
static portico_status explain(const trial *t, portico_status status) {
    static const char *const doing[PROBE_STEPS] = {
        [PROBE_BEGUN] = "loading it",
        [PROBE_LOADED] = "reading its tables",
        [PROBE_READ] = "unloading it",
    };
    os_child_end end;
    if (status == PORTICO_E_SHUTDOWN) {
        snprintf(t->why, IMAGE_WHY_MAX, "the host is stopping");
        return status;
    }
    int used = snprintf(t->why, IMAGE_WHY_MAX, "%.600s was tried in a child process: %s ", t->file,
                        doing[t->step]);
    char *rest = t->why + used;
    size_t room = (size_t)(IMAGE_WHY_MAX - used);
    if (status == PORTICO_E_TIMEOUT) {
        snprintf(rest, room, "does not end within %u ms", probe.limit_ms);
        return status;
    }
    if (!os_child_wait(probe.child, END_MS, &end)) {
        snprintf(rest, room, "closes the files of the process");
    } else if (end.crashed) {
        snprintf(rest, room, "crashes: %s", end.text);
    } else {
        snprintf(rest, room, "ends the process: %s", end.text);
    }
    return PORTICO_E_LOAD;
}

static portico_status load_untried(const char *reason) {
    if (!probe.warned) {
        probe.warned = true;
        log_warn("modules",
                 "[modules] probe: files are loaded without being tried in a child process first: "
                 "%s",
                 reason);
    }
    return PORTICO_OK;
}

/* False: the child ended, for whatever reason, before it began with the file. */
static bool try_once(trial *t, portico_status *result) {
    *t = (trial){.path = t->path, .file = t->file, .why = t->why, .begun_ms = os_monotonic_ms()};
    portico_status status = send_request(t);
    if (status == PORTICO_OK) {
        status = receive_answer(t, result);
    }
    if (status == PORTICO_OK) {
        if (++probe.loads >= LOADS_MAX) {
            replace_child();
        }
        return true;
    }
    t->step = probe_step_of(os_child_note(probe.child), probe.number);
    bool begun = t->step != PROBE_NONE || status == PORTICO_E_SHUTDOWN;
    if (begun) {
        *result = explain(t, status);
    }
    replace_child();
    return begun;
}

portico_status probe_file(const char *path, const char *file, bool *tried,
                          char why[IMAGE_WHY_MAX]) {
    enum { TRIES = 2 };
    trial t = {.path = path, .file = file, .why = why};
    portico_status result = PORTICO_OK;
    why[0] = '\0';
    *tried = false;
    if (!probe.on) {
        return PORTICO_OK;
    }
    if (strlen(path) > PROBE_PATH_MAX || strlen(file) > PROBE_PATH_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    for (int i = 0; i < TRIES; i++) {
        if (!have_child()) {
            return load_untried(system_text(probe.error));
        }
        uint64_t begun_ns = os_monotonic_ns();
        *tried = try_once(&t, &result);
        if (*tried) {
            log_debug("modules", "%s was tried in a child process, which took %.2f ms", file,
                      (double)(os_monotonic_ns() - begun_ns) / 1e6);
            return result;
        }
    }
    why[0] = '\0';
    return load_untried("it ends before it has begun");
}
