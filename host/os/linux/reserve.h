/* reserve.h: descriptors that a listener keeps for its accepts, for when the process is out of
 * them.
 *
 * A spare is a copy of the descriptor of /dev/null. An accept that fails closes one and tries
 * again; another thread may take the number first, hence there are several. The accepted socket
 * gives its number back without freeing it, by dup3, so nobody else can take it then. Any thread;
 * the lock of the reserves is a leaf.
 */
#ifndef PORTICO_LINUX_RESERVE_H
#define PORTICO_LINUX_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

/* Makes a reserve. 0: there are too many of them, or no descriptors. */
uint8_t reserve_create(void);

/* Closes its spares. Sockets may still refer to it. */
void reserve_destroy(uint8_t reserve);

/* Frees one descriptor for the next call. False: there is no spare. */
bool reserve_use(uint8_t reserve);

/* Takes back spares that are missing, as far as there are descriptors. */
void reserve_fill(uint8_t reserve);

/* Makes a spare of `fd`, whose file it closes. False: it needs none, and `fd` is untouched. */
bool reserve_take_back(uint8_t reserve, int fd);

#endif
