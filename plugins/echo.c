/* echo.c: the smallest module. Its session type, echo.session, sends every packet back unchanged.
 * Read this first, then chat.c.
 *
 * A listener in the ini names the type (`type = echo.session`) and chooses the framing: this code
 * serves u16, u32, line and raw alike.
 */
#include <portico/portico.h>

/* Handlers run on many threads at once and share all statics. Write statics only in `load`, which
 * runs before any handler. */
static const portico_host *host;

static void PORTICO_CALL echo_on_packet(portico_session session, void *state,
                                        const portico_packet *packet) {
    (void)state; /* NULL: the type declares no state */

    /* The host copies the bytes. Nothing needs to be done if it refuses them: either the session
     * has closed, or its client does not read and the listener's `backlog` decides. */
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL echo_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;

    /* on_open, on_close and on_watermark stay NULL and are not called. */
    const portico_session_type type = {
        .struct_size = sizeof type,
        .name = "session", /* listeners name it echo.session */
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
    .description = "Sends every packet back unchanged.",
    .load = echo_load,
};

PORTICO_MODULE(info);
