/* relief.h: closes the sessions with the largest queues when all buffers together exceed [host]
 * memory_limit_bytes. */
#ifndef PORTICO_RELIEF_H
#define PORTICO_RELIEF_H

/* Looks whether too much memory is used, and was at the last call: then closes the sessions for
 * which most waits, the largest first, until they cover the excess. A session for which less than
 * RELIEF_LEAST_BYTES wait is never closed, and neither is one of ctl. [sweep] */
void relief_sweep(void);

enum { RELIEF_LEAST_BYTES = 32 * 1024 };

#endif
