/* ready.h: the ready file, which says that the host serves, and where. [control thread, and main()
 * of `ctl`] */
#ifndef PORTICO_READY_H
#define PORTICO_READY_H

#include "config/config.h"

/* Takes the name of [host] ready_file for this process, until ready_give_back or its end. False: it
 * has logged why not: another host has it, or it is a file of something else. */
bool ready_take(const config *c);
void ready_give_back(void);

/* Writes [host] ready_file in one step: `pid N`, `listener NAME ADDRESS:PORT`, `admin
 * ADDRESS:PORT`, `http ADDRESS:PORT`. False: it has logged why not. */
bool ready_write(const config *c);

/* The addresses of the admin side, for the lines `admin` and `http`; "": none. Before ready_write.
 */
void ready_set_admin(const char *address);
void ready_set_http(const char *address);

/* Writes it again if what it says has changed, since listeners have opened or closed. Returns true
 * also when none is configured. */
bool ready_update(void);

/* Whether the ready file may be written at `path`: no file, an empty one or a ready file. */
bool ready_may_replace(const char *path);

/* Removes it if this process has written it. */
void ready_remove(void);

/* The port in the line `admin ADDRESS:PORT` of a ready file; 0: it is another line. */
uint16_t ready_line_port(const char *line);

/* Reads the port of the admin listener from the ready file; 0: it is not there. */
uint16_t ready_admin_port(const config *c);

#endif
