/* caller_thread.h: the inside of caller.c and caller_thread.c: the thread that makes calls which
 * may not return, and the copies that its calls work with.
 *
 * A caller is one thread. It owns the copy of the call that it makes, and of all that the call
 * refers to: a lost call may read that when the control thread has long gone on. The lock guards
 * the fields up to `running` of all callers, and is a leaf.
 *
 * A row of steps is the control thread's: it waits while the caller's thread makes them. If a call
 * in a step is lost, the lost thread leaves the row where it is, by longjmp: it touches nothing of
 * it any more, and another thread makes the step again.
 */
#ifndef PORTICO_CALLER_THREAD_H
#define PORTICO_CALLER_THREAD_H

#include "module/call.h"
#include "module/caller.h"
#include "module/running.h"

#include <setjmp.h>

enum { CALLER_NAME_MAX = 128 };

typedef struct caller_steps {
    caller_step step;
    void *arg;
    uint32_t at; /* the step that is being made */
} caller_steps;

typedef struct caller {
    control_command ended; /* first */
    struct caller *next;   /* of the lost ones. Control thread */
    os_thread *thread;
    os_cond changed;
    bool busy;         /* it makes the call or the row, or is about to */
    bool lost;         /* nobody waits for it */
    bool ends;         /* it is to end */
    bool held;         /* in a row: when its call has returned, it waits */
    uint64_t begun_ns; /* when it began the call; 0: not yet, or in a row: it makes none */
    uint32_t made;     /* counts calls that have returned */
    os_guard_thread *guard;
    running *running;  /* the thread's own */
    caller_steps *row; /* NULL: it makes a single call */
    jmp_buf out;       /* of a row */
    /* The call. Its thread's while busy. */
    module *module;
    generation *generation;
    bool staging;
    uint32_t begun; /* see begun.h */
    bool returned;
    call call;
    portico_migration migration;
    void *from; /* the state that `migration` refers to */
    char type[CALLER_NAME_MAX];
    char data[CALLER_NAME_MAX];
    char shown[CALLER_NAME_MAX];
} caller;

typedef struct caller_state {
    os_mutex lock;
    caller *idle; /* the thread that makes the next call; NULL: it is to be started */
    caller *lost; /* whose call is lost. Control thread */
    uint32_t timeout_ms;
    uint64_t left_ns; /* of it, for the calls that follow */
} caller_state;

extern caller_state callers;

/* The caller for the next call: in a row the calling thread's own, which *in_row says. NULL: out of
 * memory or threads. */
caller *caller_get(bool *in_row);

/* Makes the caller's copy of the call. False: out of memory. */
bool caller_set(caller *r, module *m, generation *g, bool staging, const call *c);

/* Copies the result to `c`. False: the call has faulted. */
bool caller_take(caller *r, call *c);

/* Makes a call, or a row, on the calling thread. False: the call has faulted. */
bool caller_make_here(module *m, generation *g, bool staging, call *c);
void caller_make_row_here(caller_steps *w);

/* A call of the caller's in a row. Does not return if it is lost. [the caller's thread] */
void caller_make_in_row(caller *r);

/* So much of the time that calls have is used up. [lock held] */
void caller_take_time_locked(uint64_t ns);

#endif
