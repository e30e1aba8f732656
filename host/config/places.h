/* places.h: where portico looks for configurations when the command line names none, in
 * this order. Any thread. */
#ifndef PORTICO_PLACES_H
#define PORTICO_PLACES_H

#include <stdbool.h>
#include <stddef.h>

enum { PLACE_BYTES = 4096 };

typedef enum place {
    PLACE_WORKING,    /* conf in the working folder */
    PLACE_EXECUTABLE, /* ROOT/conf for the executable ROOT/bin/portico */
    PLACE_COUNT
} place;

#define PLACE_FILE "portico.ini"

/* Writes the absolute path of the folder, which need not exist. False: the system does not say
 * where it is. */
bool place_folder(place where, char folder[PLACE_BYTES]);

#endif
