/* echo.c: the smallest module: echo.session sends every packet back. Read this first, then chat.c.
 *
 * A listener in the ini names the type (`type = echo.session`) and chooses the framing: this code
 * serves u16, u32, line and raw alike. */
#include <portico/portico.h>

static void session_on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state; /* NULL: the type declares none */
    /* The host copies the bytes. If it refuses them, the session has closed, or its client does not
     * read, and the listener's `backlog` decides. */
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_session_type session_types[] = {
    {.name = "session", .on_packet = session_on_packet}};

static const portico_module echo = {
    .name = "echo",
    .version = "0.1.0",
    .description = "Sends every packet back unchanged.",
    .session_types = PORTICO_TABLE(session_types),
};

PORTICO_MODULE(echo);
