/* usage.c: memory, processor time and handles of the process. Any thread. */
#include "private.h"

#include <malloc.h>
#include <psapi.h>
#include <stdlib.h>

/* Wine's GetProcessHandleCount always returns 0. Asking for its list of all handles
 * (SystemHandleInformation) can end its server, and with it every running program, because a
 * process that is just starting has a broken table (seen with Wine 8.0 in enumerate_handles). So
 * this tries every number that can be a handle until many in a row are none: Wine assigns the
 * lowest free one. Each try costs a round trip to Wine's server, so a call makes TRIES of them and
 * the next call continues: until then the figure is that of the last whole count. */
enum { STEP = 4, HANDLES_MAX = 1 << 18, GAP_MAX = 256, TRIES = 512 };

static struct {
    os_mutex lock;  /* a leaf, but for what Wine locks */
    uint32_t whole; /* the last whole count */
    uint32_t last;  /* number that was tried; 0: a count begins */
    uint32_t count; /* of the open ones up to it */
    uint32_t gap;   /* how many in a row were none */
} wine;

/* Continues the count. True: it has ended, and the next one begins. */
static bool wine_count_locked(void) {
    for (uint32_t i = 0; i < TRIES && wine.gap < GAP_MAX && wine.last < HANDLES_MAX; i++) {
        DWORD flags = 0;
        wine.last++;
        bool open = GetHandleInformation((HANDLE)((uintptr_t)wine.last * STEP), &flags) != 0;
        wine.count += open ? 1 : 0;
        wine.gap = open ? 0 : wine.gap + 1;
    }
    bool ended = wine.gap == GAP_MAX || wine.last == HANDLES_MAX;
    if (ended || wine.count > wine.whole) {
        wine.whole = wine.count;
    }
    if (ended) {
        wine.last = 0;
        wine.count = 0;
        wine.gap = 0;
    }
    return ended;
}

/* The figure of a process with few handles is always new: a count that earlier calls began is not
 * what a call ends with. */
static uint32_t wine_handles(void) {
    os_mutex_lock(&wine.lock);
    bool continues = wine.last != 0;
    if (wine_count_locked() && continues) {
        (void)wine_count_locked();
    }
    uint32_t handles = wine.whole;
    os_mutex_unlock(&wine.lock);
    return handles;
}

void os_process_usage(os_usage *usage) {
    *usage = (os_usage){0};
    HANDLE process = GetCurrentProcess();
    PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof memory};
    if (K32GetProcessMemoryInfo(process, &memory, sizeof memory)) {
        usage->memory_bytes = memory.WorkingSetSize;
    }
    FILETIME created, ended, kernel, user;
    if (GetProcessTimes(process, &created, &ended, &kernel, &user)) {
        usage->cpu_ns = win_ns_of(kernel) + win_ns_of(user);
    }
    DWORD handles = 0;
    if (GetProcessHandleCount(process, &handles)) {
        usage->handles = handles;
    }
    if (usage->handles == 0 && win_is_wine()) {
        usage->handles = wine_handles();
    }
}

static void look(HANDLE handle, os_heap *heap) {
    enum { NO_BLOCK = PROCESS_HEAP_REGION | PROCESS_HEAP_UNCOMMITTED_RANGE };
    PROCESS_HEAP_ENTRY entry = {0};
    if (!HeapLock(handle)) {
        return;
    }
    while (HeapWalk(handle, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
            heap->allocated_bytes += entry.cbData;
        } else if ((entry.wFlags & NO_BLOCK) == 0) {
            heap->kept_bytes += entry.cbData;
        }
    }
    HeapUnlock(handle);
}

/* The heaps of the process and of the C library, which may be the same. Not those of others, which
 * may end. */
void os_heap_look(os_heap *heap) {
    HANDLE process = GetProcessHeap();
    HANDLE library = (HANDLE)_get_heap_handle();
    *heap = (os_heap){0};
    look(process, heap);
    if (library != process) {
        look(library, heap);
    }
}

void os_memory_trim(void) {
    /* The process heap returns large blocks on its own; small ones it can only merge. */
    HeapCompact(GetProcessHeap(), 0);
}
