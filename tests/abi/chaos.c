/* chaos.c: sessions and ticking rooms that do whatever two random bytes say, and a ledger of
 * everything the host reports.
 *
 *   opcode 1  ACTION, ARGUMENT, more: see `act`. Not answered
 *   opcode 2  closes all rooms and asks every session whether it is in none now and whether each of
 *             its moves has had its message; answers how many were asked (uint32)
 *   opcode 3  answers how many of them have said yes, and how many no (two uint32)
 *
 * Rooms tick and send to all members. Now and then they refuse a guest, send one on from on_join,
 * and close: by a member, from a tick, from on_leave. Anything forbidden is counted as wrong and
 * logged: an end without a beginning or a second end, a handler of a session in the turn of a room
 * that it is not in, two handlers at once. `stop` logs the account. */
#include "ledger.h"

#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

enum {
    ROOMS = 8,
    TICK_MS = 10,
    OPCODE_TICK = 100,
    OPCODE_SAID = 101,
    REASONS = 64,
    MEMBERS_MAX = 64
};
enum { MESSAGE_TICK = 1, MESSAGE_TOLD = 2, MESSAGE_SETTLED = 3, MESSAGE_NOTE = 4 };

typedef struct player {
    uint32_t inside; /* a handler is running */
    uint32_t asked;  /* by session_join */
    uint32_t told;
} player;

typedef struct place {
    uint32_t inside;
    uint32_t ticks;
    uint32_t joins;
    uint32_t leaves;
} place;

static ledger sessions;
static ledger rooms;
static _Atomic uint32_t left[REASONS];   /* on_leave, by reason */
static _Atomic uint32_t closed[REASONS]; /* on_close of sessions, by reason */
static _Atomic uint32_t joined;
static _Atomic uint32_t settled;
static _Atomic uint32_t unsettled;
static _Atomic uint32_t stopping;
static _Atomic uint32_t acted_while_stopping;
static _Atomic uint32_t wrong;

static uint32_t get(_Atomic uint32_t *figure) {
    return atomic_load_explicit(figure, memory_order_relaxed);
}

static void count(_Atomic uint32_t *figure) {
    atomic_fetch_add_explicit(figure, 1, memory_order_relaxed);
}

static void expect(bool holds, const char *what) {
    if (!holds) {
        count(&wrong);
        portico->log(PORTICO_LOG_WARN, what);
    }
}

static void count_reason(_Atomic uint32_t *figures, portico_status reason) {
    expect(reason <= 0 && reason > -REASONS, "a reason that is no status");
    count(&figures[(uint32_t)-reason % REASONS]);
}

static void begin(uint32_t *inside) {
    expect(*inside == 0, "two handlers at once");
    *inside = 1;
}

static void end(uint32_t *inside) {
    expect(*inside == 1, "two handlers at once");
    *inside = 0;
}

static portico_room some_room(uint32_t number) {
    char name[16];
    portico_room room = {0};
    (void)snprintf(name, sizeof name, "%u", number % ROOMS);
    (void)portico->room_create("chaos.place", name, NULL, 0, &room);
    return room;
}

/* ---- rooms ----------------------------------------------------------------------------------- */

static place *room_begin(portico_room room, void *state) {
    place *p = state;
    expect(ledger_has(&rooms, room.id), "a handler of a room that is not open");
    expect(portico->room_state(room) == state, "a handler of a room outside its turn");
    begin(&p->inside);
    return p;
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)data, (void)size;
    expect(ledger_begin(&rooms, room.id), "a room opens twice");
    place *p = room_begin(room, state);
    portico_status status =
        portico->post_every(portico_room_entity(room), MESSAGE_TICK, NULL, 0, TICK_MS, NULL);
    end(&p->inside);
    return status;
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    place *p = room_begin(room, state);
    expect(ledger_has(&sessions, session.id), "on_join of a session that is not open");
    expect(ledger_place(&sessions, session.id) == 0, "on_join in two rooms");
    uint32_t number = ++p->joins;
    portico_status status = number % 13 == 0 ? PORTICO_E_REFUSED : PORTICO_OK;
    if (status == PORTICO_OK) {
        ledger_move(&sessions, session.id, room.id);
        ledger_move(&rooms, room.id, ledger_place(&rooms, room.id) + 1);
        count(&joined);
    }
    if (number % 17 == 0) {
        (void)portico->session_join(session, some_room((uint32_t)room.id + number), 0);
    }
    end(&p->inside);
    return status;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    place *p = room_begin(room, state);
    expect(ledger_has(&sessions, session.id), "on_leave after on_close");
    expect(ledger_move(&sessions, session.id, 0) == room.id, "on_leave without on_join, or twice");
    ledger_move(&rooms, room.id, ledger_place(&rooms, room.id) - 1);
    count_reason(left, reason);
    if (++p->leaves % 61 == 0) {
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
    end(&p->inside);
}

static void on_room_close(portico_room room, void *state, portico_status reason) {
    (void)reason;
    place *p = room_begin(room, state);
    expect(ledger_place(&rooms, room.id) == 0, "a room ends with members");
    expect(portico->room_members(room, NULL, 0) == 0, "a room ends with members");
    end(&p->inside);
    expect(ledger_end(&rooms, room.id), "a room ends twice");
}

static void on_tick(portico_room room, void *state, const portico_message *message) {
    (void)message;
    place *p = room_begin(room, state);
    (void)portico->room_send(room, OPCODE_TICK, &p->ticks, sizeof p->ticks, (portico_session){0});
    if (++p->ticks % 150 == 0) {
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
    end(&p->inside);
}

static void on_note(portico_room room, void *state, const portico_message *message) {
    place *p = room_begin(room, state);
    (void)portico->room_send(room, OPCODE_SAID, message->data, message->size, (portico_session){0});
    end(&p->inside);
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* The place whose turn this is, or NULL. */
static place *session_begin(portico_session session, void *state) {
    player *p = state;
    expect(ledger_has(&sessions, session.id), "a handler of a session that is not open");
    begin(&p->inside);
    uint64_t room = ledger_place(&sessions, session.id);
    uint64_t said = portico->session_room(session).id; /* also 0 if it is moving elsewhere */
    place *turn = portico->room_state((portico_room){room});
    expect((room != 0) == (turn != NULL), "a handler of a member outside the room's turn");
    expect(said == 0 || said == room, "a session in a room that it was not let into");
    if (turn != NULL) {
        begin(&turn->inside);
    }
    return turn;
}

static void session_end(void *state, place *turn) {
    player *p = state;
    if (turn != NULL) {
        end(&turn->inside);
    }
    end(&p->inside);
}

/* A random member of the session's room, perhaps the session itself. */
static portico_session some_member(portico_session session, uint32_t number) {
    portico_session members[MEMBERS_MAX];
    uint32_t there = portico->room_members(portico->session_room(session), members, MEMBERS_MAX);
    there = there < MEMBERS_MAX ? there : MEMBERS_MAX;
    return there > 0 ? members[number % there] : session;
}

/* Most actions move or say something; ends of sessions and rooms are rare, so that there is
 * something to end. */
static void act(portico_session session, player *p, const portico_packet *packet) {
    uint32_t action = packet->data[0] % 64;
    uint32_t argument = packet->data[1];
    if (action < 1) {
        (void)portico->session_close(some_member(session, argument), PORTICO_E_CLOSED);
    } else if (action < 2) {
        (void)portico->room_close(some_room(argument), PORTICO_E_CLOSED);
    } else if (action < 6) {
        (void)portico->session_leave(session);
    } else if (action < 10) {
        (void)portico->session_join(session, some_room(argument), 0);
    } else if (action < 14) {
        (void)portico->session_join(some_member(session, argument / ROOMS), some_room(argument), 0);
    } else if (action < 20) {
        (void)portico->post(portico_room_entity(some_room(argument)), MESSAGE_NOTE, packet->data,
                            packet->size);
    } else if (action < 40) {
        portico_room room = portico->session_room(session);
        (void)portico->room_send(room, OPCODE_SAID, packet->data, packet->size, session);
    } else {
        portico_status status = portico->session_join(session, some_room(argument), MESSAGE_TOLD);
        p->asked += status == PORTICO_OK;
    }
}

static void on_act(portico_session session, void *state, const portico_packet *packet) {
    place *turn = session_begin(session, state);
    if (get(&stopping) != 0) {
        count(&acted_while_stopping);
    }
    if (packet->size >= 2) {
        act(session, state, packet);
    }
    session_end(state, turn);
}

static void on_told(portico_session session, void *state, const portico_message *message) {
    place *turn = session_begin(session, state);
    player *p = state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    expect(result.status == PORTICO_OK || result.status == PORTICO_E_ROOM_CLOSED ||
               result.status == PORTICO_E_LIMIT || result.status == PORTICO_E_CANCELLED ||
               result.status == PORTICO_E_REFUSED,
           "told a status that cannot be");
    expect(++p->told <= p->asked, "told without having asked");
    session_end(state, turn);
}

static void on_settled(portico_session session, void *state, const portico_message *message) {
    (void)message;
    place *turn = session_begin(session, state);
    const player *p = state;
    count(p->asked == p->told && ledger_place(&sessions, session.id) == 0 ? &settled : &unsettled);
    session_end(state, turn);
}

static void on_ask_all(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t asked = 0;
    atomic_store(&settled, 0);
    atomic_store(&unsettled, 0);
    for (uint32_t i = 0; i < LEDGER_LINES; i++) {
        (void)portico->room_close((portico_room){atomic_load(&rooms.lines[i].id)},
                                  PORTICO_E_CLOSED);
    }
    for (uint32_t i = 0; i < LEDGER_LINES; i++) {
        asked += portico->post((portico_entity){atomic_load(&sessions.lines[i].id)},
                               MESSAGE_SETTLED, NULL, 0) == PORTICO_OK;
    }
    (void)portico->session_send(session, packet->opcode, &asked, sizeof asked);
}

static void on_answers(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t figures[2] = {get(&settled), get(&unsettled)};
    (void)portico->session_send(session, packet->opcode, figures, sizeof figures);
}

static portico_status on_open(portico_session session, void *state) {
    expect(ledger_begin(&sessions, session.id), "a session opens twice");
    expect(ledger_place(&sessions, session.id) == 0, "a session opens in a room");
    place *turn = session_begin(session, state);
    player *p = state;
    p->asked +=
        session.id % 2 == 0 &&
        portico->session_join(session, some_room((uint32_t)session.id), MESSAGE_TOLD) == PORTICO_OK;
    session_end(state, turn);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    place *turn = session_begin(session, state);
    expect(ledger_place(&sessions, session.id) == 0, "on_close before on_leave");
    expect(portico->session_close(session, PORTICO_E_CLOSED) == PORTICO_E_GONE,
           "a closed session that closes");
    count_reason(closed, reason);
    session_end(state, turn);
    expect(ledger_end(&sessions, session.id), "a session closes twice");
}

/* ---- the module ------------------------------------------------------------------------------ */

static void chaos_stopping(void *state) {
    (void)state;
    atomic_store(&stopping, 1);
}

static void chaos_stop(void *state, uint32_t why) {
    char text[400];
    uint32_t leaves = 0;
    (void)state, (void)why;
    for (uint32_t i = 0; i < REASONS; i++) {
        leaves += get(&left[i]);
    }
    expect(ledger_is_empty(&sessions) && get(&sessions.begun) == get(&sessions.ended),
           "a session without its end");
    expect(ledger_is_empty(&rooms) && get(&rooms.begun) == get(&rooms.ended),
           "a room without its end");
    expect(get(&joined) == leaves, "an on_join without its on_leave");
    (void)snprintf(
        text, sizeof text,
        "account: sessions %u rooms %u members %u left: ok %u room_closed %u kicked %u closed %u "
        "unloaded %u lost %u; were_kicked %u were_unloaded %u; acted while going %u chaos wrong %u",
        get(&sessions.ended), get(&rooms.ended), leaves, get(&left[0]),
        get(&left[-PORTICO_E_ROOM_CLOSED]), get(&left[-PORTICO_E_KICKED]),
        get(&left[-PORTICO_E_CLOSED]), get(&left[-PORTICO_E_UNLOADED]),
        get(&left[-PORTICO_E_EOF]) + get(&left[-PORTICO_E_RESET]), get(&closed[-PORTICO_E_KICKED]),
        get(&closed[-PORTICO_E_UNLOADED]), get(&acted_while_stopping), get(&wrong));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_ask_all),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_answers),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(MESSAGE_TOLD, on_told),
    PORTICO_MESSAGE(MESSAGE_SETTLED, on_settled),
};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(player, 0),
     .on_open = on_open,
     .on_packet = on_act,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};

static const portico_room_message place_messages[] = {
    PORTICO_MESSAGE(MESSAGE_NOTE, on_note),
    PORTICO_MESSAGE(MESSAGE_TICK, on_tick),
};
static const portico_room_type room_types[] = {
    {.name = "place",
     .state = PORTICO_STATE_OPAQUE(place, 0),
     .on_open = on_room_open,
     .on_join = on_join,
     .on_leave = on_leave,
     .on_close = on_room_close,
     .messages = PORTICO_TABLE(place_messages),
     .max_members = MEMBERS_MAX / 2},
};

static const portico_module chaos = {
    .name = "chaos",
    .version = "1",
    .description = "Whatever can happen to sessions and rooms, and a ledger of it.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .stopping = chaos_stopping,
    .stop = chaos_stop,
};

PORTICO_MODULE(chaos);
