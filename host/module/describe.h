/* describe.h: checks a module's description and takes it over, before any of its code runs.
 *
 * The description is data in the module's library. It may be wrong in any way but one: what it
 * points to can be read. [control thread]
 */
#ifndef PORTICO_DESCRIBE_H
#define PORTICO_DESCRIBE_H

#include "module/image.h"

/* Fills in what `g` keeps of the description: name, version, `info`, `required`, shape, state and
 * registry. PORTICO_E_ABI, PORTICO_E_INVALID: `why` names the table, the row and what is wrong,
 * what is allowed and what was found. PORTICO_E_NO_MEMORY. On failure generation_free frees what
 * there is. */
portico_status describe(generation *g, const portico_entry *entry, char why[IMAGE_WHY_MAX]);

#define DESCRIBE_OLD_SYMBOL "portico_module" /* the function that modules exported until ABI 0.3 */

/* Says why a library without an entry is no module; `old`: it exports that function. */
void describe_no_entry(bool old, char *why, size_t why_size);

#endif
