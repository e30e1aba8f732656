/* fault.h: a fault of a module's code, and what the host decides about it. */
#ifndef PORTICO_MODULE_FAULT_H
#define PORTICO_MODULE_FAULT_H

#include "os/fault.h"

/* X(verdict, sentence): `sentence` is for the log and says what players notice. */
#define FAULT_VERDICT_LIST(X)                                                                     \
    X(DROPPED, "its packet, message or job is dropped, everybody stays connected")                \
    X(CLOSED, "the session that it served closes, everybody else stays connected")                \
    X(PASSED_OVER, "the host continues as if it had returned")                                    \
    X(REFUSED, "the load or swap is refused")                                                     \
    X(ROLLED_BACK, "the module waits until the generation before serves again: players notice "   \
                   "one late answer")                                                             \
    X(FROZEN, "the module waits for its next build or ctl thaw: players stay connected and wait") \
    X(ENDED, "it cannot be contained: the process ends")

typedef enum fault_verdict {
#define FAULT_VERDICT(verdict, sentence) FAULT_##verdict,
    FAULT_VERDICT_LIST(FAULT_VERDICT)
#undef FAULT_VERDICT
        FAULT_VERDICTS
} fault_verdict;

#endif
