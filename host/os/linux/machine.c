/* machine.c: see os/machine.h. */
#include "os/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The limit of the container or service; 0: none. Its own group is at the top of what it sees. */
static uint64_t group_limit(void) {
    uint64_t limit = 0;
    FILE *file = fopen("/sys/fs/cgroup/memory.max", "re");
    if (file != NULL) {
        if (fscanf(file, "%" SCNu64, &limit) != 1) {
            limit = 0; /* "max" */
        }
        (void)fclose(file);
    }
    return limit;
}

static uint64_t memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    uint64_t physical = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    uint64_t group = group_limit();
    return group != 0 && (physical == 0 || group < physical) ? group : physical;
}

void os_machine_look(os_machine *machine) {
    struct rlimit limit;
    *machine = (os_machine){.memory_bytes = memory()};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        machine->handles = limit.rlim_cur;
    }
}
