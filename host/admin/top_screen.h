/* top_screen.h: the output of `ctl top`, in 80 columns. */
#ifndef PORTICO_TOP_SCREEN_H
#define PORTICO_TOP_SCREEN_H

#include "admin/top_sample.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes what happened in the time of `s` (see top_sample_since). On a terminal it replaces the
 * screen with what fits into 24 lines; elsewhere it writes everything, and then an empty line. */
void top_screen_show(FILE *to, const top_sample *s, bool terminal);

#endif
