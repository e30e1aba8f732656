/* failure.h: the failures that an exploration has found: kept in files, one for each kind of
 * failure, and shrunk the first time. Several processes share the folder. */
#ifndef TEST_FAILURE_H
#define TEST_FAILURE_H

#include "sim/run.h"

/* Failures are kept in FOLDER/TIME from now on, and shrunk for so long. */
void failures_begin(const char *folder, uint32_t shrink_s);

/* Keeps the failure in a file. If it is the first of its kind there, shrinks it and prints how to
 * repeat it. Call it right after the run. */
void failure_found(const run_spec *spec, const run_result *result);

/* Prints the command that repeats the run, and those for gdb and a trace. */
void failure_print_commands(FILE *file, const run_spec *spec);

#endif
