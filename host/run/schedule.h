/* schedule.h: messages with a delay: once, or again and again.
 *
 * Any thread. A schedule ends by itself: after its one message, when its entity or the module that made it
 * has gone, or by schedule_cancel. The timers thread posts the messages straight to their entities. One lock guards who
 * is there; posting happens outside it. Lock order: before the timers' lock.
 */
#ifndef PORTICO_SCHEDULE_H
#define PORTICO_SCHEDULE_H

#include <portico/portico.h>

/* `period_ms` 0: once. `delay_ms` to the first. `owner`: the module's entity, 0: nobody's. */
portico_status schedule_start(portico_entity to, portico_entity owner, uint32_t id,
                              const void *data, uint32_t size, uint32_t delay_ms,
                              uint32_t period_ms, portico_timer *timer);

/* PORTICO_E_GONE: it has ended. */
portico_status schedule_cancel(portico_timer timer);

/* Frees what is left. No thread uses schedules any more. */
void schedules_fini(void);

#endif
