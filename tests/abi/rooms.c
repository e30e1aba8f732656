/* rooms.c: rooms that do what their members ask for, and keep an account of it.
 *
 * Opcodes; 1 to 5 are answered with the same opcode and an int32 status:
 *   1 create    the room NAME of the type in the first byte: p(lace), s(mall: 3 members), r(efuses;
 *               the room "again" sends the first who comes away and back before it refuses)
 *   2 join      the same, joins it
 *   3 leave
 *   4 close     as create
 *   5 exists    as create: PORTICO_OK or PORTICO_E_NOT_FOUND
 *   6 where     answers `where` below
 *   7 say       sends the bytes to all members of the session's room, as opcode 107; answers how
 *               many (uint32)
 *   8 work      checks that no other handler of the room runs, adds one to its count; answers the
 *               count (uint32)
 *   9 flood     uint32 N: posts N messages to the room, each of which posts another one, until the
 *               room closes
 *  10 leave me  session_close of the session itself
 *  11 tell      as join, with a message, which is passed on, as `told` below, with opcode 111
 *  12 info      answers the portico_room_info of the session's room, or nothing
 *  13 detour    as tell, then the same for the room of type p whose NAME follows a zero
 *  14 go back   as tell, to the room that it is in, after setting out for the one in the payload
 *  15 too late  as tell, to a room that the same handler closes
 *
 * A `place` records what happens to it and logs that in its on_close: "room: o j j l l c reason N",
 * where l means a leave with PORTICO_OK, x a closing room, and e an ending session. Anything
 * forbidden (a state that is not zero at first, a leave without a join, two handlers at once) is
 * counted as wrong. The room's state is deliberately not atomic. Statics are atomic: all sessions
 * share them. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_MAX = 200, MESSAGE_WORK = 1, MESSAGE_FLOOD = 2, MESSAGE_TOLD = 3 };

typedef struct place {
    uint32_t opened;
    uint32_t members;
    uint32_t inside; /* a handler is running */
    uint32_t work;
    char events[EVENTS_MAX];
} place;

typedef struct guest {
    portico_room room; /* the one whose on_join accepted it */
    uint32_t open;
} guest;

typedef struct where {
    uint32_t in_room;
    uint32_t has_state;
    uint32_t members; /* according to its state */
    uint32_t listed;  /* according to room_members */
} where;

typedef struct told {
    int32_t status;
    uint32_t there; /* the session is in the room that it asked for */
} told;

static atomic_uint rooms_opened;
static atomic_uint rooms_closed;
static atomic_uint joined;
static atomic_uint left;
static atomic_uint sessions_opened;
static atomic_uint sessions_closed;
static atomic_uint wrong;

static void expect(int holds, const char *what) {
    if (!holds) {
        atomic_fetch_add(&wrong, 1);
        portico->log(PORTICO_LOG_WARN, what);
    }
}

/* ---- rooms ----------------------------------------------------------------------------------- */

static void place_note(place *p, char event) {
    size_t used = strlen(p->events);
    if (used + 2 < sizeof p->events) {
        p->events[used] = ' ';
        p->events[used + 1] = event;
    }
}

/* No other handler of the room may run until place_end. */
static void place_begin(place *p) {
    expect(p->inside == 0, "two handlers at once");
    p->inside = 1;
}

static void place_end(place *p) {
    expect(p->inside == 1, "two handlers at once");
    p->inside = 0;
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    place *p = state;
    place_begin(p);
    expect(data != NULL && size == 0, "data that was not given");
    expect(p->opened == 0 && p->work == 0 && p->events[0] == '\0',
           "a room opens twice or is not zeroed");
    expect(portico->room_state(room) == state, "no room state in on_open");
    p->opened = 1;
    place_note(p, 'o');
    atomic_fetch_add(&rooms_opened, 1);
    place_end(p);
    return PORTICO_OK;
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    place *p = state;
    place_begin(p);
    expect(p->opened == 1, "on_join before on_open");
    expect(portico->room_state(room) == state, "no room state in on_join");
    (void)session;
    p->members++;
    place_note(p, 'j');
    atomic_fetch_add(&joined, 1);
    place_end(p);
    return PORTICO_OK;
}

static portico_status on_join_refuse(portico_room room, void *state, portico_session session) {
    place *p = state;
    portico_room_info info = {.struct_size = sizeof info};
    place_note(p, 'r');
    expect(portico->room_info(room, &info) == PORTICO_OK, "no room info in on_join");
    if (strcmp(info.name, "again") != 0) {
        return PORTICO_E_INVALID;
    }
    if (p->work++ > 0) {
        return PORTICO_E_STATE;
    }
    expect(portico->session_leave(session) == PORTICO_OK, "it cannot be called back");
    expect(portico->session_join(session, room, MESSAGE_TOLD) == PORTICO_OK,
           "it cannot come again");
    return PORTICO_E_INVALID;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    place *p = state;
    (void)session;
    place_begin(p);
    expect(p->opened == 1 && p->members > 0, "on_leave without on_join");
    expect(portico->room_state(room) == state, "no room state in on_leave");
    p->members--;
    place_note(p, reason == PORTICO_OK ? 'l' : reason == PORTICO_E_ROOM_CLOSED ? 'x' : 'e');
    atomic_fetch_add(&left, 1);
    place_end(p);
}

static void on_room_close(portico_room room, void *state, portico_status reason) {
    place *p = state;
    char text[EVENTS_MAX + 160];
    place_begin(p);
    expect(p->opened == 1 && p->members == 0, "on_close with members, or without on_open");
    expect(portico->room_members(room, NULL, 0) == 0, "a closed room lists members");
    p->opened = 2;
    place_note(p, 'c');
    atomic_fetch_add(&rooms_closed, 1);
    (void)snprintf(text, sizeof text, "room:%s reason %d", p->events, reason);
    portico->log(PORTICO_LOG_DEBUG, text);
    place_end(p);
}

static void on_room_message(portico_room room, void *state, const portico_message *message) {
    place *p = state;
    place_begin(p);
    p->work++;
    if (message->id == MESSAGE_FLOOD) {
        for (volatile uint32_t i = 0; i < 2000; i++) {
            /* a little work, so that the flood keeps a worker busy for long */
        }
        (void)portico->post(portico_room_entity(room), MESSAGE_FLOOD, NULL, 0);
    }
    place_end(p);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void answer(portico_session session, uint16_t opcode, portico_status status) {
    int32_t value = status;
    (void)portico->session_send(session, opcode, &value, sizeof value);
}

static const char *type_of(const portico_packet *packet) {
    switch (packet->size > 0 ? packet->data[0] : 0) {
    case 's': return "rooms.small";
    case 'r': return "rooms.refuses";
    default: return "rooms.place";
    }
}

static const char *name_of(const portico_packet *packet) {
    return packet->size > 0 ? (const char *)packet->data + 1 : ""; /* a zero follows the bytes */
}

static portico_room room_of(const portico_packet *packet) {
    return portico->room_find(type_of(packet), name_of(packet));
}

static void on_create(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room = {0};
    portico_status status = portico->room_create(type_of(packet), name_of(packet), NULL, 0, &room);
    expect(status != PORTICO_OK || room.id != 0, "a room without an id");
    answer(session, packet->opcode, status);
}

static void on_join_packet(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = room_of(packet);
    guest *g = state;
    answer(session, packet->opcode,
           room.id != 0 ? portico->session_join(session, room, 0)
                        : (portico_status)PORTICO_E_NOT_FOUND);
    g->room = room;
}

static void on_leave_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, portico->session_leave(session));
}

static void on_close_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room = room_of(packet);
    answer(session, packet->opcode,
           room.id != 0 ? portico->room_close(room, PORTICO_E_CLOSED)
                        : (portico_status)PORTICO_E_NOT_FOUND);
}

static void on_exists(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, room_of(packet).id != 0 ? PORTICO_OK : PORTICO_E_NOT_FOUND);
}

static void on_where(portico_session session, void *state, const portico_packet *packet) {
    const guest *g = state;
    portico_room room = portico->session_room(session);
    place *p = portico->room_state(room);
    where w = {.in_room = room.id != 0, .has_state = p != NULL};
    if (p != NULL) {
        place_begin(p);
        w.members = p->members;
        w.listed = portico->room_members(room, NULL, 0);
        place_end(p);
    } else if (g->room.id != 0) {
        expect(portico->room_state(g->room) == NULL, "the state of a room that it is not in");
    }
    (void)portico->session_send(session, packet->opcode, &w, sizeof w);
}

static void on_say(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t sent = portico->room_send(portico->session_room(session), 107, packet->data,
                                       packet->size, (portico_session){0});
    (void)portico->session_send(session, packet->opcode, &sent, sizeof sent);
}

static void on_work(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    place *p = portico->room_state(portico->session_room(session));
    uint32_t work = 0;
    if (p != NULL) {
        place_begin(p);
        work = p->work;
        for (volatile uint32_t i = 0; i < packet->size * 50u; i++) {
            /* long enough for another handler to be met */
        }
        p->work = ++work;
        place_end(p);
    }
    (void)portico->session_send(session, packet->opcode, &work, sizeof work);
}

static void on_flood(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (uint32_t i = 0; i < count; i++) {
        (void)portico->post(portico_room_entity(portico->session_room(session)), MESSAGE_FLOOD,
                            NULL, 0);
    }
    (void)portico->session_send(session, packet->opcode, &count, sizeof count);
}

static void on_leave_me(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)portico->session_close(session, PORTICO_E_CLOSED);
}

static void on_tell(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, portico->session_join(session, room_of(packet), MESSAGE_TOLD));
}

static void on_told(portico_session session, void *state, const portico_message *message) {
    portico_room_result result;
    (void)state;
    expect(message->size == sizeof result, "the size of a portico_room_result");
    memcpy(&result, message->data, sizeof result);
    told t = {.status = result.status,
              .there = result.room.id != 0 && portico->session_room(session).id == result.room.id};
    (void)portico->session_send(session, 111, &t, sizeof t);
}

static void on_info(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room_info room = {.struct_size = sizeof room};
    portico_status status = portico->room_info(portico->session_room(session), &room);
    (void)portico->session_send(session, packet->opcode, &room,
                                status == PORTICO_OK ? sizeof room : 0);
}

/* Two moves requested in one handler: the second overtakes the first. */
static void on_detour(portico_session session, void *state, const portico_packet *packet) {
    on_tell(session, state, packet);
    const char *second =
        name_of(packet) + strlen(name_of(packet)) + 1; /* the packet has a second zero */
    (void)portico->session_join(session, portico->room_find("rooms.place", second), MESSAGE_TOLD);
}

static void on_go_back(portico_session session, void *state, const portico_packet *packet) {
    portico_room home = portico->session_room(session);
    on_tell(session, state, packet);
    (void)portico->session_join(session, home, MESSAGE_TOLD);
}

static void on_too_late(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = room_of(packet);
    on_tell(session, state, packet);
    expect(portico->room_close(room, PORTICO_E_CLOSED) == PORTICO_OK, "a room that does not close");
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status on_open(portico_session session, void *state) {
    guest *g = state;
    (void)session;
    expect(g->open == 0 && g->room.id == 0, "a session opens twice or is not zeroed");
    g->open = 1;
    atomic_fetch_add(&sessions_opened, 1);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    guest *g = state;
    (void)reason;
    expect(g->open == 1, "on_close twice, or without on_open");
    expect(portico->session_room(session).id == 0, "on_close before on_leave");
    g->open = 0;
    atomic_fetch_add(&sessions_closed, 1);
}

/* ---- the module ------------------------------------------------------------------------------ */

static void rooms_stop(void *state, uint32_t why) {
    char text[200];
    (void)state, (void)why;
    expect(atomic_load(&rooms_opened) == atomic_load(&rooms_closed),
           "an on_open without its on_close");
    expect(atomic_load(&joined) == atomic_load(&left), "an on_join without its on_leave");
    expect(atomic_load(&sessions_opened) == atomic_load(&sessions_closed),
           "a session without its on_close");
    (void)snprintf(text, sizeof text, "account: rooms %u/%u members %u/%u sessions %u/%u wrong %u",
                   atomic_load(&rooms_opened), atomic_load(&rooms_closed), atomic_load(&joined),
                   atomic_load(&left), atomic_load(&sessions_opened), atomic_load(&sessions_closed),
                   atomic_load(&wrong));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_create),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_join_packet),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_leave_packet),
    PORTICO_RAW(4, 0, PORTICO_SIZE_ANY, on_close_packet),
    PORTICO_RAW(5, 0, PORTICO_SIZE_ANY, on_exists),
    PORTICO_RAW(6, 0, PORTICO_SIZE_ANY, on_where),
    PORTICO_RAW(7, 0, PORTICO_SIZE_ANY, on_say),
    PORTICO_RAW(8, 0, PORTICO_SIZE_ANY, on_work),
    PORTICO_RAW(9, 0, PORTICO_SIZE_ANY, on_flood),
    PORTICO_RAW(10, 0, PORTICO_SIZE_ANY, on_leave_me),
    PORTICO_RAW(11, 0, PORTICO_SIZE_ANY, on_tell),
    PORTICO_RAW(12, 0, PORTICO_SIZE_ANY, on_info),
    PORTICO_RAW(13, 0, PORTICO_SIZE_ANY, on_detour),
    PORTICO_RAW(14, 0, PORTICO_SIZE_ANY, on_go_back),
    PORTICO_RAW(15, 0, PORTICO_SIZE_ANY, on_too_late),
};
static const portico_session_message session_messages[] = {PORTICO_MESSAGE(MESSAGE_TOLD, on_told)};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(guest, 0),
     .on_open = on_open,
     .on_packet = on_echo,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};

static const portico_room_message place_messages[] = {
    PORTICO_MESSAGE(MESSAGE_WORK, on_room_message),
    PORTICO_MESSAGE(MESSAGE_FLOOD, on_room_message),
};
static const portico_room_type room_types[] = {
    {.name = "place",
     .state = PORTICO_STATE_OPAQUE(place, 3),
     .on_open = on_room_open,
     .on_join = on_join,
     .on_leave = on_leave,
     .on_close = on_room_close,
     .messages = PORTICO_TABLE(place_messages)},
    {.name = "small",
     .state = PORTICO_STATE_OPAQUE(place, 3),
     .on_open = on_room_open,
     .on_join = on_join,
     .on_leave = on_leave,
     .on_close = on_room_close,
     .max_members = 3},
    {.name = "refuses",
     .state = PORTICO_STATE_OPAQUE(place, 3),
     .on_open = on_room_open,
     .on_join = on_join_refuse,
     .on_leave = on_leave,
     .on_close = on_room_close},
};

static const portico_module rooms = {
    .name = "rooms",
    .version = "1",
    .description = "Rooms that keep an account.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .stop = rooms_stop,
};

PORTICO_MODULE(rooms);
