/* fault_files.h: the reports in [host] run_dir/faults, one file each. Their names begin with the
 * time, so they sort by it. The last FAULT_FILES_MAX are kept, also those of hosts before; with a
 * report goes the minidump beside it. Reports contain packets: only their owner can read them.
 */
#ifndef PORTICO_FAULT_FILES_H
#define PORTICO_FAULT_FILES_H

#include "os/os.h"

enum { FAULT_FILES_MAX = 100, FAULT_PATH_MAX = 1024 };

/* Makes the folder, and deletes reports in excess. On failure no reports are kept, and the log says
 * why. [control thread] */
void fault_files_start(const char *run_dir);

/* Writes the path of the report on a fault of the module at this time; "": none is kept. Also in a
 * handler of faults. */
void fault_files_path(uint64_t wall_ms, const char *module_name, uint32_t generation,
                      char path[FAULT_PATH_MAX]);

/* A path as above that no file has yet: waits for another millisecond if necessary. [reporter] */
void fault_files_free_path(uint64_t wall_ms, const char *module_name, uint32_t generation,
                           char path[FAULT_PATH_MAX]);

/* Writes the report, and deletes the oldest if there are too many. False: it could not be written;
 * the log says why. [reporter] */
bool fault_files_write(const char *path, const char *text, size_t size);

/* Calls `line` for each line of the report of that name. PORTICO_E_INVALID: no report is called so;
 * PORTICO_E_NOT_FOUND: it is not there, or cannot be read. [control thread] */
portico_status fault_files_read(const char *name, void (*line)(void *arg, const char *line),
                                void *arg);

/* The path of the minidump that belongs to a report. Also in a handler of faults. */
void fault_files_dump_path(const char *path, char dump[FAULT_PATH_MAX]);

#endif
