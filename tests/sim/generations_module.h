/* generations_module.h: the modules of the scenario `generations`. `land` has players, rooms and a
 * rare second session type; `guide` requires it and joins the players. The scenario controls both
 * with these variables. */
#ifndef TEST_GENERATIONS_MODULE_H
#define TEST_GENERATIONS_MODULE_H

#include <portico/portico.h>
#include <stdbool.h>

/* Builds of land, each the library of that name. LAND_EXTRA's players have a field that those of
 * LAND_PLAIN do not have. */
#define LAND_EXTRA "land extra"
#define LAND_PLAIN "land plain"
#define LAND_FAILS "land fails"   /* its `start` does */
#define LAND_NARROW "land narrow" /* cannot take over states of the rare type */
#define GUIDE "guide"

enum {
    LAND_ASK = 1,   /* answers with the state of the player, and then sets its field */
    LAND_WORK = 2,  /* takes some milliseconds; no answer */
    GUIDE_STAY = 20 /* does not return while guide_stays, nor before guide_stay_ms; answers */
};

enum { LAND_ROOMS = 16, LAND_MESSAGE = 1 };

/* The answer to LAND_ASK. */
typedef struct land_answer {
    uint32_t calls; /* this one included */
    uint32_t extra; /* LAND_EXTRA_SET, or 0 where the field has been new since the last */
} land_answer;

enum { LAND_EXTRA_SET = 77 };

extern portico_session land_player; /* the latest */
extern portico_room land_rooms[LAND_ROOMS];
extern uint32_t land_works;    /* that have begun */
extern bool land_hurries;      /* works take no time */
extern uint32_t land_joins;    /* of all rooms */
extern uint32_t land_messages; /* that the first room has had: numbered from 1 */
extern uint32_t land_rare;     /* sessions of the rare type that have opened */
extern bool land_starting;     /* LAND_FAILS is in its `start`, which waits while */
extern bool land_start_waits;

extern bool guide_stays;
extern uint32_t guide_stay_ms;
extern uint32_t guide_inside; /* handlers that stay */
extern bool guide_meddles;    /* waits, when it is asked about a swap, for a rare session */
extern bool guide_asked;

/* Adds the libraries. */
void generations_add_libraries(void);

#endif
