/* message.h: what modules and timers send to entities inside the host. Any thread. */
#ifndef PORTICO_MESSAGE_H
#define PORTICO_MESSAGE_H

#include "run/strand.h"

enum { MESSAGE_BYTES_MAX = 1024 * 1024, MESSAGES_WAITING_MAX = 100000 };

/* A maker of messages that is notified when one of them has been handled. */
typedef struct message_source {
    /* A message of this source is being handled, or was dropped; ends the message's hold.
     * Returns how many messages the source has left out since the one before. [any thread] */
    uint32_t (*delivered)(struct message_source *source);
} message_source;

typedef struct message {
    work work;            /* first; in the strand of a room or module, or in a session's inbox */
    entity *to;           /* held */
    message_source *from; /* held; NULL: none */
    uint32_t id;
    uint32_t size;
    uint8_t bytes[]; /* size + 1: a zero follows */
} message;

/* A message for `to`; NULL: for message_post_created. Takes over a hold of `to` and of `from`,
 * unless it returns NULL: out of memory. */
message *message_create(entity *to, uint32_t id, const void *data, uint32_t size,
                        message_source *from);

/* Queues a copy of `data`. Statuses: see portico_host.post. On PORTICO_OK it takes over a hold
 * of `from`. */
portico_status message_post(portico_entity to, uint32_t id, const void *data, uint32_t size,
                            message_source *from);

/* Posts a message that was created with `to` NULL; allocates nothing. On PORTICO_OK it takes the
 * message over. */
portico_status message_post_created(portico_entity to, message *m);

/* Calls `handler` with the message. Inside the gate of the handler's module. */
void message_deliver(message *m, portico_on_message handler, void *state);

/* Frees the message and notifies its source unless message_deliver has. */
void message_free(message *m);

#endif
