/* fault_frames.c: backtraces, in handlers and out of them. Any thread.
 *
 * The unwinder of the compiler's library reads the tables of each library and the stack. Neither
 * takes a lock, from glibc 2.35 and gcc 12 on (_dl_find_object). A stack that a module has damaged
 * leads it to bad addresses, so it runs in a guard of its own.
 */
#include "guard.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unwind.h>

/* The executable's beginning and end, from the linker. */
extern const char __executable_start[] HIDDEN;
extern const char _end[] HIDDEN;

typedef struct walk {
    os_fault *fault;
    uintptr_t from; /* the first frame: skips those of the handler, which come before */
    bool begun;
} walk;

static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *arg) {
    walk *w = arg;
    uintptr_t address = _Unwind_GetIP(context);
    w->begun = w->begun || address == w->from;
    if (w->begun) {
        if (address == 0 || w->fault->frame_count == OS_FRAMES_MAX) {
            return _URC_END_OF_STACK;
        }
        w->fault->frames[w->fault->frame_count++] = address;
    }
    return _URC_NO_REASON;
}

static void walk_run(void *arg) {
    _Unwind_Backtrace(take_frame, arg);
}

bool frames_busy(void) {
    return guard_is_in() && guard_top->owner == (void *)(uintptr_t)walk_run;
}

bool frames_guard(void (*fn)(void *arg), void *arg) {
    return guard_call_here(fn, arg, (void *)(uintptr_t)walk_run);
}

/* Writes the frames from the address `from` on, if the walk comes to it. */
static void walk_from(uintptr_t from, os_fault *fault) {
    walk w = {.fault = fault, .from = from};
    (void)frames_guard(walk_run, &w);
}

void frames_start(void) {
    os_fault unused = {0};
    walk_from(0, &unused);
}

bool frames_is_host(uintptr_t address) {
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)_end;
}

typedef struct caller_search {
    const ucontext_t *context;
    cpu_point caller;
} caller_search;

static void find_caller(void *arg) {
    caller_search *search = arg;
    cpu_caller(search->context, &search->caller);
}

void frames_interrupted(ucontext_t *context, bool jumped, os_fault *fault) {
    cpu_point point = {cpu_pc(context), cpu_sp(context)};
    fault->frame_count = 0;
    if (!jumped) {
        walk_from(point.pc, fault);
        if (fault->frame_count == 0) {
            fault->frames[fault->frame_count++] = point.pc;
        }
        return;
    }
    /* The unwinder does not get past an address without a table. Let it begin at the caller. It
     * takes the address of what a signal has interrupted as it is: hence 1 less, because a call may
     * be the last instruction of its function. */
    caller_search search = {.context = context};
    fault->frames[fault->frame_count++] = point.pc;
    if (frames_guard(find_caller, &search) && search.caller.pc != 0) {
        search.caller.pc--;
        cpu_move(context, &search.caller);
        walk_from(search.caller.pc, fault);
        cpu_move(context, &point);
        if (fault->frame_count > 2) {
            fault->frames[1]++;
        } else {
            fault->frame_count = 1; /* it was no return address: the walk did not get further */
        }
    }
}

void frames_called(uintptr_t caller, os_fault *fault) {
    fault->frame_count = 0;
    walk_from(caller, fault);
    if (fault->frame_count == 0) {
        fault->frame_count = 1;
    }
    fault->frames[0] = caller - 1; /* in the call itself: the caller may have no further code */
}
