/* pages.h: three pages of memory: one that may be written, one that is missing, one that may only
 * be read. Header only; test modules include it, too. */
#ifndef TEST_PAGES_H
#define TEST_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

typedef struct pages {
    uint8_t *first; /* all bytes are 'x' */
    uint8_t *missing;
    uint8_t *constant; /* all bytes are 'x' */
    size_t bytes;      /* of one page */
} pages;

/* Never freed. False: the system has none. */
static inline bool pages_map(pages *p) {
#if defined(_WIN32)
    SYSTEM_INFO system;
    DWORD old = 0;
    GetSystemInfo(&system);
    p->bytes = system.dwPageSize;
    p->first = VirtualAlloc(NULL, 3 * p->bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (p->first == NULL) {
        return false;
    }
#else
    void *all = NULL;
    p->bytes = (size_t)sysconf(_SC_PAGESIZE);
    /* cppcheck-suppress invalidFunctionArg // -1 is right for MAP_ANONYMOUS */
    all = mmap(NULL, 3 * p->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) {
        return false;
    }
    p->first = all;
#endif
    memset(p->first, 'x', 3 * p->bytes);
    p->missing = p->first + p->bytes;
    p->constant = p->missing + p->bytes;
#if defined(_WIN32)
    return VirtualProtect(p->missing, p->bytes, PAGE_NOACCESS, &old) != 0 &&
           VirtualProtect(p->constant, p->bytes, PAGE_READONLY, &old) != 0;
#else
    return mprotect(p->missing, p->bytes, PROT_NONE) == 0 &&
           mprotect(p->constant, p->bytes, PROT_READ) == 0;
#endif
}

#endif
