/* room/private.h: what the files of room/ share. From the top: create and members, turn, look,
 * room.c. */
#ifndef PORTICO_ROOM_PRIVATE_H
#define PORTICO_ROOM_PRIVATE_H

#include "module/call.h"
#include "room/room.h"
#include "room/room_type.h"
#include "run/inbox.h"
#include "trace/trace.h"

typedef enum room_phase { ROOM_OPEN, ROOM_CLOSING, ROOM_CLOSED } room_phase;

typedef struct room_key {
    room_type *type;
    char name[PORTICO_LABEL_MAX]; /* padded with zeros, since the whole struct is the key */
} room_key;

struct room {
    entity base; /* first */
    strand strand;
    inbox inbox;
    module *module; /* held */
    room_key key;
    uint64_t opened_ms;
    uint32_t begun; /* see begun.h */
    /* [turn] */
    generation *generation;      /* held for `state`, which belongs to it */
    const registered_room *type; /* in the registry of `generation` */
    void *state;
    void *open_data; /* for on_open; freed after it */
    uint32_t open_size;
    uint64_t cost; /* bytes that the module's quota counts for it, without `open_data` */
    bool broken;   /* its state could not be taken over: it is not called any more */
    work open_work;
    work close_work;
    work follow_work;
    work end_work;         /* on_close, when the gate was shut at first */
    strand_errand look;    /* a state_ask waits */
    atomic_bool following; /* `follow_work` is queued */
    /* Messages that were handled, and of these those of periodic timers. Written in the turn. */
    _Atomic uint64_t messages;
    _Atomic uint64_t ticks;
    os_mutex lock;
    /* [lock] */
    room_phase phase;
    portico_status reason;
    portico_session *members; /* in the order in which they joined */
    uint32_t count;
    uint32_t capacity;
    uint32_t max_members; /* 0: any number */
    bool named;           /* [lock of the table] in the table of names */
    bool opened;          /* [turn] on_open has been called */
    bool taking_over;     /* [turn] its state is being taken over */
    bool waits;           /* [rooms.lock] for its module to serve: the strand is paused */
    bool given_up;        /* it waited, and its module does not serve: on_open is not called */
    UT_hash_handle hh;
};

/* room.c */
room_key room_key_of(room_type *type, const char *name);
/* Counts one room more. False: there are [host] max_rooms. */
bool room_count_one(void);
void room_count_less(void);
/* Makes a room that nobody can find yet, which has been counted. Takes over what room_type_enter
 * returned, and the counting, unless it returns NULL: out of memory. */
room *room_alloc(const room_key *key, generation *g, const registered_room *type);
/* Frees the data for on_open. */
void room_drop_open_data(room *r);
/* Gives a new room its id and name, and lets it open; on failure frees it. */
portico_status room_add(room *r, uint64_t *id);

/* turn.c */
void room_on_open(work *w);
void room_on_close(work *w);
void room_on_follow(work *w);
void room_on_end(work *w);
/* look.c: of `look`. */
void room_answer(void *r);

/* turn.c again */
portico_status room_take_message(entity *e, message *m);

/* Enters the gate of the room's module for a call and brings the room's state to the generation
 * that serves. Unless it returns GATE_PASSED, the gate is not entered, and the room must not be
 * called: now (GATE_PARK), or never. [turn] */
passage room_begin(room *r, call_kind kind, uint32_t number, uint64_t entity_id);
void room_end(room *r);

/* A call of the room, which the caller completes by its function. [turn] */
call room_call(const room *r, call_kind kind);

/* Adds the room to the event, and records it. Only while trace_on(). [turn] */
COLD void room_traced(const room *r, trace_event *e);

/* Makes the call. False: it faulted; if the room's state is lost, the room closes. [turn] */
bool room_make(room *r, call *c);

/* Puts the work that is running back, until the gate opens. [turn] */
void room_park(room *r, work *w);

/* Ends a closing room that has no members: calls on_close and releases its being open. If the gate
 * is shut, it leaves that to a work of its own. [turn] */
void room_end_if_empty(room *r);

#endif
