/* ctl.h: `portico ctl`: sends one command to a running host's admin listener. [the thread of main()] */
#ifndef PORTICO_CTL_H
#define PORTICO_CTL_H

#include "config/config.h"

/* Prints the answer. Returns the exit code: 0 for `ok`, 1 for an error or no answer. */
int ctl_run(const config *c, const char *command);

#endif
