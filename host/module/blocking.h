/* blocking.h: a pool of threads apart from the workers, for what waits: databases, files.
 *
 * Any thread queues jobs; each job holds its module until it has run. Its reply is posted as a message.
 */
#ifndef PORTICO_BLOCKING_H
#define PORTICO_BLOCKING_H

#include "module/module.h"

enum { BLOCKING_REPLY_MAX = 64 * 1024 };

portico_status blocking_start(uint32_t threads, uint32_t queue_limit);

/* Lets every thread finish its job; drops the others. */
void blocking_stop(void);

/* Statuses as portico_host.run_blocking. In a call of `m`'s. */
portico_status blocking_run(module *m, uint32_t id, const void *data, uint32_t size,
                            portico_entity reply_to);

/* How many jobs wait or run. */
uint32_t blocking_count(void);

/* How many wait. */
uint32_t blocking_waiting(void);

#endif
