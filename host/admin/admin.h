/* admin.h: where `ctl` reaches the host. [control thread]
 *
 * A thread of its own serves the connections (connection.h) on a port of its own, so it answers
 * whatever the workers and the control thread do.
 */
#ifndef PORTICO_ADMIN_H
#define PORTICO_ADMIN_H

#include "config/config.h"

/* Listens as [admin] says, and starts the thread. False: it has logged why not. */
bool admin_start(const config *c);

/* Closes all connections but those of `ctl stop`: no command runs from now on. Open pages are told
 * first that the host stops, which takes up to half a second if they do not read. Harmless if the
 * thread does not run. Jobs that it has posted may still be in the queue of the control thread. */
void admin_close(void);

/* Sends the exit code to those who wait in `ctl stop`, which may take a second, and ends the
 * thread. */
void admin_stop(int exit_code);

#endif
