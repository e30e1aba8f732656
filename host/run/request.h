/* request.h: messages that ask for an answer: portico_host.request and reply. Any thread.
 *
 * A request is in a table from its post until it has been answered, and in a list of each of its
 * two entities, so that the end of either ends it. One lock guards the table and the lists. Lock
 * order: before the locks of sessions, rooms, strands and timers.
 */
#ifndef PORTICO_REQUEST_H
#define PORTICO_REQUEST_H

#include "run/entity_table.h"
#include "run/quota.h"

typedef struct request_parts {
    uint64_t to;
    uint64_t from; /* the asker */
    uint32_t id;
    uint32_t size;
    const void *data;
    uint32_t reply_id;
    uint32_t timeout_ms;
    quota *quota; /* of the module that asks, which counts the request; NULL: none */
} request_parts;

/* Statuses: see portico_host.request. *number (may be NULL) is set with PORTICO_OK only. */
portico_status request_post(const request_parts *parts, uint64_t *number);

/* Statuses: see portico_host.reply. */
portico_status request_reply(uint64_t number, const void *data, uint32_t size);

/* The handler of message number `number` has faulted: if that is a request without a reply, answers
 * it with PORTICO_E_FAULT. */
void request_fault(uint64_t number);

/* The entity has ended: answers what it was asked with PORTICO_E_GONE, and drops what it has asked.
 * Call it when the entity refuses messages and runs no handler any more, while it is held, and with
 * no lock held. */
void requests_end(entity *e);

/* How many have no answer yet. */
uint32_t requests_count(void);

/* All entities have ended. */
void requests_fini(void);

#endif
