/* usage.c: memory, processor time and descriptors of the process. Any thread.
 *
 * What tells them is opened at the start, because a process that is out of descriptors is one whose
 * figures matter.
 */
#include "usage.h"

#include "os/os.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct {
    int memory;       /* /proc/self/statm */
    DIR *descriptors; /* /proc/self/fd; NULL: it could not be opened */
    os_mutex lock;    /* a leaf: held while the folder is read */
} usage_of = {.memory = -1};

void usage_open(void) {
    usage_of.memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    usage_of.descriptors = opendir("/proc/self/fd");
}

static uint64_t resident_bytes(void) {
    char text[128];
    ssize_t size = pread(usage_of.memory, text, sizeof text - 1, 0);
    char *end = text;
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    (void)strtoull(text, &end, 10); /* the address space */
    return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint32_t descriptor_count(void) {
    uint32_t count = 0;
    if (usage_of.descriptors == NULL) {
        return 0;
    }
    os_mutex_lock(&usage_of.lock);
    rewinddir(usage_of.descriptors);
    for (const struct dirent *entry; (entry = readdir(usage_of.descriptors)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    os_mutex_unlock(&usage_of.lock);
    return count;
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
