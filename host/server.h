/* server.h: the whole life of a host that serves. [the thread of main(), which becomes the control thread] */
#ifndef PORTICO_SERVER_H
#define PORTICO_SERVER_H

#include "config/config.h"

/* Serves until it is told to stop. Returns the exit code: 0 after an orderly stop, 1 when it could not start
 * or a handler never returned. */
int server_run(const config *c);

#endif
