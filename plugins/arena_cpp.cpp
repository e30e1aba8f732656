// arena_cpp.cpp: arena.c once more, in C++: the same game with the same packets. Read arena.c
// first, which says what it does and why. Here handlers are members of the states, and the compiler
// makes the tables from them: see portico.hpp.
#include <portico/portico.hpp>

#include <algorithm>

namespace {

using Portico::room;
using Portico::session;

constexpr char game_version[] = "0.1.0";
constexpr int field_size = 1000;
constexpr int hit_reach = 50;
constexpr uint32_t players_max = 256;
constexpr uint32_t second_ms = 1000;
constexpr uint32_t action_ms = 50;
constexpr uint32_t action_burst = 4;

// ---- packets, in the framing u16 ---------------------------------------------------------------
enum { JOIN = 1, MOVE = 2, HIT = 3, ASK = 4 }; // from a player
#define JOIN_PACKET(S, F) F(S, TEXT, field, PORTICO_LABEL_MAX - 1)
PORTICO_PACKET(join, JOIN_PACKET);
#define MOVE_PACKET(S, F) F(S, FIELD, int16_t, dx) F(S, FIELD, int16_t, dy)
PORTICO_PACKET(move, MOVE_PACKET);

enum { WELCOME = 100, SNAPSHOT = 101, SCORES = 102, REFUSED = 103, ABOUT = 104 }; // to a player
#define WELCOME_PACKET(S, F)      \
    F(S, FIELD, uint16_t, number) \
    F(S, FIELD, uint16_t, tick_ms) F(S, FIELD, uint16_t, size) F(S, FIELD, uint16_t, reach)
PORTICO_PACKET(welcome, WELCOME_PACKET);
#define PLACE(S, F) F(S, FIELD, uint16_t, number) F(S, FIELD, uint16_t, x) F(S, FIELD, uint16_t, y)
PORTICO_PACKET(place, PLACE);
#define SNAPSHOT_PACKET(S, F)    \
    F(S, FIELD, uint32_t, tick)  \
    F(S, FIELD, uint16_t, count) \
    F(S, ROWS, place, places, players_max)
PORTICO_PACKET(snapshot, SNAPSHOT_PACKET);
#define SCORE(S, F) F(S, FIELD, uint16_t, number) F(S, FIELD, uint32_t, score)
PORTICO_PACKET(score, SCORE);
#define SCORES_PACKET(S, F) F(S, FIELD, uint16_t, count) F(S, ROWS, score, scores, players_max)
PORTICO_PACKET(scores, SCORES_PACKET);

enum refusal : uint16_t { BAD_NAME = 1, FULL = 2, THERE_NOW = 3, NOT_NOW = 4 };
#define REFUSED_PACKET(S, F) F(S, FIELD, uint16_t, why)
PORTICO_PACKET(refused, REFUSED_PACKET);
#define ABOUT_PACKET(S, F)         \
    F(S, FIELD, uint32_t, starts)  \
    F(S, FIELD, uint16_t, tick_ms) \
    F(S, FIELD, uint16_t, size) F(S, FIELD, uint16_t, reach) F(S, TEXT, version, 31)
PORTICO_PACKET(about, ABOUT_PACKET);

// ---- settings and messages ---------------------------------------------------------------------
uint32_t tick_ms;
uint32_t max_players;
uint32_t starts_now; // as in the module's state: game::start sets it, handlers only read it
enum { TICK = 1, ARRIVED = 2 };

// ---- a field: the state of a room --------------------------------------------------------------
#define SLOT(S, F)                                         \
    F(S, FIELD, session, who) /* none: the slot is free */ \
    F(S, FIELD, uint64_t, next_move_ms)                    \
    F(S, FIELD, uint64_t, next_hit_ms)                     \
    F(S, FIELD, uint32_t, score)                           \
    F(S, FIELD, uint16_t, x) F(S, FIELD, uint16_t, y)
PORTICO_STATE(slot, SLOT);

struct field {
    uint64_t tick;
    uint64_t scores_at;
    uint64_t used_at;
    uint32_t end;
    slot slots[players_max];

    // Called by the host, in the turn of the room.
    portico_status on_open(room me) {
        return me.post_every(TICK, tick_ms);
    }
    portico_status on_join(room, session who);
    void on_leave(room, session who, portico_status) {
        if (slot *s = find(who)) {
            s->who = session();
        }
    }
    void on_tick(room me, const Portico::message &m);

    slot *find(session who) {
        slot *s =
            std::find_if(slots, slots + end, [=](const slot &each) { return each.who == who; });
        return s != slots + end ? s : nullptr;
    }
};
PORTICO_DESCRIBE(field, PORTICO_FIELD(field, tick), PORTICO_FIELD(field, scores_at),
                 PORTICO_FIELD(field, used_at), PORTICO_FIELD(field, end),
                 PORTICO_STRUCTS(field, slot, slots));

uint16_t random_place() {
    return static_cast<uint16_t>(portico->random() % field_size);
}

portico_status field::on_join(room, session who) {
    slot *s = std::find_if(slots, slots + max_players, [](const slot &each) { return !each.who; });
    if (s == slots + max_players) {
        return PORTICO_E_LIMIT; // player::on_arrived receives this
    }
    auto number = static_cast<uint16_t>(s - slots + 1);
    portico_status status =
        who.send(WELCOME, welcome{number, static_cast<uint16_t>(tick_ms), field_size, hit_reach});
    if (status == PORTICO_OK) { // without a welcome they could not play
        *s = slot{who, 0, 0, 0, random_place(), random_place()};
        end = std::max<uint32_t>(end, number);
    }
    return status;
}

void field::on_tick(room me, const Portico::message &m) {
    const uint64_t second = (second_ms + tick_ms - 1) / tick_ms; // in ticks
    snapshot now;
    scores points;
    tick += 1 + m.missed();
    now.tick = static_cast<uint32_t>(tick);
    now.count = 0;
    for (uint16_t i = 0; i < end; i++) {
        const slot &s = slots[i];
        if (s.who) {
            points.scores[now.count] = {static_cast<uint16_t>(i + 1), s.score};
            now.places[now.count++] = {static_cast<uint16_t>(i + 1), s.x, s.y};
        }
    }
    now.places_count = points.scores_count = points.count = now.count;
    if (now.count > 0) {
        used_at = tick;
        (void)me.send(SNAPSHOT, now);
        if (tick >= scores_at) {
            scores_at = tick + second;
            (void)me.send(SCORES, points);
        }
    } else if (tick >= used_at + second) {
        (void)me.close();
    }
}

// ---- a player: the state of a session ----------------------------------------------------------
// *next_ms is when the next action would be due if all came evenly.
bool action_is_allowed(uint64_t &next_ms) {
    uint64_t now_ms = portico->clock_ms();
    uint64_t due_ms = std::max(next_ms, now_ms);
    if (due_ms >= now_ms + action_burst * action_ms) {
        return false;
    }
    next_ms = due_ms + action_ms;
    return true;
}

uint16_t clamp(int at) {
    return static_cast<uint16_t>(std::clamp(at, 0, field_size - 1));
}

struct player {
    char destination[PORTICO_LABEL_MAX]; // the field that they last asked for

    void on_join(session me, const join &j) {
        std::memcpy(destination, j.field, j.field_size + 1u); // a zero follows the text of a packet
        go(me);
    }
    void on_move(session me, const move &m) {
        field *f = me.room().state<field>();
        slot *s = f != nullptr ? f->find(me) : nullptr;
        if (s != nullptr && action_is_allowed(s->next_move_ms)) {
            s->x = clamp(s->x + m.dx);
            s->y = clamp(s->y + m.dy);
        }
    }
    void on_hit(session me) {
        field *f = me.room().state<field>();
        slot *s = f != nullptr ? f->find(me) : nullptr;
        if (s != nullptr && action_is_allowed(s->next_hit_ms)) {
            s->score += std::any_of(f->slots, f->slots + f->end, [=](const slot &other) {
                int dx = other.x - s->x;
                int dy = other.y - s->y;
                return other.who && &other != s && dx * dx + dy * dy <= hit_reach * hit_reach;
            });
        }
    }
    void on_ask(session me) {
        about a{};
        a.starts = starts_now;
        a.tick_ms = static_cast<uint16_t>(tick_ms);
        a.size = field_size;
        a.reach = hit_reach;
        a.version = game_version;
        a.version_size = sizeof game_version - 1;
        (void)me.send(ABOUT, a);
    }
    void on_arrived(session me, const portico_room_result &result) {
        if (result.status == PORTICO_E_ROOM_CLOSED) {
            go(me); // it was empty and closed: create it anew
        } else if (result.status != PORTICO_OK && result.status != PORTICO_E_CANCELLED) {
            refuse(me, result.status);
        }
    }

    void go(session me) {
        room there;
        portico_status status = room::create("arena_cpp.field", destination, {}, &there);
        if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
            status = me.join(there, ARRIVED);
        }
        if (status != PORTICO_OK) {
            refuse(me, status);
        }
    }
    static void refuse(session me, portico_status status) {
        (void)me.send(REFUSED, refused{status == PORTICO_E_INVALID  ? BAD_NAME
                                       : status == PORTICO_E_LIMIT  ? FULL
                                       : status == PORTICO_E_EXISTS ? THERE_NOW
                                                                    : NOT_NOW});
    }
};
PORTICO_DESCRIBE(player, PORTICO_ARRAY(player, destination));

// ---- the module --------------------------------------------------------------------------------
struct game {
    uint32_t starts; // of builds, the present one included

    void start() {
        starts_now = ++starts;
    }
};
PORTICO_DESCRIBE(game, PORTICO_FIELD(game, starts));

constexpr Portico::opcode_row<player> player_opcodes[] = {
    PORTICO_HANDLER(JOIN, player::on_join),
    PORTICO_HANDLER(MOVE, player::on_move),
    PORTICO_HANDLER(HIT, player::on_hit),
    PORTICO_HANDLER(ASK, player::on_ask),
};
constexpr portico_opcode player_sends[] = {
    PORTICO_SENDS(WELCOME, welcome), PORTICO_SENDS(SNAPSHOT, snapshot),
    PORTICO_SENDS(SCORES, scores), PORTICO_SENDS(REFUSED, refused), PORTICO_SENDS(ABOUT, about)};
constexpr Portico::session_message<player> arrivals[] = {
    PORTICO_HANDLER(ARRIVED, player::on_arrived)};
constexpr portico_session_type session_types[] = {
    Portico::session_type<player>("player")
        .opcodes(player_opcodes)
        .messages(arrivals)
        .sends(player_sends),
};
constexpr Portico::room_message<field> ticks[] = {PORTICO_HANDLER(TICK, field::on_tick)};
constexpr portico_room_type room_types[] = {Portico::room_type<field>("field").messages(ticks)};
constexpr portico_setting settings[] = {
    PORTICO_U32(tick_ms, "50", 10, 1000, "between two ticks"),
    PORTICO_U32(max_players, "256", 1, players_max, "players per field"),
};
constexpr portico_module arena =
    Portico::module_type<game>("arena_cpp", game_version)
        .description("The game of arena.c in C++: fields, players that move and tag each other.")
        .session_types(session_types)
        .room_types(room_types)
        .settings(settings);

} // namespace

PORTICO_MODULE(arena);
