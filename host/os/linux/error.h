/* error.h: from errno to a status, in one place.
 *
 * Any thread. error_set also remembers the raw code for os_error() of the calling thread.
 */
#ifndef PORTICO_LINUX_ERROR_H
#define PORTICO_LINUX_ERROR_H

#include "os/compiler.h"

#include <portico/status.h>

/* The status for a code of errno; PORTICO_OK for 0. */
COLD portico_status error_status(int code);

/* As error_status, and os_error() returns `code` from now on. */
COLD portico_status error_set(int code);

/* For a refusal of our own, behind which there is no code: os_error() returns 0. Returns `status`. */
COLD portico_status error_refuse(portico_status status);

#endif
