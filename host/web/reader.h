/* reader.h: a thread that answers requests for files, one after another: a disk that is asleep or a
 * network drive may keep it waiting for many seconds, and no worker may wait that long. One lock, a
 * leaf.
 */
#ifndef PORTICO_WEB_READER_H
#define PORTICO_WEB_READER_H

#include "web/files.h"

/* Called on the thread, once, with no lock held. Takes over the reference to `answer`; NULL: out of
 * memory. */
typedef void (*reader_done)(uint64_t id, shared *answer);

/* Queues a request; `done` gets the id. False: out of memory or threads, and `done` is not called.
 * [any thread] */
bool reader_ask(files *from, const files_request *request, reader_done done, uint64_t id);

/* Ends the thread. Waits only for a moment for a file that the system does not let it read; false:
 * the thread then ends later, and uses nothing but its own. [control thread] */
bool reader_stop(void);

#endif
