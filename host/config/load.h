/* load.h: an ini file becomes a config. Any thread. */
#ifndef PORTICO_LOAD_H
#define PORTICO_LOAD_H

#include "config/config.h"
#include "config/fault.h"

/* Reads `path`. Relative paths in it start from the file's folder. On PORTICO_OK the caller frees
 * *result with config_free. PORTICO_E_NOT_FOUND: the file cannot be read; PORTICO_E_INVALID: it has
 * faults; PORTICO_E_NO_MEMORY. In each of these cases `report` was called at least once and *result
 * is NULL. */
portico_status config_load(const char *path, config_report report, void *arg,
                           const config **result);

/* The same for the `size` bytes of a file that has been read. Messages and relative paths begin
 * with `path`. */
portico_status config_parse(const char *path, const char *bytes, size_t size, config_report report,
                            void *arg, const config **result);

void config_free(const config *c);

#endif
