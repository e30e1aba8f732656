/* room.h: a serialised place with its own state that sessions join.
 *
 * A room's turn is its strand: what it does itself (opening, messages, closing) and its members, each as one
 * work at a time, in the order in which they had something to do. Functions are for any thread unless tagged
 * [turn]: in the room's turn. A room is held by being open, by each session that is in it or on its way, by its
 * queued messages, and by its strand while that is busy.
 * Lock order: a session's lock, then the table of rooms', then a room's; strands and modules below.
 */
#ifndef PORTICO_ROOM_H
#define PORTICO_ROOM_H

#include "module/module.h"
#include "run/message.h"

typedef struct room room;

/* The rooms of a module take their states over in their next turn, which they get now. [control thread] */
void rooms_follow(const module *m);

/* Where rooms' strands post to; before any other function. */
void rooms_start(os_port *port);
void rooms_fini(void);

/* Statuses as portico_host.room_create. */
portico_status room_create(const char *type, const char *name, portico_room *id);
portico_room room_find(const char *type, const char *name);

/* Begins to close. False: it is closing already. */
bool room_close(room *r, portico_status reason);

/* Closes all rooms of a module; NULL: all rooms. */
void rooms_close(const module *m, portico_status reason);
uint32_t rooms_count(void);

/* Calls `each` for every room that has not closed; it is held meanwhile. */
void rooms_each(void (*each)(void *arg, room *r), void *arg);

/* The name of its type. Valid while the room is held. */
const char *room_type_of(const room *r);

/* An entity_sweep: starts again what the system had no memory to start. */
uint64_t room_sweep(entity *e, uint64_t now_ms);

entity *room_entity(room *r);
strand *room_strand(room *r);
room *room_from_entity(entity *e);

/* A session has arrived in the room's turn, and has left. What room_enter refuses is not in it. [turn] */
portico_status room_enter(room *r, portico_session session);
void room_leave(room *r, portico_session session, portico_status reason);

/* Its state, for module `m` in the room's turn; else NULL. */
void *room_state(room *r, const module *m);

/* All of it but struct_size. */
void room_describe(room *r, portico_room_info *info);

uint32_t room_members(room *r, portico_session *members, uint32_t capacity);

#endif
