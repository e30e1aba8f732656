/* swap.h: replaces a module by another generation of it while its sessions and rooms stay.
 * [control thread]
 *
 *   stage     The new image is copied, loaded, and its description and settings are checked. Every
 *             live state, every type and every dependent module is checked, and all memory that the
 *             exchange needs is allocated. The old generation keeps serving.
 *   exchange  The gate closes, the module's own state is taken over, layouts and room types are
 *             replaced, the gate opens.
 *   follow    Sessions and rooms take their states over, each in its next turn. The old generation
 *             stays loaded for a roll-back; the one before it is closed when nothing holds it.
 *
 * A failure before the gate opens leaves the old generation serving; `why` and the log say what was
 * wrong.
 */
#ifndef PORTICO_SWAP_H
#define PORTICO_SWAP_H

#include "loader/swap_report.h"
#include "module/image.h"

/* Loads `file` (NULL: the module's own file) and swaps to it. Unless `force`, a file with the bytes
 * that are loaded already changes nothing: PORTICO_OK. With PORTICO_OK `why` says what happened.
 * PORTICO_E_NOT_FOUND   there is no such module
 * PORTICO_E_STATE       sessions or rooms prevent the swap
 * PORTICO_E_TIMEOUT     a handler does not return
 * PORTICO_E_DEPENDENCY, PORTICO_E_LOAD, and the statuses of image_open */
portico_status swap_module(const char *name, const char *file, bool force, char why[IMAGE_WHY_MAX]);

/* Swaps back to the generation before. PORTICO_E_NOT_FOUND: there is none. */
portico_status swap_rollback(const char *name, char why[IMAGE_WHY_MAX]);

/* Says, row by row, what swap_module would do, and changes nothing. The new image is loaded, its
 * constructors and destructors run, and its `migrate` is asked; modules that depend on this
 * one are not asked. PORTICO_OK: nothing prevents the swap. Otherwise `why` is what swap_module
 * would say. */
portico_status swap_preview(const char *name, const char *file, plan_say *say, void *arg,
                            char why[IMAGE_WHY_MAX]);

/* The module's file was rebuilt: has the control thread swap to it, unless it is loaded already.
 * [any thread] */
void swap_on_rebuilt(const char *name);

#endif
