/* failure.c: see failure.h. */
#include "sim/failure.h"

#include "os/sim/real.h"
#include "sim/shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_BYTES = 1024 };

static struct {
    char folder[PATH_BYTES];
    uint32_t shrink_s;
} failures;

void failures_begin(const char *folder, uint32_t shrink_s) {
    failures.shrink_s = shrink_s;
    snprintf(failures.folder, sizeof failures.folder, "%s/%" PRIu64, folder, (uint64_t)time(NULL));
}

static void print_run(FILE *file, const run_spec *spec) {
    fprintf(file, "%s %" PRIu64 "%s%s", spec->scenario->name, spec->seed,
            spec->options[0] != '\0' ? " " : "", spec->options);
}

static void print_figures(FILE *file, const run_result *r) {
    fprintf(file,
            "%" PRIu64 " calls, %" PRIu64 " switches, %" PRIu64 " ms, %" PRIu64
            " faults at %" PRIu64 " points",
            r->figures.calls, r->figures.switches, r->figures.now_ns / 1000000, r->figures.faults,
            r->figures.fault_points);
}

void failure_print_commands(FILE *file, const run_spec *spec) {
    const char *test = run_executable();
    fprintf(file, "  again  %s ", test);
    print_run(file, spec);
    fprintf(file, "\n  trace  %s ", test);
    print_run(file, spec);
    fprintf(file, " trace=1\n  gdb    gdb -ex 'set print thread-events off' -ex run --args %s ",
            test);
    print_run(file, spec);
    fprintf(file, "\n");
}

/* The name tells apart what has failed: FNV-1a of its words. */
static void path_of(char path[2 * PATH_BYTES], const run_spec *spec, const run_result *result) {
    uint32_t hash = 2166136261u;
    for (const char *c = result->failure; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    snprintf(path, (size_t)2 * PATH_BYTES, "%s/%s-%08" PRIx32 ".txt", failures.folder,
             spec->scenario->name, hash);
}

static void shrink_and_report(FILE *kept, const run_spec *spec, const run_result *result) {
    run_spec smallest = *spec;
    run_result end = *result;
    if (failures.shrink_s > 0) {
        shrink(spec, result, failures.shrink_s, &smallest, &end);
    }
    FILE *const files[] = {kept, stdout};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        fprintf(files[i], "shrunk: ");
        print_run(files[i], &smallest);
        fprintf(files[i], "\n  which has ");
        print_figures(files[i], &end);
        fprintf(files[i], ", of ");
        print_figures(files[i], result);
        fprintf(files[i], "\n");
        failure_print_commands(files[i], &smallest);
        fflush(files[i]);
    }
}

void failure_found(const run_spec *spec, const run_result *result) {
    char path[2 * PATH_BYTES];
    (void)real_folder_create(failures.folder);
    path_of(path, spec, result);
    FILE *kept = real_fopen(path, "wbx");
    bool first = kept != NULL;
    if (!first) {
        kept = real_fopen(path, "ab");
    }
    if (kept == NULL) {
        fprintf(stderr, "%s cannot be written\n", path);
        return;
    }
    if (first) {
        fprintf(kept, "%s: %s\n", spec->scenario->name, result->failure);
    }
    fprintf(kept, "found: ");
    print_run(kept, spec);
    fprintf(kept, "\n");
    if (first) {
        fprintf(kept, "---- its output\n%s----\n", run_output());
        printf("\nFAILED %s: %s\n%sfound:  ", spec->scenario->name, result->failure, run_output());
        print_run(stdout, spec);
        printf("\n");
        fflush(NULL);
        shrink_and_report(kept, spec, result);
        printf("  kept in %s\n", path);
        fflush(stdout);
    }
    fclose(kept);
}
