/* publish.h: makes what a module has registered part of the host, and takes it out again. [control thread]
 *
 * A session type gets a new layout, which its sessions take over in their next turn; room types can be found by
 * name; the module gets its mailbox.
 */
#ifndef PORTICO_PUBLISH_H
#define PORTICO_PUBLISH_H

#include "image.h"

/* Adds the module to all its types. On failure it is in none of them, `why` may say more than the status. */
portico_status module_publish(module *m, os_port *port, char why[IMAGE_WHY_MAX]);

/* Takes it out of all its types: its rooms close, its types' services wait and their sessions close, other
 * sessions take over layouts without it. All that goes on after this returns: see module_wait_released. */
void module_withdraw(module *m);

#endif
