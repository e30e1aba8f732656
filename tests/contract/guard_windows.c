/* Guards and exceptions of Windows: handlers of a library's own and of Windows come before the
 * guard's; what a library imports to end the process; what is not to be contained, each in a child
 * process, and the minidump that is written then.
 *
 * Started as "guard_windows NUMBER", the scenario is the child, and the number its
 * guard_windows_what.
 */
#include "guards.h"
#include "samples/guard_windows.h"

#if !defined(_WIN32)

SCENARIO(guard_windows) {
    contract_skip("there are signals");
}

#else

#include "support/host.h"
#include "support/process.h"

#include <fenv.h>

enum { THREADS = 2 };

static guard_windows_fn *run;

/* Like the host: nothing where locks may be held. */
static bool contain(const os_fault *fault, void *owner) {
    int *asked = owner;
    if (fault->in_allocator || fault->kind == OS_FAULT_DAMAGE) {
        return false;
    }
    (*asked)++;
    return true;
}

/* Once: under Wine it takes seconds, on a busy machine too many. */
static void end(const os_fault *fault, void *owner) {
    guards_end(fault, owner);
    if (fault->kind == OS_FAULT_STACK) {
        portico_status status = os_fault_dump("dump.dmp");
        CHECK(status == PORTICO_OK || status == PORTICO_E_TIMEOUT);
        os_fault_write("end.txt", status == PORTICO_OK ? "dump\n" : "slow\n", 5);
    }
}

static const os_fault_hooks hooks = {contain, end};

static void run_what(void *arg) {
    run(*(const int *)arg);
}

static void open_library(void) {
    static os_library *library;
    char path[GUARDS_PATH];
    char why[256] = "";
    guards_start(&hooks);
    guards_library_path(path, "contract_guard_windows");
    CHECK_OK(os_library_open(path, false, &library, why, sizeof why));
    void *symbol = os_library_symbol(library, GUARD_WINDOWS_RUN);
    CHECK(symbol != NULL);
    run = (guard_windows_fn *)(uintptr_t)symbol;
}

/* ---- contained, or nothing to contain ------------------------------------------------------ */

static void check_returns(int what) {
    int asked = 0;
    CHECK(os_guard_call(run_what, &what, &asked));
    CHECK_EQ(asked, 0);
}

static os_fault_kind kind_of(int what) {
    switch (what) {
    case WINDOWS_RAISE:
    case WINDOWS_RAISE_FINAL: return OS_FAULT_OTHER;
    case WINDOWS_THROW:
    case WINDOWS_SIGNAL:
    case WINDOWS_FATAL:
    case WINDOWS_STATIC_ABORT: return OS_FAULT_ABORT;
    case WINDOWS_TERMINATE:
    case WINDOWS_EXIT_PROCESS:
    case WINDOWS_END_THREAD: return OS_FAULT_EXIT;
    case WINDOWS_FLOAT:
    case WINDOWS_X87: return OS_FAULT_ARITHMETIC;
    default: return OS_FAULT_MEMORY;
    }
}

static void check_contained(int what) {
    int asked = 0;
    volatile double one = 1;
    volatile double none = 0;
    CHECK(!os_guard_call(run_what, &what, &asked));
    CHECK_EQ(asked, 1);
    const os_fault *fault = os_guard_fault();
    if (fault->kind != kind_of(what)) {
        fprintf(stderr, "%d is taken for %s: %s\n", what, guards_kind(fault->kind), fault->text);
    }
    CHECK_EQ(fault->kind, kind_of(what));
    CHECK(fault->in_guard && !fault->in_host && !fault->raised);
    /* Masked again, and the registers for numbers are free. */
    CHECK(one / none > 1e300);
    CHECK((long double)one / none > 1e300L);
    CHECK_EQ(fegetround(), FE_TONEAREST);
}

static void both_main(void *arg) {
    int times = *(const int *)arg;
    for (int i = 0; i < times; i++) {
        for (int what = 0; what < WINDOWS_WHATS; what++) {
            if (what < WINDOWS_RETURNING) {
                check_returns(what);
            } else {
                check_contained(what);
            }
        }
    }
}

/* ---- not contained -------------------------------------------------------------------------- */

typedef struct fatal_case {
    int what;
    uint32_t code;   /* the process's */
    const char *end; /* what the hook wrote */
} fatal_case;

static const fatal_case cases[] = {
    {WINDOWS_PRINT, 0xc0000005u, "MEMORY in_guard in_allocator owner\n"},
    {WINDOWS_READ, 0xc0000005u, "MEMORY in_guard in_allocator owner\n"},
    {WINDOWS_CRITICAL, 0xc0000005u, "MEMORY in_guard in_allocator owner\n"},
    {WINDOWS_THREAD_FAULTS, 0xc0000005u, "MEMORY\n"},
    {WINDOWS_THREAD_OVERFLOWS, 0xc00000fdu, "STACK\n"},
    {WINDOWS_THREAD_ABORTS, OS_EXIT_FAULT, "ABORT\n"},
    {WINDOWS_FIND_ABORT, 3, "ABORT in_guard owner\n"},
    {WINDOWS_FIND_EXIT, OS_EXIT_FAULT, "EXIT in_guard owner\n"},
    {WINDOWS_FIND_END_THREAD, OS_EXIT_FAULT, "EXIT in_guard owner\n"},
};

static void check_fatal(const fatal_case *c) {
    char self[1024];
    char number[16];
    size_t size = 0;
    CHECK_OK(os_executable_path(self, sizeof self));
    snprintf(number, sizeof number, "%d", c->what);
    const char *arguments[] = {self, "guard_windows", number, NULL};
    os_file_remove("end.txt");
    os_file_remove("dump.dmp");
    uint32_t code = (uint32_t)process_run(arguments, "child.txt", 60000);
    char *text = file_read("end.txt", &size);
    size_t length = strlen(c->end);
    bool right = code == c->code && text != NULL && strncmp(text, c->end, length) == 0;
    if (!right) {
        fprintf(stderr, "%d ended with %x: %s\n", c->what, (unsigned)code,
                text != NULL ? text : "no end");
    }
    CHECK(right);
    if (c->what == WINDOWS_THREAD_OVERFLOWS && strcmp(text + length, "slow\n") != 0) {
        char *dump = file_read("dump.dmp", &size);
        CHECK(dump != NULL && size > 4096 && memcmp(dump, "MDMP", 4) == 0);
        free(dump);
    }
    free(text);
}

static void child_main(void *arg) {
    int asked = 0;
    os_guard_call(run_what, arg, &asked);
}

/* Not on the first thread: where it is the only one, its end is that of the process. */
static void be_child(int what) {
    os_thread *thread = NULL;
    open_library();
    CHECK_OK(os_thread_start(&thread, "child", child_main, &what));
    os_thread_join(thread);
}

SCENARIO(guard_windows) {
    const char *what = scenario_argument(0);
    if (what != NULL) {
        be_child((int)strtol(what, NULL, 10));
        return;
    }
    os_thread *threads[THREADS];
    int times = scale(1000, 50);
    open_library();
    for (int i = 0; i < THREADS; i++) {
        CHECK_OK(os_thread_start(&threads[i], "faults", both_main, &times));
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    both_main(&(int){1});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_fatal(&cases[i]);
    }
}

#endif
