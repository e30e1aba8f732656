/* invariant.h: what must hold if Portico itself is right; stays on in release builds.
 *
 * Never for what a client, a module or the system can cause: those get a status.
 */
#ifndef PORTICO_INVARIANT_H
#define PORTICO_INVARIANT_H

#include "base/log.h"

#include <stdlib.h>

#define INVARIANT(condition)                                                                    \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            log_error("host", "broken invariant at %s:%d: %s", __FILE__, __LINE__, #condition); \
            abort();                                                                            \
        }                                                                                       \
    } while (0)

#endif
