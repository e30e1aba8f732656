/* search.h: finds the host that `portico ctl` talks to. */
#ifndef PORTICO_SEARCH_H
#define PORTICO_SEARCH_H

#include "admin/client.h"

/* Connects to the host of the configuration `file`. Without one (NULL) it tries portico.ini and
 * then the other .ini files, by name, of each folder of places.h, and takes the first host that
 * answers. NULL: stderr says why, and *exit_code is 1, or 2 when `file` has errors. */
client *search_host(const char *file, int *exit_code);

#endif
