/* guard.h: what the files of guards share. From the bottom up, because no file uses one that uses
 * it, and nearly every file uses fault_heap.c and fault_calls.c by calling malloc() or abort():
 *
 *   fault_library.c    which library an address is in
 *   fault_heap.c       whether the thread is in the allocator
 *   fault_thread.c     what each thread has: its guards, a stack for the handlers
 *   guard_call.c       os_guard_call, and the way back into it
 *   fault_cpu.c        what differs between processors
 *   fault_frames.c     which functions are on the stack
 *   fault.c            the handlers
 *   fault_waiting.c    where a thread is that waits in the system
 *   fault_interrupt.c  questions to a thread
 *   fault_cxx.c        exceptions that nobody has caught
 *   fault_calls.c      abort, exit and their relatives
 *   fault_places.c     addresses in words
 *
 * Those up to fault_calls.c call no function of the heap and none that fault_calls.c defines. They
 * are compiled without sanitizers and stack protector (host/CMakeLists.txt).
 */
#ifndef PORTICO_LINUX_GUARD_H
#define PORTICO_LINUX_GUARD_H

#include "os/compiler.h"
#include "os/fault.h"

#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>
#include <ucontext.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* GUARD_ASSEMBLER: guard_call_here is written by hand. GUARD_JUMPS: os_guard_call is not, because
 * sanitizers want to see setjmp and longjmp (host/CMakeLists.txt defines PORTICO_SANITIZED, and
 * PORTICO_TSAN). */
#if (defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__)
#define GUARD_ASSEMBLER 1
#else
#define GUARD_ASSEMBLER 0
#endif
#if defined(PORTICO_SANITIZED) || !GUARD_ASSEMBLER
#define GUARD_JUMPS 1
#else
#define GUARD_JUMPS 0
#endif

/* ---- fault_heap.c ------------------------------------------------------------------------ */

extern _Thread_local uint32_t heap_depth HIDDEN; /* 0: the thread is not in the allocator */

/* ---- fault_thread.c ---------------------------------------------------------------------- */

/* A guard: on the stack of its os_guard_call. guard_call.c's assembler knows this layout. */
typedef struct guard_frame {
    uint64_t fpu; /* rounding mode and exception masks */
    struct guard_frame *outer;
    void *owner;
} guard_frame;

/* The thread's innermost guard; &guard_none: in none. NULL: the thread has not been prepared. */
extern _Thread_local guard_frame *guard_top HIDDEN;
extern guard_frame guard_none HIDDEN;

static inline bool guard_is_in(void) {
    return guard_top != NULL && guard_top != &guard_none;
}

/* The steps of os_guard_interrupt. */
typedef enum guard_question {
    QUESTION_NONE,
    QUESTION_ASKED, /* by the other thread, which may take it back */
    QUESTION_TAKEN, /* by the handler */
    QUESTION_ANSWERED
} guard_question;

struct os_guard_thread {
    struct os_guard_thread *next; /* that no thread has; under the lock of fault_thread.c */
    pid_t id;                     /* 0: no thread has it; under that lock */
    sigset_t mask;                /* the thread's signal mask; guards do not change it */
    stack_t handler_stack;
    stack_t former_stack; /* a sanitizer's, before handler_stack */
    uintptr_t stack_low;
    uintptr_t stack_end;
    uintptr_t stack_guard; /* the size of the guard pages below */
    os_fault last;         /* contained */
    _Atomic int question;  /* a guard_question */
    bool question_end;
    bool answer_ended;
    os_fault answer;
};

extern _Thread_local os_guard_thread *guard_own HIDDEN; /* NULL: not prepared */

/* The thread is the host's; a module may end its own (fault_calls.c). os_thread_start sets it. */
extern _Thread_local bool guard_host_thread HIDDEN;

/* Allows threads to be prepared. [main thread, once] */
portico_status guard_threads_start(void);

/* Prepares the calling thread. Returns guard_top; NULL: there is no memory, or it is too early. */
guard_frame *guard_prepare(void) HIDDEN;

/* Whether the thread's stack has overflowed and its pages are still there: 0, GUARD_DEEP_NEW, or
 * the time when guard_trim_stack first saw it. */
extern _Thread_local uint64_t guard_deep HIDDEN;
enum { GUARD_DEEP_NEW = 1 };

/* With guard_deep: gives the pages below the caller's frame back to the system, once no overflow
 * has come for a second. Each of them costs as much again to get as to give back. */
COLD void guard_trim_stack(void);

/* While it is held, no thread gives up its os_guard_thread. */
void guard_threads_lock(void);
void guard_threads_unlock(void);

/* ---- fault_waiting.c --------------------------------------------------------------------- */

/* Describes a thread that waits in a call of the system which a signal would end early. False: it
 * does not; *in_system: it is in another call of the system. [the lock of the threads] */
bool guard_waits(const os_guard_thread *thread, os_fault *fault, bool *in_system);

/* ---- fault_library.c --------------------------------------------------------------------- */

typedef struct library_place {
    uintptr_t address;
    const char *path; /* "": the executable; NULL: no library is there */
    uintptr_t base;   /* what is added to the addresses in the file */
    const ElfW(Phdr) * headers;
    size_t header_count;
} library_place;

/* Fills all of *place but function, file and line. False: no library is there. */
bool place_library(uintptr_t address, os_place *place, library_place *found);

/* Copies `length` bytes, or as many as fit, and ends them with a zero. */
void place_text(char *to, size_t size, const char *from, size_t length);

/* ---- guard_call.c ------------------------------------------------------------------------ */

/* os_guard_call for functions of these files, on threads that need not be prepared: sanitizers do
 * not see it. guard_land does not end such a call. */
bool guard_call_here(void (*fn)(void *arg), void *arg, void *owner) HIDDEN;

/* Returns false from the guard's os_guard_call. The caller runs on the same stack, below the guard.
 */
_Noreturn void guard_land(guard_frame *guard) HIDDEN;

/* ---- fault_cpu.c ------------------------------------------------------------------------- */

uintptr_t cpu_pc(const ucontext_t *context);
uintptr_t cpu_sp(const ucontext_t *context);
void cpu_registers(const ucontext_t *context, os_fault *fault);

/* 'r', 'w', 'x' or '?' of a bad address. */
char cpu_access(const ucontext_t *context, uintptr_t address);

/* How far the program counter is behind an instruction that breaks. */
uintptr_t cpu_break_size(void);

/* Whether the instruction at `pc` is for the system only. Reads it. */
bool cpu_is_privileged(uintptr_t pc);

typedef struct cpu_point {
    uintptr_t pc;
    uintptr_t sp;
} cpu_point;

/* For a thread that has jumped to `pc`, where no code is: writes where it came from, if the jump
 * was a call. Reads the stack. */
void cpu_caller(const ucontext_t *context, cpu_point *caller);

void cpu_move(ucontext_t *context, const cpu_point *point);

/* When the handler returns, the guard's os_guard_call or guard_call_here returns false. */
void cpu_land(ucontext_t *context, guard_frame *guard);
void cpu_land_here(ucontext_t *context, guard_frame *guard);

/* ---- fault_frames.c ---------------------------------------------------------------------- */

/* Loads what a backtrace needs. */
void frames_start(void);

/* In a handler: writes the frames of what it interrupted. After a jump to where no code is,
 * `jumped`. Changes *context for a moment. */
void frames_interrupted(ucontext_t *context, bool jumped, os_fault *fault);

/* The frames from the function on that `caller` returns to. */
void frames_called(uintptr_t caller, os_fault *fault);

/* Calls a function that may meet bad addresses, in a handler: a fault ends its call, without any
 * question. The functions above use it. False: it faulted. */
bool frames_guard(void (*fn)(void *arg), void *arg);

/* Whether the thread is in such a call, and that is its innermost guard. */
bool frames_busy(void);

/* Whether the address is in the executable itself. */
bool frames_is_host(uintptr_t address);

/* ---- fault_cxx.c ------------------------------------------------------------------------- */

/* If `caller` is in a C++ library, appends a sentence about the exception for which it has called
 * abort(). The thread then forgets that. */
void cxx_describe(uintptr_t caller, char *text, size_t size);

/* From now on std::terminate only calls `ends`, unless a module has set another handler. For when
 * the C++ library has been loaded. */
void cxx_silence(void (*ends)(void));

/* ---- fault.c ----------------------------------------------------------------------------- */

/* The signal of fault_interrupt.c. The thread sanitizer delays all other signals until the thread
 * calls something that it sees. */
#if defined(PORTICO_TSAN)
#define GUARD_INTERRUPT SIGSYS
#else
#define GUARD_INTERRUPT (SIGRTMAX - 5) /* far from SIGRTMIN, which libraries take */
#endif

/* Installs a handler. */
portico_status guard_install(int number, void (*handler)(int, siginfo_t *, void *), int flags);

/* Empties *fault, but for what it says of the calling thread. */
void guard_describe_thread(os_fault *fault);

/* Whether the hook agrees to end the call of the innermost guard; then it is the last fault. */
bool guard_contains(const os_fault *fault);

/* When the handler returns, the innermost guard's call returns false. */
void guard_land_after(ucontext_t *context);

/* os_faults_start without fault_calls.c. */
portico_status guard_start(const os_fault_hooks *hooks);

/* Whether faults are the guards' business: they have been started, in this process. */
bool guard_active(void);

/* Describes a fault that is a call, and returns to the function at `caller`. */
void guard_describe_call(os_fault_kind kind, int32_t code, const char *text, uintptr_t caller,
                         os_fault *fault);

/* Asks the hook about it. Returns only if the call is not contained. */
void guard_contain_call(const os_fault *fault);

/* Calls the hook `end`, the first time only. The caller then ends the process. */
void guard_end(const os_fault *fault);

/* The same; then abort() will end the process. */
void guard_end_by_abort(const os_fault *fault);

/* Appends to a zero-terminated text, cut to `size` bytes. */
void guard_text(char *text, size_t size, const char *more);
void guard_number(char *text, size_t size, int64_t number);

/* ---- fault_interrupt.c ------------------------------------------------------------------- */

portico_status guard_interrupts_start(void);

#endif
