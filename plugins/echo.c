/* echo.c: the smallest module. It offers one session type, echo.session, which sends every packet back as
 * it came: same opcode, same bytes. Read this first, then chat.c.
 *
 * A listener in the ini names the type (`type = echo.session`); the framing is the listener's affair, so
 * this serves u16, u32, line and raw alike.
 */
#include <portico/portico.h>

/* Handlers run on many threads at once and share all statics. So a module's statics are written in `load`,
 * which runs alone, and only read afterwards. */
static const portico_host *host;

static void PORTICO_CALL echo_on_packet(portico_session session, void *state,
                                        const portico_packet *packet) {
    (void)state; /* NULL: the type asks for no state */

    /* The host copies the bytes. Nothing is to be done about a refusal: the session has gone, or its client
     * does not read and the listener's `backlog` says what happens then. */
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL echo_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;

    /* No on_open, on_close or on_watermark: what stays NULL is not called. */
    const portico_session_type type = {
        .struct_size = sizeof type,
        .name = "session", /* becomes echo.session */
        .on_packet = echo_on_packet,
    };
    return host->register_session_type(&type);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "echo",
    .version = "0.1.0",
    .description = "Sends every packet back as it came.",
    .load = echo_load,
};

PORTICO_MODULE(info);
