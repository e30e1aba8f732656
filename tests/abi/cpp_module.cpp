// cpp_module.cpp: a module in C++11: the header compiles there, and what it says works.
#include <portico/portico.h>

namespace {

const portico_host *host;

struct counter {
    uint32_t packets;
};

void PORTICO_CALL on_packet(portico_session session, void *state, const portico_packet *packet) {
    static_cast<counter *>(state)->packets++;
    host->session_send(session, packet->opcode, packet->data, packet->size);
}

portico_status PORTICO_CALL module_load(const portico_host *from_host, void *) {
    host = from_host;
    portico_session_type type = {};
    type.struct_size = sizeof type;
    type.state_size = sizeof(counter);
    type.name = "session";
    type.on_packet = on_packet;
    return host->register_session_type(&type);
}

const portico_module_info info = {PORTICO_MODULE_HEAD, "cpp_module", "1",    "Made in C++.", nullptr, 0, 0,
                                  module_load,         nullptr,      nullptr};

} // namespace

PORTICO_MODULE(info);
