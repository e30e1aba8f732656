/* child.c: children by posix_spawn, which does not copy this process's memory first.
 *
 * Any thread, see child.h. os_child_wait learns of the end without reaping the child, and only then
 * reaps it under the lock: so os_child_stop on another thread never signals a process that has got
 * the child's number.
 */
#include "os/child.h"

#include "error.h"
#include "mutex.h"
#include "os/note.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_MS = 5, PATH_BYTES = 4096, ARGUMENTS_MAX = 16 };

struct os_child {
    pid_t id;
    os_child_io io;
    int process; /* a descriptor that is readable when the child has ended; -1: none */
    int to;      /* its stdin; -1: none */
    int from;    /* its stdout */
    int notes;   /* its stderr; neither end waits */
    mutex lock;  /* guards what follows */
    bool ended;
    os_child_end end;
};

/* ---- starting -------------------------------------------------------------------------------- */

/* Both ends are above stderr, where the child's file actions do not overwrite them. */
static int make_pipe(int ends[2], int flags) {
    int made[2];
    if (pipe2(made, O_CLOEXEC | flags) != 0) {
        return errno;
    }
    ends[0] = fcntl(made[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ends[1] = fcntl(made[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int code = ends[0] < 0 || ends[1] < 0 ? EMFILE : 0;
    close(made[0]);
    close(made[1]);
    return code;
}

static void close_end(int *end) {
    if (*end >= 0) {
        close(*end);
    }
    *end = -1;
}

/* The path of the executable if the file there is still the one that runs: its name is what ps(1)
 * shows. Else the link that leads to it even if it has been deleted or replaced. */
static const char *executable(char path[PATH_BYTES]) {
    static const char self[] = "/proc/self/exe";
    struct stat named;
    struct stat running;
    if (os_executable_path(path, PATH_BYTES) == PORTICO_OK && stat(path, &named) == 0 &&
        stat(self, &running) == 0 && named.st_ino == running.st_ino &&
        named.st_dev == running.st_dev) {
        return path;
    }
    return self;
}

static int spawn(os_child *child, char *const *arguments,
                 const posix_spawn_file_actions_t *actions) {
    char path[PATH_BYTES];
    sigset_t none;
    posix_spawnattr_t how;
    int code = posix_spawnattr_init(&how);
    if (code != 0) {
        return code;
    }
    sigemptyset(&none); /* this thread may block signals that others wait for */
    short flags = POSIX_SPAWN_SETSIGMASK;
    if (child->io == OS_CHILD_PIPES) {
        flags |= POSIX_SPAWN_SETPGROUP;
    }
    (void)posix_spawnattr_setsigmask(&how, &none);
    (void)posix_spawnattr_setpgroup(&how, 0);
    (void)posix_spawnattr_setflags(&how, flags);
    code = posix_spawn(&child->id, executable(path), actions, &how, arguments, environ);
    (void)posix_spawnattr_destroy(&how);
    return code;
}

/* Whatever the host opens is closed by exec. A module may have opened something without
 * O_CLOEXEC. */
static int close_others(posix_spawn_file_actions_t *actions) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
    (void)actions;
    return 0;
#endif
}

static int spawn_with_pipes(os_child *child, char *const *arguments) {
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int notes[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0) {
        return code;
    }
    code = make_pipe(in, 0);
    code = code == 0 ? make_pipe(out, 0) : code;
    code = code == 0 ? make_pipe(notes, O_NONBLOCK) : code;
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    }
    if (code == 0) {
        code = posix_spawn_file_actions_adddup2(&actions, notes[1], STDERR_FILENO);
    }
    code = code == 0 ? close_others(&actions) : code;
    code = code == 0 ? spawn(child, arguments, &actions) : code;
    (void)posix_spawn_file_actions_destroy(&actions);
    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&notes[1]);
    child->to = in[1];
    child->from = out[0];
    child->notes = notes[0];
    return code;
}

/* Linux 5.3 or later; else os_child_wait asks again and again. */
static int process_descriptor(pid_t id) {
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, id, 0);
#else
    (void)id;
    return -1;
#endif
}

portico_status os_child_start(const char *const *arguments, os_child_io io, os_child **result) {
    char path[PATH_BYTES];
    const char *all[ARGUMENTS_MAX + 2] = {"portico"};
    *result = NULL;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        if (i == ARGUMENTS_MAX) {
            return error_refuse(PORTICO_E_TOO_BIG);
        }
        all[i + 1] = arguments[i];
    }
    if (os_executable_path(path, sizeof path) == PORTICO_OK) {
        all[0] = path;
    }
    os_child *child = calloc(1, sizeof *child);
    if (child == NULL) {
        return error_set(ENOMEM);
    }
    *child = (os_child){.io = io, .process = -1, .to = -1, .from = -1, .notes = -1};
    char *const *list = (char *const *)(uintptr_t)all; /* posix_spawn changes none of them */
    int code = io == OS_CHILD_PIPES ? spawn_with_pipes(child, list) : spawn(child, list, NULL);
    if (code != 0) {
        close_end(&child->to);
        close_end(&child->from);
        close_end(&child->notes);
        free(child);
        return error_set(code);
    }
    child->process = process_descriptor(child->id);
    *result = child;
    return PORTICO_OK;
}

/* ---- its pipes ------------------------------------------------------------------------------- */

portico_status os_child_write(os_child *child, const void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = write(child->to, (const char *)data + done, size - done);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno == EPIPE) { /* SIGPIPE is ignored: os_init */
            return error_refuse(PORTICO_E_CLOSED);
        } else if (errno != EINTR) {
            return error_set(errno);
        }
    }
    return PORTICO_OK;
}

/* Waits until one of two descriptors is readable. Negative ones never are. */
static int wait_readable(struct pollfd two[2], uint32_t timeout_ms) {
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    for (;;) {
        uint64_t now_ms = os_monotonic_ms();
        int left_ms = timeout_ms == UINT32_MAX ? -1
                      : now_ms >= until_ms     ? 0
                                               : (int)(until_ms - now_ms);
        int count = poll(two, 2, left_ms);
        if (count >= 0 || errno != EINTR) {
            return count;
        }
    }
}

portico_status os_child_read(os_child *child, void *data, size_t capacity, uint32_t timeout_ms,
                             size_t *size) {
    struct pollfd two[2] = {{.fd = child->from, .events = POLLIN},
                            {.fd = child->process, .events = POLLIN}};
    *size = 0;
    int ready = wait_readable(two, timeout_ms);
    if (ready <= 0) {
        return ready == 0 ? error_refuse(PORTICO_E_TIMEOUT) : error_set(errno);
    }
    if (two[0].revents == 0) {
        /* It has ended, although a process that it has started keeps the pipe open. Nothing that it
         * wrote can follow. */
        if (poll(two, 1, 0) == 0) {
            return error_refuse(PORTICO_E_CLOSED);
        }
    }
    ssize_t count = 0;
    do {
        count = read(child->from, data, capacity);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return error_set(errno);
    }
    *size = (size_t)count;
    return count > 0 ? PORTICO_OK : error_refuse(PORTICO_E_CLOSED);
}

uint8_t os_child_note(os_child *child) {
    uint8_t notes[256];
    note_reader reader = {0};
    ssize_t count = 0;
    do {
        count = read(child->notes, notes, sizeof notes);
        note_read(&reader, notes, count > 0 ? (size_t)count : 0);
    } while (count > 0 || (count < 0 && errno == EINTR));
    return note_of(&reader);
}

/* ---- its end --------------------------------------------------------------------------------- */

static const char *signal_name(int number) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGABRT, "SIGABRT"}, {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},
                 {SIGFPE, "SIGFPE"},   {SIGHUP, "SIGHUP"},   {SIGILL, "SIGILL"},
                 {SIGINT, "SIGINT"},   {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"},
                 {SIGQUIT, "SIGQUIT"}, {SIGSEGV, "SIGSEGV"}, {SIGSYS, "SIGSYS"},
                 {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"}, {SIGUSR1, "SIGUSR1"},
                 {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return NULL;
}

static void describe_end(const siginfo_t *found, os_child_end *end) {
    int code = found->si_status;
    *end = (os_child_end){.code = code, .crashed = found->si_code != CLD_EXITED};
    end->stopped = end->crashed && (code == SIGTERM || code == SIGINT);
    const char *name = signal_name(code);
    if (!end->crashed) {
        snprintf(end->text, sizeof end->text, "exit code %d", code);
    } else if (name != NULL) {
        snprintf(end->text, sizeof end->text, "signal %d (%s)", code, name);
    } else {
        snprintf(end->text, sizeof end->text, "signal %d", code);
    }
}

/* Reaps the child, which has ended. A module may have done that: with wait(), or by having SIGCHLD
 * ignored. */
static void reap(os_child *child) {
    siginfo_t found = {0};
    int code = 0;
    mutex_lock(&child->lock);
    do {
        code = waitid(P_PID, (id_t)child->id, &found, WEXITED) == 0 ? 0 : errno;
    } while (code == EINTR);
    if (code == 0) {
        describe_end(&found, &child->end);
    } else {
        child->end = (os_child_end){.code = 1};
        snprintf(child->end.text, sizeof child->end.text, "an exit code that got lost");
    }
    child->ended = true;
    mutex_unlock(&child->lock);
}

/* Whether it has ended. Does not reap. */
static bool has_ended(const os_child *child, int options) {
    siginfo_t found = {0};
    int result = 0;
    do {
        result = waitid(P_PID, (id_t)child->id, &found, WEXITED | WNOWAIT | options);
    } while (result != 0 && errno == EINTR);
    return result != 0 || found.si_pid != 0;
}

static bool wait_for_end(const os_child *child, uint32_t timeout_ms) {
    if (timeout_ms == UINT32_MAX) {
        return has_ended(child, 0);
    }
    if (child->process >= 0) {
        struct pollfd two[2] = {{.fd = child->process, .events = POLLIN}, {.fd = -1}};
        return wait_readable(two, timeout_ms) > 0;
    }
    uint64_t until_ms = os_monotonic_ms() + timeout_ms;
    while (!has_ended(child, WNOHANG)) {
        if (os_monotonic_ms() >= until_ms) {
            return false;
        }
        os_sleep(STEP_MS);
    }
    return true;
}

bool os_child_wait(os_child *child, uint32_t timeout_ms, os_child_end *end) {
    if (!child->ended) { /* only this thread sets it */
        if (!wait_for_end(child, timeout_ms)) {
            return false;
        }
        reap(child);
    }
    *end = child->end;
    return true;
}

static void signal_child(os_child *child, int number) {
    mutex_lock(&child->lock);
    if (!child->ended) {
        kill(child->id, number);
    }
    mutex_unlock(&child->lock);
}

void os_child_stop(os_child *child, bool at_once) {
    signal_child(child, at_once ? SIGKILL : SIGTERM);
}

void os_child_hang_up(os_child *child) {
    signal_child(child, SIGHUP);
}

uint32_t os_child_id(const os_child *child) {
    return (uint32_t)child->id;
}

void os_child_free(os_child *child) {
    os_child_end end;
    if (child == NULL) {
        return;
    }
    if (child->io == OS_CHILD_PIPES) {
        os_child_stop(child, true);
        (void)os_child_wait(child, UINT32_MAX, &end);
    }
    close_end(&child->process);
    close_end(&child->to);
    close_end(&child->from);
    close_end(&child->notes);
    free(child);
}
