/* swap_reserve.h: memory for the states that a swap gives another shape, allocated while the old
 * generation serves. [control thread] */
#ifndef PORTICO_SWAP_RESERVE_H
#define PORTICO_SWAP_RESERVE_H

#include "loader/swap_plan.h"

/* Allocates the blocks that the states of all sessions and rooms will need, and for each such type
 * as many more as `more`. PORTICO_E_NO_MEMORY. */
portico_status swap_reserve(const swap_plan *p, uint32_t more, char why[IMAGE_WHY_MAX]);

/* Whether these blocks suffice. While the gate is closed this stays so: a session or room that
 * arrives has met no handler yet, and loses nothing if it cannot be opened. */
bool swap_reserve_suffices(const swap_plan *p);

#endif
