/* invariant.h: checks what must hold if Portico is correct; stays on in release builds.
 *
 * Not for what a client, a module or the system can cause: that gets a status.
 */
#ifndef PORTICO_INVARIANT_H
#define PORTICO_INVARIANT_H

#include "base/log.h"

#include <stdlib.h>

#define INVARIANT(condition)                                                                    \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            log_error("host", "broken invariant at %s:%d: %s", __FILE__, __LINE__, #condition); \
            log_flush(LOG_FLUSH_MS);                                                            \
            abort();                                                                            \
        }                                                                                       \
    } while (0)

#endif
