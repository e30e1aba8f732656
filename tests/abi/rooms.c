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
 *  11 tell      as join, by room_join_tell; passes its message on, as `told` below, with opcode 111
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

static const portico_host *host;
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
        host->log(PORTICO_LOG_WARN, what);
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

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    place *p = state;
    place_begin(p);
    expect(p->opened == 0 && p->work == 0 && p->events[0] == '\0',
           "a room opens twice or is not zeroed");
    expect(host->room_state(room) == state, "no room state in on_open");
    p->opened = 1;
    place_note(p, 'o');
    atomic_fetch_add(&rooms_opened, 1);
    place_end(p);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL on_join(portico_room room, void *state,
                                           portico_session session) {
    place *p = state;
    place_begin(p);
    expect(p->opened == 1, "on_join before on_open");
    expect(host->room_state(room) == state, "no room state in on_join");
    (void)session;
    p->members++;
    place_note(p, 'j');
    atomic_fetch_add(&joined, 1);
    place_end(p);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL on_join_refuse(portico_room room, void *state,
                                                  portico_session session) {
    place *p = state;
    portico_room_info info = {.struct_size = sizeof info};
    place_note(p, 'r');
    expect(host->room_info(room, &info) == PORTICO_OK, "no room info in on_join");
    if (strcmp(info.name, "again") != 0) {
        return PORTICO_E_INVALID;
    }
    if (p->work++ > 0) {
        return PORTICO_E_STATE;
    }
    expect(host->room_leave(session) == PORTICO_OK, "it cannot be called back");
    expect(host->room_join_tell(room, session, MESSAGE_TOLD) == PORTICO_OK, "it cannot come again");
    return PORTICO_E_INVALID;
}

static void PORTICO_CALL on_leave(portico_room room, void *state, portico_session session,
                                  portico_status reason) {
    place *p = state;
    (void)session;
    place_begin(p);
    expect(p->opened == 1 && p->members > 0, "on_leave without on_join");
    expect(host->room_state(room) == state, "no room state in on_leave");
    p->members--;
    place_note(p, reason == PORTICO_OK ? 'l' : reason == PORTICO_E_ROOM_CLOSED ? 'x' : 'e');
    atomic_fetch_add(&left, 1);
    place_end(p);
}

static void PORTICO_CALL on_room_close(portico_room room, void *state, portico_status reason) {
    place *p = state;
    char text[EVENTS_MAX + 160];
    place_begin(p);
    expect(p->opened == 1 && p->members == 0, "on_close with members, or without on_open");
    expect(host->room_members(room, NULL, 0) == 0, "a closed room lists members");
    p->opened = 2;
    place_note(p, 'c');
    atomic_fetch_add(&rooms_closed, 1);
    (void)snprintf(text, sizeof text, "room:%s reason %d", p->events, reason);
    host->log(PORTICO_LOG_DEBUG, text);
    place_end(p);
}

static void PORTICO_CALL on_room_message(portico_entity entity, void *state,
                                         const portico_message *message) {
    place *p = state;
    place_begin(p);
    p->work++;
    if (message->id == MESSAGE_FLOOD) {
        for (volatile uint32_t i = 0; i < 2000; i++) {
            /* a little work, so that the flood keeps a worker busy for long */
        }
        (void)host->post(entity, MESSAGE_FLOOD, NULL, 0);
    }
    place_end(p);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void answer(portico_session session, uint16_t opcode, portico_status status) {
    int32_t value = status;
    (void)host->session_send(session, opcode, &value, sizeof value);
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
    return host->room_find(type_of(packet), name_of(packet));
}

static void PORTICO_CALL on_create(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    portico_room room = 0;
    portico_status status = host->room_create(type_of(packet), name_of(packet), &room);
    expect(status != PORTICO_OK || room != 0, "a room without an id");
    answer(session, packet->opcode, status);
}

static void PORTICO_CALL on_join_packet(portico_session session, void *state,
                                        const portico_packet *packet) {
    portico_room room = room_of(packet);
    guest *g = state;
    answer(session, packet->opcode,
           room != 0 ? host->room_join(room, session) : (portico_status)PORTICO_E_NOT_FOUND);
    g->room = room;
}

static void PORTICO_CALL on_leave_packet(portico_session session, void *state,
                                         const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, host->room_leave(session));
}

static void PORTICO_CALL on_close_packet(portico_session session, void *state,
                                         const portico_packet *packet) {
    (void)state;
    portico_room room = room_of(packet);
    answer(session, packet->opcode,
           room != 0 ? host->room_close(room) : (portico_status)PORTICO_E_NOT_FOUND);
}

static void PORTICO_CALL on_exists(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, room_of(packet) != 0 ? PORTICO_OK : PORTICO_E_NOT_FOUND);
}

static void PORTICO_CALL on_where(portico_session session, void *state,
                                  const portico_packet *packet) {
    const guest *g = state;
    portico_room room = host->session_room(session);
    place *p = host->room_state(room);
    where w = {.in_room = room != 0, .has_state = p != NULL};
    if (p != NULL) {
        place_begin(p);
        w.members = p->members;
        w.listed = host->room_members(room, NULL, 0);
        place_end(p);
    } else if (g->room != 0) {
        expect(host->room_state(g->room) == NULL, "the state of a room that it is not in");
    }
    (void)host->session_send(session, packet->opcode, &w, sizeof w);
}

static void PORTICO_CALL on_say(portico_session session, void *state,
                                const portico_packet *packet) {
    (void)state;
    uint32_t sent =
        host->room_send(host->session_room(session), 107, packet->data, packet->size, 0);
    (void)host->session_send(session, packet->opcode, &sent, sizeof sent);
}

static void PORTICO_CALL on_work(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    place *p = host->room_state(host->session_room(session));
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
    (void)host->session_send(session, packet->opcode, &work, sizeof work);
}

static void PORTICO_CALL on_flood(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (uint32_t i = 0; i < count; i++) {
        (void)host->post(host->session_room(session), MESSAGE_FLOOD, NULL, 0);
    }
    (void)host->session_send(session, packet->opcode, &count, sizeof count);
}

static void PORTICO_CALL on_leave_me(portico_session session, void *state,
                                     const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)host->session_close(session);
}

static void PORTICO_CALL on_tell(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    answer(session, packet->opcode, host->room_join_tell(room_of(packet), session, MESSAGE_TOLD));
}

static void PORTICO_CALL on_told(portico_entity session, void *state,
                                 const portico_message *message) {
    portico_room_result result;
    (void)state;
    expect(message->size == sizeof result, "the size of a portico_room_result");
    memcpy(&result, message->data, sizeof result);
    expect(result.struct_size == sizeof result, "the struct_size of a portico_room_result");
    told t = {.status = result.status,
              .there = result.room != 0 && host->session_room(session) == result.room};
    (void)host->session_send(session, 111, &t, sizeof t);
}

static void PORTICO_CALL on_info(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    portico_room_info room = {.struct_size = sizeof room};
    portico_status status = host->room_info(host->session_room(session), &room);
    (void)host->session_send(session, packet->opcode, &room,
                             status == PORTICO_OK ? sizeof room : 0);
}

/* Two moves requested in one handler: the second overtakes the first. */
static void PORTICO_CALL on_detour(portico_session session, void *state,
                                   const portico_packet *packet) {
    on_tell(session, state, packet);
    const char *second =
        name_of(packet) + strlen(name_of(packet)) + 1; /* the packet has a second zero */
    (void)host->room_join_tell(host->room_find("rooms.place", second), session, MESSAGE_TOLD);
}

static void PORTICO_CALL on_go_back(portico_session session, void *state,
                                    const portico_packet *packet) {
    portico_room home = host->session_room(session);
    on_tell(session, state, packet);
    (void)host->room_join_tell(home, session, MESSAGE_TOLD);
}

static void PORTICO_CALL on_too_late(portico_session session, void *state,
                                     const portico_packet *packet) {
    portico_room room = room_of(packet);
    on_tell(session, state, packet);
    expect(host->room_close(room) == PORTICO_OK, "a room that does not close");
}

static void PORTICO_CALL on_echo(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    guest *g = state;
    (void)session;
    expect(g->open == 0 && g->room == 0, "a session opens twice or is not zeroed");
    g->open = 1;
    atomic_fetch_add(&sessions_opened, 1);
    return PORTICO_OK;
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    guest *g = state;
    (void)reason;
    expect(g->open == 1, "on_close twice, or without on_open");
    expect(host->session_room(session) == 0, "on_close before on_leave");
    g->open = 0;
    atomic_fetch_add(&sessions_closed, 1);
}

/* ---- the module ------------------------------------------------------------------------------ */

static portico_status register_rooms(void) {
    portico_room_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(place),
        .state_version = 3,
        .name = "place",
        .on_open = on_room_open,
        .on_join = on_join,
        .on_leave = on_leave,
        .on_close = on_room_close,
    };
    portico_status status = host->register_room_type(&type);
    type.name = "small";
    type.max_members = 3;
    status = status == PORTICO_OK ? host->register_room_type(&type) : status;
    type.name = "refuses";
    type.on_join = on_join_refuse;
    status = status == PORTICO_OK ? host->register_room_type(&type) : status;
    status = status == PORTICO_OK ? host->register_message("place", MESSAGE_WORK, on_room_message)
                                  : status;
    return status == PORTICO_OK ? host->register_message("place", MESSAGE_FLOOD, on_room_message)
                                : status;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    static const portico_on_packet handlers[] = {
        on_create, on_join_packet, on_leave_packet, on_close_packet, on_exists,
        on_where,  on_say,         on_work,         on_flood,        on_leave_me,
        on_tell,   on_info,        on_detour,       on_go_back,      on_too_late,
    };
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(guest),
        .name = "session",
        .on_open = on_open,
        .on_packet = on_echo,
        .on_close = on_close,
    };
    portico_status status = host->register_session_type(&type);
    for (uint16_t i = 0; status == PORTICO_OK && i < sizeof handlers / sizeof handlers[0]; i++) {
        status = host->register_handler("session", (uint16_t)(i + 1), handlers[i]);
    }
    status =
        status == PORTICO_OK ? host->register_message("session", MESSAGE_TOLD, on_told) : status;
    return status == PORTICO_OK ? register_rooms() : status;
}

static void PORTICO_CALL module_unload(void *state) {
    char text[200];
    (void)state;
    expect(atomic_load(&rooms_opened) == atomic_load(&rooms_closed),
           "an on_open without its on_close");
    expect(atomic_load(&joined) == atomic_load(&left), "an on_join without its on_leave");
    expect(atomic_load(&sessions_opened) == atomic_load(&sessions_closed),
           "a session without its on_close");
    (void)snprintf(text, sizeof text, "account: rooms %u/%u members %u/%u sessions %u/%u wrong %u",
                   atomic_load(&rooms_opened), atomic_load(&rooms_closed), atomic_load(&joined),
                   atomic_load(&left), atomic_load(&sessions_opened), atomic_load(&sessions_closed),
                   atomic_load(&wrong));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "rooms",
    .version = "1",
    .description = "Rooms that keep an account.",
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
