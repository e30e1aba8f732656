/* fault_report.h: reports a fault: as a block in the log, a file in [host] run_dir/faults, and a
 * line of `ctl faults`.
 *
 * The faulting thread only fills a record. A thread of its own, the reporter, finds the names of
 * functions and lines, which takes long, then writes. A fault that ends the process is written by
 * the handler itself, without names. If a module faults faster than that, or again and again at one
 * place, most faults are only counted (fault_flood.h).
 */
#ifndef PORTICO_FAULT_REPORT_H
#define PORTICO_FAULT_REPORT_H

#include "module/call.h"
#include "module/fault_files.h"
#include "module/fault_record.h"
#include "module/module.h"

/* Starts the reporter, makes the folder, and has the watchdog tell of slow calls and end those that
 * hang. `peer_of` is called on threads whose call has faulted. PORTICO_E_NO_MEMORY: there is no
 * thread. [main thread, before the first call] */
portico_status fault_reports_start(const char *run_dir, fault_peer_of *peer_of);

/* Writes what is left and ends the reporter. [control thread] */
void fault_reports_stop(void);

/* Waits for a few seconds at most until everything that was told is written: a library is about to
 * be closed, whose functions have names. [control thread] */
void fault_reports_wait(void);

/* Between the two nothing looks into libraries for a report, so that one may be closed, even if not
 * everything could be written in time. The first waits until the functions of one report are found.
 * [control thread] */
void fault_libraries_hold(void);
void fault_libraries_release(void);

/* The call `c` of `m` has faulted, contained. Copies what it needs. [the faulting thread] */
void fault_tell(const module *m, const generation *g, const call *c, const os_fault *fault);

/* A call takes too long, see watchdog_hooks.tell. [a thread that makes no call] */
bool fault_tell_slow(const watchdog_call *c, const os_fault *where, bool hangs);

/* A call still runs, and the process is about to end because of it. False: there is no room for the
 * report now. [a thread that makes no call] */
bool fault_tell_stuck(const watchdog_call *c, const os_fault *where);

/* How many reports wait to be written. */
uint32_t fault_reports_waiting(void);

/* The process is about to end, in a handler: writes the file and the log line with nothing that
 * could wait for long. `c` and `m` NULL: not in a call of a module. */
void fault_tell_end(const module *m, const generation *g, const call *c, const os_fault *fault);

/* How many faults there have been, of one module or (NULL) of all. Takes no lock. */
uint32_t faults_count(const char *module_name);

/* Calls `each` for each module and kind of call that has had faults. Takes no lock. */
void faults_each_kind(void (*each)(void *arg, const char *module, call_kind kind, uint32_t count),
                      void *arg);

/* When a fault froze the module last, by the wall clock; 0: never. Takes no lock. */
uint64_t faults_frozen_ms(const char *module_name);

/* Receives a fault: its module, one line for people, and the path of the report; "": there is none.
 */
typedef void fault_each(void *arg, const char *module_name, const char *line, const char *path);

/* Calls `each` for the last faults, the latest first, at most `most`. */
void faults_each(uint32_t most, fault_each *each, void *arg);

#endif
