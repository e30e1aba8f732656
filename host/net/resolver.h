/* resolver.h: the addresses of names, found on a thread of its own: the system's resolver may wait
 * for a name server for many seconds. Names are looked up one after another. One lock, a leaf but
 * for the log's.
 */
#ifndef PORTICO_RESOLVER_H
#define PORTICO_RESOLVER_H

#include "os/os.h"

typedef struct lookup lookup;

/* Called on the resolver's thread, once, with no lock held. `address` is right with PORTICO_OK. */
typedef void (*resolver_answer)(void *arg, portico_status status, const os_address *address);

/* Asks for the first address of a name. NULL: out of memory or threads, and `answer` is not called.
 * The lookup is valid until `answer` is called or resolver_cancel has returned true. [any thread]
 */
lookup *resolver_ask(const char *host, uint16_t port, resolver_answer answer, void *arg);

/* True: `answer` will not be called. False: it is being called, or about to be. Does not wait.
 * [any thread] */
bool resolver_cancel(lookup *l);

/* Ends the thread. All lookups have been cancelled or answered. If the system does not end one
 * within a moment, returns false: the thread continues, with its own data only, and another call
 * may try again. [control thread] */
bool resolver_stop(void);

#endif
