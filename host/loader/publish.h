/* publish.h: makes what a module declares part of the host, and takes it out again.
 * [control thread]
 *
 * A session type gets a new layout, which its sessions take over in their next turn. Room types
 * become known by name. The mailbox delivers its messages.
 */
#ifndef PORTICO_PUBLISH_H
#define PORTICO_PUBLISH_H

#include "module/image.h"
#include "module/module.h"
#include "session/session_type.h"

/* Whether `m` may take part in a session type as `part`: the type is its own, or there, and no
 * other module handles one of its opcodes or messages. Otherwise `why` says what prevents it. */
portico_status publish_check(const module *m, const registered_type *part, char why[IMAGE_WHY_MAX]);

/* Allows rooms of the module's types to be created. On failure none can be. */
portico_status module_publish_rooms(module *m, char why[IMAGE_WHY_MAX]);

/* Adds the module to all its session types and starts its mailbox. On failure it is in none of
 * them, the mailbox waits as before, and `why` may say more than the status. */
portico_status module_publish(module *m, char why[IMAGE_WHY_MAX]);

/* Takes the module out of all its types: its rooms close, the services of its types pause and their
 * sessions close, and other sessions take over layouts without it. This continues after the return:
 * see module_wait_released. */
void module_withdraw(module *m);

/* The same, but its messages and timers wait: the module may be published again. */
void module_withdraw_for_now(module *m);

/* After the gate of the module has opened, thawed or died: lets everything go on that has parked
 * there, if anything has. */
void publish_revive(module *m);

/* The module is about to be withdrawn: no fault freezes it any more. If it is frozen, its sessions
 * and rooms end without its code. */
void publish_leave(module *m);

/* Nobody calls the module any more, and nobody waits for it. */
void publish_kill(module *m);

/* Gives all its sessions and rooms a turn, in which they change to the generation that serves. */
void publish_follow(module *m);

/* Gives every session of a type a turn, in which it takes over the new layout. */
void publish_sync_sessions(session_type *t);

#endif
