/* probe.h: tries a module's file in a child process, `portico probe`, before the host loads it.
 *
 * The system's loader and a library's constructors run in the process itself, where nothing
 * contains their faults. So a child loads the file first, reads its tables and unloads it. If that
 * crashes or does not end, the file is refused, and the next child is started in the background.
 *
 * The constructors of a file thus run twice: once in the child, once in the host. [control thread]
 */
#ifndef PORTICO_PROBE_H
#define PORTICO_PROBE_H

#include "module/image_copy.h"

/* Starts the first child, so that it is ready when it is needed. `swap_timeout_ms` extends the time
 * that a file may take, if it is longer. Without this call, probe_file tries nothing. */
void probe_start(uint32_t swap_timeout_ms);
void probe_stop(void);

/* Has the child load the library `path`; `why` calls it `file`. PORTICO_OK: the host may load it.
 * That is also the answer if there can be no child, which the log says once; then *tried is false.
 * PORTICO_E_LOAD     it crashes or ends the process
 * PORTICO_E_TIMEOUT  it does not end
 * PORTICO_E_SHUTDOWN the host is stopping
 * Any other status is why image_open would refuse it. */
portico_status probe_file(const char *path, const char *file, bool *tried, char why[IMAGE_WHY_MAX]);

#endif
