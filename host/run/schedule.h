/* schedule.h: messages with a delay, sent once or periodically.
 *
 * Any thread. A schedule ends after its only message, when its entity or the module that made it
 * has gone, or by schedule_cancel. The timers thread posts the messages to their entities. One
 * lock guards the table; no lock is held while a message is posted. Lock order: before the
 * timers' lock.
 */
#ifndef PORTICO_SCHEDULE_H
#define PORTICO_SCHEDULE_H

#include "run/entity_table.h"
#include "run/quota.h"

#include <portico/portico.h>

/* Who starts a schedule: the module's entity (0: none), and the quota that counts it (NULL:
 * none). */
typedef struct schedule_owner {
    uint64_t entity;
    quota *quota;
} schedule_owner;

/* Sends the first message after `delay_ms`, then one every `period_ms`; 0: only one. */
portico_status schedule_start(uint64_t to, const schedule_owner *owner, uint32_t id,
                              const void *data, uint32_t size, uint32_t delay_ms,
                              uint32_t period_ms, uint64_t *timer);

/* PORTICO_E_GONE: it has already ended. */
portico_status schedule_cancel(uint64_t timer);

/* The entity has ended: cancels the schedules that it gets messages from, and those that it has
 * started. Call it when the entity refuses messages, while it is held, and with no lock held. */
void schedules_end(entity *e);

/* Cancels those that were begun with that number (begun.h). */
void schedules_undo(uint32_t begun);

/* Frees the remaining schedules, which no thread uses any more. */
void schedules_fini(void);

#endif
