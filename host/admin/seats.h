/* seats.h: how many connections of `ctl` there may be, and which one makes way. [admin thread]
 *
 * Those that have not shown the token, those that have, and local ones have places of their own, so
 * that none keeps another kind out. When the places of a kind are taken, a connection makes way for
 * the new one: of unknown ones the oldest from the address that has the most; of the others the one
 * that has been idle, or has not read its answer, for longest. One whose command runs does not make
 * way.
 */
#ifndef PORTICO_SEATS_H
#define PORTICO_SEATS_H

#include "admin/connection.h"

/* Serves `socket`, which it takes over: another connection makes way if necessary. `kind` is
 * VISIT_UNKNOWN or VISIT_LOCAL. */
void seats_take(os_socket *socket, const os_address *peer, visit_kind kind);

/* Closes the connection of that kind that others need least. False: there is none, or a command of
 * each runs. */
bool seats_make_way(visit_kind kind);

/* Does what is due and returns when to look again at the latest; UINT64_MAX: never. */
uint64_t seats_look(uint64_t now_ms);

/* Closes all of them, or all but those that wait for the end of the stop. True: of those that it
 * closes nothing is in flight any more. */
bool seats_close(bool waiters);

#endif
