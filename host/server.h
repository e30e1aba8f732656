/* server.h: the life of a serving host. [main() thread, which becomes the control thread] */
#ifndef PORTICO_SERVER_H
#define PORTICO_SERVER_H

#include "config/config.h"

/* Serves until a stop is requested. Returns the exit code: 0 after an orderly stop; 1 when the
 * host could not start, or a handler never returned. */
int server_run(const config *c);

#endif
