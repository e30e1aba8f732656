/* levels.c: fills a session's send queue and logs the calls of its on_watermark.
 *
 *   opcode 1   sends that many KiB (uint32) in frames of 1 KiB */
#include <portico/portico.h>

#include <string.h>

enum { FRAME_BYTES = 1024 };

static const portico_host *host;

static void PORTICO_CALL on_fill(portico_session session, void *state,
                                 const portico_packet *packet) {
    static const char bytes[FRAME_BYTES];
    uint32_t count = 0;
    (void)state;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (uint32_t i = 0; i < count; i++) {
        (void)host->session_send(session, 1, bytes, FRAME_BYTES);
    }
}

static void PORTICO_CALL on_watermark(portico_session session, void *state, uint32_t queued_bytes,
                                      uint32_t above) {
    (void)session;
    (void)state;
    (void)queued_bytes;
    host->log(PORTICO_LOG_INFO, above ? "owner is above" : "owner is below");
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_watermark = on_watermark};
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("session", 1, on_fill) : status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "levels",
    .version = "1",
    .load = module_load,
};

PORTICO_MODULE(info);
