/* runner.c: the arguments, and which tests run for which seeds. */
#include "private.h"

#include "os/sim/real.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 256 };

static struct {
    testing_options options;
    const portico_test_case *tests;
    const char *names[NAMES_MAX];
    uint32_t name_count;
    const char *program;
    bool list;
    bool libraries;    /* named by arguments */
    const char *apart; /* Windows: the run of this process */
    uint64_t apart_seed;
} runner;

static int usage(const char *what, const char *found) {
    fprintf(stderr, "%s: %s\n", what, found);
    fprintf(stderr,
            "usage: %s [NAME ...] [--seeds N | --seed S] [--faults] [--log] [--trace] [--list]\n"
            "       [--module FILE] [--with FILE] [--build FILE]\n",
            runner.program);
    return 2;
}

static bool path_add(char (*paths)[TESTING_PATH_BYTES], uint32_t *count, const char *path,
                     size_t size) {
    if (*count == TESTING_MODULES_MAX || size >= TESTING_PATH_BYTES) {
        return false;
    }
    memcpy(paths[*count], path, size);
    paths[(*count)++][size] = '\0';
    return true;
}

/* "MODULE|OTHER|...||BUILD|..." */
static void take_modules(const char *modules) {
    testing_options *o = &runner.options;
    bool builds = false;
    while (*modules != '\0') {
        size_t size = strcspn(modules, "|");
        if (size == 0) {
            builds = true;
        } else if (builds) {
            (void)path_add(o->builds, &o->build_count, modules, size);
        } else {
            (void)path_add(o->modules, &o->module_count, modules, size);
        }
        modules += size + (modules[size] == '|');
    }
}

static bool take_flag(const char *word) {
    const struct {
        const char *word;
        bool *flag;
    } flags[] = {{"--faults", &runner.options.faults},
                 {"--log", &runner.options.log},
                 {"--trace", &runner.options.trace},
                 {"--list", &runner.list}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(word, flags[i].word) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool take_number(const char *text, uint64_t *number) {
    char *end = NULL;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *number > 0;
}

/* An option and its value. */
static bool take_value(const char *word, const char *value) {
    testing_options *o = &runner.options;
    uint64_t number = 0;
    if (strcmp(word, "--seed") == 0 || strcmp(word, "--seeds") == 0) {
        bool all = word[6] == 's';
        bool fine = take_number(value, &number) && (!all || number <= UINT32_MAX);
        if (all) {
            o->seeds = (uint32_t)number;
        } else {
            o->seed = number;
        }
        return fine;
    }
    runner.libraries = true;
    if (strcmp(word, "--module") == 0) {
        if (o->module_count > 0) {
            (void)snprintf(o->modules[0], TESTING_PATH_BYTES, "%s", value);
            return true;
        }
        return path_add(o->modules, &o->module_count, value, strlen(value));
    }
    if (strcmp(word, "--with") == 0) {
        return o->module_count > 0 && path_add(o->modules, &o->module_count, value, strlen(value));
    }
    return strcmp(word, "--build") == 0 &&
           path_add(o->builds, &o->build_count, value, strlen(value));
}

/* Returns an exit code; 0: go on. */
static int take_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--apart") == 0 && i + 2 < argc) {
            runner.apart = argv[++i];
            if (!take_number(argv[++i], &runner.apart_seed)) {
                return usage("not a seed", argv[i]);
            }
        } else if (word[0] != '-') {
            if (runner.name_count == NAMES_MAX) {
                return usage("too many names, at", word);
            }
            runner.names[runner.name_count++] = word;
        } else if (!take_flag(word) && (i + 1 == argc || !take_value(word, argv[++i]))) {
            return usage("not understood", argv[i]);
        }
    }
    return 0;
}

static const portico_test_case *test_find(const char *name) {
    for (const portico_test_case *c = runner.tests; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static bool is_chosen(const char *name) {
    bool chosen = runner.name_count == 0;
    for (uint32_t i = 0; i < runner.name_count; i++) {
        chosen = chosen || strcmp(runner.names[i], name) == 0;
    }
    return chosen;
}

/* The command that repeats a run. The program knows the libraries that CMake has named. */
static void again_write(portico_test *t) {
    const testing_options *o = &runner.options;
    uint32_t modules = runner.libraries ? o->module_count : 0;
    uint32_t builds = runner.libraries ? o->build_count : 0;
    size_t used =
        (size_t)snprintf(t->again, sizeof t->again, "%s %s --seed %" PRIu64 "%s", runner.program,
                         t->test->name, t->seed, o->faults ? " --faults" : "");
    for (uint32_t i = 0; i < modules && used < sizeof t->again; i++) {
        used += (size_t)snprintf(t->again + used, sizeof t->again - used, " %s %s",
                                 i == 0 ? "--module" : "--with", o->modules[i]);
    }
    for (uint32_t i = 0; i < builds && used < sizeof t->again; i++) {
        used +=
            (size_t)snprintf(t->again + used, sizeof t->again - used, " --build %s", o->builds[i]);
    }
}

static void run_prepare(portico_test *t, const portico_test_case *test, uint64_t seed) {
    memset(t, 0, sizeof *t);
    t->options = &runner.options;
    t->test = test;
    t->seed = seed;
    again_write(t);
}

static portico_test run; /* of this process */

/* Runs a test for its seeds until it fails. */
static bool test_run(const portico_test_case *test) {
    const testing_options *o = &runner.options;
    uint64_t first = o->seed != 0 ? o->seed : 1;
    uint32_t count = o->seed != 0 ? 1 : o->seeds;
    uint32_t faulted = 0;
    uint64_t began_ms = real_wall_ms();
    for (uint32_t i = 0; i < count; i++) {
        run_prepare(&run, test, first + i);
        testing_end end = testing_run_apart(&run);
        faulted += end == TESTING_FAULTED;
        if (end == TESTING_FAILED) {
            return false;
        }
    }
    printf("passed %s, %u ms", test->name, (unsigned)(real_wall_ms() - began_ms));
    if (count > 1) {
        printf(" for %u seeds", (unsigned)count);
    }
    if (faulted > 0) {
        printf(", of which %u ended early after a fault", (unsigned)faulted);
    }
    printf("\n");
    fflush(stdout);
    return true;
}

static int run_here(const char *name, uint64_t seed) {
    run_prepare(&run, test_find(name), seed);
    run.apart = runner.apart != NULL;
    testing_run(&run);
    if (!run.apart) {
        printf("passed %s, seed %" PRIu64 "\n", name, seed);
    }
    fflush(NULL);
    return 0;
}

static int run_all(void) {
    uint32_t failed = 0;
    uint32_t count = 0;
    for (const portico_test_case *c = runner.tests; c->name != NULL; c++) {
        if (is_chosen(c->name)) {
            count++;
            failed += !test_run(c);
        }
    }
    if (failed > 0) {
        printf("%u of %u tests failed\n", (unsigned)failed, (unsigned)count);
    }
    return failed > 0 ? 1 : 0;
}

int portico_test_run(int argc, char **argv, const portico_test_case *tests, const char *modules) {
    if (real_init(&argc, &argv) != PORTICO_OK) {
        fprintf(stderr, "the system cannot be initialised\n");
        return 2;
    }
    runner.program = argc > 0 ? argv[0] : "test";
    runner.tests = tests;
    runner.options.seeds = 1;
    take_modules(modules);
    int code = take_arguments(argc, argv);
    if (code != 0) {
        return code;
    }
    for (uint32_t i = 0; i < runner.name_count; i++) {
        if (test_find(runner.names[i]) == NULL) {
            return usage("no test has that name", runner.names[i]);
        }
    }
    if (runner.apart != NULL) {
        return test_find(runner.apart) != NULL ? run_here(runner.apart, runner.apart_seed) : 2;
    }
    if (runner.list) {
        for (const portico_test_case *c = tests; c->name != NULL; c++) {
            puts(c->name);
        }
        return 0;
    }
    return runner.name_count == 1 && runner.options.seed != 0
               ? run_here(runner.names[0], runner.options.seed)
               : run_all();
}
