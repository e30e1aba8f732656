/* process.c: the process itself: start, stop signals, what it uses, clocks and randomness.
 *
 * os_init and os_on_stop are called by main before there are other threads; the rest by any thread.
 */
#include "error.h"
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
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
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? error_set(errno) : PORTICO_OK;
}

void os_memory_trim(void) {
    malloc_trim(0);
}

/* ---- stop signals ------------------------------------------------------------------------ */

static void (*stop_callback)(void);

static void stop_signals(sigset_t *set) {
    struct sigaction hang_up;
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    /* sigwait takes a signal also when it is ignored; who starts us with nohup wants it to be. */
    if (sigaction(SIGHUP, NULL, &hang_up) < 0 || hang_up.sa_handler != SIG_IGN) {
        sigaddset(set, SIGHUP);
    }
}

static void *stop_main(void *arg) {
    (void)arg;
    sigset_t set;
    stop_signals(&set);
    for (;;) {
        int number;
        if (sigwait(&set, &number) == 0) {
            stop_callback();
        }
    }
    return NULL;
}

portico_status os_on_stop(void (*stop)(void)) {
    sigset_t set;
    sigset_t before;
    stop_signals(&set);
    int code = pthread_sigmask(SIG_BLOCK, &set, &before);
    if (code != 0) {
        return error_set(code);
    }
    stop_callback = stop;
    pthread_t thread;
    code = pthread_create(&thread, NULL, stop_main, NULL);
    if (code != 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return error_set(code);
    }
    pthread_setname_np(thread, "stop");
    pthread_detach(thread);
    return PORTICO_OK;
}

void os_exit(int code) {
    _exit(code);
}

/* ---- what it uses ------------------------------------------------------------------------ */

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

static uint64_t resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    unsigned long long pages = 0;
    if (fscanf(file, "%*u %llu", &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint32_t descriptor_count(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return 0;
    }
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count - 1; /* the folder's own */
}

static uint64_t timeval_ns(const struct timeval *t) {
    return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

void os_process_usage(os_usage *usage) {
    *usage = (os_usage){.memory_bytes = resident_bytes(), .handles = descriptor_count()};
    struct rusage times;
    if (getrusage(RUSAGE_SELF, &times) == 0) {
        usage->cpu_ns = timeval_ns(&times.ru_utime) + timeval_ns(&times.ru_stime);
    }
}

/* ---- randomness and clocks --------------------------------------------------------------- */

portico_status os_random(void *data, size_t size) {
    uint8_t *at = data;
    while (size > 0) {
        ssize_t count = getrandom(at, size, 0);
        if (count < 0 && errno != EINTR) {
            return error_set(errno);
        }
        if (count > 0) {
            at += count;
            size -= (size_t)count;
        }
    }
    return PORTICO_OK;
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t os_monotonic_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_wall_ms(void) {
    return clock_ns(CLOCK_REALTIME) / 1000000;
}
