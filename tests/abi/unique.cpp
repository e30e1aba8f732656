/* unique.cpp: has a symbol that is unique in the process (STB_GNU_UNIQUE), because it is built with
 * -fgnu-unique, which portico_add_module turns off. The system never unmaps such an image. Compiled
 * for several generations, like stays.c.
 *
 *   opcode 1  answers uint32 GENERATION */
#include <portico/portico.h>

#ifndef GENERATION
#define GENERATION 1
#endif

template <typename T> struct counter { static __attribute__((visibility("default"))) T count; };
template <typename T> T counter<T>::count = 0;

static void on_generation(portico_session session, void *, const portico_packet *packet) {
    uint32_t mine = GENERATION;
    counter<uint64_t>::count++;
    (void)portico->session_send(session, packet->opcode, &mine, sizeof mine);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_generation)};

static portico_session_type session_type() {
    portico_session_type type = portico_session_type();
    type.name = "session";
    type.opcodes = PORTICO_TABLE(opcodes);
    return type;
}

static const portico_session_type types[] = {session_type()};

static portico_module describe() {
    portico_module m = portico_module();
    m.name = "stays";
    m.version = "1";
    m.session_types = PORTICO_TABLE(types);
    return m;
}

static const portico_module stays = describe();

PORTICO_MODULE(stays);
