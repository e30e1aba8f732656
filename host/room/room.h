/* room.h: a serialised place with its own state that sessions join.
 *
 * A room's turn is its strand. It runs the room's own works (opening, messages, closing) and its
 * members, each member as one work at a time, in the order in which they had something to do.
 * Functions are for any thread unless tagged [turn]: in the room's turn.
 *
 * WHO HOLDS A ROOM (entity_table.h). The last release frees it.
 *
 *   holder                      from                      until
 *   the room being open         room_add                  on_close has returned (room_end_if_empty)
 *   a session, as its `home`    `home` is set             `home` changes
 *   a session, as its `target`  `target` is set           `target` changes
 *   a message to it             message_create            message_free
 *   its strand                  a work is queued          no work is left
 *   a finder                    room_hold, rooms_each     room_release, the return of `each`
 *
 * Lock order: a session's lock, then the table of rooms, then a room's; below them strands and
 * modules.
 */
#ifndef PORTICO_ROOM_H
#define PORTICO_ROOM_H

#include "module/module.h"
#include "run/message.h"

typedef struct room room;

enum { ROOM_DATA_MAX = 64 * 1024 };

/* Gives the rooms of a module a turn in which they take over their states. [control thread] */
void rooms_follow(const module *m);

/* The module serves now, or, if `serves` is false, has been withdrawn before it could: what rooms
 * created before that have waited for. They open, or end without any of their handlers.
 * [control thread] */
void rooms_begin(module *m, bool serves);

/* `port` is where rooms' strands post to; `most` is the number of rooms there may be. Called before
 * any other function. */
void rooms_start(os_port *port, uint32_t most);
void rooms_fini(void);

/* Statuses: see portico_host.room_create. */
portico_status room_create(const char *type, const char *name, const void *data, uint32_t size,
                           uint64_t *id);
uint64_t room_find(const char *type, const char *name);

/* Begins to close the room. False: it is already closing. */
bool room_close(room *r, portico_status reason);

/* Closes all rooms of a module; NULL: all rooms. */
void rooms_close(const module *m, portico_status reason);

/* Closes the rooms that were begun with that number (begun.h), as if their module were unloaded.
 * [any thread] */
void rooms_undo(uint32_t begun);

uint32_t rooms_count(void);

/* Calls `each` for every room that has not closed, and holds the room during the call. */
void rooms_each(void (*each)(void *arg, room *r), void *arg);

/* False: it is closing or has closed. */
bool room_is_open(room *r);

/* The name of its type. Valid while the room is held. */
const char *room_type_of(const room *r);

/* An entity_sweep: retries to start a strand for which there was no memory. */
uint64_t room_sweep(entity *e, uint64_t now_ms);

/* The room, held for the caller; NULL when the id is stale or names something else. */
room *room_hold(uint64_t id);

/* Also of NULL. */
void room_release(room *r);

entity *room_entity(room *r);
strand *room_strand(room *r);
room *room_from_entity(entity *e);

/* A session of type `type` arrives: makes it a member and calls on_join. If that fails, *status
 * says why, and it is not a member. Not NULL: the gate of that module is shut, nothing has been
 * done, and the caller comes again. [turn] */
module *room_enter(room *r, uint64_t session, const char *type, portico_status *status);

/* A member leaves: calls on_leave. Returns as room_enter. [turn] */
module *room_leave(room *r, uint64_t session, const char *type, portico_status reason);

/* The module at whose gate the room's turn is parked; NULL: it is not. Valid while the room is
 * held. */
const module *room_waits_for(room *r);

/* Lets the room's turn go on if it is parked. [control thread] */
void room_revive(room *r);

/* The state, if called by module `m` of the room's type in the room's turn; else NULL. */
void *room_state(room *r, const module *m);

/* Fills all of `info` but struct_size. */
void room_describe(room *r, portico_room_info *info);

/* What `ctl` shows of it besides. `module` is valid while the room is held. */
typedef struct room_view {
    uint64_t messages; /* that it has handled */
    uint64_t ticks;    /* those of periodic timers among them */
    uint32_t waiting;  /* works in its strand */
    const module *module;
} room_view;
room_view room_look(room *r);

/* Answers the asks for its state (state_ask.h) in its turn, or at once if the turn is parked. */
void room_ask(room *r);

/* Writes up to `capacity` members and returns how many there are. */
uint32_t room_members(room *r, portico_session *members, uint32_t capacity);

#endif
