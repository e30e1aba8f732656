/* hoards.c: keeps a pointer to a packet, which it must not. Opcode 1 keeps it, opcode 2 answers
 * what is there now; others echo. */
#include <portico/portico.h>

typedef struct hoard {
    const void *data;
    uint32_t size;
} hoard;

static void on_keep(portico_session session, void *state, const portico_packet *packet) {
    hoard *h = state;
    (void)session;
    h->data = packet->data;
    h->size = packet->size;
}

static void on_show(portico_session session, void *state, const portico_packet *packet) {
    const hoard *h = state;
    (void)portico->session_send(session, packet->opcode, h->data, h->size);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_keep),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_show),
};
static const portico_session_type types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(hoard, 0),
     .on_packet = on_packet,
     .opcodes = PORTICO_TABLE(opcodes)},
};
static const portico_module hoards = {
    .name = "hoards", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(hoards);
