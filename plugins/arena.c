/* arena.c: a small real-time game. Shows rooms with state, timers and messages, and a state that
 * survives when this code is rebuilt while people play. Read chat.c first.
 *
 * Players join a field by its name, move about in it and tag each other. A field is a room, and its
 * state below is the whole game. Everything that touches it, players' packets and the clock's
 * ticks, runs one at a time in the room's turn. So there are no locks here, and no statics but
 * settings; different fields run at the same time.
 *
 * The listener's framing is u16. Numbers are little endian: u is unsigned, i is signed, the number
 * is bits.
 *
 *   from a player                   to a player
 *   1 join  the field's name, UTF-8 100 welcome   u16 own number, tick_ms, FIELD_SIZE, HIT_REACH
 *   2 move  i16 dx, dy              101 snapshot  u32 tick, u16 count, count x { u16 number, x, y }
 *   3 hit   (empty)                 102 scores    u16 count, count x { u16 number, u32 score }
 *                                   103 refused   u16 why: 1 bad name, 2 full, 3 there now,
 *                                                 4 not now
 *
 * A player is welcomed first. Everybody in the field then receives a snapshot each tick and the
 * scores once a second. `tick` is the field's time: it includes ticks that the host could not run
 * in time. A number identifies a player within the field, from 1, and is free again once they have
 * left. Positions are 0 to FIELD_SIZE - 1. A hit tags the nearest player within HIT_REACH, for one
 * point. Moves and hits are each accepted once per ACTION_MS on average; the rest is ignored, so a
 * modified client gains nothing. A packet of a wrong size closes the session.
 *
 * Joining another field leaves the first one. The first player to join a field creates it, and it
 * closes itself when nobody has been in it for a second.
 */
#include <portico/portico.h>

#include <stdbool.h>
#include <string.h>

#define FIELD_TYPE "arena.field"

enum {
    FIELD_SIZE = 1000,
    HIT_REACH = 50,
    PLAYERS_MAX = 256, /* upper limit of max_players */
    ACTION_MS = 50,    /* 20 a second */
    ACTION_BURST = 4,  /* accepted at once: networks bunch what was sent evenly */
    SECOND_MS = 1000,
};

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103 };
enum { BAD_NAME = 1, FULL = 2, THERE_NOW = 3, NOT_NOW = 4 };

/* Messages, which clients cannot send: TICK to a field, ARRIVED to a player. */
enum { TICK = 1, ARRIVED = 2 };

/* A session's state: the name of the field that the player last asked for. Everything about a
 * player in the game is in the field's state. */
#define PLAYER(S, FIELD, ARRAY) ARRAY(S, char, name, PORTICO_LABEL_MAX)
PORTICO_STATE(player, PLAYER);

/* A room's state, zeroed by the host before on_open. It survives swaps: the host carries the values
 * over by these names, so a property of players can be added while they play, and is 0 for all at
 * first. Each property is an array, in which a player has the slot number - 1. An array of structs
 * would be opaque to the host, which copies structs but cannot change them.
 *   scores_at    the tick at which scores are due
 *   empty_from   the tick since which the field has been empty
 *   end          one past the last slot in use
 *   sessions     0: the slot is free
 *   next_..._ms  see action_is_allowed */
#define FIELD_STATE(S, FIELD, ARRAY)                 \
    FIELD(S, uint64_t, tick)                         \
    FIELD(S, uint64_t, scores_at)                    \
    FIELD(S, uint64_t, empty_from)                   \
    FIELD(S, uint32_t, random)                       \
    FIELD(S, uint32_t, count)                        \
    FIELD(S, uint32_t, end)                          \
    ARRAY(S, portico_session, sessions, PLAYERS_MAX) \
    ARRAY(S, uint64_t, next_move_ms, PLAYERS_MAX)    \
    ARRAY(S, uint64_t, next_hit_ms, PLAYERS_MAX)     \
    ARRAY(S, uint32_t, scores, PLAYERS_MAX)          \
    ARRAY(S, uint16_t, xs, PLAYERS_MAX)              \
    ARRAY(S, uint16_t, ys, PLAYERS_MAX)
PORTICO_STATE(field, FIELD_STATE);

enum { NOBODY = PLAYERS_MAX }; /* no slot */

/* Statics do not survive a swap: each build has its own and writes them in its own `load`. */
static const portico_host *host;
static uint32_t tick_ms;     /* [module arena] tick_ms: between two ticks */
static uint32_t max_players; /* [module arena] max_players: per field */

/* ---- bytes: one by one, so that the result does not depend on the machine's byte order ------- */

static int16_t read_i16(const uint8_t *at) {
    uint16_t bits = (uint16_t)(at[0] | at[1] << 8);
    return (int16_t)(bits < 0x8000 ? bits : bits - 0x10000);
}

/* Both return where the next number goes. */
static uint8_t *write_u16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

static uint8_t *write_u32(uint8_t *at, uint32_t value) {
    return write_u16(write_u16(at, value), value >> 16);
}

/* ---- the game: plain functions on a field ---------------------------------------------------- */

static uint32_t field_find(const field *f, portico_session session) {
    for (uint32_t i = 0; i < f->end; i++) {
        if (f->sessions[i] == session) {
            return i;
        }
    }
    return NOBODY;
}

/* The lowest free slot. The caller knows that there is one. */
static uint32_t field_free_slot(const field *f) {
    uint32_t slot = 0;
    while (f->sessions[slot] != 0) {
        slot++;
    }
    return slot;
}

static uint16_t field_random_place(field *f) {
    f->random = f->random * 1664525u + 1013904223u;
    return (uint16_t)((f->random >> 8) % FIELD_SIZE);
}

static uint16_t clamp(int32_t place) {
    return (uint16_t)(place < 0 ? 0 : place >= FIELD_SIZE ? FIELD_SIZE - 1 : place);
}

/* Whether a player may act now; if so, the action is counted. *next_ms is when the next action
 * would be due if all came evenly. It may be ahead of the clock by the burst. */
static bool action_is_allowed(uint64_t *next_ms) {
    uint64_t now_ms = host->clock_ms();
    if (*next_ms < now_ms) {
        *next_ms = now_ms;
    }
    if (*next_ms >= now_ms + ACTION_BURST * ACTION_MS) {
        return false;
    }
    *next_ms += ACTION_MS;
    return true;
}

/* The slot of the player that a hit of `from` tags, or NOBODY. */
static uint32_t field_nearest(const field *f, uint32_t from) {
    uint32_t nearest = NOBODY;
    int32_t least = HIT_REACH * HIT_REACH + 1; /* distances are compared by their squares */
    for (uint32_t i = 0; i < f->end; i++) {
        int32_t dx = f->xs[i] - f->xs[from];
        int32_t dy = f->ys[i] - f->ys[from];
        if (f->sessions[i] != 0 && i != from && dx * dx + dy * dy < least) {
            nearest = i;
            least = dx * dx + dy * dy;
        }
    }
    return nearest;
}

/* Sends one packet to everybody: the host copies it once, however many they are. */
static void field_send_snapshot(portico_room room, const field *f) {
    uint8_t bytes[6 + PLAYERS_MAX * 6];
    uint8_t *at = write_u16(write_u32(bytes, (uint32_t)f->tick), f->count);
    for (uint32_t i = 0; i < f->end; i++) {
        if (f->sessions[i] != 0) {
            at = write_u16(write_u16(write_u16(at, i + 1), f->xs[i]), f->ys[i]);
        }
    }
    (void)host->room_send(room, SNAPSHOT, bytes, (uint32_t)(at - bytes), 0);
}

static void field_send_scores(portico_room room, const field *f) {
    uint8_t bytes[2 + PLAYERS_MAX * 6];
    uint8_t *at = write_u16(bytes, f->count);
    for (uint32_t i = 0; i < f->end; i++) {
        if (f->sessions[i] != 0) {
            at = write_u32(write_u16(at, i + 1), f->scores[i]);
        }
    }
    (void)host->room_send(room, SCORES, bytes, (uint32_t)(at - bytes), 0);
}

static void player_refuse(portico_session session, uint16_t why) {
    uint8_t bytes[2];
    write_u16(bytes, why);
    (void)host->session_send(session, REFUSED, bytes, sizeof bytes);
}

/* ---- what the host calls for a field, in its turn -------------------------------------------- */

static portico_status PORTICO_CALL field_on_open(portico_room room, void *state) {
    field *f = state;
    f->random = (uint32_t)(room ^ room >> 32);
    /* A timer is a repeated message. It ends with the room. Ticks continue through a swap: the new
     * code's field_on_tick receives the next one. */
    return host->post_every(room, TICK, NULL, 0, tick_ms, NULL);
}

static portico_status PORTICO_CALL field_on_join(portico_room room, void *state,
                                                 portico_session session) {
    (void)room;
    field *f = state;
    if (f->count >= max_players) {
        return PORTICO_E_LIMIT; /* player_on_arrived receives this */
    }
    uint32_t slot = field_free_slot(f);
    uint8_t bytes[8];
    write_u16(write_u16(write_u16(write_u16(bytes, slot + 1), tick_ms), FIELD_SIZE), HIT_REACH);
    portico_status status = host->session_send(session, WELCOME, bytes, sizeof bytes);
    if (status != PORTICO_OK) {
        return status; /* without a welcome they could not play; nothing has changed yet */
    }
    f->sessions[slot] = session;
    f->next_move_ms[slot] = f->next_hit_ms[slot] = 0;
    f->scores[slot] = 0;
    f->xs[slot] = field_random_place(f);
    f->ys[slot] = field_random_place(f);
    f->end = slot < f->end ? f->end : slot + 1;
    f->count++;
    return PORTICO_OK;
}

/* Called once for each player who joined, for whatever reason they leave: another field, a broken
 * connection, a kick. */
static void PORTICO_CALL field_on_leave(portico_room room, void *state, portico_session session,
                                        portico_status reason) {
    (void)room, (void)reason;
    field *f = state;
    uint32_t slot = field_find(f, session);
    if (slot != NOBODY) {
        f->sessions[slot] = 0;
        f->count--;
    }
    while (f->end > 0 && f->sessions[f->end - 1] == 0) {
        f->end--;
    }
    f->empty_from = f->tick;
}

static void PORTICO_CALL field_on_tick(portico_entity room, void *state,
                                       const portico_message *message) {
    field *f = state;
    const uint64_t second = (SECOND_MS + tick_ms - 1) / tick_ms; /* in ticks */
    f->tick += 1 + message->missed;                              /* skipped ticks count, too */
    if (f->count > 0) {
        field_send_snapshot(room, f);
        if (f->tick >= f->scores_at) {
            field_send_scores(room, f);
            f->scores_at = f->tick + second;
        }
    } else if (f->tick >= f->empty_from + second) {
        /* Closed here rather than in field_on_leave, so that a field whose only player never
         * arrived is closed as well. For one who is on the way now, see player_on_arrived. */
        (void)host->room_close(room);
    }
}

/* ---- what the host calls for a player, in the turn of the field that they are in ------------- */

/* The sender's field, and in *slot their slot, or NULL if they are in none. Closes the session if
 * the packet does not have `size` bytes. */
static field *player_field(portico_session session, const portico_packet *packet, uint32_t size,
                           uint32_t *slot) {
    if (packet->size != size) {
        (void)host->session_close(session); /* not one of our clients */
        return NULL;
    }
    field *f = host->room_state(host->session_room(session));
    *slot = f != NULL ? field_find(f, session) : NOBODY;
    return *slot != NOBODY ? f : NULL;
}

static void PORTICO_CALL player_on_move(portico_session session, void *state,
                                        const portico_packet *packet) {
    (void)state;
    uint32_t me = NOBODY;
    field *f = player_field(session, packet, 4, &me);
    if (f != NULL && action_is_allowed(&f->next_move_ms[me])) {
        f->xs[me] = clamp(f->xs[me] + read_i16(packet->data));
        f->ys[me] = clamp(f->ys[me] + read_i16(packet->data + 2));
    }
}

static void PORTICO_CALL player_on_hit(portico_session session, void *state,
                                       const portico_packet *packet) {
    (void)state;
    uint32_t me = NOBODY;
    field *f = player_field(session, packet, 0, &me);
    if (f != NULL && action_is_allowed(&f->next_hit_ms[me])) {
        f->scores[me] += field_nearest(f, me) != NOBODY;
    }
}

/* Sends the player to the field p->name, which is created if need be. They enter it after this
 * handler has returned, and ARRIVED reports how that went. */
static void player_go(portico_session session, const player *p) {
    portico_room room = 0;
    portico_status status = host->room_create(FIELD_TYPE, p->name, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = host->room_join_tell(room, session, ARRIVED);
    }
    if (status != PORTICO_OK) {
        player_refuse(session, status == PORTICO_E_EXISTS    ? THERE_NOW
                               : status == PORTICO_E_INVALID ? BAD_NAME
                                                             : NOT_NOW);
    }
}

static void PORTICO_CALL player_on_join(portico_session session, void *state,
                                        const portico_packet *packet) {
    player *p = state;
    if (packet->size >= sizeof p->name || memchr(packet->data, '\0', packet->size) != NULL) {
        player_refuse(session, BAD_NAME);
        return;
    }
    memcpy(p->name, packet->data, packet->size + 1u); /* a zero follows a packet's data */
    player_go(session, p);                            /* room_create checks the rest of the name */
}

static void PORTICO_CALL player_on_arrived(portico_entity session, void *state,
                                           const portico_message *message) {
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    switch (result.status) {
    case PORTICO_OK:          /* field_on_join has welcomed them */
    case PORTICO_E_CANCELLED: /* on the way to yet another field, with a message of its own */
        break;
    case PORTICO_E_ROOM_CLOSED: /* it was empty and closed: create it anew, for at least a second */
        player_go(session, state);
        break;
    case PORTICO_E_LIMIT: player_refuse(session, FULL); break;
    default: player_refuse(session, NOT_NOW); break;
    }
}

/* ---- the module ------------------------------------------------------------------------------ */

static portico_status arena_configure(void) {
    int64_t value = 0;
    portico_status status = host->config_integer("tick_ms", 50, 10, 1000, &value);
    if (status != PORTICO_OK) {
        return status;
    }
    tick_ms = (uint32_t)value;
    status = host->config_integer("max_players", PLAYERS_MAX, 1, PLAYERS_MAX, &value);
    max_players = (uint32_t)value;
    return status;
}

static portico_status arena_register_types(void) {
    const portico_session_type player_type = {
        .struct_size = sizeof player_type,
        .state_size = sizeof(player),
        .state_version = 1,
        .name = "player",
        .state_fields = &player_fields,
    };
    const portico_room_type field_type = {
        .struct_size = sizeof field_type,
        .state_size = sizeof(field),
        .state_version = 1,
        .name = "field",
        .on_open = field_on_open,
        .on_join = field_on_join,
        .on_leave = field_on_leave,
        .state_fields = &field_fields,
    };
    portico_status status = host->register_session_type(&player_type);
    if (status != PORTICO_OK) {
        return status;
    }
    return host->register_room_type(&field_type);
}

static portico_status arena_register_handlers(void) {
    static const struct {
        uint16_t opcode;
        portico_on_packet handler;
    } handlers[] = {{JOIN, player_on_join}, {MOVE, player_on_move}, {HIT, player_on_hit}};
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        portico_status status =
            host->register_handler("player", handlers[i].opcode, handlers[i].handler);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    portico_status status = host->register_message("player", ARRIVED, player_on_arrived);
    if (status != PORTICO_OK) {
        return status;
    }
    return host->register_message("field", TICK, field_on_tick);
}

/* Only reads settings and registers: at a swap the old code still serves while this runs. */
static portico_status PORTICO_CALL arena_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    portico_status status = arena_configure();
    if (status != PORTICO_OK) {
        return status;
    }
    status = arena_register_types();
    if (status != PORTICO_OK) {
        return status;
    }
    return arena_register_handlers();
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "arena",
    .version = "0.1.0",
    .description = "A small real-time game: fields, players that move and tag each other.",
    .load = arena_load,
};

PORTICO_MODULE(info);
