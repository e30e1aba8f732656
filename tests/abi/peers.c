/* peers.c: answers each packet with the address of its session, as modules see it. */
#include <portico/portico.h>

#include <string.h>

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_session_info info = {.struct_size = sizeof info};
    if (portico->session_info(session, &info) == PORTICO_OK) {
        (void)portico->session_send(session, packet->opcode, info.peer,
                                    (uint32_t)strlen(info.peer));
    }
}

static const portico_session_type types[] = {{.name = "session", .on_packet = on_packet}};

static const portico_module peers = {
    .name = "peers", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(peers);
