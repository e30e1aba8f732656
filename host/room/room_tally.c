/* room_tally.c: see room_tally.h. */
#include "room/room_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static room_tally *_Atomic tallies; /* the latest first */

room_tally *room_tally_of(const char *name) {
    room_tally *first = atomic_load(&tallies);
    for (room_tally *t = first; t != NULL; t = t->next) {
        if (strcmp(t->name, name) == 0) {
            return t;
        }
    }
    room_tally *t = calloc(1, sizeof *t);
    if (t != NULL) {
        snprintf(t->name, sizeof t->name, "%s", name);
        t->next = first;
        atomic_store(&tallies, t);
    }
    return t;
}

void room_tallies_each(void (*each)(void *arg, const char *name, uint32_t rooms), void *arg) {
    for (room_tally *t = atomic_load(&tallies); t != NULL; t = t->next) {
        uint32_t rooms = atomic_load(&t->rooms);
        if (rooms > 0 || atomic_load(&t->listed) > 0) {
            each(arg, t->name, rooms);
        }
    }
}

void room_tallies_fini(void) {
    room_tally *t = atomic_exchange(&tallies, NULL);
    while (t != NULL) {
        room_tally *next = t->next;
        free(t);
        t = next;
    }
}
