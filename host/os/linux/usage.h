/* usage.h: opens what os_process_usage reads. [main thread] */
#ifndef PORTICO_LINUX_USAGE_H
#define PORTICO_LINUX_USAGE_H

/* Before the first os_process_usage; a failure shows in its figures, which are then 0. */
void usage_open(void);

#endif
