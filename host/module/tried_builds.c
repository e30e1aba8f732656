/* tried_builds.c: see tried_builds.h. */
#include "module/tried_builds.h"

enum { BUILDS_MAX = 64 };

typedef struct tried_build {
    uint64_t size; /* 0: none */
    uint64_t hash;
} tried_build;

static tried_build builds[BUILDS_MAX];
static uint32_t next; /* the one that is replaced next */

bool tried_builds_have(const image_copy *copy) {
    for (int i = 0; i < BUILDS_MAX; i++) {
        if (builds[i].size == copy->size && builds[i].hash == copy->hash) {
            return copy->size > 0;
        }
    }
    return false;
}

void tried_builds_add(const image_copy *copy, const os_library *library) {
    if (!tried_builds_have(copy) && !os_library_brought(library)) {
        builds[next++ % BUILDS_MAX] = (tried_build){copy->size, copy->hash};
    }
}
