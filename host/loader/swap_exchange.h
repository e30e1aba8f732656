/* swap_exchange.h: the part of a swap that a new build and a roll-back share: from the plan to the
 * sessions that follow. [control thread]
 */
#ifndef PORTICO_SWAP_EXCHANGE_H
#define PORTICO_SWAP_EXCHANGE_H

#include "loader/swap_closed.h"

/* Swaps to `to`, which is prepared; w->module, timeout_ms and the beginning of the record are set.
 * With PORTICO_OK the module holds `to`, and `why` says what happened. On failure nothing has
 * changed. */
portico_status swap_to(swap *w, generation *to, char why[IMAGE_WHY_MAX]);

#endif
