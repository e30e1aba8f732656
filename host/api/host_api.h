/* host_api.h: the functions that modules call. <portico/portico.h> says what they do and on which
 * threads. Only the loader includes this; host_api.c also defines `portico` for modules that are
 * linked into the executable.
 */
#ifndef PORTICO_HOST_API_H
#define PORTICO_HOST_API_H

#include "config/config.h"

#include <portico/portico.h>

/* Returns the table. The modules' files are in the data_dir of `c`, which must outlive them;
 * NULL: they have none. */
const portico_host *host_api(const config *c);

#endif
