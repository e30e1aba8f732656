/* process.c: how the process begins and ends, and what it may use.
 *
 * os_init is called by main before there are other threads; the rest by any thread.
 */
#include "error.h"
#include "os/os.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* A session is a descriptor: 1,024 of them, what shells allow by default, are few. Nothing here uses
 * select(), the reason for that default, so take all that the administrator allows. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

portico_status os_init(int *argc, char ***argv) {
    (void)argc; /* the arguments are taken as UTF-8 as they are */
    (void)argv;
    raise_descriptor_limit();
    static const int ignored[] = {SIGPIPE, SIGUSR1, SIGUSR2}; /* by default each of them kills */
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (signal(ignored[i], SIG_IGN) == SIG_ERR) {
            return error_set(errno);
        }
    }
    return PORTICO_OK;
}

void os_exit(int code) {
    _exit(code);
}

uint32_t os_cpu_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return (uint32_t)CPU_COUNT(&set); /* those that this process may use */
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

uint32_t os_process_id(void) {
    return (uint32_t)getpid();
}
