/* message.h: what modules and timers send inside the host. Any thread. */
#ifndef PORTICO_MESSAGE_H
#define PORTICO_MESSAGE_H

#include "run/strand.h"

enum { MESSAGE_BYTES_MAX = 1024 * 1024, MESSAGES_WAITING_MAX = 100000 };

/* What makes messages and wants to know when one has been handled. */
typedef struct message_source {
    /* A message of this source has come to its turn, or was dropped; ends the message's hold. Returns how many were left
     * out since the one before. Any thread. */
    uint32_t (*delivered)(struct message_source *source);
} message_source;

typedef struct message {
    work work;            /* first; in a room's or module's strand, or in a session's inbox */
    entity *to;           /* held */
    message_source *from; /* held; NULL: nobody wants to know */
    uint32_t id;
    uint32_t size;
    uint8_t bytes[]; /* size + 1: a zero follows */
} message;

/* A message for `to`, of which it takes the hold over, and that of `from`; NULL when out of memory: then it does not. */
message *message_create(entity *to, uint32_t id, const void *data, uint32_t size,
                        message_source *from);

/* Queues a copy of `data`; statuses as portico_host.post. On success it takes over a hold of `from`. */
portico_status message_post(portico_entity to, uint32_t id, const void *data, uint32_t size,
                            message_source *from);

/* Calls `handler` with it. Inside the gate of the handler's module. */
void message_deliver(message *m, portico_on_message handler, void *state);

/* Frees it, and tells its source. */
void message_free(message *m);

#endif
