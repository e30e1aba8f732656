/* sim.c: runs scenarios on the simulated system.
 *
 *     test-sim                                        lists the scenarios
 *     test-sim SCENARIO SEED [KEY=VALUE ...]          runs one seed here; prints its figures
 *     test-sim explore SCENARIO|all SECONDS [FIRST_SEED] [KEY=VALUE ...]
 *     test-sim nth SCENARIO|all SEED KIND|all [KEY=VALUE ...]
 *                                                     fails the first fault point of the kind (see
 *                                                     options.c), the second, and so on
 *     test-sim shrink SCENARIO SEED [KEY=VALUE ...]   finds a smaller run that fails so, too
 *     test-sim check SCENARIO [KEY=VALUE ...]         seeds that once failed, and some others
 *     test-sim twice SCENARIO|all [KEY=VALUE ...]     compares the hashes of two runs
 *
 * The seed decides how the simulated system behaves; KEY=VALUE changes one choice (options.c). All
 * but the first two run each seed in a process of its own and also take:
 *
 *     jobs=N     processes at once           seeds=N        of each scenario, at most
 *     limit=S    how long a seed may take    shrink=S       how long a failure is shrunk
 *     seconds=S  for all, or for each kind   onwards=1      nth: also all fault points after it
 *     keep=DIR   receives the failures       totals=FILE    receives a line for each scenario */
#include "sim/explore.h"
#include "sim/failure.h"
#include "sim/options.h"
#include "sim/replay.h"

#include "support/clock.h"

#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    explore_options explore;
    const scenario *scenario; /* NULL: all */
    uint64_t seed;
    char assignments[RUN_OPTIONS_BYTES];
    const char *keep;
    uint32_t limit_s;
    uint32_t shrink_s;
    bool onwards;
} arguments;

static int usage(void) {
    fprintf(
        stderr,
        "usage: test-sim [SCENARIO SEED | explore SCENARIO|all SECONDS [FIRST_SEED] | nth "
        "SCENARIO|all SEED KIND|all | shrink SCENARIO SEED | check SCENARIO | twice SCENARIO|all] "
        "[KEY=VALUE ...]; see tests/sim/README.md\n");
    return 2;
}

static bool scenario_find(const char *name, const scenario **found) {
    for (const scenario *s = scenarios; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            *found = s;
            return true;
        }
    }
    *found = NULL;
    return strcmp(name, "all") == 0;
}

/* KEY=VALUE: of the exploration, or else of the simulated system. */
static void take(arguments *a, const char *assignment) {
    const struct {
        const char *key;
        uint32_t *number;
        const char **text;
    } keys[] = {
        {"jobs=", &a->explore.jobs, NULL},   {"limit=", &a->limit_s, NULL},
        {"shrink=", &a->shrink_s, NULL},     {"seconds=", &a->explore.seconds, NULL},
        {"keep=", NULL, &a->keep},           {"totals=", NULL, &a->explore.totals},
        {"seeds=", &a->explore.seeds, NULL},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        size_t size = strlen(keys[i].key);
        if (strncmp(assignment, keys[i].key, size) == 0) {
            if (keys[i].text != NULL) {
                *keys[i].text = assignment + size;
            } else {
                *keys[i].number = (uint32_t)strtoul(assignment + size, NULL, 10);
            }
            return;
        }
    }
    if (strcmp(assignment, "onwards=1") == 0) {
        a->onwards = true;
        return;
    }
    size_t used = strlen(a->assignments);
    snprintf(a->assignments + used, sizeof a->assignments - used, "%s%s", used > 0 ? " " : "",
             assignment);
}

static run_spec spec_of(const arguments *a) {
    run_spec spec = {.scenario = a->scenario, .seed = a->seed};
    snprintf(spec.options, sizeof spec.options, "%s", a->assignments);
    return spec;
}

/* ---- the commands: each returns the exit code -------------------------------------------- */

static int command_explore(arguments *a) {
    a->explore.only = a->scenario;
    a->explore.fixed = a->assignments[0] != '\0' ? a->assignments : NULL;
    return explore(&a->explore) == 0 ? 0 : 1;
}

static int command_nth(const arguments *a, const char *kind_name) {
    bool all = strcmp(kind_name, "all") == 0;
    uint64_t failed = 0;
    uint32_t count = 0;
    for (const scenario *s = scenarios; s->name != NULL; s++) {
        for (int kind = 0; kind <= SIM_FAULT_LIBRARY; kind++) {
            run_spec spec = spec_of(a);
            spec.scenario = s;
            if ((a->scenario == NULL || a->scenario == s) &&
                (all || strcmp(kind_name, sim_fault_names[kind]) == 0)) {
                failed += explore_each_fault(&spec, (sim_fault_kind)kind, a->onwards, &a->explore);
                count++;
            }
        }
    }
    return count == 0 ? usage() : failed == 0 ? 0 : 1;
}

static int command_shrink(arguments *a) {
    run_spec spec = spec_of(a);
    run_result result;
    if (a->scenario == NULL) {
        return usage();
    }
    run_apart(&spec, &result);
    if (result.passed) {
        printf("%sIt does not fail.\n", run_output());
        return 1;
    }
    failure_found(&spec, &result);
    return 0;
}

static int command_check(arguments *a) {
    char folder[1024];
    const char *source = getenv("PORTICO_SOURCE_DIR");
    int seeds = scale(10, 3);
    if (a->scenario == NULL) {
        return usage();
    }
    snprintf(folder, sizeof folder, "%s/tests/sim/seeds", source != NULL ? source : ".");
    return replay(a->scenario, folder, (uint32_t)seeds, (uint32_t)seeds / 2) == 0 ? 0 : 1;
}

static int command_twice(arguments *a) {
    uint32_t seeds = a->explore.seeds != 0 ? a->explore.seeds : (uint32_t)scale(20, 2);
    uint64_t differ = 0;
    for (const scenario *s = scenarios; s->name != NULL; s++) {
        if (a->scenario == NULL || a->scenario == s) {
            differ += replay_twice(s, seeds);
        }
    }
    return differ == 0 ? 0 : 1;
}

static int command_run(arguments *a) {
    static run_spec spec; /* the figures need it to the end */
    spec = spec_of(a);
    return a->scenario != NULL && run_here(&spec) ? 0 : usage();
}

int main(int argc, char **argv) {
    static const char *const commands[] = {"explore", "nth", "shrink", "check", "twice", NULL};
    arguments a = {.keep = "sim-failures", .limit_s = (uint32_t)scale(20, 20), .shrink_s = 60};
    const char *words[4] = {NULL}; /* of the command; the others have a '=' */
    uint32_t count = 0;
    if (argc < 2) {
        for (const scenario *s = scenarios; s->name != NULL; s++) {
            puts(s->name);
        }
        return 0;
    }
    int command = 0;
    while (commands[command] != NULL && strcmp(commands[command], argv[1]) != 0) {
        command++;
    }
    for (int i = commands[command] != NULL ? 2 : 1; i < argc; i++) {
        if (strchr(argv[i], '=') != NULL) {
            take(&a, argv[i]);
        } else if (count < 4) {
            words[count++] = argv[i];
        }
    }
    if (words[0] == NULL || !scenario_find(words[0], &a.scenario)) {
        return usage();
    }
    a.seed = words[1] != NULL ? strtoull(words[1], NULL, 10) : 0;
    run_init(argv[0], a.limit_s);
    failures_begin(a.keep, a.shrink_s);
    switch (command) {
    case 0:
        a.explore.seconds = words[1] != NULL ? (uint32_t)a.seed : a.explore.seconds;
        a.explore.first_seed = words[2] != NULL ? strtoull(words[2], NULL, 10) : 0;
        return command_explore(&a);
    case 1: return words[2] != NULL ? command_nth(&a, words[2]) : usage();
    case 2: return command_shrink(&a);
    case 3: return command_check(&a);
    case 4: return command_twice(&a);
    default: return words[1] != NULL ? command_run(&a) : usage();
    }
}
