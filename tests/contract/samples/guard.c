/* A library that faults in each way of guard.h. It is compiled without sanitizers. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#undef NDEBUG
#include "guard.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <process.h>
#include <windows.h>
#define SAMPLE_EXPORT __declspec(dllexport)
#else
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#define SAMPLE_EXPORT __attribute__((visibility("default")))
#endif
#define APART __attribute__((noinline, used)) /* a frame of its own */

SAMPLE_EXPORT void contract_guard_run(int what, void *arg);
SAMPLE_EXPORT const void *contract_guard_constant(void);
SAMPLE_EXPORT const void *contract_guard_data(void);

typedef void plain_fn(void);

static const int constant[4] = {7};
static uint8_t data[64] = {0xc3};
static int guard_sum = 3; /* not volatile: the assert's text has its name alone */

/* The compiler does not know these values. */
static volatile uintptr_t null_address;
static volatile int zero;
static volatile int least = INT_MIN;
static volatile size_t much = 64u << 20;
static volatile int sink;

static APART void read_null(void) {
    sink = *(volatile int *)(null_address + GUARD_FIELD);
}

static APART void write_null(void) {
    *(volatile int *)null_address = 1;
}

static APART void write_constant(void) {
    const int *volatile at = constant;
    *(volatile int *)(uintptr_t)at = 8;
}

static APART void wild(void) {
    volatile uintptr_t address = (uintptr_t)0x5a5a5a5a5a5a5a58u;
    *(volatile int *)address = 1;
}

static APART void jump_null(void) {
    ((plain_fn *)null_address)();
    sink = 1; /* so that the call is no jump */
}

static APART void run_data(void) {
    ((plain_fn *)(uintptr_t)data)();
    sink = 1;
}

static APART void measure_null(void) {
    sink = (int)strlen((const char *)(null_address + 8));
}

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif

static APART int recurse(int depth) {
    volatile uint8_t room[256];
    room[(depth + 1) & 255] = 1;
    return recurse(depth + 1) + room[(depth + 1) & 255];
}

static APART void allocate(void) {
    volatile uint8_t *room = __builtin_alloca(much);
    room[0] = 1;
    sink = room[much - 1];
}

#if GUARD_X86
static APART void trap_undefined(void) {
    __asm__ volatile("ud2");
}

static APART void trap_break(void) {
    __asm__ volatile("int3");
}

static APART void trap_privileged(void) {
    __asm__ volatile("hlt");
}

static APART void divide(void) {
    sink = least / zero;
}

static APART void divide_most(void) {
    sink = least / (zero - 1);
}
#else
static APART void trap_undefined(void) {
    __asm__ volatile("udf #0");
}

static APART void trap_break(void) {
    __asm__ volatile("brk #0");
}
#endif

static APART void call_abort(void) {
    abort();
}

static APART void call_assert(void) {
    assert(guard_sum == 4);
}

static APART void call_exit(void) {
    exit(GUARD_EXIT_CODE);
}

static APART void call_exit_now(void) {
    _exit(GUARD_EXIT_CODE);
}

static APART void end_thread(void) {
#if defined(_WIN32)
    ExitThread(GUARD_EXIT_CODE);
#else
    pthread_exit(NULL);
#endif
}

static APART void smash(void) {
    volatile uint8_t room[16];
    volatile size_t size = 64;
    for (size_t i = 0; i < size; i++) {
        room[i] = 'x';
    }
    sink = room[3];
}

static APART void free_twice(void) {
    void *volatile block = malloc(2000);
    void *volatile wall = malloc(2000);
    free(block);
    free(block); /* cppcheck-suppress doubleFree */
    free(wall);
}

static APART void free_wild(void) {
    free((void *)(null_address + 4096));
}

#if !defined(_WIN32)
static APART void fork_child(int *code) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(GUARD_EXIT_CODE);
    }
    waitpid(child, &status, 0);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void *thread_main(void *arg) {
    pthread_exit(arg);
}

static APART void own_thread(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, NULL) == 0) {
        pthread_join(thread, NULL);
    }
}

static APART void mask(const void *arg) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (arg == NULL) {
        write_null();
    } else {
        call_abort();
    }
}

static APART void exit_by_err(void) {
    err(GUARD_EXIT_CODE, "ends");
}

static APART void lose_stack(void) {
#if defined(__x86_64__)
    __asm__ volatile("mov $64, %rsp\n\tpush %rsp");
#elif defined(__aarch64__)
    __asm__ volatile("mov x9, #64\n\tmov sp, x9\n\tstr x9, [sp]");
#else
    raise(SIGSEGV);
#endif
}

static APART void raise_signal(void) {
    raise(SIGSEGV);
}
#endif

static APART void spin(void *arg) {
    volatile int *end = arg;
    while (*end == 0) {
    }
}

void contract_guard_run(int what, void *arg) {
    switch (what) {
    case GUARD_READ_NULL: read_null(); break;
    case GUARD_WRITE_NULL: write_null(); break;
    case GUARD_WRITE_CONSTANT: write_constant(); break;
    case GUARD_WILD: wild(); break;
    case GUARD_JUMP_NULL: jump_null(); break;
    case GUARD_RUN_DATA: run_data(); break;
    case GUARD_MEASURE_NULL: measure_null(); break;
    case GUARD_RECURSE: sink = recurse(0); break;
    case GUARD_ALLOCATE: allocate(); break;
    case GUARD_TRAP_UNDEFINED: trap_undefined(); break;
    case GUARD_TRAP_BREAK: trap_break(); break;
#if GUARD_X86
    case GUARD_TRAP_PRIVILEGED: trap_privileged(); break;
    case GUARD_DIVIDE: divide(); break;
    case GUARD_DIVIDE_MOST: divide_most(); break;
#endif
    case GUARD_CALL_ABORT: call_abort(); break;
    case GUARD_CALL_ASSERT: call_assert(); break;
    case GUARD_CALL_EXIT: call_exit(); break;
    case GUARD_CALL_EXIT_NOW: call_exit_now(); break;
    case GUARD_END_THREAD: end_thread(); break;
    case GUARD_SMASH: smash(); break;
    case GUARD_FREE_TWICE: free_twice(); break;
    case GUARD_FREE_WILD: free_wild(); break;
#if !defined(_WIN32)
    case GUARD_EXIT_BY_ERR: exit_by_err(); break;
    case GUARD_RAISE: raise_signal(); break;
    case GUARD_LOSE_STACK: lose_stack(); break;
    case GUARD_FORK: fork_child(arg); break;
    case GUARD_OWN_THREAD: own_thread(); break;
    case GUARD_MASK: mask(arg); break;
#endif
    case GUARD_SPIN: spin(arg); break;
    case GUARD_CALL: ((plain_fn *)(uintptr_t)arg)(); break;
    default: break;
    }
    sink = 2; /* so that no call above is a jump */
}

const void *contract_guard_constant(void) {
    return constant;
}

const void *contract_guard_data(void) {
    return data;
}
