/* fault_report.h: what is told about a fault: a block in the log, a file in [host] run_dir/faults,
 * and a line of `ctl faults`.
 *
 * The faulting thread only fills a record. A thread of its own, the reporter, finds the names of
 * functions and lines, which takes long, then writes. A fault that ends the process is written by
 * the handler itself, without names.
 */
#ifndef PORTICO_FAULT_REPORT_H
#define PORTICO_FAULT_REPORT_H

#include "module/call.h"
#include "module/module.h"

enum { FAULT_FILES_MAX = 100 };

/* Starts the reporter and makes the folder. [control thread] */
portico_status fault_reports_start(const char *run_dir);

/* Writes what is left and ends the reporter. [control thread] */
void fault_reports_stop(void);

/* The call `c` of `m` has faulted, contained. Copies what it needs. [the faulting thread] */
void fault_tell(const module *m, const generation *g, const call *c, const os_fault *fault);

/* The process is about to end, in a handler: writes the file and the log line with nothing that
 * could wait. `c` and `m` NULL: not in a call of a module. */
void fault_tell_end(const module *m, const generation *g, const call *c, const os_fault *fault);

/* How many faults there have been, of one module or (NULL) of all. */
uint32_t faults_count(const char *module_name);

/* Calls `each` for the last faults, the latest first, at most `most`, with one line for people and
 * the path of the report. */
void faults_each(uint32_t most, void (*each)(void *arg, const char *line, const char *path),
                 void *arg);

#endif
