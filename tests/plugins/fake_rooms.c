/* fake_rooms.c: the fake host's rooms and messages, and its queue of turns. See fake_host.h. */
#include "fake_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL if the room is not open. */
static fake_room *find_room(portico_room id) {
    fake_room *r =
        id >= FIRST_ROOM && id < FIRST_ROOM + fake.room_count ? &fake.rooms[id - FIRST_ROOM] : NULL;
    return r != NULL && r->open ? r : NULL;
}

static void push_work(work_kind kind, portico_entity entity, uint32_t id, uint32_t missed,
                      const void *data, uint32_t size) {
    work *w = fake_allocate(sizeof *w + size + 1u);
    w->kind = kind;
    w->entity = entity;
    w->id = id;
    w->missed = missed;
    w->size = size;
    if (size > 0) {
        memcpy(w->data, data, size);
    }
    *fake.last_work = w;
    fake.last_work = &w->next;
}

static portico_status PORTICO_CALL register_room_type(const portico_room_type *from) {
    fake_check(fake.loading && from->struct_size == sizeof *from,
               "the room type is registered inside load");
    fake_check(fake.room_type.name == NULL && strchr(from->name, '.') == NULL,
               "one room type is registered");
    fake.room_type = *from;
    (void)snprintf(fake.full_room_name, sizeof fake.full_room_name, "%s.%s", fake.module->name,
                   from->name);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL register_message(const char *name, uint32_t id,
                                                    portico_on_message handler) {
    fake_check(fake.loading && handler != NULL && name != NULL &&
                   fake.message_handler_count < HANDLERS_MAX,
               "the message is registered in load");
    bool to_room = fake.room_type.name != NULL && strcmp(name, fake.room_type.name) == 0;
    fake_check(to_room || strcmp(name, fake.type_name) == 0, "the message's type is known");
    for (uint32_t i = 0; i < fake.message_handler_count; i++) {
        fake_check(fake.message_handlers[i].id != id || fake.message_handlers[i].to_room != to_room,
                   "the message is registered once");
    }
    fake.message_handlers[fake.message_handler_count].to_room = to_room;
    fake.message_handlers[fake.message_handler_count].id = id;
    fake.message_handlers[fake.message_handler_count++].call = handler;
    return PORTICO_OK;
}

static portico_room PORTICO_CALL room_find(const char *of_type, const char *name) {
    fake_check(strcmp(of_type, fake.full_room_name) == 0,
               "room_find and room_create get module.type");
    for (uint32_t i = 0; i < fake.room_count; i++) {
        if (fake.rooms[i].open && strcmp(fake.rooms[i].name, name) == 0) {
            return FIRST_ROOM + i;
        }
    }
    return 0;
}

static portico_status PORTICO_CALL room_create(const char *of_type, const char *name,
                                               portico_room *room) {
    *room = 0;
    if (name[0] == '\0' || strlen(name) >= PORTICO_LABEL_MAX) {
        return PORTICO_E_INVALID;
    }
    *room = room_find(of_type, name);
    if (*room != 0) {
        return PORTICO_E_EXISTS;
    }
    fake_check(fake.room_count < ROOMS_MAX, "there are not too many rooms");
    *room = FIRST_ROOM + fake.room_count;
    fake_room *r = &fake.rooms[fake.room_count++];
    r->open = true;
    r->state = fake.room_type.state_size > 0 ? fake_allocate(fake.room_type.state_size) : NULL;
    (void)snprintf(r->name, sizeof r->name, "%s", name);
    push_work(WORK_OPEN, *room, 0, 0, NULL, 0);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL room_close(portico_room id) {
    fake_room *r = find_room(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    r->open = false;
    push_work(WORK_CLOSE, id, 0, 0, NULL, 0);
    return PORTICO_OK;
}

/* Ends a move: posts its result if room_join_tell asked for one. */
static void move_end(fake_session *s, portico_status status) {
    const portico_room_result result = {
        .struct_size = sizeof result, .status = status, .room = FIRST_ROOM + s->target};
    if (s->wants_result) {
        s->wants_result = false;
        push_work(WORK_MESSAGE, FIRST_ID + (portico_session)(s - fake.sessions), s->result_id, 0,
                  &result, sizeof result);
    }
}

static portico_status PORTICO_CALL room_info(portico_room id, portico_room_info *info) {
    const fake_room *r =
        id >= FIRST_ROOM && id < FIRST_ROOM + fake.room_count ? &fake.rooms[id - FIRST_ROOM] : NULL;
    fake_check(info->struct_size == sizeof *info, "room_info gets the struct's size");
    if (r == NULL || r->ended) { /* it works for closing ones */
        return PORTICO_E_GONE;
    }
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    info->members = r->count;
    info->closing = !r->open;
    memcpy(info->name, r->name, sizeof info->name);
    memcpy(info->type, fake.full_room_name, sizeof info->type);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL room_join_tell(portico_room room, portico_session id,
                                                  uint32_t message_id) {
    fake_session *s = fake_find_session(id);
    fake_check(room >= FIRST_ROOM && room < FIRST_ROOM + fake.room_count,
               "the room exists or existed");
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    if (s->target == room - FIRST_ROOM) {
        return PORTICO_E_EXISTS;
    }
    if (fake_is_refused()) {
        return fake.refusal;
    }
    move_end(s, PORTICO_E_CANCELLED);
    s->target = (uint32_t)(room - FIRST_ROOM);
    s->wants_result = true;
    s->result_id = message_id;
    s->moves++;
    push_work(WORK_MOVE, id, 0, 0, NULL, 0);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL room_leave(portico_session id) {
    fake_session *s = fake_find_session(id);
    if (s == NULL || s->target == ROOMS_MAX) {
        return s == NULL ? PORTICO_E_GONE : PORTICO_E_NOT_FOUND;
    }
    move_end(s, PORTICO_E_CANCELLED);
    s->target = ROOMS_MAX;
    s->moves++;
    push_work(WORK_MOVE, id, 0, 0, NULL, 0);
    return PORTICO_OK;
}

static portico_room PORTICO_CALL session_room(portico_session id) {
    const fake_session *s = fake_find_session(id);
    return s != NULL && s->room != ROOMS_MAX && s->room == s->target ? FIRST_ROOM + s->room : 0;
}

static void *PORTICO_CALL room_state(portico_room room) {
    return fake.turn != ROOMS_MAX && room == FIRST_ROOM + fake.turn ? fake.rooms[fake.turn].state
                                                                    : NULL;
}

static uint32_t PORTICO_CALL room_members(portico_room id, portico_session *members,
                                          uint32_t capacity) {
    const fake_room *r = find_room(id);
    for (uint32_t i = 0; r != NULL && i < r->count && i < capacity; i++) {
        members[i] = r->members[i];
    }
    return r != NULL ? r->count : 0;
}

static uint32_t PORTICO_CALL room_send(portico_room id, uint16_t opcode, const void *data,
                                       uint32_t size, portico_session except) {
    const fake_room *r = find_room(id);
    uint32_t sent = 0;
    for (uint32_t i = 0; r != NULL && i < r->count; i++) {
        sent += r->members[i] != except &&
                fake.table.session_send(r->members[i], opcode, data, size) == PORTICO_OK;
    }
    return sent;
}

bool fake_is_open(portico_entity entity) {
    return fake_find_session(entity) != NULL || find_room(entity) != NULL;
}

static portico_status PORTICO_CALL post(portico_entity entity, uint32_t id, const void *data,
                                        uint32_t size) {
    if (!fake_is_open(entity)) {
        return PORTICO_E_GONE;
    }
    push_work(WORK_MESSAGE, entity, id, 0, data, size);
    return PORTICO_OK;
}

uint32_t fake_enter_turn(uint32_t room) {
    uint32_t before = fake.turn;
    fake.turn = room;
    return before;
}

void fake_leave_room(portico_session id, portico_status reason) {
    fake_session *s = &fake.sessions[id - FIRST_ID];
    if (s->room == ROOMS_MAX) {
        return;
    }
    fake_room *r = &fake.rooms[s->room];
    uint32_t i = 0;
    while (r->members[i] != id) {
        i++;
    }
    r->count--;
    memmove(&r->members[i], &r->members[i + 1], (r->count - i) * sizeof r->members[0]);
    uint32_t before = fake_enter_turn(s->room);
    if (fake.room_type.on_leave != NULL) {
        fake.room_type.on_leave(FIRST_ROOM + s->room, r->state, id, reason);
    }
    fake.turn = before;
    s->room = ROOMS_MAX;
}

static void do_move(portico_session id) {
    fake_session *s = fake_find_session(id);
    if (s == NULL) {
        return;
    }
    s->moves--;
    if (s->target == s->room) {
        move_end(s, PORTICO_OK); /* it was sent away and back in one handler */
        return;
    }
    fake_leave_room(id, PORTICO_OK);
    if (s->target == ROOMS_MAX) {
        return;
    }
    fake_room *r = &fake.rooms[s->target];
    if (fake.closing_on_arrival == FIRST_ROOM + s->target) {
        (void)room_close(fake.closing_on_arrival);
    }
    portico_status status = PORTICO_E_ROOM_CLOSED;
    if (r->open) {
        s->room = s->target;
        r->members[r->count++] = id;
        uint32_t before = fake_enter_turn(s->room);
        status = fake.room_type.on_join != NULL
                     ? fake.room_type.on_join(FIRST_ROOM + s->room, r->state, id)
                     : PORTICO_OK;
        fake.turn = before;
        r->count -= status != PORTICO_OK;
    }
    move_end(s, status);
    if (status != PORTICO_OK) {
        s->room = ROOMS_MAX;
        s->target = ROOMS_MAX;
    }
}

static void do_close(portico_room id) {
    fake_room *r = &fake.rooms[id - FIRST_ROOM];
    while (r->count > 0) {
        portico_session member = r->members[0];
        fake_session *s = &fake.sessions[member - FIRST_ID];
        bool moves_on = s->target != s->room;
        fake_leave_room(member, PORTICO_E_ROOM_CLOSED);
        if (!moves_on) {
            move_end(s, PORTICO_E_ROOM_CLOSED);
            s->target = ROOMS_MAX;
        }
    }
    uint32_t before = fake_enter_turn((uint32_t)(id - FIRST_ROOM));
    if (fake.room_type.on_close != NULL) {
        fake.room_type.on_close(id, r->state, PORTICO_E_CLOSED);
    }
    fake.turn = before;
    r->ended = true;
    free(r->state);
    r->state = NULL;
}

static void do_message(const work *w) {
    fake_room *r = find_room(w->entity);
    fake_session *s = fake_find_session(w->entity);
    const portico_message m = {.struct_size = sizeof m,
                               .id = w->id,
                               .size = w->size,
                               .missed = w->missed,
                               .data = w->data};
    uint32_t before = fake_enter_turn(r != NULL   ? (uint32_t)(w->entity - FIRST_ROOM)
                                      : s != NULL ? s->room
                                                  : ROOMS_MAX);
    for (uint32_t i = 0; i < fake.message_handler_count && (r != NULL || s != NULL); i++) {
        if (fake.message_handlers[i].id == w->id &&
            fake.message_handlers[i].to_room == (r != NULL)) {
            fake.message_handlers[i].call(w->entity, r != NULL ? r->state : s->state, &m);
        }
    }
    fake.turn = before;
}

/* Takes the oldest work out of the queue, or NULL. Messages to a session wait for its moves, as
 * portico.h promises at room_join. */
static work *take_work(void) {
    for (work **at = &fake.first_work; *at != NULL; at = &(*at)->next) {
        work *w = *at;
        const fake_session *s = w->kind == WORK_MESSAGE ? fake_find_session(w->entity) : NULL;
        if (s != NULL && s->moves > 0) {
            continue;
        }
        *at = w->next;
        fake.last_work = w->next != NULL ? fake.last_work : at;
        return w;
    }
    return NULL;
}

void fake_settle(void) {
    for (work *w = take_work(); w != NULL; w = take_work()) {
        if (w->kind == WORK_OPEN) {
            uint32_t before = fake_enter_turn((uint32_t)(w->entity - FIRST_ROOM));
            portico_status status = PORTICO_OK;
            if (fake.room_type.on_open != NULL) {
                status =
                    fake.room_type.on_open(w->entity, fake.rooms[w->entity - FIRST_ROOM].state);
            }
            fake.turn = before;
            fake_check(status == PORTICO_OK, "the room opens");
        } else if (w->kind == WORK_CLOSE) {
            do_close(w->entity);
        } else if (w->kind == WORK_MOVE) {
            do_move(w->entity);
        } else {
            do_message(w);
        }
        free(w);
    }
}

void fake_post(portico_entity entity, uint32_t id, uint32_t missed) {
    push_work(WORK_MESSAGE, entity, id, missed, NULL, 0);
    fake_settle();
}

portico_room fake_room_of(const char *name) {
    return room_find(fake.full_room_name, name);
}

void fake_close_room(portico_room room) {
    fake_check(room_close(room) == PORTICO_OK, "the room is open");
    fake_settle();
}

void fake_close_room_on_arrival(portico_room room) {
    fake.closing_on_arrival = room;
}

/* The plugins do not use register_blocking, self, room_join and run_blocking. */
void fake_offer_rooms(portico_host *table) {
    table->register_room_type = register_room_type;
    table->register_message = register_message;
    table->room_create = room_create;
    table->room_find = room_find;
    table->room_close = room_close;
    table->room_leave = room_leave;
    table->session_room = session_room;
    table->room_state = room_state;
    table->room_members = room_members;
    table->room_send = room_send;
    table->post = post;
    table->room_info = room_info;
    table->room_join_tell = room_join_tell;
}
