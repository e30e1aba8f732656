/* watch_place.h: places for answers of watches that must be waited for. [admin thread]
 *
 * Such answers need an ask for states or a job of the control thread. `ctl` needs these, too, so all
 * watches together take no more than WATCH_PLACES of either. A watch that gets none tries again after
 * WATCH_PLACE_MS. Places are given in the order in which they were first asked for, but one that is
 * not asked for again, such as by a page that does not read, holds up nobody.
 */
#ifndef PORTICO_ADMIN_WATCH_PLACE_H
#define PORTICO_ADMIN_WATCH_PLACE_H

#include <stdbool.h>
#include <stdint.h>

enum { WATCH_PLACES = 12, WATCH_PLACE_MS = 50 };

/* Who gives the answer: the admin thread itself, the turn of an entity, or the control thread. */
typedef enum watch_source { WATCH_AT_ONCE, WATCH_STATE, WATCH_CONTROL, WATCH_SOURCES } watch_source;

typedef struct watch_place {
    watch_source source; /* set by the owner, with the rest zero */
    bool taken;
    bool queued;
    uint64_t tried_ms;
    struct watch_place *next; /* in the queue */
} watch_place;

/* False: there is none now. */
bool watch_place_take(watch_place *p, uint64_t now_ms);

/* Gives the place back, or leaves the queue. Harmless if it has neither. */
void watch_place_give(watch_place *p);

#endif
