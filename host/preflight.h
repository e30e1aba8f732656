/* preflight.h: what would keep a host from serving as it is configured. [main() of `check`] */
#ifndef PORTICO_PREFLIGHT_H
#define PORTICO_PREFLIGHT_H

#include "config/config.h"
#include "config/fault.h"

/* Reports what is wrong with the files, folders, addresses and modules that `c` names, and in notes
 * (whose `arg` is NULL) which modules cannot be checked before they run, and how much memory and
 * how many handles the host may take. Loads no module, opens no port and changes nothing. */
void preflight(const config *c, config_report report, void *arg, config_report note);

#endif
