/* load.h: an ini file becomes a config. Any thread. */
#ifndef PORTICO_LOAD_H
#define PORTICO_LOAD_H

#include "config/config.h"
#include "config/fault.h"

/* Reads `path`. Relative paths in it start from the file's own folder. On PORTICO_OK *result is the caller's
 * until config_free. PORTICO_E_NOT_FOUND: cannot be read; PORTICO_E_INVALID: something is
 * wrong; in both cases `report` was called at least once and *result is NULL. */
portico_status config_load(const char *path, config_report report, void *arg,
                           const config **result);

/* The same with the `size` bytes of a file that was read already; `path` is what messages and
 * relative paths begin with. */
portico_status config_parse(const char *path, const char *bytes, size_t size, config_report report,
                            void *arg, const config **result);

void config_free(const config *c);

#endif
