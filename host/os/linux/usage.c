/* usage.c: memory, processor time and descriptors of the process. Any thread.
 *
 * The files of /proc are opened at the start: when a process is out of descriptors, its figures
 * matter most.
 */
#include "usage.h"

#include "os/os.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    int memory;      /* /proc/self/statm */
    int descriptors; /* /proc/self/fd */
    os_mutex lock;   /* a leaf: held while the folder is read */
} usage_of = {.memory = -1, .descriptors = -1};

void usage_open(void) {
    usage_of.memory = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    usage_of.descriptors = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

/* The beginning of an entry of a folder, as getdents64(2) has it. */
typedef struct folder_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t size; /* of the whole entry */
    uint8_t type;
    char name[];
} folder_entry;

/* Not by readdir: it needs memory, which a child that ends at once would not give back. */
static uint32_t descriptors_list(void) {
    _Alignas(folder_entry) char entries[4096];
    uint32_t count = 0;
    os_mutex_lock(&usage_of.lock);
    (void)lseek(usage_of.descriptors, 0, SEEK_SET);
    for (long size;
         (size = syscall(SYS_getdents64, usage_of.descriptors, entries, sizeof entries)) > 0;) {
        for (long at = 0; at < size;) {
            const folder_entry *e = (const folder_entry *)(const void *)(entries + at);
            count += e->name[0] != '.';
            at += e->size;
        }
    }
    os_mutex_unlock(&usage_of.lock);
    return count;
}

/* Since Linux 6.2 the folder's size is the number of its entries. To list them takes 8 ms when
 * there are 10,000. */
static uint32_t descriptor_count(void) {
    struct stat folder;
    bool counted = fstat(usage_of.descriptors, &folder) == 0 && folder.st_size > 0;
    return counted ? (uint32_t)folder.st_size : descriptors_list();
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

void os_heap_look(os_heap *heap) {
    *heap = (os_heap){0};
#if !defined(PORTICO_SANITIZED) /* a sanitizer has heaps of its own */
    struct mallinfo2 all = mallinfo2();
    heap->allocated_bytes = all.uordblks + all.hblkhd;
    heap->kept_bytes = all.fordblks;
#endif
}

void os_memory_trim(void) {
    malloc_trim(0);
}
