/* guard.h: what the files fault*.c share: guards, threads in guards, and how a fault is described.
 *
 * A guard is a frame of guard_enter() on the thread's stack, which holds every register that a
 * function must preserve. To end the call, a handler lets the thread continue at guard_landed with
 * that frame's stack pointer; nothing else is restored, and nothing is unwound.
 *
 * All of it runs on the thread that faults, in the system's exception handler, except
 * os_guard_interrupt. It takes no lock and allocates nothing. The host's thread-local variables are
 * out of reach there: mingw's gcc emulates them and may allocate.
 */
#ifndef PORTICO_WINDOWS_GUARD_H
#define PORTICO_WINDOWS_GUARD_H

#include "private.h"

#include "os/fault.h"

#if !defined(__x86_64__)
#error "Guards know the registers of x86-64 only: see guard.h, fault_enter.c and fault_walk.c"
#endif

typedef struct guard {
    struct guard *outer;
    void *owner;
    uintptr_t stack; /* where the call lands: guard_enter's stack pointer; 0: not entered yet */
    void *list;      /* what the thread's ExceptionList was. Only Wine's own libraries use it. */
    bool probe;      /* the host reads what may not be there: any fault just ends the call */
} guard;

enum { GUARD_DEEP_NEW = 1 };

struct os_guard_thread {
    guard *innermost;
    bool busy;        /* a handler runs: another fault is its own, and nobody interrupts it */
    int locked_files; /* of the C library's, by code of modules */
    HANDLE handle;
    uint32_t id;
    uintptr_t stack_begin; /* the whole reserved stack */
    uintptr_t stack_end;
    /* The stack has overflowed and its pages are still there: GUARD_DEEP_NEW, or when they are to
     * go. 0: no. */
    uint64_t deep_ms;
    os_fault found;     /* being described */
    os_fault contained; /* the last one */
    os_guard_thread *next_free;
};

/* ---- fault_enter.c ---- */

/* Calls fn(arg) after *stack has been set. False: it landed. */
bool guard_enter(void (*fn)(void *arg), void *arg, uintptr_t *stack);

/* Where guard_enter continues if its call is to end; only an address. */
void guard_landed(void);

/* Ends the call of the guard with this stack. */
_Noreturn void guard_land(uintptr_t stack);

/* Handles an exception that no function of the call has handled. `stack` is the guard's. */
typedef EXCEPTION_DISPOSITION guard_frame_handler(EXCEPTION_RECORD *record, uintptr_t stack,
                                                  CONTEXT *context);
extern guard_frame_handler *guard_on_exception;

/* ---- fault_thread.c ---- */

extern DWORD guard_slot;

/* The thread's own block, whose address is in it. NtCurrentTeb() of mingw's headers reads address
 * 0x30 of a segment, for which gcc warns. */
static inline TEB *guard_block(void) {
    TEB *block;
    __asm__("movq %%gs:0x30, %0" : "=r"(block));
    return block;
}

/* The calling thread's record; NULL: it has none. Does not touch GetLastError(). */
static inline os_guard_thread *guard_thread(void) {
    return guard_slot < TLS_MINIMUM_AVAILABLE ? guard_block()->TlsSlots[guard_slot] : NULL;
}

/* How much of a stack an overflow leaves to the handler. */
static inline uintptr_t guard_handler_stack(uintptr_t begin, uintptr_t end) {
    enum { HANDLER_BYTES = 64 * 1024, SMALL_STACK = 512 * 1024 /* has no room for that */ };
    return end - begin >= SMALL_STACK ? HANDLER_BYTES : 0;
}

/* The beginning of the thread's own block: its ExceptionList and the stack it runs on now, which
 * may be a fiber's. */
static inline NT_TIB *guard_tib(void) {
    return (NT_TIB *)(void *)guard_block();
}

/* Gives the calling thread a record. NULL: no memory or handles, or guards have not started. */
os_guard_thread *guard_thread_make(void);

/* With deep_ms, of the calling thread: takes the stack's pages below the caller's frame out of
 * memory, once no overflow has come for a second. */
void guard_trim_stack(os_guard_thread *t);

/* Frees it: its thread ends. */
void guard_thread_end(os_guard_thread *t);

/* For a handler on a thread without one: a record that only one thread ever gets. */
os_guard_thread *guard_thread_spare(void);

portico_status guard_threads_start(void);

/* No thread gets or loses its record in between. */
void guard_threads_lock(void);
void guard_threads_unlock(void);

/* Calls fn(arg), which may read memory that is not there, and then just ends. */
void guard_probe(os_guard_thread *t, void (*fn)(void *arg), void *arg);

/* ---- fault_image.c ---- */

/* A library, or the executable, in memory. */
typedef struct guard_image {
    uintptr_t begin;
    uintptr_t end; /* 0: none */
    const IMAGE_NT_HEADERS *headers;
} guard_image;

/* The image that the address is in. False: in none, and `image` is zero. */
bool guard_image_at(uintptr_t address, guard_image *image);

static inline bool guard_image_has(const guard_image *image, uintptr_t address) {
    return address >= image->begin && address < image->end;
}

/* The executable; and ntdll.dll, which has the heap, the loader and all locks. */
extern guard_image guard_host;
extern guard_image guard_system;

/* Under Wine, memcpy(); else 0. */
extern uintptr_t guard_copy;

void guard_images_start(void);

/* The entry of `image` for the function that has this code; NULL: it has none. */
RUNTIME_FUNCTION *guard_function_at(const guard_image *image, uintptr_t address);

/* The entry of the function that `f`, perhaps only a part of one, belongs to. */
const RUNTIME_FUNCTION *guard_whole_function(const guard_image *image, const RUNTIME_FUNCTION *f);

/* ---- fault_locking.c ---- */

/* Looks at the C libraries that are loaded now. */
void guard_locking_look(void);

/* Whether the fault is in a function of a C library that may hold a lock. */
bool guard_is_locking(const os_fault *fault);

/* ---- fault_symbols.c ---- */

/* Finds the name of the function that the address is in, in the file of the image. */
bool guard_symbol_find(const wchar_t *path, const guard_image *image, uintptr_t address, char *name,
                       size_t size);

/* ---- fault_walk.c ---- */

typedef struct guard_walk {
    bool short_walk; /* no further than the frames that a fault has room for */
    /* results */
    bool stands;            /* another thread's, which stands still and may hold any lock */
    uintptr_t guard;        /* the innermost guard's stack; 0: none */
    bool reached;           /* the guard */
    bool handler;           /* a frame before it has a handler of its own, or might have one */
    uint32_t frames_inside; /* how many of the fault's frames are before the guard */
} guard_walk;

/* Fills in what is the same for all faults of thread `t`: its number, frames, registers, in_guard,
 * in_host and in_allocator. `self` is the calling thread's record. */
void guard_describe(os_guard_thread *self, const os_guard_thread *t, const CONTEXT *context,
                    os_fault *fault, guard_walk *walk);

/* Whether the code around frames[0] is the stack protector's own, which ends in `ud2`. */
bool guard_is_protector(os_guard_thread *t, const os_fault *fault);
extern const char guard_protector_text[];

void guard_text(os_fault *fault, const char *text);

/* Drops the first frames, unless there are no others. The first one then is no return address,
 * which might belong to the next function, but in the instruction that calls. */
void guard_drop(os_fault *fault, uint32_t count);

/* ---- fault_hooks.c ---- */

void guard_hooks_start(const os_fault_hooks *hooks);

/* Asks the hook `contain` whether the innermost guard of `t`, in which `fault` is, ends its call.
 * If so, *fault becomes os_guard_fault() of `t`. */
bool guard_contain(os_guard_thread *t, const os_fault *fault);

/* Makes a thread with this context land in the guard when it continues. */
void guard_land_context(const guard *g, CONTEXT *context);

/* The process is about to end. The first thread to call this returns and calls guard_end(); others
 * wait here for the end. A fault in the hook `end` ends the process with `code` at once. */
void guard_end_begins(DWORD code);

/* Calls the hook `end`. */
void guard_end(const os_fault *fault, void *owner, EXCEPTION_RECORD *record, CONTEXT *context);

/* Whether the calling thread has called guard_end_begins(). */
bool guard_is_ending(void);

/* Whether it is in guard_end() now. */
bool guard_is_in_end(void);

/* During guard_end(), on its thread: the exception. */
EXCEPTION_POINTERS *guard_end_exception(void);

/* ---- fault_raise.c ---- */

void guard_raise_start(void);

/* Foreign code has called a function that ends the process. Ends the guard's call or, if it is not
 * contained, the process. */
_Noreturn void guard_end_of_caller(os_fault_kind kind, const char *text);

/* The process ends because of a fault that the caller of `context` has found: calls `change` for
 * its description, then guard_end(). The caller ends the process with `code`. */
void guard_end_at(os_fault_kind kind, const char *text, const CONTEXT *context, DWORD code,
                  void (*change)(os_fault *fault));

/* Drops the first frames that are in Windows' own libraries. */
void guard_drop_windows(os_fault *fault);

/* ---- fault_attach.c ---- */

/* From now on the end of the process or of a thread is looked at. */
void guard_attach_start(void);

/* ---- fault_files.c ---- */

/* A function in place of one that locks or unlocks a file; NULL: it does neither. */
const void *guard_find_lock(const char *library, const char *function);

/* ---- fault_calls.c ---- */

/* Replaces what the library imports to end the process or a thread by functions of the host's that
 * raise a fault; also in the libraries that it has brought along. Before os_faults_start it does
 * nothing. */
void guard_replace_calls(HMODULE library);

/* ---- replace.c ---- */

/* Asks `find` for each function that the library imports, and replaces the ones for which it
 * returns one. Without LIBRARIES of Windows itself and the executable, it then does the same in
 * what the library imports. */
typedef const void *win_find_replacement(const char *library, const char *function);
void win_replace_imports(HMODULE library, win_find_replacement *find);

#endif
