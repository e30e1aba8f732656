/* unique.cpp: has a symbol that is unique in the process (STB_GNU_UNIQUE), because it is built with
 * -fgnu-unique, which portico_add_module turns off. The system never unmaps such an image. Compiled
 * for several generations, like stays.c.
 *
 *   opcode 1  answers uint32 GENERATION */
#include <portico/portico.h>

#ifndef GENERATION
#define GENERATION 1
#endif

namespace {
const portico_host *host;
}

template <typename T> struct counter {
    static __attribute__((visibility("default"))) T count;
};
template <typename T> T counter<T>::count = 0;

static void PORTICO_CALL on_generation(portico_session session, void *,
                                       const portico_packet *packet) {
    uint32_t mine = GENERATION;
    counter<uint64_t>::count++;
    (void)host->session_send(session, packet->opcode, &mine, sizeof mine);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *) {
    host = from_host;
    portico_session_type type = portico_session_type();
    type.struct_size = sizeof type;
    type.name = "session";
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("session", 1, on_generation) : status;
}

static portico_module_info describe() {
    portico_module_info info = portico_module_info();
    info.struct_size = sizeof info;
    info.abi_major = PORTICO_ABI_MAJOR;
    info.abi_minor = PORTICO_ABI_MINOR;
    info.name = "stays";
    info.version = "1";
    info.load = module_load;
    return info;
}

static const portico_module_info info = describe();

PORTICO_MODULE(info);
