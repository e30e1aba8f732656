/* fake_host.c: see fake_host.h. */
#include "fake_host.h"

#include "os/os.h"

#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const portico_module_info *module;

enum { SESSIONS_MAX = 128, CHANNELS_MAX = 256, HANDLERS_MAX = 32, PAIRS_MAX = 8, FIRST_ID = 1000 };
enum { ROOMS_MAX = 4096, TIMERS_MAX = 4096, FIRST_ROOM = 1000000 };

typedef struct message {
    struct message *next;
    uint32_t size;
    uint16_t opcode;
    uint8_t data[];
} message;

typedef struct fake_session {
    bool open;
    bool closing;
    char label[PORTICO_LABEL_MAX];
    void *state; /* NULL if the type has none */
    message *first;
    message *last;
    uint32_t room;     /* index in `rooms`; ROOMS_MAX: in none */
    uint32_t target;   /* the room it moves to */
    uint32_t moves;    /* queued */
    bool wants_result; /* of its move: by room_join_tell */
    uint32_t result_id;
} fake_session;

typedef struct fake_room {
    bool open;
    bool ended; /* on_close has returned */
    char name[PORTICO_LABEL_MAX];
    void *state;
    portico_session members[SESSIONS_MAX];
    uint32_t count;
} fake_room;

/* Queued work, oldest first: all turns of the host in one queue. */
typedef enum work_kind { WORK_OPEN, WORK_CLOSE, WORK_MOVE, WORK_MESSAGE } work_kind;
typedef struct work {
    struct work *next;
    work_kind kind;
    portico_entity entity;
    uint32_t id;
    uint32_t missed;
    uint32_t size;
    uint8_t data[];
} work;

typedef struct fake_timer {
    portico_entity entity; /* 0: ended */
    uint64_t due_ms;
    uint32_t period_ms; /* 0: once */
    uint32_t id;
    uint32_t size;
    uint8_t data[64];
} fake_timer;

typedef struct fake_channel {
    char name[PORTICO_LABEL_MAX];
    portico_session members[SESSIONS_MAX];
    uint32_t count; /* 0: the entry is free */
} fake_channel;

static fake_session sessions[SESSIONS_MAX]; /* sessions[i] is FIRST_ID + i; ids are never reused */
static fake_channel channels[CHANNELS_MAX];
static struct {
    const char *key;
    const char *value;
} pairs[PAIRS_MAX];
static struct {
    uint16_t opcode;
    portico_on_packet call;
} handlers[HANDLERS_MAX];
static struct {
    bool to_room;
    uint32_t id;
    portico_on_message call;
} message_handlers[HANDLERS_MAX];
static fake_room rooms[ROOMS_MAX]; /* rooms[i] is FIRST_ROOM + i */
static fake_timer timers[TIMERS_MAX];
static work *first_work;
static work **last_work = &first_work;
static uint32_t room_count;
static uint32_t timer_count;
static uint32_t message_handler_count;
static uint64_t now_ms;
static uint32_t turn = ROOMS_MAX; /* the room whose turn is running */
static portico_room_type room_type;
static portico_room closing_on_arrival;
static char full_room_name[2 * PORTICO_LABEL_MAX];
static uint32_t session_count;
static uint32_t handler_count;
static uint32_t pair_count;
static portico_session_type type;
static char type_name[PORTICO_LABEL_MAX];
static char full_type_name[2 * PORTICO_LABEL_MAX];
static bool loading;
static portico_status refusal;
static uint32_t refusals;
static bool (*watch)(uint16_t opcode, const void *data, uint32_t size);

void fake_check(bool fine, const char *what) {
    if (!fine) {
        (void)fprintf(stderr, "expected: %s\n", what);
        exit(1);
    }
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    fake_check(memory != NULL, "the test gets its memory");
    return memory;
}

/* NULL if the session is not open. */
static fake_session *find_session(portico_session id) {
    fake_session *s =
        id >= FIRST_ID && id < FIRST_ID + session_count ? &sessions[id - FIRST_ID] : NULL;
    return s != NULL && s->open && !s->closing ? s : NULL;
}

/* NULL if the room is not open. */
static fake_room *find_room(portico_room id) {
    fake_room *r =
        id >= FIRST_ROOM && id < FIRST_ROOM + room_count ? &rooms[id - FIRST_ROOM] : NULL;
    return r != NULL && r->open ? r : NULL;
}

/* NULL if it has no members. */
static fake_channel *find_channel(const char *name) {
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (channels[i].count > 0 && strcmp(channels[i].name, name) == 0) {
            return &channels[i];
        }
    }
    return NULL;
}

static bool is_refused(void) {
    bool refused = refusals > 0;
    refusals -= refused;
    return refused;
}

/* ---- the functions of the host ------------------------------------------------------------- */

static void PORTICO_CALL host_log(uint32_t level, const char *text) {
    fake_check(level >= PORTICO_LOG_ERROR && level <= PORTICO_LOG_DEBUG && text != NULL,
               "log has a level and text");
}

static const char *PORTICO_CALL config_text(const char *key, const char *fallback) {
    fake_check(loading, "config_text is called inside load");
    for (uint32_t i = 0; i < pair_count; i++) {
        if (strcmp(pairs[i].key, key) == 0) {
            return pairs[i].value;
        }
    }
    return fallback;
}

static portico_status PORTICO_CALL config_integer(const char *key, int64_t fallback, int64_t min,
                                                  int64_t max, int64_t *value) {
    fake_check(min <= fallback && fallback <= max, "the fallback is allowed");
    const char *text = config_text(key, "");
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    bool fine = *end == '\0' && number >= min && number <= max;
    *value = fine && *text != '\0' ? number : fallback;
    return fine || *text == '\0' ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status PORTICO_CALL register_session_type(const portico_session_type *from) {
    fake_check(loading && from->struct_size == sizeof *from, "the type is registered inside load");
    fake_check(type.name == NULL && strchr(from->name, '.') == NULL,
               "one type of its own is registered");
    type = *from;
    (void)snprintf(type_name, sizeof type_name, "%s", from->name);
    (void)snprintf(full_type_name, sizeof full_type_name, "%s.%s", module->name, from->name);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL register_handler(const char *name, uint16_t opcode,
                                                    portico_on_packet handler) {
    fake_check(loading && handler != NULL && handler_count < HANDLERS_MAX,
               "the handler is registered in load");
    fake_check(strcmp(name, type_name) == 0 || strcmp(name, full_type_name) == 0,
               "the handler's type is known");
    for (uint32_t i = 0; i < handler_count; i++) {
        fake_check(handlers[i].opcode != opcode, "the opcode is registered once");
    }
    handlers[handler_count].opcode = opcode;
    handlers[handler_count++].call = handler;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_send(portico_session id, uint16_t opcode,
                                                const void *data, uint32_t size) {
    fake_session *s = find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(data != NULL || size == 0, "data is not NULL if size is not 0");
    fake_check(watch == NULL || watch(opcode, data, size), "the watch accepts what is sent");
    if (is_refused()) {
        return refusal;
    }
    message *m = allocate(sizeof *m + size);
    m->opcode = opcode;
    m->size = size;
    if (size > 0) {
        memcpy(m->data, data, size);
    }
    *(s->last != NULL ? &s->last->next : &s->first) = m;
    s->last = m;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_close(portico_session id) {
    fake_session *s = find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    s->closing = true;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_info(portico_session id, portico_session_info *info) {
    const fake_session *s =
        id >= FIRST_ID && id < FIRST_ID + session_count ? &sessions[id - FIRST_ID] : NULL;
    fake_check(info->struct_size == sizeof *info, "session_info gets the struct's size");
    if (s == NULL || !s->open) { /* it works for closing ones */
        return PORTICO_E_GONE;
    }
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    memcpy(info->label, s->label, sizeof info->label);
    memcpy(info->type, full_type_name, sizeof info->type);
    return PORTICO_OK;
}

static portico_session PORTICO_CALL session_by_label(const char *of_type, const char *label) {
    fake_check(strcmp(of_type, full_type_name) == 0 && label[0] != '\0',
               "session_by_label gets module.type and a label");
    for (uint32_t i = 0; i < session_count; i++) {
        if (sessions[i].open && strcmp(sessions[i].label, label) == 0) {
            return FIRST_ID + i;
        }
    }
    return 0;
}

static portico_status PORTICO_CALL session_set_label(portico_session id, const char *label) {
    fake_session *s = find_session(id);
    portico_session other = label[0] != '\0' ? session_by_label(full_type_name, label) : 0;
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(strlen(label) < PORTICO_LABEL_MAX, "the label fits");
    if (other != 0 && other != id) {
        return PORTICO_E_EXISTS;
    }
    if (is_refused()) {
        return refusal;
    }
    (void)snprintf(s->label, sizeof s->label, "%s", label);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL channel_join(const char *name, portico_session id) {
    fake_channel *c = find_channel(name);
    fake_check(name[0] != '\0' && strlen(name) < PORTICO_LABEL_MAX,
               "the channel's name is allowed");
    if (find_session(id) == NULL) {
        return PORTICO_E_GONE;
    }
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        if (c->members[i] == id) {
            return PORTICO_E_EXISTS;
        }
    }
    if (is_refused()) {
        return refusal;
    }
    for (uint32_t i = 0; c == NULL; i++) {
        fake_check(i < CHANNELS_MAX, "there are not too many channels");
        c = channels[i].count == 0 ? &channels[i] : NULL;
    }
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->members[c->count++] = id;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL channel_leave(const char *name, portico_session id) {
    fake_channel *c = find_channel(name);
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        if (c->members[i] == id) {
            c->count--;
            memmove(&c->members[i], &c->members[i + 1], (c->count - i) * sizeof c->members[0]);
            return PORTICO_OK;
        }
    }
    return PORTICO_E_NOT_FOUND;
}

static uint32_t PORTICO_CALL channel_send(const char *name, uint16_t opcode, const void *data,
                                          uint32_t size, portico_session except) {
    const fake_channel *c = find_channel(name);
    uint32_t sent = 0;
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        sent += c->members[i] != except &&
                session_send(c->members[i], opcode, data, size) == PORTICO_OK;
    }
    return sent;
}

static uint32_t PORTICO_CALL channel_members(const char *name, portico_session *members,
                                             uint32_t capacity) {
    const fake_channel *c = find_channel(name);
    for (uint32_t i = 0; c != NULL && i < c->count && i < capacity; i++) {
        members[i] = c->members[i];
    }
    return c != NULL ? c->count : 0;
}

static uint64_t PORTICO_CALL clock_ms(void) {
    return now_ms;
}

static const void *PORTICO_CALL get_extension(const char *name) {
    (void)name;
    return NULL;
}

/* ---- rooms, messages and timers ------------------------------------------------------------ */

static void push_work(work_kind kind, portico_entity entity, uint32_t id, uint32_t missed,
                      const void *data, uint32_t size) {
    work *w = allocate(sizeof *w + size + 1u);
    w->kind = kind;
    w->entity = entity;
    w->id = id;
    w->missed = missed;
    w->size = size;
    if (size > 0) {
        memcpy(w->data, data, size);
    }
    *last_work = w;
    last_work = &w->next;
}

static portico_status PORTICO_CALL register_room_type(const portico_room_type *from) {
    fake_check(loading && from->struct_size == sizeof *from,
               "the room type is registered inside load");
    fake_check(room_type.name == NULL && strchr(from->name, '.') == NULL,
               "one room type is registered");
    room_type = *from;
    (void)snprintf(full_room_name, sizeof full_room_name, "%s.%s", module->name, from->name);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL register_message(const char *name, uint32_t id,
                                                    portico_on_message handler) {
    fake_check(loading && handler != NULL && name != NULL && message_handler_count < HANDLERS_MAX,
               "the message is registered in load");
    bool to_room = room_type.name != NULL && strcmp(name, room_type.name) == 0;
    fake_check(to_room || strcmp(name, type_name) == 0, "the message's type is known");
    for (uint32_t i = 0; i < message_handler_count; i++) {
        fake_check(message_handlers[i].id != id || message_handlers[i].to_room != to_room,
                   "the message is registered once");
    }
    message_handlers[message_handler_count].to_room = to_room;
    message_handlers[message_handler_count].id = id;
    message_handlers[message_handler_count++].call = handler;
    return PORTICO_OK;
}

static portico_room PORTICO_CALL room_find(const char *of_type, const char *name) {
    fake_check(strcmp(of_type, full_room_name) == 0, "room_find and room_create get module.type");
    for (uint32_t i = 0; i < room_count; i++) {
        if (rooms[i].open && strcmp(rooms[i].name, name) == 0) {
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
    fake_check(room_count < ROOMS_MAX, "there are not too many rooms");
    *room = FIRST_ROOM + room_count;
    fake_room *r = &rooms[room_count++];
    r->open = true;
    r->state = room_type.state_size > 0 ? allocate(room_type.state_size) : NULL;
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
        push_work(WORK_MESSAGE, FIRST_ID + (portico_session)(s - sessions), s->result_id, 0,
                  &result, sizeof result);
    }
}

static portico_status PORTICO_CALL room_info(portico_room id, portico_room_info *info) {
    const fake_room *r =
        id >= FIRST_ROOM && id < FIRST_ROOM + room_count ? &rooms[id - FIRST_ROOM] : NULL;
    fake_check(info->struct_size == sizeof *info, "room_info gets the struct's size");
    if (r == NULL || r->ended) { /* it works for closing ones */
        return PORTICO_E_GONE;
    }
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    info->members = r->count;
    info->closing = !r->open;
    memcpy(info->name, r->name, sizeof info->name);
    memcpy(info->type, full_room_name, sizeof info->type);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL room_join_tell(portico_room room, portico_session id,
                                                  uint32_t message_id) {
    fake_session *s = find_session(id);
    fake_check(room >= FIRST_ROOM && room < FIRST_ROOM + room_count, "the room exists or existed");
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    if (s->target == room - FIRST_ROOM) {
        return PORTICO_E_EXISTS;
    }
    if (is_refused()) {
        return refusal;
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
    fake_session *s = find_session(id);
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
    const fake_session *s = find_session(id);
    return s != NULL && s->room != ROOMS_MAX && s->room == s->target ? FIRST_ROOM + s->room : 0;
}

static void *PORTICO_CALL room_state(portico_room room) {
    return turn != ROOMS_MAX && room == FIRST_ROOM + turn ? rooms[turn].state : NULL;
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
                session_send(r->members[i], opcode, data, size) == PORTICO_OK;
    }
    return sent;
}

static portico_status PORTICO_CALL post(portico_entity entity, uint32_t id, const void *data,
                                        uint32_t size) {
    if (find_session(entity) == NULL && find_room(entity) == NULL) {
        return PORTICO_E_GONE;
    }
    push_work(WORK_MESSAGE, entity, id, 0, data, size);
    return PORTICO_OK;
}

static portico_status start_timer(portico_entity entity, uint32_t id, const void *data,
                                  uint32_t size, uint32_t delay_ms, uint32_t period_ms,
                                  portico_timer *timer) {
    if (find_session(entity) == NULL && find_room(entity) == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(timer_count < TIMERS_MAX && size <= sizeof timers[0].data,
               "there are not too many timers");
    fake_timer *t = &timers[timer_count++];
    *t = (fake_timer){
        .entity = entity, .due_ms = now_ms + delay_ms, .period_ms = period_ms, .id = id};
    t->size = size;
    if (size > 0) {
        memcpy(t->data, data, size);
    }
    if (timer != NULL) {
        *timer = timer_count;
    }
    return PORTICO_OK;
}

static portico_status PORTICO_CALL post_after(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t delay_ms,
                                              portico_timer *timer) {
    return start_timer(entity, id, data, size, delay_ms, 0, timer);
}

static portico_status PORTICO_CALL post_every(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t period_ms,
                                              portico_timer *timer) {
    return period_ms == 0 ? PORTICO_E_INVALID
                          : start_timer(entity, id, data, size, period_ms, period_ms, timer);
}

static portico_status PORTICO_CALL timer_cancel(portico_timer timer) {
    fake_check(timer > 0 && timer <= timer_count, "the timer has been started");
    bool runs = timers[timer - 1].entity != 0;
    timers[timer - 1].entity = 0;
    return runs ? PORTICO_OK : PORTICO_E_GONE;
}

static uint32_t enter_turn(uint32_t room) {
    uint32_t before = turn;
    turn = room;
    return before;
}

/* Takes the session out of its room. */
static void leave_room(portico_session id, portico_status reason) {
    fake_session *s = &sessions[id - FIRST_ID];
    if (s->room == ROOMS_MAX) {
        return;
    }
    fake_room *r = &rooms[s->room];
    uint32_t i = 0;
    while (r->members[i] != id) {
        i++;
    }
    r->count--;
    memmove(&r->members[i], &r->members[i + 1], (r->count - i) * sizeof r->members[0]);
    uint32_t before = enter_turn(s->room);
    if (room_type.on_leave != NULL) {
        room_type.on_leave(FIRST_ROOM + s->room, r->state, id, reason);
    }
    turn = before;
    s->room = ROOMS_MAX;
}

static void do_move(portico_session id) {
    fake_session *s = find_session(id);
    if (s == NULL) {
        return;
    }
    s->moves--;
    if (s->target == s->room) {
        move_end(s, PORTICO_OK); /* it was sent away and back in one handler */
        return;
    }
    leave_room(id, PORTICO_OK);
    if (s->target == ROOMS_MAX) {
        return;
    }
    fake_room *r = &rooms[s->target];
    if (closing_on_arrival == FIRST_ROOM + s->target) {
        (void)room_close(closing_on_arrival);
    }
    portico_status status = PORTICO_E_ROOM_CLOSED;
    if (r->open) {
        s->room = s->target;
        r->members[r->count++] = id;
        uint32_t before = enter_turn(s->room);
        status = room_type.on_join != NULL ? room_type.on_join(FIRST_ROOM + s->room, r->state, id)
                                           : PORTICO_OK;
        turn = before;
        r->count -= status != PORTICO_OK;
    }
    move_end(s, status);
    if (status != PORTICO_OK) {
        s->room = ROOMS_MAX;
        s->target = ROOMS_MAX;
    }
}

static void do_close(portico_room id) {
    fake_room *r = &rooms[id - FIRST_ROOM];
    while (r->count > 0) {
        portico_session member = r->members[0];
        fake_session *s = &sessions[member - FIRST_ID];
        bool moves_on = s->target != s->room;
        leave_room(member, PORTICO_E_ROOM_CLOSED);
        if (!moves_on) {
            move_end(s, PORTICO_E_ROOM_CLOSED);
            s->target = ROOMS_MAX;
        }
    }
    uint32_t before = enter_turn((uint32_t)(id - FIRST_ROOM));
    if (room_type.on_close != NULL) {
        room_type.on_close(id, r->state, PORTICO_E_CLOSED);
    }
    turn = before;
    r->ended = true;
    free(r->state);
    r->state = NULL;
}

static void do_message(const work *w) {
    fake_room *r = find_room(w->entity);
    fake_session *s = find_session(w->entity);
    const portico_message m = {.struct_size = sizeof m,
                               .id = w->id,
                               .size = w->size,
                               .missed = w->missed,
                               .data = w->data};
    uint32_t before = enter_turn(r != NULL   ? (uint32_t)(w->entity - FIRST_ROOM)
                                 : s != NULL ? s->room
                                             : ROOMS_MAX);
    for (uint32_t i = 0; i < message_handler_count && (r != NULL || s != NULL); i++) {
        if (message_handlers[i].id == w->id && message_handlers[i].to_room == (r != NULL)) {
            message_handlers[i].call(w->entity, r != NULL ? r->state : s->state, &m);
        }
    }
    turn = before;
}

/* Takes the oldest work out of the queue, or NULL. Messages to a session wait for its moves, as
 * portico.h promises at room_join. */
static work *take_work(void) {
    for (work **at = &first_work; *at != NULL; at = &(*at)->next) {
        work *w = *at;
        const fake_session *s = w->kind == WORK_MESSAGE ? find_session(w->entity) : NULL;
        if (s != NULL && s->moves > 0) {
            continue;
        }
        *at = w->next;
        last_work = w->next != NULL ? last_work : at;
        return w;
    }
    return NULL;
}

/* Does all queued work, and what it queues. */
static void settle(void) {
    for (work *w = take_work(); w != NULL; w = take_work()) {
        if (w->kind == WORK_OPEN) {
            uint32_t before = enter_turn((uint32_t)(w->entity - FIRST_ROOM));
            portico_status status = PORTICO_OK;
            if (room_type.on_open != NULL) {
                status = room_type.on_open(w->entity, rooms[w->entity - FIRST_ROOM].state);
            }
            turn = before;
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

void fake_advance(uint32_t ms) {
    for (uint64_t end_ms = now_ms + ms; now_ms < end_ms;) {
        now_ms++;
        for (uint32_t i = 0; i < timer_count; i++) {
            fake_timer *t = &timers[i];
            if (t->entity != 0 && t->due_ms <= now_ms) {
                portico_status status = post(t->entity, t->id, t->data, t->size);
                t->due_ms += t->period_ms;
                t->entity = status == PORTICO_OK && t->period_ms != 0 ? t->entity : 0;
            }
        }
        settle();
    }
}

void fake_post(portico_entity entity, uint32_t id, uint32_t missed) {
    push_work(WORK_MESSAGE, entity, id, missed, NULL, 0);
    settle();
}

portico_room fake_room_of(const char *name) {
    return room_find(full_room_name, name);
}

void fake_close_room(portico_room room) {
    fake_check(room_close(room) == PORTICO_OK, "the room is open");
    settle();
}

void fake_close_room_on_arrival(portico_room room) {
    closing_on_arrival = room;
}

/* ---- what the test calls ------------------------------------------------------------------- */

static const portico_host table = {
    .struct_size = sizeof table,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .log = host_log,
    .config_text = config_text,
    .config_integer = config_integer,
    .register_session_type = register_session_type,
    .register_handler = register_handler,
    .session_send = session_send,
    .session_close = session_close,
    .session_info = session_info,
    .session_set_label = session_set_label,
    .session_by_label = session_by_label,
    .channel_join = channel_join,
    .channel_leave = channel_leave,
    .channel_send = channel_send,
    .channel_members = channel_members,
    .clock_ms = clock_ms,
    .get_extension = get_extension,
    .register_room_type = register_room_type,
    .register_message = register_message,
    .room_create = room_create,
    .room_find = room_find,
    .room_close = room_close,
    .room_leave = room_leave,
    .session_room = session_room,
    .room_state = room_state,
    .room_members = room_members,
    .room_send = room_send,
    .post = post,
    .post_after = post_after,
    .post_every = post_every,
    .timer_cancel = timer_cancel,
    .room_info = room_info,
    .room_join_tell = room_join_tell,
    /* The plugins do not use register_blocking, self, room_join and run_blocking. */
};

void fake_config(const char *key, const char *value) {
    fake_check(pair_count < PAIRS_MAX, "there are not too many keys");
    pairs[pair_count].key = key;
    pairs[pair_count++].value = value;
}

void fake_open_module(const char *name) {
    char path[1024];
    char why[256] = "";
    os_library *library = NULL;
    host_module_path(name, path, sizeof path);
    portico_status status = os_library_open(path, &library, why, sizeof why);
    fake_check(status == PORTICO_OK, why);
    void *symbol = os_library_symbol(library, "portico_module");
    fake_check(symbol != NULL, "the library exports portico_module");
    const portico_module_info *(PORTICO_CALL * describe)(void);
    memcpy(&describe, &symbol, sizeof describe); /* ISO C has no cast to a function pointer */
    module = describe();
}

portico_status fake_load(void) {
    memset(&type, 0, sizeof type);
    memset(&room_type, 0, sizeof room_type);
    handler_count = 0;
    message_handler_count = 0;
    loading = true;
    portico_status status = module->load(&table, NULL);
    loading = false;
    pair_count = 0;
    return status;
}

portico_session fake_open(portico_status expected) {
    fake_check(session_count < SESSIONS_MAX, "there are not too many sessions");
    portico_session id = FIRST_ID + session_count;
    fake_session *s = &sessions[session_count++];
    s->open = true;
    s->room = ROOMS_MAX;
    s->target = ROOMS_MAX;
    s->state = type.state_size > 0 ? allocate(type.state_size) : NULL;
    portico_status status = type.on_open != NULL ? type.on_open(id, s->state) : PORTICO_OK;
    fake_check(status == expected, "on_open returns what is expected");
    s->closing = status != PORTICO_OK;
    settle();
    return id;
}

void fake_packet(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = find_session(id);
    fake_check(s != NULL, "the session is open");
    uint8_t *copy = allocate(size + 1u); /* with the zero that portico_packet promises */
    memcpy(copy, data, size);
    const portico_packet packet = {
        .struct_size = sizeof packet, .size = size, .data = copy, .opcode = opcode};
    portico_on_packet call = type.on_packet;
    for (uint32_t i = 0; i < handler_count; i++) {
        call = handlers[i].opcode == opcode ? handlers[i].call : call;
    }
    uint32_t before = enter_turn(s->room);
    call(id, s->state, &packet);
    turn = before;
    free(copy);
    settle();
}

void fake_text(portico_session id, uint16_t opcode, const char *text) {
    fake_packet(id, opcode, text, (uint32_t)strlen(text));
}

void fake_close(portico_session id, portico_status reason) {
    fake_session *s = &sessions[id - FIRST_ID];
    s->closing = true;
    leave_room(id, reason);
    if (type.on_close != NULL) {
        type.on_close(id, s->state, reason);
    }
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (channels[i].count > 0) {
            (void)channel_leave(channels[i].name, id);
        }
    }
    fake_forget(id);
    free(s->state);
    s->state = NULL;
    s->open = false;
    settle();
}

bool fake_is_closing(portico_session id) {
    return sessions[id - FIRST_ID].closing;
}

static void message_drop(fake_session *s) {
    message *m = s->first;
    s->first = m->next;
    s->last = s->first != NULL ? s->last : NULL;
    free(m);
}

void fake_expect(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = &sessions[id - FIRST_ID];
    const message *m = s->first;
    if (m == NULL || m->opcode != opcode || m->size != size || memcmp(m->data, data, size) != 0) {
        (void)fprintf(stderr, "session %llu: expected %u \"%.*s\", got %u \"%.*s\"\n",
                      (unsigned long long)id, (unsigned)opcode, (int)size, (const char *)data,
                      m != NULL ? (unsigned)m->opcode : 0, m != NULL ? (int)m->size : 0,
                      m != NULL ? (const char *)m->data : "");
        exit(1);
    }
    message_drop(s);
}

void fake_expect_text(portico_session id, uint16_t opcode, const char *text) {
    fake_expect(id, opcode, text, (uint32_t)strlen(text));
}

void fake_expect_nothing(portico_session id) {
    if (sessions[id - FIRST_ID].first != NULL) {
        fake_expect_text(id, 0, "(nothing)");
    }
}

void fake_forget(portico_session id) {
    while (sessions[id - FIRST_ID].first != NULL) {
        message_drop(&sessions[id - FIRST_ID]);
    }
}

void fake_watch(bool (*is_fine)(uint16_t opcode, const void *data, uint32_t size)) {
    watch = is_fine;
}

void fake_refuse(portico_status status, uint32_t count) {
    refusal = status;
    refusals = count;
}
