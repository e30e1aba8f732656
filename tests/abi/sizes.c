/* sizes.c: opcodes that allow some packets only, and closing for the reason that a packet names.
 * Each raw opcode answers with the same opcode and the packet's size as uint32, MOVE with the sum
 * of its fields. on_close logs "closed for REASON". */
#include <portico/packet.h>
#include <portico/portico.h>

enum { FIXED = 1, RANGE = 2, AT_LEAST = 3, ANY = 4, EMPTY = 5, MOVE = 6, CLOSE = 7, FAR_OFF = 300 };

#define MOVE_FIELDS(S, F)      \
    F(S, FIELD, uint16_t, x)   \
    F(S, FIELD, bool, running) \
    F(S, FIELD, uint16_t, y)
PORTICO_PACKET(move, MOVE_FIELDS);

static void on_raw(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, &packet->size, sizeof packet->size);
}

static void on_empty(portico_session session, void *state) {
    (void)state;
    const uint32_t size = 0;
    (void)portico->session_send(session, EMPTY, &size, sizeof size);
}

static void on_move(portico_session session, void *state, const move *m) {
    (void)state;
    const uint32_t sum = (uint32_t)m->x + m->y + (m->running ? 1 : 0);
    (void)portico->session_send(session, MOVE, &sum, sizeof sum);
}

/* Answers only if the session does not close. */
static void on_close_wanted(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_status reason;
    memcpy(&reason, packet->data, sizeof reason);
    portico_status status = portico->session_close(session, reason);
    if (status != PORTICO_OK) {
        (void)portico->session_send(session, CLOSE, &status, sizeof status);
    }
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session, (void)state;
    portico_logf(PORTICO_LOG_INFO, "closed for %d", reason);
}

#define OPCODES(S, ON)                                \
    ON(S, RAW, FIXED, 4, 4, on_raw)                   \
    ON(S, RAW, RANGE, 2, 10, on_raw)                  \
    ON(S, RAW, AT_LEAST, 3, PORTICO_SIZE_ANY, on_raw) \
    ON(S, RAW, ANY, 0, PORTICO_SIZE_ANY, on_raw)      \
    ON(S, EMPTY, EMPTY, on_empty)                     \
    ON(S, PACKET, MOVE, move, on_move)                \
    ON(S, RAW, CLOSE, 4, 4, on_close_wanted)          \
    ON(S, RAW, FAR_OFF, 1, 1, on_raw)
PORTICO_OPCODES(opcodes, void, OPCODES);

static const portico_session_type session_types[] = {{
    .name = "session",
    .on_packet = on_raw,
    .on_close = on_close,
    .opcodes = PORTICO_TABLE(opcodes),
}};

static const portico_module sizes = {
    .name = "sizes",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
};

PORTICO_MODULE(sizes);
