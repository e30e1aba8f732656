/* inbox.h: how much waits for an entity: messages, in number and in bytes.
 *
 * The queue itself is the entity's: a strand, or a list of the session. An inbox only counts, from
 * inbox_admit until message_free. Any thread.
 */
#ifndef PORTICO_INBOX_H
#define PORTICO_INBOX_H

#include "run/message.h"
#include "run/quota.h"

typedef struct inbox {
    quota *quota;           /* of the module that the entity belongs to; NULL: none */
    _Atomic uint64_t bytes; /* of the messages that wait or are being handled */
} inbox;

/* The most bytes for a module, a room and a session; 0: any number. */
void inboxes_start(const uint64_t limits[ENTITY_KINDS]);

/* Counts the message among those that wait; `waiting` are there already. PORTICO_E_BACKLOG: too
 * much waits, or the module's quota is used up, and nothing was counted. A message that is owed is
 * always admitted; a reply is, however many wait. */
portico_status inbox_admit(inbox *in, entity_kind kind, message *m, uint32_t waiting);

/* The message was refused: counts and logs that, under the name of the module that `by` is of;
 * NULL, a timer: of the module that the entity belongs to. `to` names the entity. Locks may be
 * held. */
COLD void inbox_refuse(const inbox *in, entity_kind kind, quota *by, const char *to,
                       uint32_t waiting);

/* Ends the counting, if there was any. For message_free. */
void inbox_leave(message *m);

#endif
