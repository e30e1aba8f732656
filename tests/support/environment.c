/* environment.c: see environment.h. */
#include "support/environment.h"

#include <stdio.h>
#include <stdlib.h>

const char *environment(const char *name) {
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        fprintf(stderr, "the environment variable %s is not set; run this test through ctest\n",
                name);
        exit(1);
    }
    return value;
}
