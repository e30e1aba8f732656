/* origin.h: the origins that a listener of WebSocket allows. Pure, any thread. */
#ifndef PORTICO_CONFIG_ORIGIN_H
#define PORTICO_CONFIG_ORIGIN_H

#include <stdbool.h>

/* Whether each item of the list, separated by blanks and commas, is "*", "null" or an origin as a
 * browser writes it (RFC 6454 section 6.2): https://example.com, http://[::1]:8080. One that a
 * browser never sends, such as https://example.com:443 or https://example.com/, would let nobody
 * in, and is refused. */
bool origins_valid(const char *list);

/* The origins that are allowed, in words, for a message. */
extern const char origins_allowed[];

#endif
