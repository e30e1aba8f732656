/* rooms_module.c: see rooms_module.h. */
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/rooms_module.h"

#include "sim/rooms_book.h"
#include "sim/world.h"

#include <portico/state.h>
#include <string.h>

enum { TOLD = 0, WORK = BOOK_ASKS, TICK }; /* messages: TOLD + number of the ask */
enum { TICK_MS = 40 };

bool rooms_quiet;
uint32_t rooms_loads;

static const portico_host *host;
static uint64_t last_packet; /* the number of the latest packet to a client */

typedef struct module_state {
    uint32_t started;
} module_state;

typedef struct session_state {
    uint32_t work;
} session_state;

#define ROOM_STATE(S, FIELD, ARRAY) \
    FIELD(S, uint32_t, work)        \
    FIELD(S, uint32_t, count)
PORTICO_STATE(room_state, ROOM_STATE);

/* Of the second build: begins like the other, so that the handlers of both are the same. */
#define GROWN_STATE(S, FIELD, ARRAY) \
    ROOM_STATE(S, FIELD, ARRAY)      \
    ARRAY(S, uint64_t, grown, 5)
PORTICO_STATE(grown_state, GROWN_STATE);

static void check_loaded(void) {
    CHECK(rooms_loads == 1);
    CHECK(sim_library_open_count("rooms 1") + sim_library_open_count("rooms 2") > 0);
}

/* ---- what sessions and rooms do ------------------------------------------------------------ */

static portico_status send_number(guest *to, uint16_t opcode, const void *data, uint32_t size,
                                  uint64_t number) {
    mail_note(&to->mail, number);
    portico_status status = host->session_send(to->id, opcode, data, size);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE ||
          (status == PORTICO_E_NO_MEMORY && book_faults));
    mail_sent(&to->mail, number, status == PORTICO_OK ? MAIL_CERTAIN : MAIL_NEVER);
    return status;
}

static void answer(guest *to) {
    uint64_t number = ++last_packet;
    (void)send_number(to, PACKET, &number, sizeof number, number);
}

static bool any_ends(const place *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->members[i] != NULL && p->members[i]->ends) {
            return true;
        }
    }
    return false;
}

/* In the room's turn: sends to exactly its members, in the same order to all. */
static void say(place *p, const guest *except) {
    uint64_t number = ++last_packet;
    uint32_t to = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->members[i] != except) {
            mail_note(&p->members[i]->mail, number);
            to++;
        }
    }
    uint32_t sent =
        host->room_send(p->id, PACKET, &number, sizeof number, except != NULL ? except->id : 0);
    CHECK(sent == to || (sent < to && (book_faults || book_rooms_end || any_ends(p))));
    mail_fate fate = sent == to ? MAIL_CERTAIN : sent == 0 ? MAIL_NEVER : MAIL_POSSIBLE;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->members[i] != except) {
            mail_sent(&p->members[i]->mail, number, fate);
        }
    }
}

/* In the room's turn: the host lists what the book has. */
static void check_members(const place *p) {
    portico_session members[BOOK_MEMBERS];
    CHECK(host->room_members(p->id, members, BOOK_MEMBERS) == p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        CHECK(members[i] == p->members[i]->id);
    }
}

/* In the room's turn. */
static void check_place(const place *p) {
    const room_state *s = host->room_state(p->id);
    portico_room_info info = {.struct_size = sizeof info};
    CHECK(s != NULL && s->work == p->work && s->count == p->count);
    CHECK(host->room_info(p->id, &info) == PORTICO_OK);
    CHECK(info.members == p->count && (info.closing == 0 || p->closing || book_rooms_end));
    CHECK(strcmp(info.name, book_names[p->name]) == 0);
    check_members(p);
}

static portico_room some_room(void) {
    char type[32];
    uint32_t t = world_random(BOOK_TYPES);
    uint32_t n = world_random(BOOK_NAMES);
    portico_room room = 0;
    if (places_count() > 0 && world_random(8) == 0) {
        return place_number(world_random(places_count()))->id; /* maybe stale */
    }
    snprintf(type, sizeof type, "rooms.%s", book_types[t]);
    portico_status status = host->room_create(type, book_names[n], &room);
    CHECK(status == PORTICO_OK || status == PORTICO_E_EXISTS ||
          (status == PORTICO_E_NOT_FOUND && book_rooms_end) ||
          (status == PORTICO_E_NO_MEMORY && book_faults));
    CHECK((status == PORTICO_OK || status == PORTICO_E_EXISTS) == (room != 0));
    if (room != 0) {
        (void)place_seen(room, t, n);
    }
    return room;
}

static guest *some_guest(guest *otherwise) {
    return world_random(4) != 0 && otherwise != NULL
               ? otherwise
               : guest_number(world_random(guests_count() + 1));
}

/* Moves a session. `me`: the session in whose handler this is. */
static void go(guest *g, const guest *me) {
    portico_room room = some_room();
    portico_status status = PORTICO_OK;
    if (room == 0) {
        return;
    }
    if (world_random(3) != 0) {
        uint32_t number = guest_asks(g, room, g == me);
        if (number == BOOK_ASKS) {
            return;
        }
        status = host->room_join_tell(room, g->id, TOLD + number);
        guest_asked(g, number, status);
        CHECK(status != PORTICO_E_NO_MEMORY || book_faults);
    } else {
        guest_moves(g);
        status = host->room_join(room, g->id);
        guest_moved(g);
    }
    CHECK(status == PORTICO_OK || status == PORTICO_E_EXISTS || status == PORTICO_E_GONE ||
          status == PORTICO_E_NO_MEMORY);
}

static void leave(guest *g) {
    guest_moves(g);
    portico_status status = host->room_leave(g->id);
    guest_moved(g);
    CHECK(status == PORTICO_OK || status == PORTICO_E_NOT_FOUND || status == PORTICO_E_GONE);
}

static void close_place(place *p) {
    p->closing = true;
    portico_status status = host->room_close(p->id);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE);
}

static void close_guest(guest *g) {
    g->ends = true;
    portico_status status = host->session_close(g->id);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE);
}

/* What a handler does. `me` and `here` are the session and the room whose turn it is, or NULL. */
static void act(guest *me, place *here) {
    if (rooms_quiet) {
        return;
    }
    guest *g = some_guest(me);
    switch (world_random(13)) {
    case 0:
    case 1:
    case 2:
        if (g != NULL) {
            go(g, me);
        }
        break;
    case 3:
        if (g != NULL) {
            go(g, me);
            leave(g);
        }
        break;
    case 4:
        if (g != NULL) {
            leave(g);
        }
        break;
    case 5:
        if (places_count() > 0 && world_random(2) == 0) {
            close_place(place_number(world_random(places_count())));
        }
        break;
    case 6:
        if (g != NULL && world_random(6) == 0) {
            close_guest(g);
        }
        break;
    case 7:
    case 8:
        if (here != NULL) {
            say(here, world_random(2) == 0 ? me : NULL);
        }
        break;
    case 9: ended_use(host); break;
    default: {
        portico_room room = some_room();
        portico_status status = host->post(room, WORK, NULL, 0);
        CHECK(status == PORTICO_OK || status == PORTICO_E_GONE ||
              (status == PORTICO_E_NO_MEMORY && book_faults));
        break;
    }
    }
}

/* ---- handlers of rooms --------------------------------------------------------------------- */

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    const room_state *s = state;
    portico_room_info info = {.struct_size = sizeof info};
    uint32_t type = 0;
    uint32_t name = 0;
    check_loaded();
    CHECK(host->room_info(room, &info) == PORTICO_OK);
    while (strcmp(info.type + strlen("rooms."), book_types[type]) != 0) {
        CHECK(++type < BOOK_TYPES);
    }
    while (strcmp(info.name, book_names[name]) != 0) {
        CHECK(++name < BOOK_NAMES);
    }
    place *p = place_seen(room, type, name);
    place_opens(p);
    CHECK(s->work == 0 && s->count == 0);
    check_place(p);
    portico_status status =
        world_random(2) == 0 ? PORTICO_OK : host->post_every(room, TICK, NULL, 0, TICK_MS, NULL);
    status = !rooms_quiet && world_random(12) == 0 ? PORTICO_E_REFUSED : status;
    p->closing = p->closing || status != PORTICO_OK;
    place_leave(p);
    return status;
}

static portico_status PORTICO_CALL on_join(portico_room room, void *state,
                                           portico_session session) {
    room_state *s = state;
    place *p = place_enter(room);
    guest *g = guest_find(session);
    check_loaded();
    portico_status status = !rooms_quiet && world_random(8) == 0 ? PORTICO_E_REFUSED : PORTICO_OK;
    place_joins(p, g, status);
    if (status == PORTICO_OK) {
        s->count++;
        check_place(p);
        say(p, NULL);
    }
    if (world_random(3) == 0) {
        act(NULL, status == PORTICO_OK ? p : NULL);
    }
    place_leave(p);
    return status;
}

static void PORTICO_CALL on_leave(portico_room room, void *state, portico_session session,
                                  portico_status reason) {
    room_state *s = state;
    place *p = place_enter(room);
    check_loaded();
    place_leaves(p, guest_find(session), reason);
    s->count--;
    check_place(p);
    if (world_random(4) == 0 && !rooms_quiet) {
        close_place(p);
    } else {
        act(NULL, p);
    }
    place_leave(p);
}

static void PORTICO_CALL on_room_close(portico_room room, void *state, portico_status reason) {
    place *p = place_enter(room);
    (void)state;
    check_loaded();
    CHECK(reason != PORTICO_OK);
    check_place(p);
    place_closes(p);
    place_leave(p);
}

static void PORTICO_CALL on_room_message(portico_entity room, void *state,
                                         const portico_message *message) {
    room_state *s = state;
    place *p = place_enter(room);
    check_loaded();
    (void)message;
    check_place(p);
    s->work++;
    p->work++;
    act(p->count > 0 && world_random(2) == 0 ? p->members[world_random(p->count)] : NULL, p);
    check_place(p);
    place_leave(p);
}

/* ---- handlers of sessions ------------------------------------------------------------------ */

/* A handler of the session begins. */
static guest *begin(portico_session session, session_state *s) {
    guest *g = guest_enter(session);
    check_loaded();
    CHECK(s->work == g->work);
    s->work++;
    g->work++;
    if (g->place != NULL) {
        check_place(g->place);
    }
    return g;
}

/* The session sees the state of its room only. Not for on_close, which may run in the turn of the
 * room that it has just left. */
static void check_other_rooms(const guest *g) {
    for (uint32_t i = 0; i < places_count(); i++) {
        CHECK(place_number(i) == g->place || host->room_state(place_number(i)->id) == NULL);
    }
}

static void end(guest *g, const session_state *s) {
    CHECK(s->work == g->work);
    if (g->place != NULL) {
        check_place(g->place);
    }
    guest_leave(g);
}

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    session_state *s = state;
    check_loaded();
    CHECK(s->work == 0);
    guest *g = guest_opens(session);
    begin(session, s);
    uint64_t number = ++last_packet;
    uint64_t data[2] = {number, guest_index(g)};
    portico_status status = send_number(g, WELCOME, data, sizeof data, number);
    if (status == PORTICO_OK) {
        status = !rooms_quiet && world_random(16) == 0 ? PORTICO_E_REFUSED : PORTICO_OK;
    }
    g->ends = g->ends || status != PORTICO_OK;
    end(g, s);
    return status;
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    guest *g = begin(session, state);
    uint32_t number = 0;
    ledger_packet();
    CHECK(packet->opcode == COMMAND && packet->size == sizeof number);
    memcpy(&number, packet->data, sizeof number);
    CHECK(number == g->commands);
    g->commands++;
    guest_commanded(g);
    check_other_rooms(g);
    act(g, g->place);
    answer(g);
    end(g, state);
}

static void PORTICO_CALL on_told(portico_entity session, void *state,
                                 const portico_message *message) {
    portico_room_result result;
    guest *g = begin(session, state);
    CHECK(message->size == sizeof result);
    memcpy(&result, message->data, sizeof result);
    guest_told(g, message->id - TOLD, &result);
    check_other_rooms(g);
    if (world_random(3) == 0) {
        act(g, g->place);
    }
    end(g, state);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    guest *g = begin(session, state);
    CHECK(reason != PORTICO_OK && host->session_room(session) == 0);
    end(g, state);
    guest_closes(g, reason);
}

/* ---- the module ---------------------------------------------------------------------------- */

/* In the module's turn, at the same time as sessions and rooms. */
static void PORTICO_CALL on_tick(portico_entity module, void *state,
                                 const portico_message *message) {
    (void)module, (void)state, (void)message;
    check_loaded();
    act(NULL, NULL);
}

static portico_status register_rooms(bool grown) {
    portico_room_type type = {.struct_size = sizeof type,
                              .state_size = grown ? sizeof(grown_state) : sizeof(room_state),
                              .state_version = grown ? 2 : 1,
                              .state_fields = grown ? &grown_state_fields : &room_state_fields,
                              .on_open = on_room_open,
                              .on_join = on_join,
                              .on_leave = on_leave,
                              .on_close = on_room_close};
    portico_status status = PORTICO_OK;
    for (uint32_t i = 0; i < BOOK_TYPES && status == PORTICO_OK; i++) {
        type.name = book_types[i];
        type.max_members = i == 1 ? SMALL_MEMBERS : 0;
        status = host->register_room_type(&type);
        for (uint32_t id = WORK; id <= TICK && status == PORTICO_OK; id++) {
            status = host->register_message(book_types[i], id, on_room_message);
        }
    }
    return status;
}

static portico_status load(const portico_host *from_host, bool grown) {
    static const portico_session_type type = {.struct_size = sizeof type,
                                              .state_size = sizeof(session_state),
                                              .state_version = 1,
                                              .name = "session",
                                              .on_open = on_open,
                                              .on_packet = on_packet,
                                              .on_close = on_close};
    host = ledger_host(from_host);
    portico_status status = host->register_session_type(&type);
    for (uint32_t i = 0; i < BOOK_ASKS && status == PORTICO_OK; i++) {
        status = host->register_message("session", TOLD + i, on_told);
    }
    if (status == PORTICO_OK) {
        status = host->register_message(NULL, TICK, on_tick);
    }
    return status == PORTICO_OK ? register_rooms(grown) : status;
}

static portico_status PORTICO_CALL load_1(const portico_host *from_host, void *state) {
    (void)state;
    return load(from_host, false);
}

static portico_status PORTICO_CALL load_2(const portico_host *from_host, void *state) {
    (void)state;
    return load(from_host, true);
}

static portico_status PORTICO_CALL start(void *state) {
    module_state *s = state;
    CHECK(rooms_loads == 0);
    rooms_loads = 1;
    s->started = 1;
    return host->post_every(host->self(), TICK, NULL, 0, TICK_MS, NULL);
}

/* Also called for a build that was not swapped in. */
static void PORTICO_CALL unload(void *state) {
    const module_state *s = state;
    rooms_loads -= s->started;
    if (s->started) {
        ended_note(host->self(), ENDED_MODULE);
    }
}

static const portico_module_info info_1 = {
    PORTICO_MODULE_HEAD, .name = "rooms",  .version = "1", .state_size = sizeof(module_state),
    .load = load_1,      .unload = unload, .start = start};

static const portico_module_info info_2 = {
    PORTICO_MODULE_HEAD, .name = "rooms",  .version = "2", .state_size = sizeof(module_state),
    .load = load_2,      .unload = unload, .start = start};

const portico_module_info *PORTICO_CALL rooms_describe_1(void) {
    return &info_1;
}

const portico_module_info *PORTICO_CALL rooms_describe_2(void) {
    return &info_2;
}
