/* usage.c: memory, processor time and descriptors of the process. Any thread. */
#include "os/os.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

static uint64_t resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    unsigned long long pages = 0;
    if (fscanf(file, "%*u %llu", &pages) != 1) {
        pages = 0;
    }
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint32_t descriptor_count(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        struct rlimit limit;
        bool all = errno == EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0;
        return all ? (uint32_t)limit.rlim_cur : 0;
    }
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(folder);
    return count - 1; /* without the folder's own descriptor */
}

static uint64_t timeval_ns(const struct timeval *t) {
    return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

void os_process_usage(os_usage *usage) {
    *usage = (os_usage){.memory_bytes = resident_bytes(), .handles = descriptor_count()};
    struct rusage times;
    if (getrusage(RUSAGE_SELF, &times) == 0) {
        usage->cpu_ns = timeval_ns(&times.ru_utime) + timeval_ns(&times.ru_stime);
    }
}

void os_memory_trim(void) {
    malloc_trim(0);
}
