/* clocks.c: opcode 1 asks for the time for ever, so its thread is mostly in the clock's code.
 * Others are echoed. */
#include "system.h"

#include <portico/portico.h>

enum { LOOP = 1 };

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    if (packet->opcode == LOOP) {
        for (uint64_t now_ns = 1; now_ns != 0;) {
            now_ns = system_now_ns();
        }
    }
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_session_type types[] = {{.name = "session", .on_packet = on_packet}};

static const portico_module clocks = {
    .name = "clocks", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(clocks);
