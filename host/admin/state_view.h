/* state_view.h: the answers to `ctl session ID`, `ctl room ID` and `ctl module NAME`: an entity
 * with its states, field by field. [admin thread]
 *
 * The states are copied in the entity's own turn (module/state_ask.h), which may take until
 * handlers before it have returned. After STATE_VIEW_MS the answer is given without states, and
 * says why the turn has not come.
 */
#ifndef PORTICO_STATE_VIEW_H
#define PORTICO_STATE_VIEW_H

#include "admin/job.h"
#include "run/entity_table.h"

enum { STATE_VIEW_MS = 1000 };

/* Asks the entity that `argument` is the id of, or the name of a module. NULL: `refused` has the
 * answer. */
admin_job *state_view_begin(entity_kind kind, const char *argument, lines *refused);

#endif
