/* count_allocations.c: preloaded into a server, counts its calls of the C library's allocator in a
 * file that others can map. glibc only: its functions have second names, so no lookup is needed,
 * which would allocate. Any thread.
 *
 *   COUNT_ALLOCATIONS=FILE LD_PRELOAD=count_allocations.so SERVER
 *
 * FILE holds a uint64 and is created if missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *at, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

PUBLIC void *memalign(size_t alignment, size_t size);

static _Atomic uint64_t before; /* calls before the file was mapped: not counted */
static _Atomic uint64_t *counter = &before;

__attribute__((constructor)) static void map_counter(void) {
    const char *file = getenv("COUNT_ALLOCATIONS");
    int fd = file != NULL ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof *counter) != 0) {
        _exit(126);
    }
    void *at = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        _exit(126);
    }
    (void)close(fd);
    counter = at;
}

static void count(void) {
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

PUBLIC void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

PUBLIC void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

PUBLIC void *realloc(void *at, size_t size) {
    count();
    return __libc_realloc(at, size);
}

PUBLIC void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

PUBLIC int posix_memalign(void **at, size_t alignment, size_t size) {
    count();
    void *made = __libc_memalign(alignment, size);
    if (made == NULL) {
        return ENOMEM;
    }
    *at = made;
    return 0;
}
