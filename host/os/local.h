/* local.h: the part of the seam for connections within the machine that the system itself guards.
 *
 * A local listener has a path instead of an address, and only the user who runs its process can
 * connect (and those who may do anything: root, SYSTEM). On Linux it is a Unix socket, a file with
 * mode 0600. On Windows it is a named pipe, which has no file: its name is made from the path, and
 * other machines cannot reach it.
 *
 * Its sockets work with os_accept, os_recv, os_send, os_send_now, os_cancel, os_close and, for the
 * listener, os_close. There is no recv-ready (os_recv with capacity 0). Windows has no half-close:
 * after os_shutdown the peer reads on until os_close.
 */
#ifndef PORTICO_OS_LOCAL_H
#define PORTICO_OS_LOCAL_H

#include "os/os.h"

/* Listens at `path`, whose folder exists. Replaces the socket of a process that has ended.
 *
 * PORTICO_E_ADDRESS_IN_USE  a living process listens there
 * PORTICO_E_EXISTS          there is a file that is no socket, or another user's: it is untouched
 * PORTICO_E_TOO_BIG         the name of the file is longer than the system can bind
 * PORTICO_E_ACCESS, PORTICO_E_NOT_FOUND, ...: of the folder
 */
portico_status os_listen_local(os_port *port, const char *path, os_socket **listener);

/* Keeps some handles for the accepts of this listener, local or not: they succeed although the
 * process is out of handles, for a few connections at once. A connection gives its handle back when
 * it is closed. On Windows, whose processes have millions of handles, it does nothing.
 * PORTICO_E_NO_HANDLES: there are none to keep. */
portico_status os_listener_reserve(os_socket *listener);

/* Removes what a listener at `path` leaves behind. After its os_close. */
void os_local_remove(const char *path);

/* Connects to the listener at `path`. On PORTICO_OK the caller owns *socket and must close it even
 * if the completion reports a failure. Refusals:
 *
 * PORTICO_E_NOT_FOUND  nothing is there
 * PORTICO_E_REFUSED    nobody listens any more
 * PORTICO_E_ACCESS     it is another user's
 * PORTICO_E_BACKLOG    the listener is busy: try again soon
 * PORTICO_E_TOO_BIG    as for os_listen_local
 */
portico_status os_connect_local(os_port *port, const char *path, os_op *op, os_socket **socket);

#endif
