/* blocking.h: a pool of threads for work that waits (databases, files), apart from the workers.
 *
 * Any thread queues jobs. A job holds its module until it has run, and its reply is posted as a
 * message.
 */
#ifndef PORTICO_BLOCKING_H
#define PORTICO_BLOCKING_H

#include "module/module.h"

enum { BLOCKING_REPLY_MAX = 64 * 1024 };

/* At most `queue_limit` jobs may wait, whose data has at most `queue_bytes`. */
portico_status blocking_start(uint32_t threads, uint32_t queue_limit, uint64_t queue_bytes);

/* Waits for the running jobs, and drops those that wait. */
void blocking_stop(void);

/* portico_host.run_job, with its statuses. Called from inside a call of `m`. */
portico_status blocking_run(module *m, uint32_t id, const void *data, uint32_t size,
                            uint64_t reply_to);

/* Drops the jobs of that module that have not begun, and returns how many they were. Only
 * while the host stops: nobody gets a reply. [control thread] */
uint32_t blocking_drop(const module *m);

/* Lets jobs run again that are parked at the gate of their module. [any thread] */
void blocking_revive(void);

/* Whether the calling thread runs a job. [any thread] */
bool blocking_is_job(void);

/* How many jobs wait or run. [any thread] */
uint32_t blocking_count(void);

/* How many jobs wait, and how many run. [any thread] */
uint32_t blocking_waiting(void);
uint32_t blocking_running(void);

#endif
