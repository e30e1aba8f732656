// tables_hpp.cpp: every kind of handler and table that portico.hpp makes, for
// integration.tables_hpp. Compiled as C++17 and, as tables_hpp_20, as C++20. Texts end without a
// zero.
#include <portico/portico.hpp>

#include "tables_hpp.h"

#include <set>
#include <string>
#include <unordered_set>

namespace {

using Portico::room;
using Portico::session;

enum {
    ECHO = 1,
    STEP = 2,
    COUNT = 3,
    ENTER = 4,
    SAY = 5,
    WORK = 6,
    HEARD = 7,
    ASK = 8,
    RENAME = 9,
    KEYS = 10,
    OTHER = 11,
    ENTERED = 12
};
enum class what : uint32_t { arrived = 1, asked = 2, answered = 3, worked = 4, tick = 5 };

#define STEP_FIELDS(P, F)    \
    F(P, FIELD, int16_t, dx) \
    F(P, FIELD, int16_t, dy)
PORTICO_PACKET(step, STEP_FIELDS);

#define PLACE_FIELDS(P, F)  \
    F(P, FIELD, int32_t, x) \
    F(P, FIELD, int32_t, y)
PORTICO_PACKET(place, PLACE_FIELDS);

#define ENTER_FIELDS(P, F) F(P, TEXT, name, 63)
PORTICO_PACKET(enter, ENTER_FIELDS);

#define ENTERED_FIELDS(P, F)     \
    F(P, FIELD, int32_t, status) \
    F(P, FIELD, uint32_t, opened_with)
PORTICO_PACKET(entered, ENTERED_FIELDS);

struct work {
    uint32_t n;
    session asker; // ids are values like any others
};
struct worked {
    uint64_t square;
};

// ---- a room, whose fields are described one by one ---------------------------------------------

struct hall {
    uint32_t opened_with;
    uint32_t ticks;
    session first;

    portico_status on_open(room me, const uint32_t &number);
    portico_status on_join(room me, session who) {
        if (!first) {
            first = who;
        }
        return me.info().members <= 3 ? PORTICO_OK : PORTICO_E_LIMIT;
    }
    void on_leave(room me, session, portico_status) {
        if (me.members(nullptr, 0) == 0) {
            (void)me.close();
        }
    }
    void on_close(room, portico_status) noexcept {
    }
    void on_tick(room, const Portico::message &m) {
        ticks += 1 + m.missed();
    }
};
PORTICO_DESCRIBE(hall, PORTICO_FIELD(hall, opened_with), PORTICO_FIELD(hall, ticks),
                 PORTICO_FIELD(hall, first));

portico_status hall::on_open(room me, const uint32_t &number) {
    opened_with = number;
    return me.post_every(static_cast<uint32_t>(what::tick), 20);
}

// ---- a session, whose functions are added to a declared struct ----------------------------------

#define GUEST_DATA(S, F)           \
    F(S, FIELD, uint32_t, packets) \
    F(S, STRUCT, place, at)        \
    F(S, FIELD, Portico::room, last_hall)
PORTICO_STATE(guest_data, GUEST_DATA);

struct guest : guest_data {
    static constexpr uint32_t state_version = 3;

    static portico_status migrate(const portico_migration &from, guest *) {
        return from.from_version < 3 ? PORTICO_OK : PORTICO_E_INVALID;
    }
    void on_open(session me) const {
        (void)Portico::channel{"tables_hpp.all"}.join(me);
    }
    void on_close(session, portico_status) {
    }
    void on_watermark(session, uint32_t, bool) {
    }
    void on_packet(session me, const portico_packet &packet) {
        packets++;
        (void)me.send(OTHER, Portico::bytes(&packet.opcode, sizeof packet.opcode));
    }

    void on_echo(session me, std::string_view text) {
        packets++;
        (void)me.send(ECHO, text);
    }
    void on_step(session me, const step &s) noexcept {
        packets++;
        at.x += s.dx;
        at.y += s.dy;
        (void)me.send(STEP, at);
    }
    void on_count(session me) const {
        (void)me.send(COUNT, Portico::bytes(&packets, sizeof packets));
    }
    void on_enter(session me, const enter &e) {
        portico_status status = room::create(
            MODULE_NAME ".hall", std::string_view(e.name, e.name_size), ++packets, &last_hall);
        if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
            status = me.join(last_hall, static_cast<uint32_t>(what::arrived));
        }
        if (status != PORTICO_OK) {
            (void)me.send(ENTERED, entered{status, 0});
        }
    }
    void on_arrived(session me, const portico_room_result &result) {
        const hall *h = me.room().state<hall>();
        (void)me.send(ENTERED, entered{result.status, h != nullptr ? h->opened_with : 0});
    }
    void on_work(session me, Portico::bytes data) {
        work w = {0, me};
        std::memcpy(&w.n, data.data(), sizeof w.n);
        (void)me.run_job(static_cast<uint32_t>(what::worked), w);
    }
    void on_worked(session me, const worked &w) {
        (void)me.send(WORK, Portico::bytes(&w.square, sizeof w.square));
    }
    void on_answered(session me, const Portico::message &m) {
        uint32_t n = 0;
        if (m.status() == PORTICO_OK && m.request() != 0 && m.read(n)) {
            (void)me.send(ASK, m.data());
        }
    }
};

// Functions that are no members receive the state second.
void guest_on_say(session me, guest &, Portico::bytes text) {
    (void)me.room().send(HEARD, text, me);
}
#if __cplusplus >= 202002L
void guest_on_ask(session me, guest &, std::span<const uint8_t> data) {
#else
void guest_on_ask(session me, guest &, const portico_packet &data_of) {
    Portico::bytes data(data_of.data, data_of.size);
#endif
    (void)Portico::self().request(static_cast<uint32_t>(what::asked),
                                  Portico::bytes(data.data(), data.size()),
                                  static_cast<uint32_t>(what::answered), 10000);
    (void)me;
}
void guest_on_rename(session me, guest &, std::string_view name) {
    portico_status status = me.set_label(name);
    std::string answer(reinterpret_cast<const char *>(&status), sizeof status);
    answer += me.label().view();
    (void)me.send(RENAME, answer);
}
void guest_on_keys(session me, guest &) {
    std::set<session> sorted = {me, session()};
    std::unordered_set<portico_session> hashed = {me, {0}, me};
    std::unordered_set<Portico::entity> entities = {me, Portico::self(), me};
    auto count = static_cast<uint32_t>(sorted.size() + hashed.size() + entities.size());
    (void)me.send(KEYS, Portico::bytes(&count, sizeof count));
}

worked square(const work &w) {
    return {static_cast<uint64_t>(w.n) * w.n};
}

// ---- the module -----------------------------------------------------------------------------

uint32_t step_limit;

struct world {
    uint32_t starts;
    uint32_t why_last;

    portico_status start(uint32_t why) {
        starts++;
        why_last = why;
        return step_limit == 7 ? PORTICO_E_STATE : PORTICO_OK; // a setting is there by now
    }
    void stopping() {
    }
    void stop() {
    }
    portico_status dependency_swaps(const char *, const char *) {
        return PORTICO_OK;
    }
    void on_asked(Portico::entity, const Portico::message &m) {
        uint32_t n = 0;
        if (m.read(n)) {
            (void)m.reply(n + 1);
        }
    }
};
PORTICO_DESCRIBE(world, PORTICO_FIELD(world, starts), PORTICO_FIELD(world, why_last));

constexpr Portico::opcode_row<guest> guest_opcodes[] = {
    PORTICO_HANDLER(ECHO, guest::on_echo),        PORTICO_HANDLER(STEP, guest::on_step),
    PORTICO_HANDLER(COUNT, guest::on_count),      PORTICO_HANDLER(ENTER, guest::on_enter),
    PORTICO_HANDLER_OF(SAY, 1, 20, guest_on_say), PORTICO_HANDLER_OF(WORK, 4, 4, guest::on_work),
    PORTICO_HANDLER_OF(ASK, 4, 4, guest_on_ask),  PORTICO_HANDLER(RENAME, guest_on_rename),
    PORTICO_HANDLER(KEYS, guest_on_keys),
};
constexpr portico_opcode guest_sends[] = {PORTICO_SENDS(STEP, place),
                                          PORTICO_SENDS(ENTERED, entered)};
constexpr Portico::session_message<guest> guest_messages[] = {
    PORTICO_HANDLER(what::arrived, guest::on_arrived),
    PORTICO_HANDLER(what::worked, guest::on_worked),
    PORTICO_HANDLER(what::answered, guest::on_answered),
};
constexpr portico_session_type session_types[] = {
    Portico::session_type<guest>("session")
        .opcodes(guest_opcodes)
        .messages(guest_messages)
        .sends(guest_sends),
};

constexpr Portico::room_message<hall> hall_messages[] = {
    PORTICO_HANDLER(what::tick, hall::on_tick)};
constexpr portico_room_type room_types[] = {
    Portico::room_type<hall>("hall").messages(hall_messages).max_members(100),
};

constexpr Portico::module_message<world> world_messages[] = {
    PORTICO_HANDLER(what::asked, world::on_asked)};
constexpr Portico::job jobs[] = {PORTICO_HANDLER(what::worked, square)};
constexpr portico_setting settings[] = {
    PORTICO_U32(step_limit, "100", 1, 1000, "a number that this module does not use"),
};
constexpr const char *required[] = {nullptr};

constexpr portico_module tables = Portico::module_type<world>(MODULE_NAME, "1")
                                      .description("Every table, made by portico.hpp.")
                                      .required(required)
                                      .session_types(session_types)
                                      .room_types(room_types)
                                      .messages(world_messages)
                                      .jobs(jobs)
                                      .settings(settings);

// What the compiler has made: all of it is known before anything runs.
template <class F> constexpr bool is_set(F *function) {
    return function != nullptr;
}
static_assert(guest_opcodes[0].size_max == PORTICO_SIZE_ANY && guest_opcodes[0].packet == nullptr);
static_assert(guest_opcodes[1].packet == &step_fields && guest_opcodes[1].opcode == STEP);
static_assert(guest_opcodes[2].size_min == 0 && guest_opcodes[2].size_max == 0);
static_assert(guest_opcodes[3].packet == &enter_fields && guest_opcodes[3].size_max == 0);
static_assert(guest_opcodes[4].size_min == 1 && guest_opcodes[4].size_max == 20);
static_assert(std::string_view(guest_opcodes[4].name) == "SAY");
static_assert(session_types[0].opcodes.count == 9 && session_types[0].messages.count == 3);
static_assert(session_types[0].opcodes.row_size == sizeof(portico_opcode));
static_assert(session_types[0].state.size == sizeof(guest) && session_types[0].state.version == 3);
static_assert(session_types[0].state.fields == &guest_data_fields);
static_assert(is_set(session_types[0].state.migrate) && is_set(session_types[0].on_open));
static_assert(is_set(session_types[0].on_packet) && is_set(session_types[0].on_watermark));
static_assert(room_types[0].state.fields == &hall_fields && room_types[0].max_members == 100);
static_assert(is_set(room_types[0].on_join) && is_set(room_types[0].on_leave));
static_assert(is_set(room_types[0].on_open) && is_set(room_types[0].on_close));
static_assert(tables.state.fields == &world_fields && tables.state.version == 1);
static_assert(is_set(tables.start) && is_set(tables.stop) && is_set(tables.stopping));
static_assert(is_set(tables.dependency_swaps) && tables.jobs.count == 1);
static_assert(tables.settings.count == 1 && tables.settings.row_size == sizeof(portico_setting));

// A class without state and without functions needs nothing.
struct nothing {};
static_assert(static_cast<portico_session_type>(Portico::session_type<nothing>("x")).state.size ==
              0);
static_assert(static_cast<portico_room_type>(Portico::room_type<nothing>("x")).on_open == nullptr);

// Ids cost nothing, and are values of a state.
static_assert(sizeof(session) == 8 && std::is_trivially_copyable_v<session>);
static_assert(std::is_standard_layout_v<room> && std::is_trivially_copyable_v<Portico::timer>);
static_assert(hall_fields.fields[2].kind == PORTICO_KIND_BYTES && hall_fields.fields[2].size == 8);
static_assert(session() == portico_session{0} && !session() && session(portico_session{1}));
static_assert(portico_room{1} != portico_room{2} && portico_room{1} < portico_room{2});
static_assert(!std::is_convertible_v<portico_room, session>);
static_assert(!std::is_convertible_v<session, room>);
static_assert(std::is_convertible_v<session, portico_entity> == false);
static_assert(std::is_convertible_v<session, Portico::entity>);

} // namespace

PORTICO_MODULE(tables);
