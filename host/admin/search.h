/* search.h: finds the host that `portico ctl` talks to. */
#ifndef PORTICO_SEARCH_H
#define PORTICO_SEARCH_H

#include "admin/client.h"

/* Connects to the host of the configuration `file`. Without one (NULL) it asks the hosts of
 * portico.ini and then of the other .ini files, by name, in each folder of places.h. One that
 * answers is taken; if several do, none is, so that no command reaches a host by chance. NULL:
 * stderr says why, and *exit_code is 1, or 2 when `file` has errors. */
client *search_host(const char *file, int *exit_code);

#endif
