/* publish.h: makes what a module has registered part of the host, and takes it out again. [control thread]
 *
 * A session type gets a new layout, which its sessions take over in their next turn; room types can be found by
 * name; the module gets its mailbox.
 */
#ifndef PORTICO_PUBLISH_H
#define PORTICO_PUBLISH_H

#include "module/image.h"
#include "module/module.h"
#include "session/session_type.h"

/* Lets rooms of the module's types be made. On failure it has none. */
portico_status module_publish_rooms(module *m, char why[IMAGE_WHY_MAX]);

/* Adds the module to all its session types, and lets its messages come. On failure it is in none of them, `why` may say
 * more than the status. */
portico_status module_publish(module *m, char why[IMAGE_WHY_MAX]);

/* Takes it out of all its types: its rooms close, its types' services wait and their sessions close, other
 * sessions take over layouts without it. All that goes on after this returns: see module_wait_released. */
void module_withdraw(module *m);

/* The sessions of a type take over its new layout in their next turn, which they get now. */
void publish_sync_sessions(session_type *t);

#endif
