/* mailbox.h: the queue of a module's own messages, which makes the module an entity. Any thread,
 * unless tagged.
 *
 * It is opened before the module's `start`, closed when the module has been withdrawn, and holds
 * the module until its last message has had its turn.
 */
#ifndef PORTICO_MAILBOX_H
#define PORTICO_MAILBOX_H

#include "module/module.h"
#include "run/message.h"

/* Gives the module its mailbox, which accepts messages and keeps them until mailbox_start.
 * [control thread] */
portico_status mailbox_open(module *m, os_port *port);
void mailbox_start(module *m);

/* Keeps messages from now on, while one may still be handled; and the end of that. [control
 * thread] */
void mailbox_pause(module *m);
void mailbox_resume(module *m);

/* Accepts no more messages, and drops those that wait, in their turn. [control thread] */
void mailbox_close(module *m);

/* Drops the messages to itself that were begun with that number (begun.h). [control thread] */
void mailbox_undo(module *m, uint32_t begun);

/* Lets its turn go on if it is parked at the gate. [control thread] */
void mailbox_revive(module *m);

/* Calls `each` with the name of every module that has a mailbox and the number of messages that
 * wait there. The name is valid during the call. [any thread] */
void mailboxes_each(void (*each)(void *arg, const char *name, uint32_t waiting), void *arg);

/* Has the module whose mailbox has that id answer the asks for its own state (state_ask.h), in its
 * turn: between two of its messages, and not while its code is being exchanged. Ask again until it
 * has answered. False: there is no such mailbox any more. [any thread, no lock held] */
bool mailbox_ask(uint64_t id);

/* An entity_sweep: queues the mailbox's turn if that failed for lack of memory. [any thread] */
uint64_t mailbox_sweep(entity *e, uint64_t now_ms);

#endif
