/* mailbox.h: a module as an entity: what its own messages wait in. Any thread, unless tagged.
 *
 * Made when the module is published, closed when it is withdrawn; it holds the module until its last message
 * has come to its turn.
 */
#ifndef PORTICO_MAILBOX_H
#define PORTICO_MAILBOX_H

#include "module/module.h"
#include "run/message.h"

/* Gives the module its mailbox. It takes messages, and keeps them until mailbox_start. [control thread] */
portico_status mailbox_open(module *m, os_port *port);
void mailbox_start(module *m);

/* Takes nothing more; what waits is dropped at its turn. [control thread] */
void mailbox_close(module *m);

/* Calls `each` with the name of every module that has a mailbox, and how many works wait there. The name is valid during the
 * call. [any thread] */
void mailboxes_each(void (*each)(void *arg, const char *name, uint32_t waiting), void *arg);

/* An entity_sweep: starts again what the system had no memory to start. [any thread] */
uint64_t mailbox_sweep(entity *e, uint64_t now_ms);

#endif
