/* room_tally.h: how many rooms there are of each type, for the metrics, which must not keep a
 * handler that creates a room waiting for a lock. There is one for each name that a type has had,
 * and none is removed before the end, so readers need no lock. Any thread.
 */
#ifndef PORTICO_ROOM_TALLY_H
#define PORTICO_ROOM_TALLY_H

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdint.h>

typedef struct room_tally {
    char name[2 * PORTICO_LABEL_MAX];
    _Atomic uint32_t rooms;
    _Atomic uint32_t listed; /* types of that name in the table */
    struct room_tally *next;
} room_tally;

/* The tally of that name. NULL: out of memory. [room_type.c's lock] */
room_tally *room_tally_of(const char *name);

/* Calls `each` for every type that is in the table or has rooms. Takes no lock. */
void room_tallies_each(void (*each)(void *arg, const char *name, uint32_t rooms), void *arg);

/* There are no rooms and no readers any more. */
void room_tallies_fini(void);

#endif
