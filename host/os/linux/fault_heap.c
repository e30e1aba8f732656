/* fault_heap.c: counts the calls of the allocator that a thread is in. A fault there leaves the
 * heap locked or half changed, so no guard may contain it.
 *
 * These definitions are the executable's, so every library of the process uses them. Sanitizers
 * have their own; the simulation's threads take what the C library has. Any thread.
 */
#include "guard.h"

_Thread_local uint32_t heap_depth;

#if defined(__GLIBC__) && !defined(PORTICO_SANITIZED) && !defined(PORTICO_GUARD_NO_HEAP)

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

/* Names for the C library's own allocator that it exports for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void __libc_free(void *block);

EXPORTED void *malloc(size_t size) {
    heap_depth++;
    void *block = __libc_malloc(size);
    heap_depth--;
    return block;
}

EXPORTED void *calloc(size_t count, size_t size) {
    heap_depth++;
    void *block = __libc_calloc(count, size);
    heap_depth--;
    return block;
}

EXPORTED void *realloc(void *block, size_t size) {
    heap_depth++;
    void *moved = __libc_realloc(block, size);
    heap_depth--;
    return moved;
}

EXPORTED void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, bytes);
}

EXPORTED void free(void *block) {
    heap_depth++;
    __libc_free(block);
    heap_depth--;
}

EXPORTED void *memalign(size_t alignment, size_t size) {
    heap_depth++;
    void *block = __libc_memalign(alignment, size);
    heap_depth--;
    return block;
}

static bool is_power_of_two(size_t number) {
    return number != 0 && (number & (number - 1)) == 0;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return memalign(alignment, size);
}

EXPORTED int posix_memalign(void **result, size_t alignment, size_t size) {
    if (!is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    int kept = errno;
    void *block = memalign(alignment, size);
    errno = kept;
    if (block == NULL) {
        return ENOMEM;
    }
    *result = block;
    return 0;
}

EXPORTED void *valloc(size_t size) {
    heap_depth++;
    void *block = __libc_valloc(size);
    heap_depth--;
    return block;
}

EXPORTED void *pvalloc(size_t size) {
    heap_depth++;
    void *block = __libc_pvalloc(size);
    heap_depth--;
    return block;
}

#endif
