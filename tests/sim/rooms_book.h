/* rooms_book.h: what the scenario `rooms` knows of every session and room, and must find confirmed
 * in every handler. Guests are sessions, places are rooms.
 *
 * A report fails the run (sim_fail) at the first thing that the host may not do. Only one thread
 * runs at a time, so the book is plain variables. */
#ifndef TEST_ROOMS_BOOK_H
#define TEST_ROOMS_BOOK_H

#include "sim/mail.h"

#include <portico/portico.h>

/* Why a module closes a session: nothing else ends one for it. */
#define BOOK_GUEST_REASON PORTICO_E_DEPENDENCY

enum { BOOK_ASKS = 4, BOOK_MEMBERS = 32, BOOK_NAMES = 3, BOOK_TYPES = 2, SMALL_MEMBERS = 2 };

typedef struct place place;
typedef struct guest guest;

/* A session_join whose message has not arrived. Messages are numbered as these are. */
typedef struct ask {
    bool pending;
    bool own;       /* by a handler of the guest's: no later packet may come before the answer */
    bool entered;   /* the guest was in that room since */
    bool refused;   /* on_join has refused it since */
    bool overtaken; /* another move was asked for since */
    uint64_t room;
} ask;

struct guest {
    uint64_t id;
    bool open;
    bool closed;
    bool inside;      /* a handler of the session runs */
    bool ends;        /* somebody has begun to end it */
    bool unsure;      /* a handler has faulted: see crash_may_lose */
    bool reopens;     /* its on_open has faulted: it is called again, or the session closes */
    bool told_to_end; /* by session_close, for BOOK_GUEST_REASON */
    place *place;
    uint32_t moves;          /* calls that move it, */
    uint32_t moving;         /* and those of them that have not returned */
    uint32_t left;           /* on_leave with PORTICO_OK */
    portico_status left_for; /* the reason of its last on_leave, if it was the session's end */
    portico_status reason;   /* of its on_close */
    uint32_t commands;       /* packets */
    uint32_t work;           /* what its state must have */
    ask asks[BOOK_ASKS];
    mail mail;
};

struct place {
    uint64_t id;
    uint32_t type;
    uint32_t name;
    bool opened;
    bool unsure;  /* a handler has faulted: see crash_may_lose */
    bool reopens; /* its on_open has faulted: it is called again, or the room closes */
    bool closing; /* somebody has begun to close it */
    bool closed;
    portico_status refused; /* what on_open has returned */
    bool inside;            /* a handler of the room or of a member runs */
    uint32_t work;
    uint32_t counted; /* members, as its state has them: an on_leave that faults does not count */
    uint32_t count;
    guest *members[BOOK_MEMBERS]; /* in the order of joining */
};

/* Names of the types ("place", "small") and of rooms. */
extern const char *const book_types[BOOK_TYPES];
extern const char *const book_names[BOOK_NAMES];

/* While true, the host itself may close any room: an unload or a stop has begun. */
extern bool book_rooms_end;

/* While true, calls may run out of memory and connections may break. */
extern bool book_faults;

/* The nth session or room, or NULL; and by id. */
guest *guest_number(uint32_t n);
place *place_number(uint32_t n);
guest *guest_find(uint64_t id);
place *place_find(uint64_t id);
uint32_t guest_index(const guest *g);
uint32_t guests_count(void);
uint32_t places_count(void);

/* Rooms of an unloaded module are closing. */
void places_all_close(void);

/* ---- sessions ----------------------------------------------------------------------------- */

guest *guest_opens(uint64_t id);
/* Encloses a handler of the session. guest_enter lets other threads run. */
guest *guest_enter(uint64_t id);
void guest_leave(guest *g);
/* on_close has been called. */
void guest_closes(guest *g, portico_status reason);

/* ---- rooms -------------------------------------------------------------------------------- */

/* The id has been seen: room_create has returned it, or a handler was called. */
place *place_seen(uint64_t id, uint32_t type, uint32_t name);
/* Encloses a handler of the room. place_enter lets other threads run. */
place *place_enter(uint64_t id);
void place_leave(place *p);
void place_opens(place *p);
/* on_close is called. */
void place_closes(place *p, portico_status reason);
/* Why a module closes the room. */
portico_status place_reason(const place *p);
/* on_join is called and will return `status`. */
void place_joins(place *p, guest *g, portico_status status);
/* That on_join faults: the guest is not a member, or will be asked for again. */
void place_join_faults(place *p, guest *g);
/* on_leave is called. */
void place_leaves(place *p, guest *g, portico_status reason);

/* ---- moves -------------------------------------------------------------------------------- */

/* A call that moves the guest is about to be made, and has returned. */
void guest_moves(guest *g);
void guest_moved(guest *g);
/* The same for a session_join with a message. Returns the number of the ask; BOOK_ASKS: too many
 * are pending. `own`: in a handler of the guest. */
uint32_t guest_asks(guest *g, uint64_t room, bool own);
/* The call has returned. */
void guest_asked(guest *g, uint32_t number, portico_status status);
/* The message has arrived. */
void guest_told(guest *g, uint32_t number, const portico_room_result *result);
/* A packet is handled. */
void guest_commanded(const guest *g);
/* Nothing is pending for any open session. */
void guests_settled(void);
/* The module ends while it is not called: nothing else is closed by it. */
void book_bury(void);
/* Everything has been closed. */
void book_end(void);

#endif
