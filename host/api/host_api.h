/* host_api.h: the functions that modules get: the other side of <portico/portico.h>.
 *
 * Threads and effects as said there. Nothing in the host includes this but the loader.
 */
#ifndef PORTICO_HOST_API_H
#define PORTICO_HOST_API_H

#include "config/config.h"

#include <portico/portico.h>

/* The table; `c` is where modules read their keys, or NULL (inspect). It must outlive all modules. */
const portico_host *host_api(const config *c);

#endif
