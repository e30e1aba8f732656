/* fault.c: the handlers of signals, and what becomes of a fault.
 *
 * A handler runs on the thread that faults, on a stack of its own. To end a guard's call it changes
 * where the thread continues, and returns: the system then restores the signal mask. The hooks have
 * been set before any handler runs.
 *
 * Handlers are installed once and stay. A thread whose mask blocks such a signal ends the process
 * without any report, because the system does not ask then.
 */
#include "guard.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_NEAR = 65536,      /* an overflow's address is so close to the stack pointer */
    STACK_BEYOND = 64 << 20, /* or the stack pointer is so far below the stack's end */
    STACK_PAGE = 4096,       /* the kernel may refuse the last page */
    END_WAIT_MS = 30000,     /* for the thread whose fault ends the process */
    KERNEL_MASK = 8          /* bytes of a signal mask, of which sigset_t has more */
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};

static struct {
    bool started;
    pid_t process; /* a child made by fork() is not this process */
    os_fault_hooks hooks;
    atomic_bool ending;
} faults;

/* The thread is in a hook or about to call one: whatever faults now is not contained. */
static _Thread_local bool judging;

/* The thread is describing a fault. Another fault during that, unless in a walk of the stack, shows
 * that the thread's own data are damaged. */
static _Thread_local bool describing;

bool guard_active(void) {
    return faults.started && getpid() == faults.process;
}

const char *os_fault_word(os_fault_kind kind) {
    static const char *const words[OS_FAULT_KINDS] = {
#define WORD(name, word) word,
        OS_FAULT_LIST(WORD)
#undef WORD
    };
    return words[kind];
}

const os_fault *os_guard_fault(void) {
    static const os_fault none;
    return guard_own != NULL ? &guard_own->last : &none;
}

/* ---- the description --------------------------------------------------------------------- */

void guard_text(char *text, size_t size, const char *more) {
    size_t used = strlen(text);
    while (used + 1 < size && *more != '\0') {
        text[used++] = *more++;
    }
    text[used] = '\0';
}

void guard_number(char *text, size_t size, int64_t number) {
    char digits[24];
    char *at = digits + sizeof digits - 1;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *at = '\0';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (number < 0) {
        *--at = '-';
    }
    guard_text(text, size, at);
}

void guard_describe_thread(os_fault *fault) {
    memset(fault, 0, sizeof *fault);
    fault->in_guard = guard_is_in();
    fault->in_allocator = heap_depth != 0;
    fault->thread = (uint32_t)syscall(SYS_gettid);
}

/* A function's frame reaches below the stack's end: the pointer is there, or about to be. */
static bool is_overflow(uintptr_t address, uintptr_t sp) {
    if (guard_own == NULL || guard_own->stack_low == 0) {
        return false;
    }
    uintptr_t end = guard_own->stack_low + STACK_PAGE;
    if (address >= end || sp >= end + STACK_NEAR) {
        return false;
    }
    bool in_guard_pages = address >= guard_own->stack_low - guard_own->stack_guard;
    bool at_pointer = sp < end && sp + STACK_BEYOND > end && address + STACK_NEAR > sp;
    return in_guard_pages || at_pointer;
}

static bool is_asked(const siginfo_t *info) {
    return info->si_code <= 0;
}

static void describe_memory(const siginfo_t *info, const ucontext_t *context, os_fault *fault) {
    fault->kind = OS_FAULT_MEMORY;
    fault->access = '?';
    if (is_asked(info)) {
        guard_text(fault->text, sizeof fault->text, "raise() was called.");
        return;
    }
    if (info->si_code == SI_KERNEL) {
        /* x86: the processor reports no address. */
        guard_text(fault->text, sizeof fault->text,
                   "The address is one that no process has, or not aligned as required.");
        return;
    }
    fault->address = (uintptr_t)info->si_addr;
    fault->access = cpu_access(context, fault->address);
    if (is_overflow(fault->address, cpu_sp(context))) {
        fault->kind = OS_FAULT_STACK;
    } else if (info->si_signo == SIGBUS) {
        guard_text(fault->text, sizeof fault->text,
                   info->si_code == BUS_ADRALN ? "The address is not aligned as required."
                                               : "The mapped file has no such page.");
    }
}

static void describe_kind(const siginfo_t *info, const ucontext_t *context, os_fault *fault) {
    switch (info->si_signo) {
    case SIGSEGV:
    case SIGBUS: describe_memory(info, context, fault); break;
    case SIGFPE:
        fault->kind = OS_FAULT_ARITHMETIC;
        if (info->si_code > FPE_INTOVF) {
            guard_text(fault->text, sizeof fault->text,
                       "A floating-point exception that is not masked.");
        }
        break;
    case SIGILL: fault->kind = OS_FAULT_INSTRUCTION; break;
    case SIGTRAP: fault->kind = OS_FAULT_TRAP; break;
    default: /* by the C library itself: a call of abort() does not come here */
        fault->kind = OS_FAULT_DAMAGE;
        guard_text(fault->text, sizeof fault->text, "The C library has found it and aborted.");
        break;
    }
}

static void check_privileged(void *arg) {
    os_fault *fault = arg;
    if (cpu_is_privileged(fault->frames[0])) {
        fault->kind = OS_FAULT_INSTRUCTION;
        fault->access = 0;
        fault->text[0] = '\0';
        guard_text(fault->text, sizeof fault->text, "The instruction is for the system only.");
    }
}

static void describe_signal(const siginfo_t *info, ucontext_t *context, os_fault *fault) {
    guard_describe_thread(fault);
    fault->code = info->si_signo;
    describe_kind(info, context, fault);
    frames_interrupted(context, fault->access == 'x', fault);
    cpu_registers(context, fault);
    if (fault->kind == OS_FAULT_TRAP && !is_asked(info)) {
        fault->frames[0] -= info->si_code == TRAP_TRACE ? 0 : cpu_break_size();
    }
    if (info->si_signo == SIGSEGV && info->si_code == SI_KERNEL) {
        frames_guard(check_privileged, fault);
    }
    fault->in_host = frames_is_host(fault->frames[0]);
}

void guard_describe_call(os_fault_kind kind, int32_t code, const char *text, uintptr_t caller,
                         os_fault *fault) {
    guard_describe_thread(fault);
    fault->kind = kind;
    fault->code = code;
    fault->in_host = frames_is_host(caller);
    guard_text(fault->text, sizeof fault->text, text);
    frames_called(caller, fault);
}

/* ---- the end of the process -------------------------------------------------------------- */

static void sleep_ms(uint32_t ms) {
    struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&pause, NULL);
}

void guard_end(const os_fault *fault) {
    if (atomic_exchange(&faults.ending, true)) {
        /* Another thread ends the process. If that does not happen, so does this one. */
        for (uint32_t ms = 0; ms < END_WAIT_MS; ms += 10) {
            sleep_ms(10);
        }
        return;
    }
    judging = true;
    faults.hooks.end(fault, fault->in_guard && guard_is_in() ? guard_top->owner : NULL);
}

static void reset_signal(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, NULL);
}

void guard_end_by_abort(const os_fault *fault) {
    guard_end(fault);
    reset_signal(SIGABRT);
}

/* The signal comes again, to its default action, as soon as the handler has returned: a core file
 * then shows the thread as it was. */
static void end_by_signal(int number, ucontext_t *context) {
    sigset_t mask;
    reset_signal(number);
    sigemptyset(&mask);
    sigaddset(&mask, number);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    sigdelset(&context->uc_sigmask, number);
    (void)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}

/* ---- faults ------------------------------------------------------------------------------ */

bool guard_contains(const os_fault *fault) {
    if (!guard_is_in() || judging) {
        return false;
    }
    judging = true;
    bool contained = faults.hooks.contain(fault, guard_top->owner);
    judging = false;
    if (contained) {
        guard_own->last = *fault;
        heap_depth = 0;
    }
    return contained;
}

void guard_contain_call(const os_fault *fault) {
    if (guard_contains(fault)) {
        pthread_sigmask(SIG_SETMASK, &guard_own->mask, NULL);
        guard_land(guard_top);
    }
}

void os_guard_raise(os_fault_kind kind, const char *text) {
    volatile uintptr_t caller = (uintptr_t)__builtin_return_address(0); /* see fault_calls.c */
    os_fault fault;
    if (!guard_active() || !guard_is_in() || judging) {
        return;
    }
    guard_describe_call(kind, 0, text, caller, &fault);
    fault.raised = true;
    guard_contain_call(&fault);
}

void guard_land_after(ucontext_t *context) {
    memcpy(&context->uc_sigmask, &guard_own->mask, KERNEL_MASK);
    cpu_land(context, guard_top);
}

/* Somebody else has sent the signal, to a thread that happened to run: no guard's owner has to do
 * with it. */
static void describe_sender(const siginfo_t *info, os_fault *fault) {
    fault->kind = OS_FAULT_OTHER;
    fault->in_guard = false;
    fault->text[0] = '\0';
    guard_text(fault->text, sizeof fault->text, "Process ");
    guard_number(fault->text, sizeof fault->text, info->si_pid);
    guard_text(fault->text, sizeof fault->text, " has sent the signal.");
}

/* A handler begins with its signal blocked. The module may have overwritten the thread's variables;
 * a fault at the first use of them then ends the process at once, where a handler in a handler
 * would go on for ever. Later faults of the handler must come through. */
static void allow_faults(void) {
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        sigaddset(&mask, signals[i]);
    }
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

static void on_fault(int number, siginfo_t *info, void *arg) {
    ucontext_t *context = arg;
    int kept = errno;
    bool busy = frames_busy();
    allow_faults();
    if (busy) {
        cpu_land_here(context, guard_top);
    } else if (judging || describing || getpid() != faults.process) {
        end_by_signal(number, context);
    } else {
        os_fault fault;
        bool own = !is_asked(info) || (info->si_code == SI_TKILL && info->si_pid == getpid());
        describing = true;
        describe_signal(info, context, &fault);
        describing = false;
        if (!own) {
            describe_sender(info, &fault);
        }
        if (own && guard_contains(&fault)) {
            if (fault.kind == OS_FAULT_STACK) {
                guard_deep = GUARD_DEEP_NEW;
            }
            guard_land_after(context);
        } else {
            guard_end(&fault);
            end_by_signal(number, context);
        }
    }
    errno = kept;
}

/* ---- the start --------------------------------------------------------------------------- */

portico_status guard_install(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
    sigemptyset(&action.sa_mask);
    if (number != GUARD_INTERRUPT) {
        sigaddset(&action.sa_mask, GUARD_INTERRUPT);
    }
    return sigaction(number, &action, NULL) == 0 ? PORTICO_OK : PORTICO_E_SYSTEM;
}

portico_status guard_start(const os_fault_hooks *hooks) {
    faults.hooks = *hooks;
    faults.process = getpid();
    portico_status status = guard_threads_start();
    frames_start();
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && status == PORTICO_OK; i++) {
        status = guard_install(signals[i], on_fault, 0);
    }
    faults.started = status == PORTICO_OK;
    return status;
}
