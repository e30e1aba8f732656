/* swap.h: replaces a module by another generation of it while its sessions and rooms stay. [control thread]
 *
 *   stage     the new image is loaded and registers into a registry of its own; every live state, every dependent and
 *             every type is checked; all that the exchange needs is allocated. The old generation serves meanwhile.
 *   exchange  the gate is closed, the module's own state taken over, layouts and room types replaced, the gate opened.
 *   follow    sessions and rooms take their states over, each in its next turn; the generation before stays loaded for a
 *             roll-back, the one before that goes when nothing holds it any more.
 *
 * A failure at any point before the gate opens leaves the old generation serving; `why` then says what was wrong, and
 * also stands in the log.
 */
#ifndef PORTICO_SWAP_H
#define PORTICO_SWAP_H

#include "module/image.h"

/* Loads `file` (NULL: the module's own) and swaps to it. PORTICO_E_NOT_FOUND: no such module; PORTICO_E_STATE: a part
 * of the host, or live entities hinder; PORTICO_E_TIMEOUT: a handler does not return; PORTICO_E_DEPENDENCY,
 * PORTICO_E_LOAD, and those of image_open. With PORTICO_OK `why` is what happened, for people. */
portico_status swap_module(const char *name, const char *file, char why[IMAGE_WHY_MAX]);

/* Swaps back to the generation before. PORTICO_E_NOT_FOUND: there is none. */
portico_status swap_rollback(const char *name, char why[IMAGE_WHY_MAX]);

/* The module's file was rebuilt: swaps to it, if it is not what serves already. [any thread] */
void swap_on_rebuilt(const char *name);

#endif
