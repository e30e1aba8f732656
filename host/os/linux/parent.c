/* parent.c: the child's side of child.h: its pipes, and what it owes its parent. The main thread;
 * after_fork_* run on the thread that forks.
 */
#include "os/child.h"

#include "error.h"
#include "os/note.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct {
    int from; /* the parent writes to it */
    int to;
    int notes;
    atomic_bool forked;
} parent;

static void after_fork_in_parent(void) {
    atomic_store(&parent.forked, true);
}

/* The copy must not read from the pipe, too, and answer as a second child. */
static void after_fork_in_copy(void) {
    _exit(0);
}

/* No core file, and no program that receives one: for the latter, 1 is the one limit that counts
 * (https://github.com/torvalds/linux/blob/v6.1/fs/coredump.c, "cprm.limit == 1"). */
static void write_no_core(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max == 0 ? 0 : 1;
        (void)setrlimit(RLIMIT_CORE, &limit);
    }
}

portico_status os_parent_take(void) {
    parent.from = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    parent.to = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    parent.notes = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (parent.from < 0 || parent.to < 0 || parent.notes < 0 || nowhere < 0 ||
        dup2(nowhere, STDIN_FILENO) < 0 || dup2(nowhere, STDOUT_FILENO) < 0 ||
        dup2(nowhere, STDERR_FILENO) < 0) {
        return error_set(errno);
    }
    close(nowhere);
    write_no_core();
    int code = pthread_atfork(NULL, after_fork_in_parent, after_fork_in_copy);
    if (code != 0) {
        return error_set(code);
    }
    /* If the parent ended before this, there is nothing to read from it. */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? PORTICO_OK : error_set(errno);
}

portico_status os_parent_read(void *data, size_t capacity, size_t *size) {
    *size = 0;
    ssize_t count = 0;
    do {
        count = read(parent.from, data, capacity);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return error_set(errno);
    }
    *size = (size_t)count;
    return count > 0 ? PORTICO_OK : error_refuse(PORTICO_E_CLOSED);
}

portico_status os_parent_write(const void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t count = write(parent.to, (const char *)data + done, size - done);
        if (count >= 0) {
            done += (size_t)count;
        } else if (errno == EPIPE) {
            return error_refuse(PORTICO_E_CLOSED);
        } else if (errno != EINTR) {
            return error_set(errno);
        }
    }
    return PORTICO_OK;
}

void os_parent_note(uint8_t note) {
    const uint8_t bytes[NOTE_BYTES] = {NOTE_MARK, note};
    while (write(parent.notes, bytes, sizeof bytes) < 0 && errno == EINTR) {
    }
}

bool os_parent_forked(void) {
    return atomic_exchange(&parent.forked, false);
}
