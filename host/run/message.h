/* message.h: what modules and timers send inside the host. Any thread. */
#ifndef PORTICO_MESSAGE_H
#define PORTICO_MESSAGE_H

#include "run/strand.h"

struct schedule;

enum { MESSAGE_BYTES_MAX = 1024 * 1024, MESSAGES_WAITING_MAX = 100000 };

typedef struct message {
    work work;             /* first; in a room's or module's strand, or in a session's inbox */
    entity *to;            /* held */
    struct schedule *from; /* held; NULL: no timer that posts again */
    uint32_t id;
    uint32_t size;
    uint8_t bytes[]; /* size + 1: a zero follows */
} message;

/* A message for `to`, of which it takes the hold over, and that of `from`; NULL when out of memory: then it does not. */
message *message_create(entity *to, uint32_t id, const void *data, uint32_t size,
                        struct schedule *from);

/* Queues a copy of `data`; statuses as portico_host.post. On success it takes over a hold of `from`. */
portico_status message_post(portico_entity to, uint32_t id, const void *data, uint32_t size,
                            struct schedule *from);

/* Calls `handler` with it. Inside the gate of the handler's module. */
void message_deliver(message *m, portico_on_message handler, void *state);

/* Frees it, and lets its timer go on. */
void message_free(message *m);

#endif
