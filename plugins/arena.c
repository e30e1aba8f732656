/* arena.c: a small real-time game. Shows rooms with state, timers and messages. Read chat.c first.
 *
 * Players join a field by its name, move about in it, and tag each other. The field is a room: its state
 * below is the whole game, and all that touches it, packets of players and ticks of the clock, runs one at a
 * time in the room's turn. So there is no lock here, and no static but settings; different fields run side by
 * side.
 *
 * The listener's framing is u16. Numbers are little endian; u is unsigned, i is signed, the number is bits.
 *
 *   from a player                       to a player
 *   1  join  the field's name, UTF-8    100  welcome   u16 own number, tick_ms, FIELD_SIZE, HIT_REACH
 *   2  move  i16 dx, dy                 101  snapshot  u32 tick, u16 count, count x { u16 number, x, y }
 *   3  hit   (nothing)                  102  scores    u16 count, count x { u16 number, u32 score }
 *                                       103  refused   u16 why: 1 bad name, 2 full, 3 there now, 4 not now
 *
 * A snapshot goes to all in the field each tick, scores once a second; welcome comes before both. Ticks that
 * the host could not run in time are counted in `tick`: it always tells the time. A number is a player's
 * within the field, from 1, and free again when they leave. Positions are 0 to FIELD_SIZE - 1. A hit tags
 * whoever is nearest within HIT_REACH, which scores one. Moves and hits are taken ACTION_MS apart each, on
 * average: what comes faster is ignored, so a changed client gains nothing. A packet of a wrong size closes
 * the session.
 *
 * Who joins another field leaves the first. A field is made by the first who joins it, and closes itself when
 * nobody has been in it for a second.
 */
#include <portico/portico.h>

#include <stdbool.h>
#include <string.h>

#define FIELD_TYPE "arena.field"

enum {
    FIELD_SIZE = 1000,
    HIT_REACH = 50,
    PLAYERS_MAX = 256, /* the most that max_players may say */
    ACTION_MS = 50,    /* 20 a second */
    ACTION_BURST = 4,  /* so many may come at once: a network bunches what was sent evenly */
    SECOND_MS = 1000,
};

enum { JOIN = 1, MOVE = 2, HIT = 3, WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103 };
enum { BAD_NAME = 1, FULL = 2, THERE_NOW = 3, NOT_NOW = 4 };

/* Messages, which no client can send: TICK to a field, ARRIVED to a player. */
enum { TICK = 1, ARRIVED = 2 };

/* A session's state: only what it takes to join. What a player is in the game stands in the field. */
typedef struct player {
    char name[PORTICO_LABEL_MAX]; /* of the field that was asked for */
} player;

typedef struct fighter {
    portico_session session;
    uint64_t next_move_ms; /* see is_in_time */
    uint64_t next_hit_ms;
    uint32_t score;
    uint16_t number;
    uint16_t x;
    uint16_t y;
} fighter;

/* A room's state: the host's memory, zeroed before on_open. */
typedef struct field {
    uint64_t tick;
    uint64_t scores_at;  /* the tick of the next scores */
    uint64_t empty_from; /* the tick since which nobody has been here */
    uint32_t random;
    uint32_t count;
    fighter fighters[PLAYERS_MAX]; /* the first `count` */
} field;

static const portico_host *host;
static uint32_t tick_ms;     /* [module arena] tick_ms: the field's clock */
static uint32_t max_players; /* [module arena] max_players: in one field */

/* ---- bytes: taken apart and put together one by one, so that it is the same on every machine ----------- */

static int16_t read_i16(const uint8_t *at) {
    uint16_t bits = (uint16_t)(at[0] | at[1] << 8);
    return (int16_t)(bits < 0x8000 ? bits : bits - 0x10000);
}

/* These return where the next goes. */
static uint8_t *write_u16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

static uint8_t *write_u32(uint8_t *at, uint32_t value) {
    return write_u16(write_u16(at, value), value >> 16);
}

/* ---- the game: plain functions on a field -------------------------------------------------------------- */

/* NULL: the session is not in this field. */
static fighter *field_find(field *f, portico_session session) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->fighters[i].session == session) {
            return &f->fighters[i];
        }
    }
    return NULL;
}

/* The lowest that nobody has. */
static uint16_t field_free_number(const field *f) {
    bool taken[PLAYERS_MAX + 2] = {false};
    for (uint32_t i = 0; i < f->count; i++) {
        taken[f->fighters[i].number] = true;
    }
    uint16_t number = 1;
    while (taken[number]) {
        number++;
    }
    return number;
}

static uint16_t field_random_place(field *f) {
    f->random = f->random * 1664525u + 1013904223u;
    return (uint16_t)((f->random >> 8) % FIELD_SIZE);
}

static uint16_t clamp(int32_t place) {
    return (uint16_t)(place < 0 ? 0 : place >= FIELD_SIZE ? FIELD_SIZE - 1 : place);
}

/* Whether one more action of a kind is in time, which counts it. *next_ms is when the next would be due if
 * all came evenly; it may run ahead of the clock by the burst. */
static bool is_in_time(uint64_t *next_ms) {
    uint64_t now_ms = host->clock_ms();
    if (*next_ms < now_ms) {
        *next_ms = now_ms;
    }
    bool fine = *next_ms < now_ms + ACTION_BURST * ACTION_MS;
    *next_ms += fine ? ACTION_MS : 0;
    return fine;
}

/* Whom a hit of `from` tags, or NULL. */
static const fighter *field_nearest(const field *f, const fighter *from) {
    const fighter *nearest = NULL;
    int32_t least = HIT_REACH * HIT_REACH + 1; /* squares of distances: no root is needed to compare */
    for (uint32_t i = 0; i < f->count; i++) {
        const fighter *other = &f->fighters[i];
        int32_t dx = other->x - from->x;
        int32_t dy = other->y - from->y;
        if (other != from && dx * dx + dy * dy < least) {
            nearest = other;
            least = dx * dx + dy * dy;
        }
    }
    return nearest;
}

/* One packet for everybody: the host makes one copy of it, however many they are. */
static void field_send_snapshot(portico_room room, const field *f) {
    uint8_t bytes[6 + PLAYERS_MAX * 6];
    uint8_t *at = write_u16(write_u32(bytes, (uint32_t)f->tick), f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        const fighter *p = &f->fighters[i];
        at = write_u16(write_u16(write_u16(at, p->number), p->x), p->y);
    }
    (void)host->room_send(room, SNAPSHOT, bytes, (uint32_t)(at - bytes), 0);
}

static void field_send_scores(portico_room room, const field *f) {
    uint8_t bytes[2 + PLAYERS_MAX * 6];
    uint8_t *at = write_u16(bytes, f->count);
    for (uint32_t i = 0; i < f->count; i++) {
        at = write_u32(write_u16(at, f->fighters[i].number), f->fighters[i].score);
    }
    (void)host->room_send(room, SCORES, bytes, (uint32_t)(at - bytes), 0);
}

static void player_refuse(portico_session session, uint16_t why) {
    uint8_t bytes[2];
    write_u16(bytes, why);
    (void)host->session_send(session, REFUSED, bytes, sizeof bytes);
}

/* ---- what the host calls in the room's turn ------------------------------------------------------------ */

static portico_status PORTICO_CALL field_on_open(portico_room room, void *state) {
    field *f = state;
    f->random = (uint32_t)(room ^ room >> 32);
    /* A timer is a message that comes again and again; it ends with the room. */
    return host->post_every(room, TICK, NULL, 0, tick_ms, NULL);
}

static portico_status PORTICO_CALL field_on_join(portico_room room, void *state, portico_session session) {
    (void)room;
    field *f = state;
    if (f->count >= max_players) {
        return PORTICO_E_LIMIT; /* player_on_arrived hears of it */
    }
    fighter *p = &f->fighters[f->count];
    *p = (fighter){.session = session, .number = field_free_number(f)};
    p->x = field_random_place(f);
    p->y = field_random_place(f);
    f->count++;
    uint8_t bytes[8];
    write_u16(write_u16(write_u16(write_u16(bytes, p->number), tick_ms), FIELD_SIZE), HIT_REACH);
    (void)host->session_send(session, WELCOME, bytes, sizeof bytes);
    return PORTICO_OK;
}

/* However it goes, by joining another field, by a broken line or by a kick: once for each who came in. */
static void PORTICO_CALL field_on_leave(portico_room room, void *state, portico_session session,
                                        portico_status reason) {
    (void)room, (void)reason;
    field *f = state;
    *field_find(f, session) = f->fighters[f->count - 1]; /* the last one fills the gap */
    f->count--;
    f->empty_from = f->tick;
}

static void PORTICO_CALL field_on_tick(portico_entity room, void *state, const portico_message *message) {
    field *f = state;
    const uint64_t second = (SECOND_MS + tick_ms - 1) / tick_ms; /* in ticks */
    f->tick += 1 + message->missed; /* the ticks that were left out are over, too */
    if (f->count > 0) {
        field_send_snapshot(room, f);
        if (f->tick >= f->scores_at) {
            field_send_scores(room, f);
            f->scores_at = f->tick + second;
        }
    } else if (f->tick >= f->empty_from + second) {
        /* Here, and not when the last one leaves: so a field goes too whose only guest never arrived.
         * Somebody may be on the way at this moment; player_on_arrived sees to that. */
        (void)host->room_close(room);
    }
}

/* ---- what the host calls for a session: in the turn of its field, when it is in one -------------------- */

/* The sender as its field has it, or NULL when it is in none. `size` is what the packet must have. */
static fighter *player_in_field(portico_session session, const portico_packet *packet, uint32_t size,
                                field **f) {
    if (packet->size != size) {
        (void)host->session_close(session); /* not a client of ours */
        return NULL;
    }
    *f = host->room_state(host->session_room(session));
    return *f != NULL ? field_find(*f, session) : NULL;
}

static void PORTICO_CALL player_on_move(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    field *f = NULL;
    fighter *p = player_in_field(session, packet, 4, &f);
    if (p != NULL && is_in_time(&p->next_move_ms)) {
        p->x = clamp(p->x + read_i16(packet->data));
        p->y = clamp(p->y + read_i16(packet->data + 2));
    }
}

static void PORTICO_CALL player_on_hit(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    field *f = NULL;
    fighter *p = player_in_field(session, packet, 0, &f);
    if (p != NULL && is_in_time(&p->next_hit_ms)) {
        p->score += field_nearest(f, p) != NULL;
    }
}

/* Sets out for the field that p->name says. It is entered after this handler has returned; then ARRIVED comes and
 * says whether they are in the field, or have been turned away. */
static void player_set_out(portico_session session, const player *p) {
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

static void PORTICO_CALL player_on_join(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    if (packet->size >= sizeof p->name || memchr(packet->data, '\0', packet->size) != NULL) {
        player_refuse(session, BAD_NAME);
        return;
    }
    memcpy(p->name, packet->data, packet->size + 1u); /* with the zero that follows a packet's data */
    player_set_out(session, p);                       /* the host checks the rest of the name */
}

static void PORTICO_CALL player_on_arrived(portico_entity session, void *state,
                                           const portico_message *message) {
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    switch (result.status) {
    case PORTICO_OK: /* field_on_join has welcomed them */
    case PORTICO_E_CANCELLED: /* they go to yet another field, which has a message of its own */ break;
    case PORTICO_E_ROOM_CLOSED:
        player_set_out(session, state); /* to a new one of that name, which lives for a second at least */
        break;
    case PORTICO_E_LIMIT: player_refuse(session, FULL); break;
    default: player_refuse(session, NOT_NOW); break;
    }
}

/* ---- the module ---------------------------------------------------------------------------------------- */

static portico_status arena_configure(void) {
    int64_t value = 0;
    portico_status status = host->config_integer("tick_ms", 50, 10, 1000, &value);
    tick_ms = (uint32_t)value;
    if (status == PORTICO_OK) {
        status = host->config_integer("max_players", PLAYERS_MAX, 1, PLAYERS_MAX, &value);
        max_players = (uint32_t)value;
    }
    return status;
}

static portico_status arena_register_types(void) {
    const portico_session_type player_type = {
        .struct_size = sizeof player_type,
        .state_size = sizeof(player),
        .state_version = 1,
        .name = "player",
    };
    const portico_room_type field_type = {
        .struct_size = sizeof field_type,
        .state_size = sizeof(field),
        .state_version = 1,
        .name = "field",
        .on_open = field_on_open,
        .on_join = field_on_join,
        .on_leave = field_on_leave,
    };
    portico_status status = host->register_session_type(&player_type);
    return status == PORTICO_OK ? host->register_room_type(&field_type) : status;
}

static portico_status PORTICO_CALL arena_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    portico_status status = arena_configure();
    if (status == PORTICO_OK) {
        status = arena_register_types();
    }
    if (status == PORTICO_OK) {
        status = host->register_handler("player", JOIN, player_on_join);
    }
    if (status == PORTICO_OK) {
        status = host->register_handler("player", MOVE, player_on_move);
    }
    if (status == PORTICO_OK) {
        status = host->register_handler("player", HIT, player_on_hit);
    }
    if (status == PORTICO_OK) {
        status = host->register_message("player", ARRIVED, player_on_arrived);
    }
    return status == PORTICO_OK ? host->register_message("field", TICK, field_on_tick) : status;
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
