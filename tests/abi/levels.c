/* levels.c: fills a session's send queue and logs the calls of its on_watermark.
 *
 *   opcode 1   sends that many KiB (uint32) in frames of 1 KiB */
#include <portico/portico.h>

#include <string.h>

enum { FRAME_BYTES = 1024 };

static void on_fill(portico_session session, void *state, const portico_packet *packet) {
    static const char bytes[FRAME_BYTES];
    uint32_t count = 0;
    (void)state;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (uint32_t i = 0; i < count; i++) {
        (void)portico->session_send(session, 1, bytes, FRAME_BYTES);
    }
}

static void on_watermark(portico_session session, void *state, uint32_t queued_bytes,
                         uint32_t above) {
    (void)session;
    (void)state;
    (void)queued_bytes;
    portico->log(PORTICO_LOG_INFO, above ? "owner is above" : "owner is below");
}

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_fill)};
static const portico_session_type types[] = {
    {.name = "session", .on_watermark = on_watermark, .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module levels = {
    .name = "levels", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(levels);
