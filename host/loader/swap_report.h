/* swap_report.h: in words, what a swap does to the states of a module. [control thread] */
#ifndef PORTICO_SWAP_REPORT_H
#define PORTICO_SWAP_REPORT_H

#include "module/module.h"

enum { SWAP_CHANGES_MAX = 480 };

/* Writes which fields change: "arena.field (added weather; dropped tick), arena.player (widened
 * hp)". Ends with "and 3 more states" where `size` does not suffice. "": no field changes. */
void swap_changes_text(const generation *from, const generation *to, char *text, size_t size);

/* Says, line by line, what a swap to `to`, which is prepared, would do: to each state, type,
 * session, room and dependent module. Asks the new build's `migrate`; changes nothing. */
void swap_report(module *m, generation *to, void (*say)(void *arg, const char *line), void *arg);

#endif
