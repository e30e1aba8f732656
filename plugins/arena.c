/* arena.c: a small real-time game. Shows rooms with state, timers and messages, declared packets,
 * and a state that survives when this code is rebuilt while people play. Read chat.c first.
 *
 * Players join a field by its name, move about in it and tag each other. A field is a room, and its
 * state below is the whole game. Everything that touches it, players' packets and the clock's
 * ticks, runs one at a time in the room's turn. So there are no locks here, and no statics but
 * settings; different fields run at the same time.
 *
 * A player is welcomed, and then receives a snapshot of the field each tick and the scores once a
 * second. A hit tags somebody within HIT_REACH, for one point. Moves and hits are each accepted
 * once per ACTION_MS on average; the rest is ignored, so a modified client gains nothing. The first
 * player to join a field creates it, and it closes itself when nobody has been in it for a second.
 * A player may ask which build serves and by which rules: the page in arena/web/ shows every swap.
 */
#include <portico/packet.h>

#define VERSION "0.1.0"
enum { FIELD_SIZE = 1000, HIT_REACH = 50, PLAYERS_MAX = 256, SECOND_MS = 1000 };
enum { ACTION_MS = 50, ACTION_BURST = 4 }; /* accepted at once: networks bunch packets */

/* ---- packets, in the framing u16 ------------------------------------------------------------- */
enum { JOIN = 1, MOVE = 2, HIT = 3, ASK = 4 }; /* from a player */
#define JOIN_PACKET(S, F) F(S, TEXT, field, PORTICO_LABEL_MAX - 1)
PORTICO_PACKET(join, JOIN_PACKET);
#define MOVE_PACKET(S, F) F(S, FIELD, int16_t, dx) F(S, FIELD, int16_t, dy)
PORTICO_PACKET(move, MOVE_PACKET);

enum { WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103, ABOUT = 104 }; /* to a player */
/* A number identifies a player within the field, from 1, and is free again once they have left. */
#define WELCOME_PACKET(S, F)       \
    F(S, FIELD, uint16_t, number)  \
    F(S, FIELD, uint16_t, tick_ms) \
    F(S, FIELD, uint16_t, size)    \
    F(S, FIELD, uint16_t, reach)
PORTICO_PACKET(welcome, WELCOME_PACKET);
/* Positions are 0 to FIELD_SIZE - 1. */
#define PLACE(S, F) F(S, FIELD, uint16_t, number) F(S, FIELD, uint16_t, x) F(S, FIELD, uint16_t, y)
PORTICO_PACKET(place, PLACE);
#define SNAPSHOT_PACKET(S, F)                                                                 \
    F(S, FIELD, uint32_t, tick) /* of the field: includes those that could not run in time */ \
    F(S, FIELD, uint16_t, count)                                                              \
    F(S, ROWS, place, places, PLAYERS_MAX)
PORTICO_PACKET(snapshot, SNAPSHOT_PACKET);
#define SCORE(S, F) F(S, FIELD, uint16_t, number) F(S, FIELD, uint32_t, score)
PORTICO_PACKET(score, SCORE);
#define SCORES_PACKET(S, F) F(S, FIELD, uint16_t, count) F(S, ROWS, score, scores, PLAYERS_MAX)
PORTICO_PACKET(scores, SCORES_PACKET);

enum { BAD_NAME = 1, FULL = 2, THERE_NOW = 3, NOT_NOW = 4 };
#define REFUSED_PACKET(S, F) F(S, FIELD, uint16_t, why)
PORTICO_PACKET(refused, REFUSED_PACKET);

/* The answer to ASK. `starts` counts builds: it is another number after each swap. */
#define ABOUT_PACKET(S, F)         \
    F(S, FIELD, uint32_t, starts)  \
    F(S, FIELD, uint16_t, tick_ms) \
    F(S, FIELD, uint16_t, size) F(S, FIELD, uint16_t, reach) F(S, TEXT, version, 31)
PORTICO_PACKET(about, ABOUT_PACKET);

/* ---- states and settings --------------------------------------------------------------------- */
/* Of a session: the name of the field that the player last asked for. */
#define PLAYER(S, F) F(S, ARRAY, char, field, PORTICO_LABEL_MAX)
PORTICO_STATE(player, PLAYER);

/* A player in a field. The one with the number n has slots[n - 1]. */
#define SLOT(S, F)                                                    \
    F(S, FIELD, portico_session, session) /* 0: the slot is free */   \
    F(S, FIELD, uint64_t, next_move_ms)   /* see action_is_allowed */ \
    F(S, FIELD, uint64_t, next_hit_ms)                                \
    F(S, FIELD, uint32_t, score)                                      \
    F(S, FIELD, uint16_t, x) F(S, FIELD, uint16_t, y)
PORTICO_STATE(slot, SLOT);

/* Of a room, zeroed by the host before on_open. It survives swaps: the host carries the values over
 * by these names. So a property of players can be added to `slot` while they play, and is 0 for all
 * at first. */
#define FIELD_STATE(S, F)                                                  \
    F(S, FIELD, uint64_t, tick)                                            \
    F(S, FIELD, uint64_t, scores_at) /* the tick at which they are due */  \
    F(S, FIELD, uint64_t, used_at)   /* the last tick with a player */     \
    F(S, FIELD, uint32_t, end)       /* the slots from here on are free */ \
    F(S, STRUCTS, slot, slots, PLAYERS_MAX)
PORTICO_STATE(field, FIELD_STATE);

/* Of the module: how often a build of it has started, the present one included. */
#define GAME(S, F) F(S, FIELD, uint32_t, starts)
PORTICO_STATE(game, GAME);

/* Settings, which the host writes for each build before it calls any code. */
static uint32_t tick_ms, max_players;
static uint32_t starts; /* as in the module's state: game_start sets it, handlers only read it */
/* Messages, which clients cannot send: TICK to a field, ARRIVED to a player. */
enum { TICK = 1, ARRIVED = 2 };

/* ---- the game: plain functions on a field ---------------------------------------------------- */
/* The slot of a player; NULL: they are not in the field. */
static slot *field_find(field *f, portico_session session) {
    for (uint32_t i = 0; f != NULL && i < f->end; i++) {
        if (f->slots[i].session.id == session.id) {
            return &f->slots[i];
        }
    }
    return NULL;
}

static uint16_t clamp(int32_t at) {
    return (uint16_t)(at < 0 ? 0 : at >= FIELD_SIZE ? FIELD_SIZE - 1 : at);
}

/* Whether a player may act now; if so, the action is counted. *next_ms is when the next action
 * would be due if all came evenly. It may be ahead of the clock by the burst. */
static bool action_is_allowed(uint64_t *next_ms) {
    uint64_t now_ms = portico->clock_ms();
    uint64_t due_ms = *next_ms > now_ms ? *next_ms : now_ms;
    if (due_ms >= now_ms + ACTION_BURST * ACTION_MS) {
        return false;
    }
    *next_ms = due_ms + ACTION_MS;
    return true;
}

/* ---- what the host calls for a field, in its turn -------------------------------------------- */
static portico_status field_on_open(portico_room room, void *state, const void *data,
                                    uint32_t size) {
    (void)state, (void)data, (void)size;
    /* A timer is a repeated message. It ends with the room, and continues through a swap. */
    return portico->post_every(portico_room_entity(room), TICK, NULL, 0, tick_ms, NULL);
}

static portico_status field_on_join(portico_room room, void *state, portico_session session) {
    (void)room;
    field *f = state;
    uint32_t i = 0;
    while (i < max_players && f->slots[i].session.id != 0) {
        i++;
    }
    if (i == max_players) {
        return PORTICO_E_LIMIT; /* player_on_arrived receives this */
    }
    const welcome w = {(uint16_t)(i + 1), (uint16_t)tick_ms, FIELD_SIZE, HIT_REACH};
    portico_status status = welcome_send(session, WELCOME, &w);
    if (status == PORTICO_OK) { /* without a welcome they could not play */
        f->slots[i] = (slot){.session = session,
                             .x = (uint16_t)(portico->random() % FIELD_SIZE),
                             .y = (uint16_t)(portico->random() % FIELD_SIZE)};
        f->end = i < f->end ? f->end : i + 1;
    }
    return status;
}

/* Called for whatever reason they leave: another field, a broken connection, a kick. */
static void field_on_leave(portico_room room, void *state, portico_session session,
                           portico_status reason) {
    (void)room, (void)reason;
    slot *s = field_find(state, session);
    if (s != NULL) {
        s->session.id = 0;
    }
}

static void field_on_tick(portico_room room, void *state, const portico_message *message) {
    field *f = state;
    const uint64_t second = (SECOND_MS + tick_ms - 1) / tick_ms; /* in ticks */
    snapshot now;
    scores points;
    f->tick += 1 + message->missed; /* skipped ticks count, too */
    now.tick = (uint32_t)f->tick;
    now.count = 0;
    for (uint32_t i = 0; i < f->end; i++) {
        const slot *s = &f->slots[i];
        if (s->session.id != 0) {
            points.scores[now.count] = (score){(uint16_t)(i + 1), s->score};
            now.places[now.count++] = (place){(uint16_t)(i + 1), s->x, s->y};
        }
    }
    now.places_count = points.scores_count = points.count = now.count;
    if (now.count > 0) {
        f->used_at = f->tick;
        (void)snapshot_send_room(room, SNAPSHOT, &now, (portico_session){0});
        if (f->tick >= f->scores_at) {
            f->scores_at = f->tick + second;
            (void)scores_send_room(room, SCORES, &points, (portico_session){0});
        }
    } else if (f->tick >= f->used_at + second) {
        /* Closed here rather than in field_on_leave, so that a field whose only player never
         * arrived is closed as well. For one who is on the way now, see player_on_arrived. */
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
}

/* ---- what the host calls for a player, in the turn of the field that they are in ------------- */
static void player_refuse(portico_session session, portico_status status) {
    const refused r = {status == PORTICO_E_INVALID  ? BAD_NAME
                       : status == PORTICO_E_LIMIT  ? FULL
                       : status == PORTICO_E_EXISTS ? THERE_NOW
                                                    : NOT_NOW};
    (void)refused_send(session, REFUSED, &r);
}

static void player_on_move(portico_session session, player *p, const move *m) {
    (void)p;
    slot *me = field_find(portico->room_state(portico->session_room(session)), session);
    if (me != NULL && action_is_allowed(&me->next_move_ms)) {
        me->x = clamp(me->x + m->dx);
        me->y = clamp(me->y + m->dy);
    }
}

static void player_on_hit(portico_session session, player *p) {
    (void)p;
    field *f = portico->room_state(portico->session_room(session));
    slot *me = field_find(f, session);
    if (me == NULL || !action_is_allowed(&me->next_hit_ms)) {
        return;
    }
    for (const slot *s = f->slots; s < f->slots + f->end; s++) {
        int32_t dx = s->x - me->x;
        int32_t dy = s->y - me->y;
        if (s->session.id != 0 && s != me && dx * dx + dy * dy <= HIT_REACH * HIT_REACH) {
            me->score++;
            return;
        }
    }
}

static void player_on_ask(portico_session session, player *p) {
    (void)p;
    const about a = {.starts = starts,
                     .tick_ms = (uint16_t)tick_ms,
                     .size = FIELD_SIZE,
                     .reach = HIT_REACH,
                     .version = VERSION,
                     .version_size = sizeof VERSION - 1};
    (void)about_send(session, ABOUT, &a);
}

/* Sends the player to the field p->field, which is created if need be. They enter it after this
 * handler has returned, and ARRIVED reports how that went. */
static void player_go(portico_session session, const player *p) {
    portico_room room = {0};
    portico_status status = portico->room_create("arena.field", p->field, NULL, 0, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = portico->session_join(session, room, ARRIVED);
    }
    if (status != PORTICO_OK) {
        player_refuse(session, status);
    }
}

static void player_on_join(portico_session session, player *p, const join *j) {
    memcpy(p->field, j->field, j->field_size + 1u); /* a zero follows the text of a packet */
    player_go(session, p);
}

static void player_on_arrived(portico_session session, void *state,
                              const portico_message *message) {
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    if (result.status == PORTICO_E_ROOM_CLOSED) {
        player_go(session, state); /* it was empty and closed: create it anew */
    } else if (result.status != PORTICO_OK && result.status != PORTICO_E_CANCELLED) {
        player_refuse(session, result.status);
    }
}

/* ---- the module ------------------------------------------------------------------------------ */
static portico_status game_start(void *state, uint32_t why) {
    (void)why; /* loaded, swapped in or rolled back to: a new build for the players in any case */
    starts = ++((game *)state)->starts;
    return PORTICO_OK;
}

#define PLAYER_OPCODES(S, ON)                 \
    ON(S, PACKET, JOIN, join, player_on_join) \
    ON(S, PACKET, MOVE, move, player_on_move) \
    ON(S, EMPTY, HIT, player_on_hit)          \
    ON(S, EMPTY, ASK, player_on_ask)
PORTICO_OPCODES(player_opcodes, player, PLAYER_OPCODES);

static const portico_opcode player_sends[] = {
    PORTICO_SENDS(WELCOME, welcome), PORTICO_SENDS(SNAPSHOT, snapshot),
    PORTICO_SENDS(SCORES, scores), PORTICO_SENDS(REFUSED, refused), PORTICO_SENDS(ABOUT, about)};
static const portico_session_message arrivals[] = {PORTICO_MESSAGE(ARRIVED, player_on_arrived)};
static const portico_session_type session_types[] = {
    {.name = "player",
     .state = PORTICO_STATE_OF(player, 1),
     .opcodes = PORTICO_TABLE(player_opcodes),
     .messages = PORTICO_TABLE(arrivals),
     .sends = PORTICO_TABLE(player_sends)},
};
static const portico_room_message ticks[] = {PORTICO_MESSAGE(TICK, field_on_tick)};
static const portico_room_type room_types[] = {
    {.name = "field",
     .state = PORTICO_STATE_OF(field, 1),
     .on_open = field_on_open,
     .on_join = field_on_join,
     .on_leave = field_on_leave,
     .messages = PORTICO_TABLE(ticks)},
};
static const portico_setting settings[] = {
    PORTICO_U32(tick_ms, "50", 10, 1000, "between two ticks"),
    PORTICO_U32(max_players, "256", 1, PLAYERS_MAX, "players per field"),
};

static const portico_module arena = {
    .name = "arena",
    .version = VERSION,
    .description = "A small real-time game: fields, players that move and tag each other.",
    .state = PORTICO_STATE_OF(game, 1),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .settings = PORTICO_TABLE(settings),
    .start = game_start,
};
PORTICO_MODULE(arena);
