/* hangs.c: a handler that does not return for a minute, for tests of stopping a host. Opcode 1
 * hangs, opcode 3 hangs for half a second, everything else is echoed. */
#include <portico/portico.h>

static const portico_host *host;

/* An endless loop is what is tested: it does not sleep. */
static void spin(const char *text, uint64_t duration_ms) {
    uint64_t end_ms = host->clock_ms() + duration_ms;
    host->log(PORTICO_LOG_INFO, text);
    while (host->clock_ms() < end_ms) {
    }
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    if (packet->opcode == 1) {
        spin("hangs now", 60000);
    } else if (packet->opcode == 3) {
        spin("naps now", 500);
    }
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_packet = on_packet};
    return host->register_session_type(&type);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "hangs",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
