/* ctl.h: `portico ctl`: sends one command to a running host. [the thread of main()] */
#ifndef PORTICO_CTL_H
#define PORTICO_CTL_H

#include <stdio.h>

/* Runs the command in the arguments, which come after `ctl`, and prints the answer. Returns the
 * exit code: 0 for `ok`, 1 for an error or no answer, 2 for wrong usage or configuration. */
int ctl_main(int argc, char **argv);

/* Prints how it is used. */
void ctl_usage(FILE *to);

#endif
