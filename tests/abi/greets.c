/* greets.c: the client side of an echo, for connectors: greets in on_open and logs what comes
 * back. */
#include <portico/portico.h>

#include <stdio.h>

static const portico_host *host;

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    portico_session_info info = {.struct_size = sizeof info};
    if (host->session_info(session, &info) != PORTICO_OK || info.outgoing != 1) {
        return PORTICO_E_STATE;
    }
    return host->session_send(session, 12, "good day", 8);
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)session;
    (void)state;
    char text[80];
    (void)snprintf(text, sizeof text, "opcode %u came back: %.*s", packet->opcode,
                   (int)packet->size, (const char *)packet->data);
    host->log(PORTICO_LOG_INFO, text);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .name = "session",
        .on_open = on_open,
        .on_packet = on_packet,
    };
    return host->register_session_type(&type);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "greets",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
