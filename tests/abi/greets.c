/* greets.c: the client side of an echo, for connectors: greets in on_open and logs what comes
 * back. */
#include <portico/portico.h>

#include <stdio.h>

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    portico_session_info info = {.struct_size = sizeof info};
    if (portico->session_info(session, &info) != PORTICO_OK || info.outgoing != 1) {
        return PORTICO_E_STATE;
    }
    return portico->session_send(session, 12, "good day", 8);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)session;
    (void)state;
    char text[80];
    (void)snprintf(text, sizeof text, "opcode %u came back: %.*s", packet->opcode,
                   (int)packet->size, (const char *)packet->data);
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_session_type types[] = {
    {.name = "session", .on_open = on_open, .on_packet = on_packet}};

static const portico_module greets = {
    .name = "greets", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(greets);
