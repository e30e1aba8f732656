/* talkers.h: users of the module chat on the listener "talk". One thread. Any failure ends the
 * test. */
#ifndef TEST_TALKERS_H
#define TEST_TALKERS_H

#include "support/host.h"
#include "support/net.h"

/* Connects a user with that name. `narrow`: its socket has small buffers. */
net_socket talker(host *h, const char *name, bool narrow);

/* The same for `count` users with the names c0, c1 ... */
void talkers(host *h, bool narrow, net_socket *sockets, int count);

void talkers_close(const net_socket *sockets, int count);

#endif
