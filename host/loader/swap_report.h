/* swap_report.h: in words, what a swap does to the states of a module. [control thread] */
#ifndef PORTICO_SWAP_REPORT_H
#define PORTICO_SWAP_REPORT_H

#include "module/module.h"

enum { SWAP_CHANGES_MAX = 480 };

/* Writes which fields change: "arena.field (added weather; dropped tick), arena.player (widened
 * hp)". Ends with "and 3 more states" where `size` does not suffice. "": no field changes. */
void swap_changes_text(const generation *from, const generation *to, char *text, size_t size);

/* One row of a plan. The texts are valid during the call. */
typedef struct plan_row {
    const char *entity; /* what it is about: "module", "session", "room", "dependent"; "note" */
    const char *name;   /* of the module or type; "": of a note */
    uint32_t count;     /* of sessions or rooms of the type */
    const char *effect; /* on the state: "kept", "none", "moved", "migrated", "refused", "new",
                         * "gone"; "": there is no state */
    const char *change; /* in words: which fields change, or why it is refused */
    const char *line;   /* all of it, for people */
} plan_row;

typedef void plan_say(void *arg, const plan_row *row);

/* Says, row by row, what a swap to `to`, which is prepared, would do: to each state, type, session,
 * room and dependent module. Asks the new build's `migrate`; changes nothing. */
void swap_report(module *m, generation *to, plan_say *say, void *arg);

#endif
