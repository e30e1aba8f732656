/* top_screen.h: what `ctl top` shows, in 80 columns. */
#ifndef PORTICO_TOP_SCREEN_H
#define PORTICO_TOP_SCREEN_H

#include "admin/top_sample.h"

#include <stdbool.h>
#include <stdio.h>

/* Writes what happened in the time of `s` (see top_sample_since). On a terminal in place of what it shows, and no more than
 * fits into 24 lines; else all of it, with an empty line behind. */
void top_screen_show(FILE *to, const top_sample *s, bool terminal);

#endif
