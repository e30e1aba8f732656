/* room_private.h: what room.c and room_members.c share. */
#ifndef PORTICO_ROOM_PRIVATE_H
#define PORTICO_ROOM_PRIVATE_H

#include "room.h"

typedef enum room_phase { ROOM_OPEN, ROOM_CLOSING, ROOM_CLOSED } room_phase;

typedef struct room_key {
    const registered_room *type;
    char name[PORTICO_LABEL_MAX]; /* filled up with zeros: the whole struct is the key */
} room_key;

struct room {
    entity base; /* first */
    strand strand;
    module *module; /* held */
    room_key key;
    uint64_t opened_ms;
    void *state;
    work open_work;
    work close_work;
    os_mutex lock;
    /* [lock] */
    room_phase phase;
    portico_status reason;
    portico_session *members; /* in the order of their joining */
    uint32_t count;
    uint32_t capacity;
    bool named;  /* [lock of the table] in the table of names */
    bool opened; /* [turn] on_open has been called */
    UT_hash_handle hh;
};

/* The last act of a room that closes, when nobody is in it any more: on_close, and the hold of being open. [turn] */
void room_end_if_empty(room *r);

#endif
