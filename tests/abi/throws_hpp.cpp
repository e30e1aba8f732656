// throws_hpp.cpp: everything that the host calls throws, in C++. For integration.throws_hpp.
//
//   1 SAY    text  the same
//   2 THROW  how   answers 1 "before", then throws
//   3 POST   whom  posts FAIL to: self, room, module
//   4 ROOM   name  joins that room: i32 status. A name that begins with on_ says what throws there
//   5 LEAVE  empty leaves the room
//   6 JOB    how   runs a job that throws: u32 the size of its reply
//
// `how` is memory (std::bad_alloc), mishap (a class of this file), or a text for what().
// Variants: START_THROWS, and as a second generation MIGRATE_THROWS=1 (when the host asks) and 2
// (for each state).
#include <portico/portico.hpp>

#include <new>
#include <stdexcept>
#include <string>

namespace {

using Portico::room;
using Portico::session;

enum { SAY = 1, THROW = 2, POST = 3, ROOM = 4, LEAVE = 5, JOB = 6 };
enum { FAIL = 1, ARRIVED = 2, WORK = 3 };

// Not a std::exception.
struct mishap {
    int code;
};

[[noreturn]] void fail(std::string_view how) {
    if (how == "memory") {
        throw std::bad_alloc();
    }
    if (how == "mishap") {
        throw mishap{7};
    }
    throw std::runtime_error(std::string(how));
}

struct visitor {
    uint32_t packets;
#if defined(MIGRATE_THROWS)
    uint32_t more;
    static constexpr uint32_t state_version = 2;

    static portico_status migrate(const portico_migration &from, visitor *) {
        if (MIGRATE_THROWS == 1 || from.from != nullptr) {
            fail("migrate");
        }
        return PORTICO_OK;
    }
#endif

    void on_close(session, portico_status) {
        fail("on_close");
    }
    void on_packet(session, const portico_packet &) {
        fail("on_packet");
    }
    void on_say(session me, std::string_view text) {
        packets++;
        (void)me.send(SAY, text);
    }
    void on_throw(session me, std::string_view how) {
        (void)me.send(SAY, "before");
        fail(how);
    }
    void on_post(session me, std::string_view whom) {
        if (whom == "module") {
            (void)Portico::self().post(FAIL);
        } else if (whom == "room") {
            (void)me.room().post_after(FAIL, 1);
        } else {
            (void)me.post(FAIL);
        }
    }
    void on_room(session me, std::string_view name) {
        room where;
        (void)room::create("throws_hpp.hall", name, name, &where);
        (void)me.join(where, ARRIVED);
    }
    void on_leave(session me) {
        (void)me.leave();
    }
    void on_job(session me, std::string_view how) {
        (void)me.run_job(WORK, how);
    }
    void on_arrived(session me, const portico_room_result &result) {
        (void)me.send(ROOM, Portico::bytes(&result.status, sizeof result.status));
    }
    void on_worked(session me, Portico::bytes reply) {
        auto size = static_cast<uint32_t>(reply.size());
        (void)me.send(JOB, Portico::bytes(&size, sizeof size));
    }
    void on_fail(session) {
        fail("a message to a session");
    }
};
#if defined(MIGRATE_THROWS)
PORTICO_DESCRIBE(visitor, PORTICO_FIELD(visitor, packets), PORTICO_FIELD(visitor, more));
#else
PORTICO_DESCRIBE(visitor, PORTICO_FIELD(visitor, packets));
#endif

// Nobody comes in.
struct turned_away {
    void on_open(session) {
        fail("on_open");
    }
};

struct hall {
    char name[32];

    void fail_in(std::string_view function) {
        if (name == function) {
            fail(function);
        }
    }
    void on_open(room, std::string_view data) {
        data.copy(name, sizeof name - 1);
        fail_in("on_open");
    }
    void on_join(room, session) {
        fail_in("on_join");
    }
    void on_leave(room me, session, portico_status) {
        (void)me.close();
        fail_in("on_leave");
    }
    void on_close(room, portico_status) {
        fail_in("on_close");
    }
    void on_fail(room) {
        fail("a message to a room");
    }
};
PORTICO_DESCRIBE(hall, PORTICO_ARRAY(hall, name));

struct world {
    portico_status start() {
#if defined(START_THROWS)
        throw mishap{1};
#else
        return PORTICO_OK;
#endif
    }
    void stopping() {
        fail("stopping");
    }
    void stop(uint32_t) {
        fail("stop");
    }
    void on_fail(Portico::entity) {
        fail("a message to a module");
    }
};

std::string work(std::string_view how) {
    fail(how);
}

constexpr Portico::opcode_row<visitor> visitor_opcodes[] = {
    PORTICO_HANDLER(SAY, visitor::on_say),     PORTICO_HANDLER(THROW, visitor::on_throw),
    PORTICO_HANDLER(POST, visitor::on_post),   PORTICO_HANDLER(ROOM, visitor::on_room),
    PORTICO_HANDLER(LEAVE, visitor::on_leave), PORTICO_HANDLER(JOB, visitor::on_job),
};
constexpr Portico::session_message<visitor> visitor_messages[] = {
    PORTICO_HANDLER(FAIL, visitor::on_fail),
    PORTICO_HANDLER(ARRIVED, visitor::on_arrived),
    PORTICO_HANDLER(WORK, visitor::on_worked),
};
constexpr portico_session_type session_types[] = {
    Portico::session_type<visitor>("session").opcodes(visitor_opcodes).messages(visitor_messages),
    Portico::session_type<turned_away>("turned_away"),
};
constexpr Portico::room_message<hall> hall_messages[] = {PORTICO_HANDLER(FAIL, hall::on_fail)};
constexpr portico_room_type room_types[] = {
    Portico::room_type<hall>("hall").messages(hall_messages),
};
constexpr Portico::module_message<world> messages[] = {PORTICO_HANDLER(FAIL, world::on_fail)};
constexpr Portico::job jobs[] = {PORTICO_HANDLER(WORK, work)};

constexpr portico_module throws = Portico::module_type<world>("throws_hpp", "1")
                                      .session_types(session_types)
                                      .room_types(room_types)
                                      .messages(messages)
                                      .jobs(jobs);

} // namespace

PORTICO_MODULE(throws);
