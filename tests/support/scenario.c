/* scenario.c: see scenario.h. */
#include "support/scenario.h"

#include <stdio.h>
#include <string.h>

static int argument_count;
static char **arguments;

const char *scenario_argument(int index) {
    return index < argument_count ? arguments[index] : NULL;
}

int scenario_main(int argc, char **argv) {
    if (argc < 2) {
        for (const scenario *s = scenarios; s->name != NULL; s++) {
            puts(s->name);
        }
        return 0;
    }
    argument_count = argc - 2;
    arguments = argv + 2;
    for (const scenario *s = scenarios; s->name != NULL; s++) {
        if (strcmp(s->name, argv[1]) == 0) {
            s->run();
            return 0;
        }
    }
    fprintf(stderr, "no scenario is named %s; without arguments, %s lists them\n", argv[1],
            argv[0]);
    return 2;
}
