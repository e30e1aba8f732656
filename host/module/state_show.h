/* state_show.h: the values of a state, field by field, for people. Pure, any thread. */
#ifndef PORTICO_STATE_SHOW_H
#define PORTICO_STATE_SHOW_H

#include "module/state_shape.h"

enum {
    STATE_SHOW_ROWS = 1000,   /* of a state */
    STATE_SHOW_ELEMENTS = 64, /* of an array of structs or numbers */
    STATE_SHOW_TEXT = 1024    /* bytes of a value, with its zero */
};

/* Receives one field: "bag[3].count", "unsigned 16 bits", "7". A text is in quotes, several numbers
 * in brackets. */
typedef void (*state_row)(void *arg, const char *path, const char *type, const char *value);

/* Calls `row` for each field of the state, those of structs within instead of the structs; for a
 * state without declared fields once, with the path "". Returns how many rows and elements have
 * been left out. */
uint32_t state_show(const state_shape *s, const void *state, state_row row, void *arg);

#endif
