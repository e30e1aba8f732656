// hello.cpp: a module for Portico. It counts the lines that each visitor sends.
#include <portico/portico.hpp>

#include <cstdint>
#include <string>

// A packet: one line of text. With the framing `line` every packet has the opcode 0.
enum { SAY = 0 };
#define SAY(P, F) F(P, TEXT, text, 200)
PORTICO_PACKET(say, SAY);

// A setting: a key of [module hello]. The host writes it before it calls anything here.
static const char *greeting;
constexpr portico_setting settings[] = {
    PORTICO_TEXT(greeting, "welcome", 1, 100, "what a visitor receives first"),
};

// The state of a session, zero at first. It survives when this code is swapped, by the names of its
// fields: you may add, remove and reorder them while visitors are connected.
struct visitor {
    std::uint32_t lines;

    void on_open(Portico::session me) {
        me.send(SAY, greeting);
    }

    void on_say(Portico::session me, const say &) {
        lines++;
        me.send(SAY, "that was line " + std::to_string(lines));
    }
};
PORTICO_DESCRIBE(visitor, PORTICO_FIELD(visitor, lines));

constexpr Portico::opcode_row<visitor> visitor_opcodes[] = {
    PORTICO_HANDLER(SAY, visitor::on_say),
};

// A listener names it: type = hello.visitor.
constexpr portico_session_type session_types[] = {
    Portico::session_type<visitor>("visitor").opcodes(visitor_opcodes),
};

constexpr portico_module this_module =
    Portico::module_type<>("hello", "0.1.0").session_types(session_types).settings(settings);
PORTICO_MODULE(this_module);
