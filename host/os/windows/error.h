/* error.h: from codes of Windows to a status, in one place. Any thread.
 *
 * Every failing function goes through error_set(), which keeps the raw code for os_error() of the
 * calling thread.
 */
#ifndef PORTICO_WINDOWS_ERROR_H
#define PORTICO_WINDOWS_ERROR_H

#include "private.h"

/* The status for a Win32 or Winsock code (their ranges do not overlap); PORTICO_OK for 0. */
portico_status error_status(DWORD code);

/* Like error_status, and os_error() returns `code` from now on. */
portico_status error_set(DWORD code);

/* For a refusal of our own, which has no code: os_error() returns 0. Returns `status`. */
portico_status error_refuse(portico_status status);

/* The Win32 code of an NTSTATUS, 0 for success; the NTSTATUS itself where there is no such code. */
DWORD error_of_nt(NTSTATUS nt);

#endif
