/* fault.h: the part of the seam about faults: calls foreign code so that a fault in it ends the
 * call and not the process, and says where a fault was.
 *
 * THE CONTRACT of guards
 *
 *   1. os_guard_call calls a function. Should it fault on the calling thread, the system's handler
 *      describes the fault and asks `contain`. If that agrees, os_guard_call returns false, on the
 *      same stack, with the signal mask, rounding mode and exception masks that it had before the
 *      call. Nothing is unwound: what the function had locked or allocated stays so.
 *   2. If it does not agree, or the thread is in no guard, `end` is called, and then the process
 *      ends as it would have without any of this: with its signal (and a core file, if the user
 *      allows that), on Windows with the exception's code and a minidump.
 *   3. Guards nest. A fault goes to the innermost.
 *   4. abort, a failed assert, exit and their relatives, called by other code than the host's own,
 *      are faults of their callers. Outside a guard they end the process with OS_EXIT_FAULT, never
 *      with the code that was passed.
 *   5. The stack is never used up inside a guard without a fault: each thread has a stack of its
 *      own for the handler, and guard pages below its normal one.
 *
 * `contain` and `end` run in the handler: they take no lock, allocate nothing, and call only what a
 * signal handler may.
 */
#ifndef PORTICO_OS_FAULT_H
#define PORTICO_OS_FAULT_H

#include "os/os.h"

/* After the declaration of a thread-local variable: the executable has it, one instruction away. */
#if defined(__GNUC__) && defined(__ELF__)
#define OS_OWN __attribute__((tls_model("local-exec")))
#else
#define OS_OWN
#endif

enum { OS_EXIT_FAULT = 70 }; /* EX_SOFTWARE of sysexits.h */

/* X(name, word): `word` is for people. */
#define OS_FAULT_LIST(X)                                                                          \
    X(MEMORY, "bad address") /* not readable, writable or executable; `access` */                 \
    X(STACK, "stack overflow")                                                                    \
    X(ARITHMETIC, "division by zero") /* or the one quotient that does not fit */                 \
    X(INSTRUCTION, "illegal instruction")                                                         \
    X(TRAP, "breakpoint")                                                                         \
    X(ABORT, "abort")           /* abort, a failed assert, std::terminate, a pure virtual call */ \
    X(EXIT, "exit")             /* exit, _exit, quick_exit, ExitProcess, the end of the thread */ \
    X(HANG, "no return")        /* ended by os_guard_interrupt */                                 \
    X(DAMAGE, "damaged memory") /* the C library or compiler has found it: heap, stack, buffer */ \
    X(OTHER, "unknown fault")

typedef enum os_fault_kind {
#define OS_FAULT_KIND(name, word) OS_FAULT_##name,
    OS_FAULT_LIST(OS_FAULT_KIND)
#undef OS_FAULT_KIND
        OS_FAULT_KINDS
} os_fault_kind;

enum { OS_FRAMES_MAX = 40, OS_REGISTERS_MAX = 40 };

typedef struct os_fault {
    os_fault_kind kind;
    char access;   /* of OS_FAULT_MEMORY: 'r', 'w', 'x'; '?': not known */
    bool in_guard; /* the thread is in a guard */
    /* frames[0] is in the executable itself. `contain` never gets such an ABORT or EXIT; `end` gets
     * the host's own abort(). */
    bool in_host;
    bool raised;       /* by os_guard_raise: `contain` does not look at its frames */
    bool in_allocator; /* the C library's heap may be locked or half changed */
    bool in_system;    /* of OS_FAULT_HANG, on Linux: the thread is in a call of the system */
    int32_t code;      /* the signal, or the exception's code */
    uintptr_t address; /* of OS_FAULT_MEMORY and OS_FAULT_STACK */
    uint32_t thread;   /* the system's number for it */
    uint32_t frame_count;
    uint32_t register_count;
    /* The instruction that faulted, or for ABORT and EXIT the caller's; then the callers. After a
     * jump to an address that is no code, frames[1] is where the jump came from. */
    uintptr_t frames[OS_FRAMES_MAX];
    uint64_t registers[OS_REGISTERS_MAX]; /* os_register_name */
    char text[256]; /* "": nothing to add; else a sentence: of an assert, its condition and line */
} os_fault;

typedef struct os_fault_hooks {
    /* Whether the innermost guard ends the call. `owner` is what that guard was given. For
     * OS_FAULT_HANG it may run on another thread, while the guard's is suspended. */
    bool (*contain)(const os_fault *fault, void *owner);
    /* The process is about to end. `owner` as above; NULL: the thread is in no guard. */
    void (*end)(const os_fault *fault, void *owner);
} os_fault_hooks;

/* Installs the handler for the whole process. Before that guards are plain calls. [main thread,
 * once] */
portico_status os_faults_start(const os_fault_hooks *hooks);

/* Calls fn(arg) in a guard. False: it faulted, and os_guard_fault() says how. The thread's first
 * call reserves what the handler needs; if there is no memory for that, it is a plain call. */
bool os_guard_call(void (*fn)(void *arg), void *arg, void *owner);

/* The calling thread's last contained fault; valid until its next one. */
const os_fault *os_guard_fault(void);

/* A fault of the calling code. Returns only if there is no guard or `contain` refuses. */
void os_guard_raise(os_fault_kind kind, const char *text);

/* The lowest address that a host function called by foreign code on this thread may have in its
 * stack pointer: 64 KiB above the end. 0: not known. See os_stack_is_low. */
extern _Thread_local uintptr_t os_stack_limit OS_OWN;

static inline bool os_stack_is_low(void) {
#if defined(__GNUC__) && defined(__x86_64__)
    bool low; /* one comparison: every function that modules call makes it */
    __asm__ volatile("cmp %%rsp, %1" : "=@cca"(low) : "m"(os_stack_limit));
    return low;
#elif defined(__GNUC__)
    return (uintptr_t)__builtin_frame_address(0) < os_stack_limit;
#else
    char here;
    return (uintptr_t)&here < os_stack_limit;
#endif
}

/* A thread that has been in a guard, for others. Valid for ever; reused after the thread's end. */
typedef struct os_guard_thread os_guard_thread;
os_guard_thread *os_guard_self(void);

/* Stops the thread for a moment and describes where it is in *fault (kind OS_FAULT_HANG). With
 * `end` it then asks `contain`, and if that agrees, the thread's innermost guard ends its call as
 * after a fault: true. False: the call continues. `*seen` says whether
 * *fault was filled. The thread is running code, or waits in the system. [any other thread; one at
 * a time] */
bool os_guard_interrupt(os_guard_thread *thread, bool end, os_fault *fault, bool *seen);

/* ---- for people ---------------------------------------------------------------------------- */

const char *os_fault_word(os_fault_kind kind);
const char *os_register_name(uint32_t number);

enum { OS_PLACE_TEXT = 512 };

/* Describes an address of code, as far as it is known. */
typedef struct os_place {
    char library[256];  /* the file's name without its folder; "": no library is there */
    uintptr_t offset;   /* from the library's beginning, as debuggers take it */
    char build_id[48];  /* in hexadecimal; "": it has none */
    char function[192]; /* "": not known */
    char file[256];     /* "": not known */
    uint32_t line;
} os_place;

/* Describes `count` addresses; `frames` are return addresses but for the first. Slow (it may run a
 * program or read symbol files): not in a handler, and not on a worker. [one thread at a time] */
void os_places_find(const uintptr_t *frames, uint32_t count, os_place *places);

/* Only library, offset and build id, for a handler: takes no lock that code which faults may
 * hold. */
void os_place_quick(uintptr_t address, os_place *place);

/* Writes to `path` what a debugger can open of the process as it is in the handler: on Windows a
 * minidump. PORTICO_E_STATE: the system itself writes core files. [in `end` only] */
portico_status os_fault_dump(const char *path);

/* Writes text to a file in a handler: creates it, or adds to it. `path` NULL: to stderr. */
void os_fault_write(const char *path, const char *text, size_t size);

#endif
