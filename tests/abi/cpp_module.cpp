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

#define COUNTER(S, FIELD, ARRAY)    \
    FIELD(S, uint32_t, packets)     \
    ARRAY(S, char, name, 32)        \
    FIELD(S, bool, alive)           \
    FIELD(S, colour, team)          \
    FIELD(S, depth, floor)          \
    FIELD(S, flag, raised)          \
    FIELD(S, char16_t, letter)      \
    FIELD(S, double, speed)         \
    FIELD(S, long, steps)           \
    FIELD(S, const char *, pointer) \
    ARRAY(S, place, path, 4)
PORTICO_STATE(counter, COUNTER);

// The field with that number, as C would describe it.
#define EXPECT(index, field, of_kind, elements)                                    \
    if (counter_fields.fields[index].kind != PORTICO_KIND_##of_kind ||             \
        counter_fields.fields[index].offset != offsetof(counter, field) ||         \
        counter_fields.fields[index].count != (elements) ||                        \
        counter_fields.fields[index].size * counter_fields.fields[index].count !=  \
            sizeof(counter::field)) {                                              \
        host->log(PORTICO_LOG_ERROR, "the field " #field " is described wrongly"); \
        return PORTICO_E_INVALID;                                                  \
    }

const portico_host *host;

void PORTICO_CALL on_packet(portico_session session, void *state, const portico_packet *packet) {
    static_cast<counter *>(state)->packets++;
    host->session_send(session, packet->opcode, packet->data, packet->size);
}

portico_status PORTICO_CALL module_load(const portico_host *from_host, void *) {
    host = from_host;
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
    portico_session_type type = {};
    type.struct_size = sizeof type;
    type.state_size = sizeof(counter);
    type.name = "session";
    type.on_packet = on_packet;
    type.state_fields = &counter_fields;
    return host->register_session_type(&type);
}

portico_module_info describe() {
    portico_module_info i = {};
    i.struct_size = sizeof i;
    i.abi_major = PORTICO_ABI_MAJOR;
    i.abi_minor = PORTICO_ABI_MINOR;
    i.name = "cpp_module";
    i.version = "1";
    i.description = "Made in C++.";
    i.load = module_load;
    return i;
}

const portico_module_info info = describe();

} // namespace

PORTICO_MODULE(info);
