/* ready.h: the file that says that the host serves, and where. [control thread, and main() of `ctl`] */
#ifndef PORTICO_READY_H
#define PORTICO_READY_H

#include "config/config.h"

/* Writes [host] ready_file, whole: `pid N`, `listener NAME ADDRESS:PORT`, `admin ADDRESS:PORT`. False: the log says why. */
bool ready_write(const config *c);

/* Writes it again, since listeners have opened or closed. True when there is none to write. */
bool ready_update(void);

/* Whether there is nothing at `path` that the ready file must not replace: no file, an empty one or a ready file. */
bool ready_may_replace(const char *path);

/* Removes it, if this process has written it. */
void ready_remove(void);

/* The port that the ready file tells for the admin listener; 0 when it does not. */
uint16_t ready_admin_port(const config *c);

#endif
