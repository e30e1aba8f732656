/* process.c: how the process begins and ends, and what it may use.
 *
 * main() calls os_init before there are other threads; any thread calls the rest.
 */
#include "error.h"
#include "os/os.h"
#include "usage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A session is a descriptor, and the 1,024 that shells allow by default are few. The reason for
 * that default is select(), which nothing here uses, so take all that the administrator allows. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Whatever is opened gets the lowest free number, so without this a player's socket could be
 * stderr. Child processes inherit these. */
static portico_status open_standard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd) {
            return error_set(errno);
        }
    }
    return PORTICO_OK;
}

portico_status os_init(int *argc, char ***argv) {
    (void)argc; /* the arguments are taken to be UTF-8 */
    (void)argv;
    portico_status status = open_standard_streams();
    if (status != PORTICO_OK) {
        return status;
    }
    raise_descriptor_limit();
    usage_open();
    /* By default each of them kills. SIGXFSZ: a log at its file's size limit. */
    static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (signal(ignored[i], SIG_IGN) == SIG_ERR) {
            return error_set(errno);
        }
    }
    return PORTICO_OK;
}

/* Not _exit(): here that is a function of fault_calls.c, which looks for the C library's own, under
 * a lock that is held while a library is loaded. */
void os_exit(int code) {
    for (;;) {
        (void)syscall(SYS_exit_group, code);
    }
}

uint32_t os_cpu_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (uint32_t)CPU_COUNT(&set); /* the processors that this process may use */
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

uint32_t os_process_id(void) {
    return (uint32_t)getpid();
}
