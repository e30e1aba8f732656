/* A library that does what guard_windows.h lists. */
#include "guard_windows.h"

#include <float.h>
#include <process.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define APART __attribute__((noinline, used))

__declspec(dllexport) void contract_guard_windows_run(int what);

static volatile uintptr_t null_address;
static volatile int sink;
static volatile size_t count = 8;

static APART void write_null(void) {
    *(volatile int *)null_address = 1;
    sink = 1;
}

static void check(bool right) {
    if (!right) {
        fprintf(stderr, "guard_windows.c: failed\n");
        TerminateProcess(GetCurrentProcess(), 1);
    }
}

/* ---- handlers of its own ------------------------------------------------------------------- */

/* Both write to address 0. The first one's handler lets it return 7. */
int write_with_handler(void);
int write_with_refusal(void);
void write_handled(void);
EXCEPTION_DISPOSITION handler_handles(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                      void *dispatcher);
EXCEPTION_DISPOSITION handler_refuses(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                      void *dispatcher);

#define WRITER(name, after, handler)             \
    ".globl " #name "\n"                         \
    ".def " #name "; .scl 2; .type 32; .endef\n" \
    ".seh_proc " #name "\n" #name ":\n"          \
    "    subq $40, %rsp\n"                       \
    "    .seh_stackalloc 40\n"                   \
    "    .seh_endprologue\n"                     \
    "    xorl %ecx, %ecx\n"                      \
    "    movl $1, %eax\n"                        \
    "    movl %eax, (%rcx)\n" after "    nop\n"  \
    "    addq $40, %rsp\n"                       \
    "    retq\n"                                 \
    "    .seh_handler " #handler ", @except\n"   \
    "    .seh_endproc\n"

__asm__(".text\n" WRITER(write_with_handler, ".globl write_handled\nwrite_handled:\n",
                         handler_handles) WRITER(write_with_refusal, "", handler_refuses));

APART EXCEPTION_DISPOSITION handler_handles(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                            void *dispatcher) {
    (void)record;
    (void)frame;
    (void)dispatcher;
    context->Rip = (DWORD64)(uintptr_t)write_handled;
    context->Rax = 7;
    return ExceptionContinueExecution;
}

APART EXCEPTION_DISPOSITION handler_refuses(EXCEPTION_RECORD *record, void *frame, CONTEXT *context,
                                            void *dispatcher) {
    (void)record;
    (void)frame;
    (void)context;
    (void)dispatcher;
    sink++;
    return ExceptionContinueSearch;
}

static void ask_bad_pointer(void) {
    check(IsBadReadPtr((const void *)(null_address + 8), 4));
    check(lstrlenA((const char *)(null_address + 8)) == 0);
}

/* ---- threads -------------------------------------------------------------------------------- */

static unsigned __stdcall end_by_c(void *arg) {
    (void)arg;
    _endthreadex(5);
    return 0;
}

static DWORD WINAPI end_by_windows(void *arg) {
    (void)arg;
    ExitThread(6);
}

static DWORD WINAPI thread_faults(void *arg) {
    (void)arg;
    write_null();
    return 0;
}

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif

static APART int recurse(int depth) {
    volatile char room[256];
    room[depth & 255] = 1;
    return recurse(depth + 1) + room[(depth + 1) & 255];
}

static DWORD WINAPI thread_overflows(void *arg) {
    (void)arg;
    return (DWORD)recurse(0);
}

static DWORD WINAPI thread_aborts(void *arg) {
    (void)arg;
    abort();
}

static DWORD end_of(HANDLE thread) {
    DWORD code = 0;
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    CloseHandle(thread);
    return code;
}

static DWORD run_thread(LPTHREAD_START_ROUTINE fn) {
    return end_of(CreateThread(NULL, 0, fn, NULL, 0, NULL));
}

static void run_threads(void) {
    check(end_of((HANDLE)_beginthreadex(NULL, 0, end_by_c, NULL, 0, NULL)) == 5);
    check(run_thread(end_by_windows) == 6);
}

/* ---- the others ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b) {
    (void)a;
    (void)b;
    write_null();
    return 0;
}

static APART void sort(void) {
    int numbers[4] = {4, 3, 2, 1};
    qsort(numbers, 4, sizeof numbers[0], compare);
    sink = numbers[0];
}

static APART void divide_float(void) {
    volatile double one = 1;
    volatile double none = 0;
    _controlfp(0, _EM_ZERODIVIDE | _EM_INVALID);
    sink = (int)(one / none);
}

static APART void divide_x87(void) {
    unsigned short control = 0x0300; /* nothing masked */
    __asm__ volatile("fldcw %0\n"
                     "fldz\n"
                     "fld1\n"
                     "fdivp\n"
                     "fwait\n"
                     :
                     : "m"(control));
}

static APART void write_backwards(void) {
    __asm__ volatile("std");
    write_null();
}

static APART void throw_as_microsoft(void) {
    ULONG_PTR arguments[4] = {0x19930520, 0, 0, 0};
    RaiseException(0xE06D7363, EXCEPTION_NONCONTINUABLE, 4, arguments);
}

/* Its abort() ends with __fastfail where the processor has it. */
static APART void abort_as_microsoft(void) {
    EXCEPTION_RECORD record = {.ExceptionCode = 0x40000015};
    EXCEPTION_POINTERS pointers = {&record, NULL};
    check(!IsProcessorFeaturePresent(23));
    SetUnhandledExceptionFilter(NULL);
    UnhandledExceptionFilter(&pointers);
}

static void read_to_bad(void) {
    FILE *file = fopen("read.txt", "w+");
    check(file != NULL && fputs("one line", file) >= 0);
    rewind(file);
    sink = fgets((char *)(null_address + 8), 9, file) != NULL;
}

typedef void plain_fn(void);
typedef void code_fn(int code);

static plain_fn *look_up(const char *library, const char *function) {
    return (plain_fn *)GetProcAddress(GetModuleHandleA(library), function);
}

static void run_found(int what) {
    switch (what) {
    case WINDOWS_FIND_ABORT: look_up("msvcrt.dll", "abort")(); break;
    case WINDOWS_FIND_EXIT: ((code_fn *)look_up("msvcrt.dll", "exit"))(0); break;
    case WINDOWS_FIND_END_THREAD: ((code_fn *)look_up("kernel32.dll", "ExitThread"))(0); break;
    default: break;
    }
}

static void run_fatal(int what) {
    switch (what) {
    case WINDOWS_PRINT: printf("%s", (const char *)(null_address + 8)); break;
    case WINDOWS_READ: read_to_bad(); break;
    case WINDOWS_CRITICAL: EnterCriticalSection((CRITICAL_SECTION *)(null_address + 8)); break;
    case WINDOWS_THREAD_FAULTS: run_thread(thread_faults); break;
    case WINDOWS_THREAD_OVERFLOWS: run_thread(thread_overflows); break;
    case WINDOWS_THREAD_ABORTS: run_thread(thread_aborts); break;
    default: run_found(what); break;
    }
}

static void run_end(int what) {
    switch (what) {
    case WINDOWS_SIGNAL: raise(SIGABRT); break;
    case WINDOWS_TERMINATE: TerminateProcess(GetCurrentProcess(), 9); break;
    case WINDOWS_EXIT_PROCESS: ExitProcess(9); break;
    case WINDOWS_END_THREAD: _endthreadex(9); break;
    case WINDOWS_FATAL: FatalAppExitA(0, "nothing works"); break;
    case WINDOWS_STATIC_ABORT: abort_as_microsoft(); break;
    default: run_fatal(what); break;
    }
}

void contract_guard_windows_run(int what) {
    switch (what) {
    case WINDOWS_HANDLED: check(write_with_handler() == 7); break;
    case WINDOWS_BAD_POINTER: ask_bad_pointer(); break;
    case WINDOWS_DEBUG_TEXT: OutputDebugStringA("from a guard"); break;
    case WINDOWS_THREADS: run_threads(); break;
    case WINDOWS_DECLINED: sink = write_with_refusal(); break;
    case WINDOWS_RAISE: RaiseException(0xE0000123, 0, 0, NULL); break;
    case WINDOWS_RAISE_FINAL: RaiseException(0xE0000124, EXCEPTION_NONCONTINUABLE, 0, NULL); break;
    case WINDOWS_THROW: throw_as_microsoft(); break;
    case WINDOWS_FLOAT: divide_float(); break;
    case WINDOWS_X87: divide_x87(); break;
    case WINDOWS_DIRECTION: write_backwards(); break;
    case WINDOWS_SORT: sort(); break;
    case WINDOWS_COPY: memcpy((void *)(null_address + 8), "abcdefgh", count); break;
    default: run_end(what); break;
    }
    sink = 2; /* so that no call above is a jump */
}
