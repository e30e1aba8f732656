/* networks.h: lists of networks as text: "10.0.0.0/8, 192.0.2.7 2001:db8::/32". Any thread; once
 * created they do not change.
 *
 * Spaces, tabs or commas are between them. A network is an address and the number of its leading
 * bits that count, or just an address. An IPv4 address mapped into IPv6 is that IPv4 address.
 */
#ifndef PORTICO_NETWORKS_H
#define PORTICO_NETWORKS_H

#include "os/os.h"

/* Whether the text lists at least one network and nothing else. No bit of an address may be set
 * after the leading ones: that is usually a mistake. */
bool networks_valid(const char *list);

typedef struct networks networks;

/* Reads a valid list once. NULL: out of memory. The caller destroys it. */
networks *networks_create(const char *list);
void networks_destroy(networks *n); /* NULL: does nothing */

/* Whether an address is in one of them. */
bool networks_contain(const networks *n, const os_address *address);

#endif
