/* explore.c: see explore.h. Each job is a process that has one thread and runs one seed at a time;
 * the first adds up what they have counted. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "sim/explore.h"

#include "os/sim/real.h"
#include "sim/failure.h"
#include "sim/options.h"
#include "support/clock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if !defined(_WIN32)
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { OUTAGE = 300, SCENARIOS_MAX = 64, JOBS_MAX = 64, ONE_FAULT_EVERY = 16 };

typedef struct tally {
    uint64_t seeds;
    uint64_t failed;
    uint64_t real_us;
    uint64_t cpu_us;
    uint64_t simulated_ns;
    uint64_t calls;
    uint64_t switches;
    uint64_t faults;
    uint64_t fault_points;
} tally;

typedef tally tallies[SCENARIOS_MAX];

/* Shared by the jobs: Ctrl+C and SIGTERM end an exploration early, and it still adds up. */
static volatile sig_atomic_t *stopped;

static uint32_t scenario_count(void) {
    uint32_t count = 0;
    while (scenarios[count].name != NULL) {
        count++;
    }
    return count < SCENARIOS_MAX ? count : SCENARIOS_MAX;
}

static void tally_run(tally *t, const run_result *r) {
    t->seeds++;
    t->failed += !r->passed;
    t->real_us += r->real_us;
    t->cpu_us += r->cpu_us;
    t->simulated_ns += r->figures.now_ns;
    t->calls += r->figures.calls;
    t->switches += r->figures.switches;
    t->faults += r->figures.faults;
    t->fault_points += r->figures.fault_points;
}

static void tally_add(tally *sum, const tally *t) {
    sum->seeds += t->seeds;
    sum->failed += t->failed;
    sum->real_us += t->real_us;
    sum->cpu_us += t->cpu_us;
    sum->simulated_ns += t->simulated_ns;
    sum->calls += t->calls;
    sum->switches += t->switches;
    sum->faults += t->faults;
    sum->fault_points += t->fault_points;
}

static bool run_and_count(const run_spec *spec, tally *t, run_result *result) {
    run_apart(spec, result);
    tally_run(t, result);
    if (!result->passed) {
        failure_found(spec, result);
    }
    return result->passed;
}

/* ---- one fault and no other -------------------------------------------------------------- */

static void only_fault(run_spec *spec, const char *fixed, sim_fault_kind kind, uint64_t from,
                       uint64_t to) {
    size_t used = (size_t)snprintf(spec->options, sizeof spec->options, "%s%s",
                                   fixed != NULL ? fixed : "", fixed != NULL ? " " : "");
    for (int i = 0; i < SIM_FAULT_KINDS && used < sizeof spec->options; i++) {
        used += (size_t)snprintf(spec->options + used, sizeof spec->options - used, "faults.%s=%d ",
                                 sim_fault_names[i], i == (int)kind);
    }
    snprintf(spec->options + used, sizeof spec->options - used,
             "faults_from=%" PRIu64 " faults_to=%" PRIu64, from, to);
}

uint64_t explore_each_fault(const run_spec *spec, sim_fault_kind kind, bool onwards,
                            const explore_options *options) {
    tally t = {0};
    uint64_t end_ms = clock_now_ms() + (uint64_t)options->seconds * 1000;
    run_spec one = *spec;
    run_result result = {.figures.faults = 1};
    uint64_t n = 0;
    bool in_time = true;
    while (in_time && !(result.passed && result.figures.faults == 0)) {
        n++;
        only_fault(&one, spec->options, kind, n, onwards ? n + OUTAGE : n);
        (void)run_and_count(&one, &t, &result);
        in_time = options->seconds == 0 || clock_now_ms() < end_ms;
    }
    printf("%s seed %" PRIu64 ", %s %s: %" PRIu64 " fault points%s, %" PRIu64 " runs failed\n",
           spec->scenario->name, spec->seed, sim_fault_names[kind],
           onwards ? "the n-th and those after it" : "the n-th", n,
           in_time ? ", which are all" : ", then the time was over", t.failed);
    return t.failed;
}

/* A random one of the fault points of a random kind: a sample of what explore_each_fault does. */
static void some_fault(run_spec *spec, const char *fixed, uint64_t *points) {
    static const uint64_t more[] = {0, 0, 5, OUTAGE};
    sim_fault_kind kind = (sim_fault_kind)(spec->seed / ONE_FAULT_EVERY % (SIM_FAULT_LIBRARY + 1));
    uint64_t n = 1 + (spec->seed * 0x9e3779b97f4a7c15u >> 20) % (points[kind] + 1);
    only_fault(spec, fixed, kind, n, n + more[spec->seed / 4 % 4]);
}

/* ---- a job ------------------------------------------------------------------------------- */

typedef struct job {
    const explore_options *options;
    uint32_t number; /* from 0 */
    uint64_t end_ms;
    tally *tallies;
    uint64_t points[SCENARIOS_MAX][SIM_FAULT_KINDS]; /* fault points of the last such run */
} job;

/* The scenario that has run for the shortest time and has seeds left; scenario_count(): none. */
static uint32_t next_scenario(const job *j) {
    uint32_t count = scenario_count();
    uint32_t chosen = count;
    for (uint32_t i = 0; i < count; i++) {
        const tally *t = &j->tallies[i];
        bool wanted = j->options->only == NULL || j->options->only == &scenarios[i];
        bool left =
            j->options->seeds == 0 || t->seeds * j->options->jobs + j->number < j->options->seeds;
        if (wanted && left && (chosen == count || t->real_us < j->tallies[chosen].real_us)) {
            chosen = i;
        }
    }
    return chosen;
}

static void job_run(job *j) {
    const explore_options *o = j->options;
    while (*stopped == 0 && (o->seconds == 0 || clock_now_ms() < j->end_ms)) {
        uint32_t at = next_scenario(j);
        if (at == scenario_count()) {
            break;
        }
        tally *t = &j->tallies[at];
        run_spec spec = {.scenario = &scenarios[at],
                         .seed = o->first_seed + t->seeds * o->jobs + j->number};
        run_result result;
        bool one_fault = t->seeds % ONE_FAULT_EVERY == ONE_FAULT_EVERY - 1;
        if (one_fault) {
            some_fault(&spec, o->fixed, j->points[at]);
        } else if (o->fixed != NULL) {
            snprintf(spec.options, sizeof spec.options, "%s", o->fixed);
        }
        (void)run_and_count(&spec, t, &result);
        if (one_fault) {
            size_t kind = spec.seed / ONE_FAULT_EVERY % (SIM_FAULT_LIBRARY + 1);
            j->points[at][kind] = result.figures.fault_points;
        }
    }
}

#if defined(_WIN32)

static void jobs_run(job *j, tallies *all) {
    j->tallies = all[0];
    job_run(j);
}

static void *shared_memory(size_t size) {
    return calloc(1, size);
}

#else

static void jobs_run(job *j, tallies *all) {
    pid_t ids[JOBS_MAX] = {0};
    pid_t parent = getpid();
    fflush(NULL);
    for (; j->number < j->options->jobs; j->number++) {
        j->tallies = all[j->number];
        ids[j->number] = fork();
        if (ids[j->number] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() == parent) {
                job_run(j);
            }
            exit(0);
        }
    }
    for (uint32_t i = 0; i < j->options->jobs; i++) {
        int status = 0;
        if (ids[i] < 0 || waitpid(ids[i], &status, 0) != ids[i] || status != 0) {
            fprintf(stderr, "job %" PRIu32 " has failed itself\n", i);
            all[i][0].failed++;
        }
    }
}

static void *shared_memory(size_t size) {
    /* cppcheck-suppress invalidFunctionArg ; no file, as mmap(2) says */
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

#endif

static void on_stop(int number) {
    (void)number;
    *stopped = 1;
}

/* ---- all of them ------------------------------------------------------------------------- */

static double per(double a, double b) {
    return b > 0 ? a / b : 0;
}

static const char heads[] = "%-16s %9s %8s %8s %9s %7s %12s %11s %8s\n";

static void print_heads(void) {
    printf(heads, "scenario", "seeds", "per s", "per cpu", "simulated", "calls", "fault points",
           "faults", "failed");
}

static void print_row(const char *name, const tally *t) {
    double real_s = (double)t->real_us / 1e6;
    double cpu_s = (double)t->cpu_us / 1e6;
    printf("%-16s %9" PRIu64 " %8.1f %8.1f %9.0f %7.1f %12" PRIu64 " %11" PRIu64 " %8" PRIu64 "\n",
           name, t->seeds, per((double)t->seeds, real_s), per((double)t->seeds, cpu_s),
           per((double)t->simulated_ns / 1e9, cpu_s),
           per((double)t->calls, (double)t->seeds) / 1000, t->fault_points, t->faults, t->failed);
}

/* One write, so that explorations that end at the same time do not mix their lines. */
static void append_totals(const char *path, const char *name, const tally *t) {
    char line[256];
    if (path == NULL || t->seeds == 0) {
        return;
    }
    FILE *file = real_fopen(path, "ab");
    if (file == NULL) {
        fprintf(stderr, "%s cannot be written\n", path);
        return;
    }
    const uint64_t numbers[] = {
        (uint64_t)time(NULL),      t->seeds, t->failed,   t->real_us / 1000, t->cpu_us / 1000,
        t->simulated_ns / 1000000, t->calls, t->switches, t->fault_points,   t->faults};
    int size =
        snprintf(line, sizeof line, "%s %s", scale_sanitized() ? "sanitized" : "plain", name);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        size += snprintf(line + size, sizeof line - (size_t)size, " %" PRIu64, numbers[i]);
    }
    line[size++] = '\n';
    fwrite(line, 1, (size_t)size, file);
    fclose(file);
}

uint64_t explore(const explore_options *given) {
    explore_options o = *given;
    tally sum = {0};
    uint64_t began_ms = clock_now_ms();
    o.jobs = o.jobs == 0 ? 1 : o.jobs > JOBS_MAX ? JOBS_MAX : o.jobs;
#if defined(_WIN32)
    o.jobs = 1;
#endif
    if (o.first_seed == 0) {
        const char *start = getenv("PORTICO_SEED");
        o.first_seed = (start != NULL ? strtoull(start, NULL, 10) : (uint64_t)time(NULL)) * 10000;
    }
    tallies *all = shared_memory(o.jobs * sizeof *all);
    stopped = shared_memory(sizeof *stopped);
    if (all == NULL || stopped == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    signal(SIGINT, on_stop);
    signal(SIGTERM, on_stop);
    printf("seeds from %" PRIu64 " on, %" PRIu32 " at once\n", o.first_seed, o.jobs);
    job j = {.options = &o, .end_ms = began_ms + (uint64_t)o.seconds * 1000};
    jobs_run(&j, all);
    print_heads();
    for (uint32_t i = 0; i < scenario_count(); i++) {
        tally one = {0};
        for (uint32_t k = 0; k < o.jobs; k++) {
            tally_add(&one, &all[k][i]);
        }
        if (one.seeds > 0 || one.failed > 0) {
            print_row(scenarios[i].name, &one);
            append_totals(o.totals, scenarios[i].name, &one);
            tally_add(&sum, &one);
        }
    }
    print_row("all", &sum);
    printf("per s: seeds per second and job; per cpu: per second of processor time; simulated: "
           "seconds per such second; calls: thousands per seed. %" PRIu64 " s in all\n",
           (clock_now_ms() - began_ms) / 1000);
    return sum.failed;
}
