/* source.h: where connections come from, and how many a second come from there.
 *
 * A source is an IPv4 address or an IPv6 prefix, because one customer of a provider usually has a
 * whole /64. An IPv4 address mapped into IPv6 is that IPv4 address.
 *
 * The table of rates has a fixed size: SOURCES_MAX sources, in sets of SOURCE_WAYS that a keyed
 * hash chooses. A source that owes nothing any more may be forgotten. If all of a set still owe, a
 * newcomer replaces the one that owes least, which then begins anew: so an attacker with very many
 * sources gets some of its rates forgiven, and a newcomer is never refused for lack of room.
 */
#ifndef PORTICO_SOURCE_H
#define PORTICO_SOURCE_H

#include "os/os.h"

enum { SOURCE_BYTES = 16, SOURCE_WAYS = 8, SOURCES_MAX = 8192 };

typedef struct source {
    uint8_t bytes[SOURCE_BYTES]; /* as in IPv6 */
} source;

/* Pure. `ipv6_prefix` is 1 to 128 bits. */
source source_of(const os_address *peer, uint32_t ipv6_prefix);

typedef struct sources sources;

/* NULL: out of memory. */
sources *sources_create(void);
void sources_destroy(sources *s);

/* Charges a connection of `from`: each costs `cost_ns`, and bursts of `burst_ns` are let in. False:
 * the source is over its rate, and the connection is not charged. The owner of the table locks. */
bool sources_admit(sources *s, const source *from, uint64_t now_ns, uint64_t cost_ns,
                   uint64_t burst_ns);

#endif
