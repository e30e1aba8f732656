/* faulty_kinds.h: performs each kind of fault of faulty.h on the calling thread. For test modules;
 * header only. The compiler must not see what is wrong: every bad value goes through a volatile. */
#ifndef TEST_FAULTY_KINDS_H
#define TEST_FAULTY_KINDS_H

#include "faulty.h"
#include "system.h"

#include <portico/portico.h>

#undef NDEBUG
#include <assert.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(_WIN32)
#include <malloc.h>
#include <process.h>
#else
#include <alloca.h>
#include <unistd.h>
#endif

/* The last session that a handler was called for, as the subject of calls of the host. */
static _Atomic uint64_t faulty_session;

static volatile uintptr_t faulty_offset; /* 0 */
enum { FAULTY_SIZE = 100, FAULTY_JOB = 5, FAULTY_BLOCK = 16 << 20, FAULTY_PAGE = 4096 };
static const int faulty_constant[4] = {1, 2, 3, 4};
static char faulty_block[FAULTY_SIZE];

static const uintptr_t faulty_wild = (uintptr_t)0x123456789000u;

static void *faulty_at(uintptr_t address) {
    return (void *)(address + faulty_offset); /* NOLINT(performance-no-int-to-ptr) */
}

static void *faulty_bad(void) {
    return faulty_at(faulty_wild);
}

/* ---- memory and arithmetic ----------------------------------------------------------------- */

static void faulty_read(uintptr_t address) {
    (void)*(volatile int *)faulty_at(address);
}

static void faulty_write(uintptr_t address) {
    *(volatile int *)faulty_at(address) = 1;
}

static void faulty_jump(uintptr_t address) {
    void (*volatile there)(void);
    void *at = faulty_at(address);
    memcpy((void *)&there, (void *)&at, sizeof at);
    there();
}

static void faulty_execute_data(void) {
    static uint8_t code[16] = {0xc3, 0xc3, 0xc3, 0xc3}; /* returns, were it allowed to */
    faulty_jump((uintptr_t)code);
}

static void faulty_divide(int dividend, int divisor) {
#if defined(__x86_64__)
    int quotient = dividend;
    int rest = dividend < 0 ? -1 : 0;
    __asm__ volatile("idivl %2" : "+a"(quotient), "+d"(rest) : "r"(divisor) : "cc");
#else
    (void)dividend, (void)divisor; /* no trap */
#endif
}

static void faulty_instruction(uint32_t kind) {
#if defined(__x86_64__)
    switch (kind) {
    case FAULTY_UD2: __asm__ volatile("ud2"); break;
    case FAULTY_INT3: __asm__ volatile("int3"); break;
    default: __asm__ volatile("hlt"); break;
    }
#elif defined(__aarch64__)
    switch (kind) {
    case FAULTY_UD2: __asm__ volatile("udf #0"); break;
    case FAULTY_INT3: __asm__ volatile("brk #0"); break;
    default: __asm__ volatile("msr sctlr_el1, x0"); break;
    }
#else
    (void)kind;
#endif
}

/* ---- the stack ----------------------------------------------------------------------------- */

__attribute__((noinline)) static uint32_t faulty_recurse(uint32_t depth) {
    volatile uint8_t frame[256];
    frame[depth % sizeof frame] = (uint8_t)depth;
    if (faulty_offset != 0) {
        return depth;
    }
    return faulty_recurse(depth + 1) + frame[depth % sizeof frame];
}

/* From the top, like a compiler that probes the stack. */
__attribute__((noinline)) static void faulty_alloca(void) {
    volatile size_t size = FAULTY_BLOCK;
    volatile uint8_t *block = alloca(size); /* cppcheck-suppress allocaCalled */
    for (size_t at = size; at >= FAULTY_PAGE; at -= FAULTY_PAGE) {
        block[at - FAULTY_PAGE] = 1;
    }
}

__attribute__((noinline)) static void faulty_smash(void) {
    char buffer[16] = "";
    volatile size_t size = sizeof buffer + 48;
    volatile char *volatile at = buffer;
    for (volatile size_t i = 0; i < size; i++) {
        at[i] = 'A';
    }
}

/* ---- libraries ----------------------------------------------------------------------------- */

static int faulty_compare(const void *a, const void *b) {
    faulty_read(0);
    return *(const int *)a - *(const int *)b;
}

static int faulty_compare_well(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static void faulty_library(uint32_t kind) {
    static char *volatile there = faulty_block;
    int numbers[] = {3, 1, 2};
    volatile size_t size = FAULTY_SIZE;
    switch (kind) {
    case FAULTY_MEMCPY: memcpy(there, faulty_bad(), size); break;
    case FAULTY_MEMCPY_TO: memcpy(faulty_bad(), there, size); break;
    case FAULTY_STRLEN: size = strlen(faulty_bad()); break;
    case FAULTY_QSORT_CALLBACK: qsort(numbers, 3, sizeof numbers[0], faulty_compare); break;
    case FAULTY_QSORT_BASE: qsort(faulty_bad(), FAULTY_SIZE, 4, faulty_compare_well); break;
    default: (void)snprintf(there, size, "%s", (const char *)faulty_bad()); break;
    }
}

#if defined(__GLIBC__)
extern void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
#endif

static void faulty_fortify(void) {
    char small[8] = "";
    char large[64] = "";
    char *volatile to = small;
    const char *volatile from = large;
    volatile size_t size = sizeof large;
#if defined(__GLIBC__)
    (void)__memcpy_chk(to, from, size, sizeof small);
#else
    (void)to, (void)from, (void)size; /* has none */
#endif
}

/* Writes into a freed block, where the C library keeps the list of such blocks. */
static void faulty_use_freed(void) {
    enum { BYTES = 24 };
    char *volatile blocks[] = {malloc(BYTES), malloc(BYTES)};
    char *volatile more[4];
    volatile uintptr_t *volatile list = (volatile uintptr_t *)(void *)blocks[1];
    if (blocks[0] == NULL || blocks[1] == NULL) {
        return;
    }
    free(blocks[0]);
    free(blocks[1]);
    *list ^= 1; /* glibc: the next block of the list is at an odd address */
    for (int i = 0; i < 4; i++) {
        more[i] = malloc(BYTES);
    }
    for (int i = 0; i < 4; i++) {
        free(more[i]);
    }
}

static void faulty_heap(uint32_t kind) {
    char *volatile block = malloc(24);
    if (kind == FAULTY_WILD_FREE) {
        free(faulty_bad());
    } else if (kind == FAULTY_DOUBLE_FREE) {
        free(block);
        free(block); /* cppcheck-suppress doubleFree */
    } else {
        faulty_use_freed();
    }
}

/* ---- ends ---------------------------------------------------------------------------------- */

static void faulty_end(uint32_t kind) {
    volatile int truth = 0;
    switch (kind) {
    case FAULTY_ABORT: abort(); break;
    case FAULTY_ASSERT: assert(truth == 1); break;
    case FAULTY_EXIT: exit(0); break;
    case FAULTY_EXIT_NOW: _exit(0); break;
#if defined(_WIN32)
    case FAULTY_QUICK_EXIT: ExitProcess(0); break;
    default: ExitThread(0); break;
#else
    case FAULTY_QUICK_EXIT: quick_exit(0); break;
    default: pthread_exit(NULL); break;
#endif
    }
}

static system_thread_result SYSTEM_THREAD_CALL faulty_thread(void *arg) {
    switch ((uint32_t)(uintptr_t)arg) {
    case FAULTY_THREAD_NULL: faulty_read(0); break;
    case FAULTY_THREAD_ABORT: abort(); break;
    default: exit(0); break;
    }
    return 0;
}

/* The caller is still in its handler when the thread faults. */
static void faulty_own_thread(uint32_t kind) {
    system_thread thread;
    if (system_thread_start(&thread, faulty_thread, faulty_at(kind))) {
        system_thread_join(thread);
    }
}

static void faulty_signal(uint32_t kind) {
#if !defined(_WIN32)
    if (kind == FAULTY_BLOCKED) {
        sigset_t set;
        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGSEGV);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
#endif
    if (kind == FAULTY_BLOCKED) {
        faulty_read(0);
    } else {
        (void)raise(SIGSEGV);
    }
}

static void faulty_hang(uint32_t kind) {
    volatile uint32_t rounds = 0;
    while (faulty_offset == 0) {
        rounds = rounds + 1;
        if (kind == FAULTY_SLEEP) {
            system_sleep_ms(3600000);
        }
    }
}

/* ---- the host ------------------------------------------------------------------------------ */

static void faulty_host_entity(uint32_t kind) {
    portico_entity me = portico->self();
    portico_session session = {atomic_load(&faulty_session)};
    switch (kind) {
    case FAULTY_HOST_SEND:
        (void)portico->session_send(session, FAULTY_FILLER, faulty_bad(), FAULTY_SIZE);
        break;
    case FAULTY_HOST_LOG: portico->log(PORTICO_LOG_INFO, faulty_bad()); break;
    case FAULTY_HOST_POST: (void)portico->post(me, 1, faulty_bad(), FAULTY_SIZE); break;
    case FAULTY_HOST_REQUEST:
        (void)portico->request(me, 1, faulty_bad(), FAULTY_SIZE, 1, 1000, NULL);
        break;
    case FAULTY_HOST_JOB: (void)portico->run_job(FAULTY_JOB, faulty_bad(), FAULTY_SIZE, me); break;
    case FAULTY_HOST_INFO: (void)portico->session_info(session, faulty_bad()); break;
    case FAULTY_HOST_LABEL: (void)portico->session_set_label(session, faulty_bad()); break;
    default: (void)portico->session_label(session, faulty_bad()); break;
    }
}

static void faulty_host_name(uint32_t kind) {
    char path[256];
    portico_room room = {0};
    portico_session session = {atomic_load(&faulty_session)};
    switch (kind) {
    case FAULTY_HOST_DATA_PATH: (void)portico->data_path(faulty_bad(), path, sizeof path); break;
    case FAULTY_HOST_DATA_PATH_TO: (void)portico->data_path("file", faulty_bad(), 256); break;
    case FAULTY_HOST_ROOM_CREATE:
        (void)portico->room_create("faulty.hall", faulty_bad(), NULL, 0, &room);
        break;
    case FAULTY_HOST_ROOM_DATA:
        (void)portico->room_create("faulty.hall", "of_bad_data", faulty_bad(), FAULTY_SIZE, &room);
        break;
    case FAULTY_HOST_ROOM_TO:
        (void)portico->room_create("faulty.hall", "of_bad_room", NULL, 0, faulty_bad());
        break;
    case FAULTY_HOST_LIST:
        (void)portico->session_list("faulty.session", faulty_bad(), FAULTY_SIZE);
        break;
    default: (void)portico->channel_join(faulty_bad(), session); break;
    }
}

/* ---- all of them --------------------------------------------------------------------------- */

#if defined(FAULTY_WITH_CPP)
void faulty_cpp(uint32_t kind);
#else
static void faulty_cpp(uint32_t kind) {
    (void)kind; /* there is no compiler for it */
}
#endif

static void faulty_memory(uint32_t kind) {
    switch (kind) {
    case FAULTY_NULL_READ: faulty_read(0); break;
    case FAULTY_NULL_WRITE: faulty_write(0); break;
    case FAULTY_WILD: faulty_read(faulty_wild); break;
    case FAULTY_NON_CANONICAL: faulty_read((uintptr_t)0x8000000000001000u); break;
    case FAULTY_READ_ONLY: faulty_write((uintptr_t)&faulty_constant[1]); break;
    case FAULTY_EXECUTE_DATA: faulty_execute_data(); break;
    default: faulty_jump(0); break;
    }
}

static void faulty_processor(uint32_t kind) {
    switch (kind) {
    case FAULTY_DIVIDE: faulty_divide(1, (int)faulty_offset); break;
    case FAULTY_DIVIDE_MIN: faulty_divide(INT_MIN, -1); break;
    case FAULTY_RECURSION: (void)faulty_recurse(1); break;
    case FAULTY_ALLOCA: faulty_alloca(); break;
    default: faulty_instruction(kind); break;
    }
}

/* Returns if this system has no such fault, or does not notice it. */
static void faulty_do(uint32_t kind) {
    if (kind >= FAULTY_NULL_READ && kind <= FAULTY_JUMP_NULL) {
        faulty_memory(kind);
    } else if (kind >= FAULTY_DIVIDE && kind <= FAULTY_ALLOCA) {
        faulty_processor(kind);
    } else if (kind >= FAULTY_ABORT && kind <= FAULTY_EXIT_THREAD) {
        faulty_end(kind);
    } else if (kind >= FAULTY_THROW && kind <= FAULTY_PURE_VIRTUAL) {
        faulty_cpp(kind);
    } else if ((kind >= FAULTY_MEMCPY && kind <= FAULTY_QSORT_CALLBACK) || kind == FAULTY_PRINTF ||
               kind == FAULTY_QSORT_BASE) {
        faulty_library(kind);
    } else if (kind >= FAULTY_HOST_SEND && kind <= FAULTY_HOST_LABEL_TO) {
        faulty_host_entity(kind);
    } else if (kind >= FAULTY_HOST_DATA_PATH && kind <= FAULTY_HOST_CHANNEL) {
        faulty_host_name(kind);
    } else if (kind >= FAULTY_WILD_FREE && kind <= FAULTY_USE_FREED) {
        faulty_heap(kind);
    } else if (kind == FAULTY_STACK_DAMAGE) {
        faulty_smash();
    } else if (kind == FAULTY_FORTIFY) {
        faulty_fortify();
    } else if (kind >= FAULTY_THREAD_NULL && kind <= FAULTY_THREAD_EXIT) {
        faulty_own_thread(kind);
    } else if (kind == FAULTY_RAISE || kind == FAULTY_BLOCKED) {
        faulty_signal(kind);
    } else if (kind == FAULTY_LOOP || kind == FAULTY_SLEEP) {
        faulty_hang(kind);
    }
}

#endif
