/* supervise.h: `portico run --supervise`: runs the host as a child process and starts it again when
 * it ends by a crash. [main() thread of the supervisor] */
#ifndef PORTICO_SUPERVISE_H
#define PORTICO_SUPERVISE_H

#include "config/config.h"

/* Serves the configuration `file`, of which `c` is a reading, until a stop is requested or the host
 * cannot go on. Returns the exit code: the host's last one, or 128 and the number of the signal
 * that ended it. 0 after an orderly stop. */
int supervise(const config *c, const char *file);

#endif
