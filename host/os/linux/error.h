/* error.h: from errno to a status, in one place.
 *
 * Any thread. error_set also keeps the raw code for os_error() of the calling thread.
 */
#ifndef PORTICO_LINUX_ERROR_H
#define PORTICO_LINUX_ERROR_H

#include "os/compiler.h"

#include <portico/status.h>

/* The status for an errno; PORTICO_OK for 0. */
COLD portico_status error_status(int code);

/* Like error_status, and os_error() returns `code` from now on. */
COLD portico_status error_set(int code);

/* For a refusal of our own, which has no code: os_error() returns 0. Returns `status`. */
COLD portico_status error_refuse(portico_status status);

#endif
