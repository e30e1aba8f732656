/* guesses.h: wrong tokens, by the address that they came from. [admin thread]
 *
 * Each wrong token makes the next one from its address wait longer before the host looks at it: a
 * tenth of a second, doubled each time up to two seconds. An address without a wrong token for a
 * minute begins anew. An IPv6 address counts as its /64 network.
 */
#ifndef PORTICO_GUESSES_H
#define PORTICO_GUESSES_H

#include "os/os.h"

/* How long a token from that address waits. */
uint32_t guesses_delay_ms(const os_address *peer, uint64_t now_ms);

/* A wrong token came from there: counts it, and logs it, at most one line a second. */
void guesses_add(const os_address *peer, uint64_t now_ms);

#endif
