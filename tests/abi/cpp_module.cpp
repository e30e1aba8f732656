// cpp_module.cpp: a module in C++11: the headers compile and do what they promise. The macros must
// find the same kinds as in C, also for types that only C++ has.
#include <portico/portico.h>

namespace {

enum class colour : uint8_t { red, green };
enum class depth : int16_t {};
enum flag : bool {};

struct place {
    float x, y;
};

#define COUNTER(S, F)                  \
    F(S, FIELD, uint32_t, packets)     \
    F(S, ARRAY, char, name, 32)        \
    F(S, FIELD, bool, alive)           \
    F(S, FIELD, colour, team)          \
    F(S, FIELD, depth, floor)          \
    F(S, FIELD, flag, raised)          \
    F(S, FIELD, char16_t, letter)      \
    F(S, FIELD, double, speed)         \
    F(S, FIELD, long, steps)           \
    F(S, FIELD, const char *, pointer) \
    F(S, ARRAY, place, path, 4)
PORTICO_STATE(counter, COUNTER);

// The field with that number, as C would describe it.
#define EXPECT(index, field, of_kind, elements)                                       \
    if (counter_fields.fields[index].kind != PORTICO_KIND_##of_kind ||                \
        counter_fields.fields[index].offset != offsetof(counter, field) ||            \
        counter_fields.fields[index].count != (elements) ||                           \
        counter_fields.fields[index].size * counter_fields.fields[index].count !=     \
            sizeof(counter::field)) {                                                 \
        portico->log(PORTICO_LOG_ERROR, "the field " #field " is described wrongly"); \
        return PORTICO_E_INVALID;                                                     \
    }

void on_packet(portico_session session, void *state, const portico_packet *packet) {
    static_cast<counter *>(state)->packets++;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

portico_status start(void *, uint32_t) {
    EXPECT(0, packets, UNSIGNED, 1)
    EXPECT(1, name, CHAR, 32)
    EXPECT(2, alive, BOOL, 1)
    EXPECT(3, team, UNSIGNED, 1)
    EXPECT(4, floor, SIGNED, 1)
    EXPECT(5, raised, BOOL, 1)
    EXPECT(6, letter, UNSIGNED, 1)
    EXPECT(7, speed, FLOAT, 1)
    EXPECT(8, steps, SIGNED, 1)
    EXPECT(9, pointer, BYTES, 1)
    EXPECT(10, path, BYTES, 4)
    return PORTICO_OK;
}

// C++11 has no designators: the tables are filled by functions, in a constructor of the library.
portico_session_type session_type() {
    portico_session_type type = portico_session_type();
    type.name = "session";
    type.state = PORTICO_STATE_OF(counter, 0);
    type.on_packet = on_packet;
    return type;
}

const portico_session_type types[] = {session_type()};

portico_module describe() {
    portico_module m = portico_module();
    m.name = "cpp_module";
    m.version = "1";
    m.description = "Made in C++.";
    m.session_types = PORTICO_TABLE(types);
    m.start = start;
    return m;
}

const portico_module cpp_module = describe();

} // namespace

PORTICO_MODULE(cpp_module);
