/* Faults that are not contained, each in a child process: `end` is called once, and the process
 * ends as it would have without guards; after an exit of foreign code with OS_EXIT_FAULT. What the
 * host does itself is no fault.
 *
 * Started as "guard_fatal NAME", the scenario is the child.
 */
#include "guards.h"

#include "support/host.h"
#include "support/process.h"

#include <signal.h>
#if !defined(_WIN32)
#include <unistd.h>
#endif

static bool refuse(const os_fault *fault, void *owner) {
    (void)fault;
    (void)owner;
    return false;
}

static bool refuse_host(const os_fault *fault, void *owner) {
    (void)owner;
    return !fault->in_host;
}

static bool contain_badly(const os_fault *fault, void *owner) {
    (void)fault;
    (void)owner;
    guards_run(GUARD_WRITE_NULL, NULL);
    return true;
}

static void end_badly(const os_fault *fault, void *owner) {
    guards_end(fault, owner);
    guards_run(GUARD_WRITE_NULL, NULL);
}

static void start(bool (*contain)(const os_fault *fault, void *owner)) {
    static os_fault_hooks hooks;
    hooks.contain = contain;
    hooks.end = guards_end;
    guards_start(&hooks);
}

static void write_null_here(void *arg) {
    volatile uintptr_t address = 64; /* at 0 a sanitizer would look first */
    *(volatile int *)address = arg != NULL;
}

static void note_exit(void) {
    os_fault_write("exit.txt", "atexit\n", 7);
}

/* Volatile: nobody knows that this does not return. */
static void (*volatile exit_here)(int code) = exit;

static void (*volatile abort_here)(void) = abort;

static void exit_nine(void) {
    exit_here(9);
    note_exit(); /* not reached; the call above is no jump */
}

static void abort_by_host(void) {
    abort_here();
    note_exit();
}

static void run_main(void *arg) {
    guards_run(*(const int *)arg, NULL);
}

/* ---- the children ------------------------------------------------------------------------ */

static void null_unguarded(void) {
    start(guards_contain);
    guards_run(GUARD_WRITE_NULL, NULL);
}

static void null_before_start(void) {
    write_null_here(NULL);
}

static void null_refused(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_WRITE_NULL, NULL, &owner);
}

static void overflow_refused(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_RECURSE, NULL, &owner);
}

static void null_in_host(void) {
    int owner = 0;
    start(refuse_host);
    os_guard_call(write_null_here, NULL, &owner);
}

static void null_in_other_thread(void) {
    os_thread *thread = NULL;
    int what = GUARD_WRITE_NULL;
    start(guards_contain);
    CHECK_OK(os_thread_start(&thread, "faults", run_main, &what));
    os_thread_join(thread);
}

static void undefined_unguarded(void) {
    start(guards_contain);
    guards_run(GUARD_TRAP_UNDEFINED, NULL);
}

static void abort_unguarded(void) {
    start(guards_contain);
    guards_run(GUARD_CALL_ABORT, NULL);
}

static void assert_unguarded(void) {
    start(guards_contain);
    guards_run(GUARD_CALL_ASSERT, NULL);
}

static void exit_unguarded(void) {
    start(guards_contain);
    atexit(note_exit);
    guards_run(GUARD_CALL_EXIT, NULL);
}

static void exit_now_unguarded(void) {
    start(guards_contain);
    guards_run(GUARD_CALL_EXIT_NOW, NULL);
}

static void thread_ends_unguarded(void) {
    os_thread *thread = NULL;
    int what = GUARD_END_THREAD;
    start(guards_contain);
    CHECK(guards_call(GUARD_SPIN, &(int){1}, NULL));
    CHECK_OK(os_thread_start(&thread, "ends", run_main, &what));
    os_thread_join(thread);
}

static void abort_refused(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_CALL_ABORT, NULL, &owner);
}

static void exit_refused(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_CALL_EXIT, NULL, &owner);
}

static void contain_faults(void) {
    int owner = 0;
    start(contain_badly);
    guards_call(GUARD_WRITE_NULL, NULL, &owner);
}

static void end_faults(void) {
    static const os_fault_hooks hooks = {guards_contain, end_badly};
    guards_start(&hooks);
    guards_run(GUARD_WRITE_NULL, NULL);
}

/* Both threads are at it when the first ends the process. */
static void two_at_once(void) {
    os_thread *threads[2];
    int what = GUARD_WRITE_NULL;
    start(guards_contain);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(os_thread_start(&threads[i], "faults", run_main, &what));
    }
    os_thread_join(threads[0]);
    os_thread_join(threads[1]);
}

static void host_aborts(void) {
    start(guards_contain);
    abort();
}

static void host_aborts_in_guard(void) {
    start(guards_contain);
    guards_call(GUARD_CALL, (void *)(uintptr_t)abort_by_host, NULL);
}

static void host_exits(void) {
    start(guards_contain);
    atexit(note_exit);
    exit_here(9);
}

static void host_exits_in_guard(void) {
    start(guards_contain);
    atexit(note_exit);
    guards_call(GUARD_CALL, (void *)(uintptr_t)exit_nine, NULL);
}

static void host_exits_at_once(void) {
    start(guards_contain);
    atexit(note_exit);
    os_exit(9);
}

static void host_returns(void) {
    start(guards_contain);
    atexit(note_exit);
}

static void smash(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_SMASH, NULL, &owner);
}

#if defined(__linux__) && defined(__x86_64__)
/* As by writing far beyond an array on the stack: the thread's own variables cannot be found. */
static void lose_variables(void *arg) {
    (void)arg;
    __asm__ volatile("movq $64, %%fs:0" ::: "memory");
    write_null_here(NULL);
}

static void variables_lost(void) {
    int owner = 0;
    start(guards_contain);
    os_guard_call(lose_variables, NULL, &owner);
}
#endif

#if !defined(_WIN32) /* Wine does not notice it */
static void free_twice(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_FREE_TWICE, NULL, &owner);
}

static void free_wild(void) {
    int owner = 0;
    start(refuse);
    guards_call(GUARD_FREE_WILD, NULL, &owner);
}

static void exit_by_err(void) {
    int owner = 0;
    start(guards_contain);
    guards_call(GUARD_EXIT_BY_ERR, NULL, &owner);
}

static void killed_in_guard(void *arg) {
    (void)arg;
    kill(getpid(), SIGABRT);
}

/* As from another process: nobody's fault. */
static void killed(void) {
    int owner = 0;
    start(guards_contain);
    os_guard_call(killed_in_guard, NULL, &owner);
}
#endif

/* ---- the parent -------------------------------------------------------------------------- */

/* The exit code of a child. */
enum { BY_MEMORY = -1, BY_STACK = -2, BY_INSTRUCTION = -3, BY_ABORT = -4 };

typedef struct fatal_case {
    const char *name;
    void (*run)(void);
    int code;         /* 0 or more: the exit code */
    const char *end;  /* what the hook wrote; NULL: it was not called; "*": either */
    bool exit_called; /* the function given to atexit() ran */
} fatal_case;

static const fatal_case cases[] = {
    {"null_unguarded", null_unguarded, BY_MEMORY, "MEMORY\n", false},
    {"null_before_start", null_before_start, BY_MEMORY, NULL, false},
    {"null_refused", null_refused, BY_MEMORY, "MEMORY in_guard owner\n", false},
    {"null_in_host", null_in_host, BY_MEMORY, "MEMORY in_guard in_host owner\n", false},
    {"null_in_other_thread", null_in_other_thread, BY_MEMORY, "MEMORY\n", false},
    {"overflow_refused", overflow_refused, BY_STACK, "STACK in_guard owner\n", false},
    {"undefined_unguarded", undefined_unguarded, BY_INSTRUCTION, "INSTRUCTION\n", false},
    {"abort_unguarded", abort_unguarded, OS_EXIT_FAULT, "ABORT\n", false},
    {"assert_unguarded", assert_unguarded, OS_EXIT_FAULT, "ABORT\n", false},
    {"exit_unguarded", exit_unguarded, OS_EXIT_FAULT, "EXIT\n", false},
    {"exit_now_unguarded", exit_now_unguarded, OS_EXIT_FAULT, "EXIT\n", false},
    {"thread_ends_unguarded", thread_ends_unguarded, OS_EXIT_FAULT, "EXIT\n", false},
    {"abort_refused", abort_refused, BY_ABORT, "ABORT in_guard owner\n", false},
    {"exit_refused", exit_refused, OS_EXIT_FAULT, "EXIT in_guard owner\n", false},
    {"contain_faults", contain_faults, BY_MEMORY, "*", false},
    {"end_faults", end_faults, BY_MEMORY, "MEMORY\n", false},
    {"two_at_once", two_at_once, BY_MEMORY, "MEMORY\n", false},
    {"host_aborts", host_aborts, BY_ABORT, "*", false},
    {"host_aborts_in_guard", host_aborts_in_guard, BY_ABORT, "*", false},
    {"host_exits", host_exits, 9, NULL, true},
    {"host_exits_in_guard", host_exits_in_guard, 9, NULL, true},
    {"host_exits_at_once", host_exits_at_once, 9, NULL, false},
    {"host_returns", host_returns, 0, NULL, true},
    {"smash", smash, BY_ABORT, "DAMAGE in_guard owner\n", false},
#if defined(__linux__) && defined(__x86_64__)
    {"variables_lost", variables_lost, BY_MEMORY, NULL, false},
#endif
#if !defined(_WIN32)
#if !defined(PORTICO_SIM_STEP_H) /* the simulation does not watch the allocator */
    {"free_twice", free_twice, BY_ABORT, "DAMAGE in_guard in_allocator owner\n", false},
    {"free_wild", free_wild, BY_MEMORY, "MEMORY in_guard in_allocator owner\n", false},
#else
    {"free_twice", free_twice, BY_ABORT, "DAMAGE in_guard owner\n", false},
    {"free_wild", free_wild, BY_MEMORY, "MEMORY in_guard owner\n", false},
#endif
    {"exit_by_err", exit_by_err, OS_EXIT_FAULT, "EXIT in_guard owner\n", false},
    {"killed", killed, BY_ABORT, "OTHER\n", false},
#endif
};

/* Windows: the exception's code. */
static bool is_code(int code, int expected) {
    switch (expected) {
#if defined(_WIN32)
    case BY_MEMORY: return (uint32_t)code == 0xc0000005u;
    case BY_STACK: return (uint32_t)code == 0xc00000fdu;
    case BY_INSTRUCTION: return (uint32_t)code == 0xc000001du;
    case BY_ABORT: return code != 0 && code != OS_EXIT_FAULT;
#else
    case BY_MEMORY:
    case BY_STACK: return code == 1000 + SIGSEGV;
    case BY_INSTRUCTION: return code == 1000 + SIGILL;
    case BY_ABORT: return code == 1000 + SIGABRT;
#endif
    default: return code == expected;
    }
}

/* A sanitizer takes these as its own. */
static bool is_skipped(const fatal_case *c) {
    static const char *const names[] = {"null_before_start", "variables_lost", "free_twice",
                                        "free_wild"};
    bool listed = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        listed = listed || strcmp(c->name, names[i]) == 0;
    }
    return scale_sanitized() && listed;
}

static void check_case(const char *self, const fatal_case *c) {
    const char *arguments[] = {self, "guard_fatal", c->name, NULL};
    os_file_remove("end.txt");
    os_file_remove("exit.txt");
    int code = process_run(arguments, "child.txt", 30000);
    size_t size = 0;
    char *end = file_read("end.txt", &size);
    char *exited = file_read("exit.txt", &size);
    bool end_right = c->end == NULL   ? end == NULL
                     : *c->end == '*' ? true
                                      : end != NULL && strcmp(end, c->end) == 0;
    bool right = is_code(code, c->code) && end_right && (exited != NULL) == c->exit_called;
    if (!right) {
        fprintf(stderr, "%s ended with %d (%x); end: %s; atexit: %s\n", c->name, code,
                (unsigned)code, end != NULL ? end : "not called", exited != NULL ? exited : "no");
    }
    CHECK(right);
    free(end);
    free(exited);
}

SCENARIO(guard_fatal) {
    char self[1024];
    const char *name = scenario_argument(0);
    CHECK_OK(os_executable_path(self, sizeof self));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (name == NULL) {
            if (!is_skipped(&cases[i])) {
                check_case(self, &cases[i]);
            }
        } else if (strcmp(name, cases[i].name) == 0) {
            cases[i].run();
            return;
        }
    }
    CHECK(name == NULL);
}
