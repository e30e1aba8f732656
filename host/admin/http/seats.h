/* seats.h: how many connections over HTTP there may be, and which one makes way. They have
 * places of their own, so that they keep no connection of `ctl` out. [admin thread]
 */
#ifndef PORTICO_ADMIN_HTTP_SEATS_H
#define PORTICO_ADMIN_HTTP_SEATS_H

#include "os/os.h"

/* Serves `socket`, which it takes over. If all places are taken, a connection that has not shown
 * the token makes way: the oldest of the client that has the most. */
void http_seats_take(os_socket *socket, const os_address *peer);

/* Closes that one. False: there is none. */
bool http_seats_make_way(void);

/* How many connections of that client wait to hear whether their token is right. */
uint32_t http_seats_judging(const os_address *peer);

/* Does what is due, and returns when to look again at the latest; UINT64_MAX: never. Computes at
 * most one step of one TLS handshake, so that a crowd of them does not hold up the thread. */
uint64_t http_seats_look(uint64_t now_ms);

/* The host stops: says so to all that wait for news of it. True: they have heard it. Repeat it, and
 * http_seats_look, until that or as long as there is time. */
bool http_seats_leave(uint64_t now_ms);

/* Closes all. True: nothing is in flight any more. */
bool http_seats_close(void);

#endif
