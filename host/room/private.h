/* room/private.h: what the files of room/ share. */
#ifndef PORTICO_ROOM_PRIVATE_H
#define PORTICO_ROOM_PRIVATE_H

#include "room/room.h"
#include "room/room_type.h"

typedef enum room_phase { ROOM_OPEN, ROOM_CLOSING, ROOM_CLOSED } room_phase;

typedef struct room_key {
    room_type *type;
    char name[PORTICO_LABEL_MAX]; /* filled up with zeros: the whole struct is the key */
} room_key;

struct room {
    entity base; /* first */
    strand strand;
    module *module; /* held */
    room_key key;
    uint64_t opened_ms;
    /* [turn] */
    generation *generation;      /* adopted: what `state` is of */
    const registered_room *type; /* in its registry */
    void *state;
    bool broken; /* its state could not be taken over: its handlers are called no more */
    work open_work;
    work close_work;
    work follow_work;
    atomic_bool follows; /* that one is queued */
    os_mutex lock;
    /* [lock] */
    room_phase phase;
    portico_status reason;
    portico_session *members; /* in the order of their joining */
    uint32_t count;
    uint32_t capacity;
    uint32_t max_members; /* 0: any number */
    bool named;           /* [lock of the table] in the table of names */
    bool opened;          /* [turn] on_open has been called */
    UT_hash_handle hh;
};

/* room.c */
room_key room_key_of(room_type *type, const char *name);
/* Takes over the hold of room_type_enter, and counts the room; NULL when out of memory. */
room *room_alloc(const room_key *key, generation *g, const registered_room *type);
portico_status room_add(room *r, portico_room *id);

/* turn.c */
void room_on_open(work *w);
void room_on_close(work *w);
void room_on_follow(work *w);
portico_status room_take_message(entity *e, message *m);
/* Enters the gate of the room's module for a call, with the room's state brought to the generation that serves. False:
 * the room must not be called any more. [turn] */
bool room_begin(room *r, const char *what, uint32_t number, uint64_t entity_id);
void room_end(room *r);

/* The last act of a room that closes, when nobody is in it any more: on_close, and the hold of being open. [turn] */
void room_end_if_empty(room *r);

#endif
