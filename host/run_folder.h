/* run_folder.h: [host] run_dir is trusted only if nobody else can have put files in it: a token
 * that others know, a copy of a module that is not what it was copied from, a link to somewhere
 * else. [control thread, and main() of `check`] */
#ifndef PORTICO_RUN_FOLDER_H
#define PORTICO_RUN_FOLDER_H

#include "config/config.h"

enum { RUN_FOLDER_WHY_MAX = 4096 + 512 };

/* Checks the folder and its folders for copies and reports, as far as they are there. With `make`
 * it makes the folder. False: `why` is a sentence for the user. */
bool run_folder_check(const config *c, bool make, char why[RUN_FOLDER_WHY_MAX]);

#endif
