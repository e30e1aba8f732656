/* message.h: what modules and timers send to entities inside the host. Any thread. */
#ifndef PORTICO_MESSAGE_H
#define PORTICO_MESSAGE_H

#include "run/strand.h"

enum { MESSAGE_BYTES_MAX = 1024 * 1024, MESSAGES_WAITING_MAX = 100000 };

struct inbox;
struct message;

/* A maker of messages that is notified when one of them has been handled. */
typedef struct message_source {
    /* A message of this source is being handled, or was dropped; ends the message's hold.
     * Returns how many messages the source has left out since the one before. [any thread] */
    uint32_t (*delivered)(struct message_source *source);
    /* Called instead of `delivered` if the message was dropped: PORTICO_E_NOT_FOUND, there is no
     * handler for it, or PORTICO_E_GONE, its entity has ended. NULL: `delivered` is called.
     * [any thread, no lock held] */
    void (*dropped)(struct message_source *source, const struct message *m, portico_status why);
} message_source;

typedef struct message {
    work work;            /* first; in the strand of a room or module, or in a session's inbox */
    entity *to;           /* held */
    message_source *from; /* held; NULL: none */
    uint64_t request;     /* of a request and its reply: their number; else 0 */
    uint64_t other;       /* of a request: the asker's id; of a reply: who was asked; else 0 */
    portico_status status;
    uint32_t id;
    uint32_t begun; /* see begun.h */
    uint32_t size;
    uint64_t posted_ns;  /* when it was given to its entity; 0: not known */
    struct inbox *inbox; /* which counts it, see inbox.h; NULL: none */
    bool timed;          /* a timer has sent it, once */
    bool owed;           /* its entity takes it however much waits: the host has promised it */
    uint8_t bytes[];     /* size + 1: a zero follows */
} message;

/* A message for `to`; NULL: for message_post_created. Takes over a hold of `to` and of `from`,
 * unless it returns NULL: out of memory. */
message *message_create(entity *to, uint32_t id, const void *data, uint32_t size,
                        message_source *from);

/* Queues a copy of `data`. Statuses: see portico_host.post. On PORTICO_OK it takes over a hold
 * of `from`. */
portico_status message_post(uint64_t to, uint32_t id, const void *data, uint32_t size,
                            message_source *from);

/* Posts a message that was created with `to` NULL; allocates nothing. On PORTICO_OK it takes the
 * message over. */
portico_status message_post_created(uint64_t to, message *m);

/* The memory that it takes. */
static inline uint64_t message_bytes(const message *m) {
    return sizeof *m + m->size + 1;
}

/* Whether the message is the reply to a request: an entity takes it however many messages wait. */
static inline bool message_is_reply(const message *m) {
    return m->request != 0 && m->from == NULL;
}

/* Whether a periodic timer has sent it. Before message_show. */
static inline bool message_is_periodic(const message *m) {
    return m->from != NULL && m->request == 0;
}

/* The same for any timer. */
static inline bool message_is_timed(const message *m) {
    return m->timed || message_is_periodic(m);
}

/* The message as its handler sees it, for one call. Notifies the source. Inside the gate of the
 * handler's module. */
portico_message message_show(message *m);

/* There is no handler for the message: its source will be notified with PORTICO_E_NOT_FOUND. */
static inline void message_refuse(message *m) {
    m->status = PORTICO_E_NOT_FOUND;
}

/* Frees the message and notifies its source unless message_show has. No lock is held. */
void message_free(message *m);

#endif
