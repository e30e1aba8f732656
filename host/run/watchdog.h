/* watchdog.h: which calls into modules run, and which have run last; logs those that take longer
 * than they should, and ends those that hang.
 *
 * module_enter and module_leave enclose every call into a module and describe it in a slot of
 * the calling thread, which costs a few stores. watchdog_look, called now and then, compares the
 * calls with the limits. No call is reported too early; one of several in a row (watchdog_next)
 * may be reported up to two looks late.
 */
#ifndef PORTICO_WATCHDOG_H
#define PORTICO_WATCHDOG_H

#include "os/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WATCHDOG_NAME_BYTES = 32 };

/* Reports calls that take longer than `limit_ms`, and jobs that take longer than
 * WATCHDOG_JOB_TIMES that; 0: none. */
enum { WATCHDOG_JOB_TIMES = 30 };
void watchdog_start(uint32_t limit_ms);

/* The name for watchdog_begin: a copy of a module's name that stays valid for ever. Equal names
 * have the same copy. */
const char *watchdog_name(const char *module_name);

/* Describes the call that the calling thread begins: `name` is from watchdog_name, `what` a
 * constant such as "opcode"; NULL: the call may take any time. */
void watchdog_begin(const char *name, const char *what, uint32_t number, uint64_t entity_id);

/* The call has returned. */
void watchdog_end(void);

/* The call has returned, and another one of the same kind begins. */
void watchdog_next(uint32_t number);

/* Saves the next watchdog_begin from reading the clock: the time is `now_ns`, and the calling
 * thread begins no other call before. 0: the time is not known. */
void watchdog_clock(uint64_t now_ns);

/* Whether the calling thread has begun a call at that time of os_monotonic_ns() or later. Then
 * *name and *what are those of the last one that did not continue calls in a row. */
bool watchdog_last(uint64_t since_ns, const char **name, const char **what);

/* A call, running or not. */
typedef struct watchdog_call {
    const char *module;  /* from watchdog_name */
    const char *what;    /* NULL: a job */
    uint32_t number;     /* opcode, message ... */
    uint32_t thread;     /* a number of the watchdog's own, from 1 */
    uint64_t entity;     /* 0: none */
    uint64_t started_ns; /* of several calls in a row the first one's */
} watchdog_call;

/* Copies the last calls of the module, of all threads, the latest first. Calls that several threads
 * have begun in the same moment may be in any order. Also in a handler of faults. Returns how many,
 * at most `most` and WATCHDOG_RECENT. */
enum { WATCHDOG_RECENT = 16 };
uint32_t watchdog_recent(const char *module_name, watchdog_call *calls, uint32_t most);

typedef struct watchdog_hooks {
    /* How long a call of the module may take before it is ended; 0: any time. */
    uint32_t (*hang_ms)(const char *module_name);
    /* The call takes longer than the limit, or (`hangs`) than hang_ms but cannot be ended. `where`
     * is where its thread is; NULL: that could not be found out. False: there is no room to report
     * it now; the next look tries again. */
    bool (*tell)(const watchdog_call *call, const os_fault *where, bool hangs);
    /* The owner of the guards of the calling thread (os_guard_call), always the same. */
    void *(*owner)(void);
} watchdog_hooks;

/* `hang_ms` and `tell` are called by watchdog_look, with no lock held. [main thread, before any
 * call] */
void watchdog_set_hooks(const watchdog_hooks *hooks);

/* In the hook `contain` of a fault OS_FAULT_HANG: false if the watchdog has interrupted this
 * owner's thread, but the call that took too long has returned. The thread is suspended. */
bool watchdog_still_hangs(const void *owner);

/* Logs each call that exceeds the limit, once; when it returns, that is logged as well. Ends calls
 * that hang, where they can be ended. If another thread looks already, does nothing. [any thread
 * that makes no call: watchdog_thread.h] */
void watchdog_look(void);

/* Writes which call into the module (NULL: any) has been running longest, and for how long. */
void watchdog_describe(const char *module_name, char *text, size_t size);

/* Describes the oldest call into the module that still runs, jobs included. False: none runs. Of
 * several calls in a row only the first one's beginning is known: a later one counts as begun when
 * this or a look first sees it. */
bool watchdog_oldest(const char *module_name, watchdog_call *oldest);

/* Describes a call: "message 7 of room 4294967300", "start", "job 3". [any thread] */
enum { WATCHDOG_TEXT = 96 };
void watchdog_text(const watchdog_call *c, char text[WATCHDOG_TEXT]);

/* Calls `each` for every call that runs, however long it does, jobs included. With `locate`, *where
 * is where its thread is; NULL: that could not be found out. `each` is called with no lock held.
 * Waits while another thread looks. [any thread that makes no call] */
void watchdog_running(bool locate,
                      void (*each)(void *arg, const watchdog_call *c, const os_fault *where),
                      void *arg);

/* How many calls exceed the limit now, and have exceeded it since the start. */
uint32_t watchdog_late(void);
uint64_t watchdog_total(void);

#endif
