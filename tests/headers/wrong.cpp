// wrong.cpp: mistakes that the compiler must refuse, in C++. See wrong.c.
#include <portico/portico.hpp>

#include <string>

namespace {

using Portico::room;
using Portico::session;

struct player {
    uint32_t score;

    void on_text(session, std::string_view) {
    }
    void on_nothing(session) {
    }
    portico_status on_status(session) {
        return PORTICO_OK;
    }
    void on_pointer(session, const uint32_t *) {
    }
    void on_string(session, const std::string &) {
    }
    void on_two(session, Portico::bytes, uint32_t) {
    }
};
PORTICO_DESCRIBE(player, PORTICO_FIELD(player, score));
struct other {
    uint32_t score;
};
PORTICO_DESCRIBE(other, PORTICO_FIELD(other, score));

#if WRONG == 1 // WRONG == 1: no matching
void f(session s, room r) {
    (void)r.send(1, "text", r);
    (void)s;
}
#elif WRONG == 2  // WRONG == 2: kept by the host as bytes
struct state {
    virtual void f();
    uint32_t score;
};
PORTICO_DESCRIBE(state, PORTICO_FIELD(state, score));
#elif WRONG == 3  // WRONG == 3: describe the fields of a state
struct state {
    uint32_t score;
};
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 4  // WRONG == 4: adds functions only
struct state : player {
    uint32_t more;
};
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 5  // WRONG == 5: refuse
constexpr Portico::opcode_row<player> rows[] = {PORTICO_HANDLER(65536, player::on_text)};
#elif WRONG == 6  // WRONG == 6: a handler is a member of the state
constexpr Portico::opcode_row<other> rows[] = {PORTICO_HANDLER(1, player::on_text)};
#elif WRONG == 7  // WRONG == 7: no matching
constexpr Portico::opcode_row<player> rows[] = {PORTICO_HANDLER(1, player::on_text)};
constexpr portico_session_type type = Portico::session_type<other>("type").opcodes(rows);
#elif WRONG == 8  // WRONG == 8: overloaded|unable to deduce
struct state {
    uint32_t score;
    void on_open(session);
    void on_open(room);
};
PORTICO_DESCRIBE(state, PORTICO_FIELD(state, score));
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 9  // WRONG == 9: a handler of packets returns nothing
constexpr Portico::opcode_row<player> rows[] = {PORTICO_HANDLER(1, player::on_status)};
#elif WRONG == 10 // WRONG == 10: a packet is bytes, or declared by PORTICO_PACKET
constexpr Portico::opcode_row<player> rows[] = {PORTICO_HANDLER(1, player::on_pointer)};
#elif WRONG == 11 // WRONG == 11: can be copied as bytes
constexpr Portico::session_message<player> rows[] = {PORTICO_HANDLER(1, player::on_string)};
#elif WRONG == 12 // WRONG == 12: at most one thing more
constexpr Portico::opcode_row<player> rows[] = {PORTICO_HANDLER(1, player::on_two)};
#elif WRONG == 13 // WRONG == 13: refuse
constexpr const char *required[] = {"chat"};
constexpr portico_module m = Portico::module_type<>("m", "1").required(required);
#elif WRONG == 14 // WRONG == 14: a handler returns nothing or a portico_status
struct state {
    uint32_t score;
    bool on_open(session);
};
PORTICO_DESCRIBE(state, PORTICO_FIELD(state, score));
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 15 // WRONG == 15: has at most 1 MiB
struct state {
    uint8_t bytes[1048577];
};
PORTICO_DESCRIBE(state, PORTICO_ARRAY(state, bytes));
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 16 // WRONG == 16: private
class state {
    void on_open(session);
};
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 17 // WRONG == 17: not aligned that far
struct alignas(64) state {
    uint32_t score;
};
PORTICO_DESCRIBE(state, PORTICO_FIELD(state, score));
constexpr portico_session_type type = Portico::session_type<state>("type");
#elif WRONG == 18 // WRONG == 18: a job is no member
constexpr Portico::job jobs[] = {PORTICO_HANDLER(1, player::on_nothing)};
#endif

} // namespace
