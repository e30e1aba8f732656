/* run.c: see run.h. A run ends with a line of its figures, also when it fails. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "sim/run.h"

#include "os/sim/real.h"
#include "sim/options.h"
#include "sim/world.h"
#include "support/clock.h"
#include "support/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if !defined(_WIN32)
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#define MEMORY_FOLDER "/dev/shm"
#define FOLDER_PREFIX "portico-sim-"

enum { PATH_BYTES = 1024, OUTPUT_BYTES = 64 * 1024, EXIT_HUNG = 1000 + 14, REMAIN_S = 3600 };

static struct {
    const char *executable;
    uint32_t limit_s;
    uint32_t owner;
    char folder[PATH_BYTES]; /* of the runs' folders */
    char output[OUTPUT_BYTES];
    const run_spec *spec; /* runs in this process */
} run;

/* ---- folders ----------------------------------------------------------------------------- */

static void folder_empty(const char *path);

static void entry_delete(void *arg, const char *name) {
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
    if (real_file_remove(path) != PORTICO_OK) {
        folder_empty(path);
    }
}

/* Deletes the folder with all that is in it. */
static void folder_empty(const char *path) {
    char copy[2 * PATH_BYTES];
    snprintf(copy, sizeof copy, "%s", path);
    (void)real_folder_list(copy, entry_delete, copy);
    (void)real_folder_remove(path);
}

/* A forked process leaves it to its parent. */
static void folder_at_exit(void) {
    if (real_process_id() == run.owner) {
        folder_empty(run.folder);
    }
}

#if defined(_WIN32)

static const char *folder_parent(void) {
    const char *given = getenv("PORTICO_TEST_DIR");
    return given != NULL ? given : ".";
}

#else

/* A process of another container may have an id that is unknown here: its folder changes with each
 * of its runs. */
static bool is_old(const char *folder) {
    struct stat info;
    return stat(folder, &info) == 0 && info.st_mtime + REMAIN_S < time(NULL);
}

static void remain_delete(void *arg, const char *name) {
    char path[2 * PATH_BYTES];
    int id = 0;
    (void)arg;
    snprintf(path, sizeof path, MEMORY_FOLDER "/%s", name);
    if (sscanf(name, FOLDER_PREFIX "%d", &id) == 1 && kill(id, 0) != 0 && errno == ESRCH &&
        is_old(path)) {
        folder_empty(path);
    }
}

/* In memory, if the system has such a folder; what processes left there that were killed is deleted
 * now. */
static const char *folder_parent(void) {
    const char *given = getenv("PORTICO_TEST_DIR");
    if (real_folder_check(MEMORY_FOLDER) == PORTICO_OK) {
        (void)real_folder_list(MEMORY_FOLDER, remain_delete, NULL);
        return MEMORY_FOLDER;
    }
    return given != NULL ? given : ".";
}

#endif

/* A folder for the runs, which is deleted at exit. */
static void folder_choose(void) {
    snprintf(run.folder, sizeof run.folder, "%s/" FOLDER_PREFIX "%010" PRIu32, folder_parent(),
             run.owner);
    folder_empty(run.folder); /* of a process that had the same id and was killed */
    if (real_folder_create(run.folder) != PORTICO_OK) {
        fprintf(stderr, "cannot create %s\n", run.folder);
        exit(2);
    }
    atexit(folder_at_exit);
#if defined(_WIN32)
    (void)_putenv_s("PORTICO_TEST_DIR", run.folder);
#else
    setenv("PORTICO_TEST_DIR", run.folder, 1);
#endif
}

void run_init(const char *executable, uint32_t limit_s) {
#if defined(__GLIBC__)
    mallopt(M_ARENA_MAX, 1); /* one thread runs at a time, so an arena for each only costs */
#endif
    run.executable = executable;
    run.limit_s = limit_s;
    run.owner = real_process_id();
    folder_choose();
}

/* ---- in this process --------------------------------------------------------------------- */

/* A signal's handler calls it, too: the thread that has failed raised the signal itself. */
/* NOLINTBEGIN(bugprone-signal-handler) */
static void figures_print(FILE *file) {
    sim_figures f;
    const limited *counts = NULL;
    char line[1024];
    sim_look(&f);
    int used = snprintf(line, sizeof line,
                        "%s seed %" PRIu64 ": hash %016" PRIx64 ", %" PRIu64 " calls, %" PRIu64
                        " switches, %" PRIu64 " ms, %" PRIu64 " faults at %" PRIu64 " points;",
                        run.spec->scenario->name, run.spec->seed, f.hash, f.calls, f.switches,
                        f.now_ns / 1000000, f.faults, f.fault_points);
    uint32_t count = counts_list(&counts);
    for (uint32_t i = 0; i < count && (size_t)used < sizeof line; i++) {
        used += snprintf(
            line + used, sizeof line - (size_t)used, " %s=%" PRIu32 "/%" PRIu32, counts[i].what,
            counts[i].limit < counts[i].usual ? counts[i].limit : counts[i].usual, counts[i].usual);
    }
    fprintf(file, "%s\n", line);
    fflush(file);
}

void world_passed(void) {
    figures_print(stdout);
}

static void on_signal(int number) {
    signal(number, SIG_DFL);
    fprintf(stderr, "sim: signal %d\n", number);
    figures_print(stderr);
    raise(number);
}

/* NOLINTEND(bugprone-signal-handler) */

static void signals_catch(void) {
    signal(SIGABRT, on_signal);
    if (!scale_sanitized()) { /* the sanitizers have handlers of their own */
        signal(SIGSEGV, on_signal);
        signal(SIGFPE, on_signal);
        signal(SIGILL, on_signal);
    }
}

bool run_here(const run_spec *spec) {
    sim_options options;
    counts_from_seed(spec->seed);
    options_from_seed(&options, spec->seed);
    if (!options_set_all(&options, spec->options)) {
        return false;
    }
    run.spec = spec;
    signals_catch();
    sim_begin(&options);
    sim_spare_this_thread(true); /* what it starts for itself has no faults either */
    spec->scenario->run();
    world_passed();
    return true;
}

/* ---- what has come of it ----------------------------------------------------------------- */

/* Copies a line with a # for each number, except the numbers of lines of sources. */
static void copy_words(char words[RUN_FAILURE_BYTES], const char *line) {
    size_t used = 0;
    for (const char *c = line; *c != '\0' && *c != '\n' && used + 1 < RUN_FAILURE_BYTES;) {
        size_t digits = strspn(c, "0123456789");
        if (strncmp(c, "0x", 2) == 0) {
            digits = 2 + strspn(c + 2, "0123456789abcdef");
        }
        if (digits == 0) {
            words[used++] = *c++;
        } else if (c - line > 2 && strncmp(c - 3, ".c:", 3) == 0) {
            used += (size_t)snprintf(words + used, RUN_FAILURE_BYTES - used, "%.*s",
                                     digits < 6 ? (int)digits : 6, c);
            used = used < RUN_FAILURE_BYTES ? used : RUN_FAILURE_BYTES - 1;
            c += digits;
        } else {
            words[used++] = '#';
            c += digits;
        }
    }
    words[used] = '\0';
}

/* Finds what the run says of its failure: the first of these that it has printed. */
static void find_failure(char failure[RUN_FAILURE_BYTES], const char *output, int exit_code) {
    static const char *const marks[] = {
        "broken invariant",
        "SUMMARY: ",
        "runtime error: ",
        "sim: ",
    };
    if (exit_code == EXIT_HUNG) {
        snprintf(failure, RUN_FAILURE_BYTES, "still running after the real time it may take");
        return;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *at = strstr(output, marks[i]);
        if (at != NULL) {
            copy_words(failure, at);
            return;
        }
    }
    snprintf(failure, RUN_FAILURE_BYTES, exit_code > 1000 ? "signal %d" : "exit code %d",
             exit_code % 1000);
}

/* The last line of figures. */
static const char *find_figures(const char *output) {
    const char *found = NULL;
    for (const char *at = output; (at = strstr(at, ": hash ")) != NULL; at++) {
        found = at;
    }
    return found;
}

static void read_figures(run_result *r, const char *output) {
    const char *at = find_figures(output);
    int used = 0;
    uint64_t ms = 0;
    if (at == NULL || sscanf(at,
                             ": hash %" SCNx64 ", %" SCNu64 " calls, %" SCNu64 " switches, %" SCNu64
                             " ms, %" SCNu64 " faults at %" SCNu64 " points;%n",
                             &r->figures.hash, &r->figures.calls, &r->figures.switches, &ms,
                             &r->figures.faults, &r->figures.fault_points, &used) != 6) {
        return;
    }
    r->figures.now_ns = ms * 1000000;
    at += used;
    while (r->count < COUNTS_MAX &&
           sscanf(at, " %23[^=\n ]=%" SCNu32 "/%" SCNu32 "%n", r->counts[r->count].what,
                  &r->counts[r->count].limit, &r->counts[r->count].usual, &used) == 3) {
        r->count++;
        at += used;
    }
}

static void judge(run_result *r, int exit_code, uint64_t began_us) {
    *r = (run_result){.real_us = clock_now_us() - began_us};
    r->cpu_us = r->real_us;
    read_figures(r, run.output);
    r->passed = exit_code == 0 && r->figures.calls > 0;
    if (!r->passed) {
        find_failure(r->failure, run.output, exit_code);
    }
}

const char *run_executable(void) {
    return run.executable;
}

const char *run_output(void) {
    return run.output;
}

/* ---- in another process ------------------------------------------------------------------ */

/* Reads the end of a run's output. */
static void read_end(const char *path) {
    FILE *file = real_fopen(path, "rb");
    size_t size = 0;
    if (file != NULL) {
        long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
        (void)fseek(file, end < OUTPUT_BYTES ? 0 : end - OUTPUT_BYTES + 1, SEEK_SET);
        size = fread(run.output, 1, OUTPUT_BYTES - 1, file);
        fclose(file);
    }
    run.output[size] = '\0';
}

void run_anew(const run_spec *spec, run_result *result) {
    char options[RUN_OPTIONS_BYTES];
    char seed[24];
    char path[PATH_BYTES + 16];
    const char *arguments[64] = {run.executable, spec->scenario->name, seed};
    uint64_t began_us = clock_now_us();
    int count = 3;
    snprintf(seed, sizeof seed, "%" PRIu64, spec->seed);
    snprintf(path, sizeof path, "%s/output.txt", run.folder);
    snprintf(options, sizeof options, "%s", spec->options);
    for (char *one = strtok(options, " "); one != NULL && count < 63; one = strtok(NULL, " ")) {
        arguments[count++] = one;
    }
    int exit_code = process_run(arguments, path, run.limit_s * 1000);
    read_end(path);
    judge(result, exit_code == -1 ? EXIT_HUNG : exit_code, began_us);
}

#if defined(_WIN32)

void run_apart(const run_spec *spec, run_result *result) {
    run_anew(spec, result);
}

#else

/* It says where it is, and ends even if it cannot. */
static void on_alarm(int number) {
    signal(number, SIG_DFL);
    alarm(2);
    figures_print(stderr);
    raise(number);
}

/* The thread sanitizer otherwise sleeps for a second at each exit. */
/* NOLINTBEGIN(bugprone-reserved-identifier) */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "atexit_sleep_ms=0";
}
/* NOLINTEND(bugprone-reserved-identifier) */

/* The child. Handing the token to a thread on another processor takes ten times as long. */
static _Noreturn void child_main(const run_spec *spec, int output) {
    const struct rlimit none = {0};
    cpu_set_t here;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    sched_setaffinity(0, sizeof here, &here);
    setrlimit(RLIMIT_CORE, &none);
    if (dup2(output, 1) < 0 || dup2(output, 2) < 0) {
        _exit(126);
    }
    signal(SIGALRM, on_alarm);
    alarm(run.limit_s);
    exit(run_here(spec) ? 0 : 2);
}

/* Of a process that has ended; NULL: of this one. */
static uint64_t cpu_us(const struct rusage *usage) {
    struct rusage own;
    if (usage == NULL) {
        getrusage(RUSAGE_SELF, &own);
        usage = &own;
    }
    return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

void run_apart(const run_spec *spec, run_result *result) {
    static int output = -1;
    static pid_t owner; /* a job does not share it with its parent */
    char path[PATH_BYTES + 16];
    uint64_t began_us = clock_now_us();
    uint64_t cpu_began_us = cpu_us(NULL);
    struct rusage used;
    int status = 0;
    if (owner != getpid()) {
        owner = getpid();
        output = memfd_create("output", MFD_CLOEXEC);
    }
    if (output < 0 || ftruncate(output, 0) != 0 || lseek(output, 0, SEEK_SET) != 0) {
        fprintf(stderr, "cannot make a file in memory\n");
        exit(2);
    }
    fflush(NULL);
    pid_t id = fork();
    if (id == 0) {
        child_main(spec, output);
    }
    if (id < 0 || wait4(id, &status, 0, &used) != id) {
        fprintf(stderr, "cannot fork\n");
        exit(2);
    }
    off_t end = lseek(output, 0, SEEK_END);
    off_t begin = end < OUTPUT_BYTES ? 0 : end - OUTPUT_BYTES + 1;
    ssize_t size = pread(output, run.output, OUTPUT_BYTES - 1, begin);
    run.output[size > 0 ? size : 0] = '\0';
    snprintf(path, sizeof path, "%s/%010d", run.folder, (int)id);
    folder_empty(path);
    judge(result, WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), began_us);
    result->cpu_us = cpu_us(&used) + cpu_us(NULL) - cpu_began_us;
}

#endif
