/* host_api.h: the functions that modules call. <portico/portico.h> says what they do and on which
 * threads. Only the loader includes this.
 */
#ifndef PORTICO_HOST_API_H
#define PORTICO_HOST_API_H

#include "config/config.h"

#include <portico/portico.h>

/* Returns the table. Modules read their keys from `c`, which must outlive them; NULL: there are
 * none (inspect). */
const portico_host *host_api(const config *c);

#endif
