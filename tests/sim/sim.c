/* sim.c: runs a scenario with one seed in this process.
 *
 *     test-sim                                   lists the scenarios
 *     test-sim SCENARIO SEED [KEY=VALUE ...]     runs one; prints its figures
 *
 * The seed decides how the simulated system behaves; KEY=VALUE changes one choice (options.c). */
#include "sim/options.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdlib.h>
#include <string.h>

static const scenario *running;
static sim_options options;

static const scenario *scenario_find(const char *name) {
    for (const scenario *s = scenarios; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

void world_passed(void) {
    sim_figures f;
    sim_look(&f);
    printf("%s seed %llu: hash %016llx, %llu calls, %llu switches, %llu ms, %llu faults at %llu "
           "points\n",
           running->name, (unsigned long long)options.seed, (unsigned long long)f.hash,
           (unsigned long long)f.calls, (unsigned long long)f.switches,
           (unsigned long long)f.now_ns / 1000000, (unsigned long long)f.faults,
           (unsigned long long)f.fault_points);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        for (const scenario *s = scenarios; s->name != NULL; s++) {
            puts(s->name);
        }
        return 0;
    }
    const scenario *s = scenario_find(argv[1]);
    if (s == NULL || argc < 3) {
        fprintf(stderr,
                "usage: %s SCENARIO SEED [KEY=VALUE ...]; without arguments, it lists the "
                "scenarios\n",
                argv[0]);
        return 2;
    }
    options_from_seed(&options, strtoull(argv[2], NULL, 10));
    for (int i = 3; i < argc; i++) {
        if (!options_set(&options, argv[i])) {
            return 2;
        }
    }
    sim_begin(&options);
    running = s;
    s->run();
    world_passed();
    return 0;
}
