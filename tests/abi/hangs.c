/* hangs.c: a handler that does not return for a minute, for tests of stopping a host. Opcode 1
 * hangs, opcode 3 hangs for half a second, everything else is echoed. */
#include <portico/portico.h>

/* An endless loop is what is tested: it does not sleep. */
static void spin(const char *text, uint64_t duration_ms) {
    uint64_t end_ms = portico->clock_ms() + duration_ms;
    portico->log(PORTICO_LOG_INFO, text);
    while (portico->clock_ms() < end_ms) {
    }
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    if (packet->opcode == 1) {
        spin("hangs now", 60000);
    } else if (packet->opcode == 3) {
        spin("naps now", 500);
    }
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_session_type types[] = {{.name = "session", .on_packet = on_packet}};

static const portico_module hangs = {
    .name = "hangs", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(hangs);
