/* rooms_module.c: see rooms_module.h. */
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/rooms_module.h"

#include "sim/rooms_book.h"
#include "sim/world.h"

#include <portico/state.h>
#include <string.h>

enum { TOLD = 1, WORK = TOLD + BOOK_ASKS, TICK }; /* messages: TOLD + number of the ask */
enum { TICK_MS = 40 };

bool rooms_quiet;
uint32_t rooms_loads;

static const portico_session nobody = {0};
static uint64_t last_packet; /* the number of the latest packet to a client */

typedef struct module_state {
    uint32_t started;
} module_state;

typedef struct session_state {
    uint32_t work;
} session_state;

#define ROOM_STATE(S, F)        \
    F(S, FIELD, uint32_t, work) \
    F(S, FIELD, uint32_t, count)
PORTICO_STATE(room_state, ROOM_STATE);

/* Of the second build: begins like the other, so that the handlers of both are the same. */
#define GROWN_STATE(S, F) \
    ROOM_STATE(S, F)      \
    F(S, ARRAY, uint64_t, grown, 5)
PORTICO_STATE(grown_state, GROWN_STATE);

static void check_loaded(void) {
    CHECK(rooms_loads == 1);
    CHECK(sim_library_open_count("rooms 1") + sim_library_open_count("rooms 2") > 0);
}

/* ---- what sessions and rooms do ------------------------------------------------------------ */

static portico_status send_number(guest *to, uint16_t opcode, const void *data, uint32_t size,
                                  uint64_t number) {
    mail_note(&to->mail, number);
    portico_status status = host->session_send((portico_session){to->id}, opcode, data, size);
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
    portico_session left_out = nobody;
    if (except != NULL) {
        left_out.id = except->id;
    }
    uint32_t sent =
        host->room_send((portico_room){p->id}, PACKET, &number, sizeof number, left_out);
    bool may_end = book_faults || book_rooms_end || crash_was() || any_ends(p);
    CHECK(sent == to || (sent < to && may_end));
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
    CHECK(host->room_members((portico_room){p->id}, members, BOOK_MEMBERS) == p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        CHECK(members[i].id == p->members[i]->id);
    }
}

/* In the room's turn. */
static void check_place(const place *p) {
    portico_room room = {p->id};
    const room_state *s = host->room_state(room);
    portico_room_info info = {.struct_size = sizeof info};
    CHECK(s != NULL);
    CHECK((s->work == p->work && s->count == p->counted) || (p->unsure && crash_may_lose()));
    CHECK(host->room_info(room, &info) == PORTICO_OK);
    CHECK(info.members == p->count);
    CHECK(info.closing == 0 || p->closing || book_rooms_end || crash_was());
    CHECK(strcmp(info.name, book_names[p->name]) == 0);
    check_members(p);
}

static portico_room some_room(void) {
    char type[32];
    uint32_t t = world_random(BOOK_TYPES);
    uint32_t n = world_random(BOOK_NAMES);
    portico_room room = {0};
    if (places_count() > 0 && world_random(8) == 0) { /* maybe stale */
        return (portico_room){place_number(world_random(places_count()))->id};
    }
    snprintf(type, sizeof type, "rooms.%s", book_types[t]);
    const uint32_t names[] = {t, n};
    portico_status status = host->room_create(type, book_names[n], names, sizeof names, &room);
    CHECK(status == PORTICO_OK || status == PORTICO_E_EXISTS ||
          (status == PORTICO_E_NOT_FOUND && book_rooms_end) ||
          (status == PORTICO_E_NO_MEMORY && book_faults));
    CHECK((status == PORTICO_OK || status == PORTICO_E_EXISTS) == (room.id != 0));
    if (room.id != 0) {
        (void)place_seen(room.id, t, n);
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
    portico_session session = {g->id};
    portico_status status = PORTICO_OK;
    if (room.id == 0) {
        return;
    }
    if (world_random(3) != 0) {
        uint32_t number = guest_asks(g, room.id, g == me);
        if (number == BOOK_ASKS) {
            return;
        }
        status = host->session_join(session, room, TOLD + number);
        guest_asked(g, number, status);
        CHECK(status != PORTICO_E_NO_MEMORY || book_faults);
    } else {
        guest_moves(g);
        status = host->session_join(session, room, 0);
        guest_moved(g);
    }
    CHECK(status == PORTICO_OK || status == PORTICO_E_EXISTS || status == PORTICO_E_GONE ||
          status == PORTICO_E_NO_MEMORY);
}

static void leave(guest *g) {
    guest_moves(g);
    portico_status status = host->session_leave((portico_session){g->id});
    guest_moved(g);
    CHECK(status == PORTICO_OK || status == PORTICO_E_NOT_FOUND || status == PORTICO_E_GONE);
}

static void close_place(place *p) {
    p->closing = true;
    portico_status status = host->room_close((portico_room){p->id}, place_reason(p));
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE);
}

static void close_guest(guest *g) {
    g->ends = true;
    g->told_to_end = true;
    portico_status status = host->session_close((portico_session){g->id}, BOOK_GUEST_REASON);
    CHECK(status == PORTICO_OK || status == PORTICO_E_GONE);
}

/* Acts as a handler. `me` and `here` are the session and the room whose turn it is, or NULL. */
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
    case 9: ended_use(); break;
    default: {
        portico_entity room = portico_room_entity(some_room());
        portico_status status = host->post(room, WORK, NULL, 0);
        CHECK(status == PORTICO_OK || status == PORTICO_E_GONE ||
              (status == PORTICO_E_NO_MEMORY && book_faults));
        break;
    }
    }
}

/* ---- faults -------------------------------------------------------------------------------- */

/* A moment at which a handler of the session may fault, which costs the session, or makes it wait.
 * The states that the handler has seen are as before then. */
static void guest_may_crash(guest *g, session_state *s) {
    if (!crash_due()) {
        return;
    }
    room_state *r = g->place != NULL ? host->room_state((portico_room){g->place->id}) : NULL;
    if (r != NULL) {
        memset(r, 0x55, sizeof *r);
    }
    g->work--;
    g->ends = true;
    g->unsure = true;
    if (g->place != NULL) {
        g->place->unsure = true;
    }
    guest_leave(g);
    crash(s, sizeof *s);
}

/* The same of a room's handler, which costs the message. */
static void place_may_crash(place *p, room_state *s, uint32_t work) {
    if (crash_due()) {
        p->work -= work;
        p->unsure = true;
        place_leave(p);
        crash(s, sizeof *s);
    }
}

/* ---- handlers of rooms --------------------------------------------------------------------- */

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    room_state *s = state;
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
    const uint32_t names[] = {type, name};
    CHECK(size == sizeof names && memcmp(data, names, sizeof names) == 0);
    place *p = place_seen(room.id, type, name);
    place_opens(p);
    CHECK((s->work == 0 && s->count == 0) || p->unsure);
    check_place(p);
    if (crash_due()) {
        p->closing = true;
        p->refused = PORTICO_E_FAULT;
        p->reopens = true;
        p->unsure = true;
        place_leave(p);
        crash(s, sizeof *s);
    }
    p->refused = PORTICO_OK;
    portico_status status = world_random(2) == 0 ? PORTICO_OK
                                                 : host->post_every(portico_room_entity(room), TICK,
                                                                    NULL, 0, TICK_MS, NULL);
    status = !rooms_quiet && world_random(12) == 0 ? PORTICO_E_REFUSED : status;
    p->closing = p->closing || status != PORTICO_OK;
    p->refused = status;
    place_leave(p);
    return status;
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    room_state *s = state;
    place *p = place_enter(room.id);
    guest *g = guest_find(session.id);
    check_loaded();
    portico_status status = !rooms_quiet && world_random(8) == 0 ? PORTICO_E_REFUSED : PORTICO_OK;
    place_joins(p, g, status);
    if (status == PORTICO_OK) {
        s->count++;
        p->counted++;
        check_place(p);
        say(p, NULL);
    }
    if (crash_due()) {
        p->counted -= status == PORTICO_OK;
        place_join_faults(p, g);
        p->unsure = true;
        place_leave(p);
        crash(s, sizeof *s);
    }
    if (world_random(3) == 0) {
        act(NULL, status == PORTICO_OK ? p : NULL);
    }
    place_leave(p);
    return status;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    room_state *s = state;
    place *p = place_enter(room.id);
    check_loaded();
    place_leaves(p, guest_find(session.id), reason);
    place_may_crash(p, s, 0);
    s->count--;
    p->counted--;
    check_place(p);
    if (world_random(4) == 0 && !rooms_quiet) {
        close_place(p);
    } else {
        act(NULL, p);
    }
    place_leave(p);
}

static void on_room_close(portico_room room, void *state, portico_status reason) {
    place *p = place_enter(room.id);
    check_loaded();
    check_place(p);
    place_closes(p, reason);
    place_may_crash(p, state, 0);
    place_leave(p);
}

static void on_room_message(portico_room room, void *state, const portico_message *message) {
    room_state *s = state;
    place *p = place_enter(room.id);
    check_loaded();
    (void)message;
    check_place(p);
    s->work++;
    p->work++;
    place_may_crash(p, s, 1);
    act(p->count > 0 && world_random(2) == 0 ? p->members[world_random(p->count)] : NULL, p);
    place_may_crash(p, s, 1);
    check_place(p);
    place_leave(p);
}

/* ---- handlers of sessions ------------------------------------------------------------------ */

/* A handler of the session begins. */
static guest *begin(portico_session session, session_state *s) {
    guest *g = guest_enter(session.id);
    check_loaded();
    CHECK(s->work == g->work || (g->unsure && crash_may_lose()));
    s->work = ++g->work;
    if (g->place != NULL) {
        check_place(g->place);
    }
    return g;
}

/* The session sees the state of its room only. Not for on_close, which may run in the turn of the
 * room that it has just left. */
static void check_other_rooms(const guest *g) {
    for (uint32_t i = 0; i < places_count(); i++) {
        CHECK(place_number(i) == g->place ||
              host->room_state((portico_room){place_number(i)->id}) == NULL);
    }
}

static void end(guest *g, const session_state *s) {
    CHECK(s->work == g->work);
    if (g->place != NULL) {
        check_place(g->place);
    }
    guest_leave(g);
}

static portico_status on_open(portico_session session, void *state) {
    session_state *s = state;
    check_loaded();
    guest *g = guest_opens(session.id);
    begin(session, s);
    if (crash_due()) {
        g->reopens = true;
        g->unsure = true;
        g->work--;
        guest_leave(g);
        crash(s, sizeof *s);
    }
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

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    guest *g = begin(session, state);
    uint32_t number = 0;
    ledger_packet();
    CHECK(packet->opcode == COMMAND && packet->size == sizeof number);
    memcpy(&number, packet->data, sizeof number);
    CHECK(number == g->commands);
    g->commands++;
    guest_commanded(g);
    check_other_rooms(g);
    guest_may_crash(g, state);
    act(g, g->place);
    answer(g);
    guest_may_crash(g, state);
    end(g, state);
}

static void on_told(portico_session session, void *state, const portico_message *message) {
    portico_room_result result;
    guest *g = begin(session, state);
    CHECK(message->size == sizeof result);
    memcpy(&result, message->data, sizeof result);
    guest_told(g, message->id - TOLD, &result);
    check_other_rooms(g);
    if (world_random(3) == 0) {
        act(g, g->place);
    }
    guest_may_crash(g, state);
    end(g, state);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    guest *g = begin(session, state);
    CHECK(host->session_room(session).id == 0);
    end(g, state);
    guest_closes(g, reason);
    if (crash_due()) {
        crash(state, sizeof(session_state));
    }
}

/* ---- the module ---------------------------------------------------------------------------- */

/* In the module's turn, at the same time as sessions and rooms. */
static void on_tick(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)message;
    check_loaded();
    act(NULL, NULL);
    if (crash_due()) {
        crash(state, sizeof(module_state));
    }
}

/* Its state is the module's, through all generations. */
static portico_status rooms_start(void *state, uint32_t why) {
    module_state *s = state;
    CHECK(rooms_loads == (why != PORTICO_START_LOADED) && s->started == rooms_loads);
    if (why == PORTICO_START_SWAPPED && crash_due()) {
        crash(s, sizeof *s);
    }
    if (why != PORTICO_START_LOADED) {
        return PORTICO_OK;
    }
    rooms_loads = 1;
    s->started = 1;
    portico_status status = host->post_every(host->self(), TICK, NULL, 0, TICK_MS, NULL);
    bool crashes = status == PORTICO_OK && crash_due();
    if (status != PORTICO_OK || crashes) {
        rooms_loads = 0;
        ended_note(host->self().id, ENDED_MODULE);
    }
    if (crashes) {
        crash(s, sizeof *s);
    }
    return status;
}

static void rooms_stop(void *state, uint32_t why) {
    const module_state *s = state;
    CHECK(rooms_loads == 1 && s->started == 1);
    if (why != PORTICO_STOP_REPLACED) {
        if (crash_is_dead(crash_caller())) {
            book_bury();
        }
        rooms_loads = 0;
        ended_note(host->self().id, ENDED_MODULE);
    }
}

static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(TOLD + 0, on_told), PORTICO_MESSAGE(TOLD + 1, on_told),
    PORTICO_MESSAGE(TOLD + 2, on_told), PORTICO_MESSAGE(TOLD + 3, on_told)};
_Static_assert(BOOK_ASKS == 4, "a message for each ask");

static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(session_state, 1),
     .on_open = on_open,
     .on_packet = on_packet,
     .on_close = on_close,
     .messages = PORTICO_TABLE(session_messages)}};

static const portico_room_message room_messages[] = {PORTICO_MESSAGE(WORK, on_room_message),
                                                     PORTICO_MESSAGE(TICK, on_room_message)};

#define PLACE(NAME, S, VERSION, MAX)                                                    \
    {                                                                                   \
        .name = (NAME), .state = PORTICO_STATE_OF(S, VERSION), .on_open = on_room_open, \
        .on_join = on_join, .on_leave = on_leave, .on_close = on_room_close,            \
        .messages = PORTICO_TABLE(room_messages), .max_members = (MAX),                 \
    }
static const portico_room_type places_1[] = {PLACE("place", room_state, 1, 0),
                                             PLACE("small", room_state, 1, SMALL_MEMBERS)};
static const portico_room_type places_2[] = {PLACE("place", grown_state, 2, 0),
                                             PLACE("small", grown_state, 2, SMALL_MEMBERS)};

static const portico_module_message messages[] = {PORTICO_MESSAGE(TICK, on_tick)};

#define ROOMS(VERSION, PLACES)                                                                 \
    {                                                                                          \
        .name = "rooms", .version = (VERSION), .state = PORTICO_STATE_OPAQUE(module_state, 0), \
        .session_types = PORTICO_TABLE(session_types), .room_types = PORTICO_TABLE(PLACES),    \
        .messages = PORTICO_TABLE(messages), .start = rooms_start, .stop = rooms_stop,         \
    }
const portico_module rooms_1 = ROOMS("1", places_1);
const portico_module rooms_2 = ROOMS("2", places_2);
