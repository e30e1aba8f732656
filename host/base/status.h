/* status.h: names and sentences of the statuses of <portico/status.h>. Constants, any thread. */
#ifndef PORTICO_HOST_STATUS_H
#define PORTICO_HOST_STATUS_H

#include <portico/status.h>

/* "PORTICO_E_GONE"; "PORTICO_E_?" for a number that is not in the list. Never NULL. */
const char *status_name(portico_status status);

/* The list's sentence; "a status that this version does not know" for any other number. Never
 * NULL. */
const char *status_text(portico_status status);

#endif
