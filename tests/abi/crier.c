/* crier.c: one room whose periodic message is a broadcast to all its members.
 *
 *   opcode 1  joins the room; answered with that call's status (int32). The answer to the next
 *             packet comes from inside the room
 *   opcode 2  answers how many members the room has (uint32)
 *   opcode 3  uint32 count, size, period_ms: every period_ms a broadcast of opcode 103, `count`
 *             times; then opcode 104 to the session that asked: uint32 broadcasts, packets (the sum
 *             of what room_send returned), missed
 *
 * The payload of broadcast n (from 0) is the uint32 n, followed by bytes i from 4 to size - 1 with
 * the value (uint8_t)(n * 31 + i * 7). */
#include <portico/portico.h>

#include <string.h>

enum {
    JOIN = 1,
    COUNT = 2,
    START = 3,
    CRY = 103,
    DONE = 104,
    MESSAGE_CRY = 1,
    SIZE_MAX_BYTES = 60000
};

typedef struct square {
    uint32_t members;
    uint32_t count; /* broadcasts to make */
    uint32_t size;
    uint32_t made;
    uint32_t packets;
    uint32_t missed;
    portico_session asked;
    portico_timer timer;
} square;

static void answer(portico_session session, const portico_packet *packet, portico_status status) {
    int32_t value = status;
    (void)portico->session_send(session, packet->opcode, &value, sizeof value);
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)session;
    ((square *)state)->members++;
    return PORTICO_OK;
}

static void on_leave(portico_room room, void *state, portico_session session,
                     portico_status reason) {
    (void)room, (void)session, (void)reason;
    ((square *)state)->members--;
}

static void on_cry(portico_room room, void *state, const portico_message *message) {
    square *q = state;
    uint8_t bytes[SIZE_MAX_BYTES];
    if (q->made == q->count) {
        return; /* was on its way when the timer was cancelled */
    }
    memcpy(bytes, &q->made, sizeof q->made);
    for (uint32_t i = sizeof q->made; i < q->size; i++) {
        bytes[i] = (uint8_t)(q->made * 31 + i * 7);
    }
    q->missed += message->missed;
    q->packets += portico->room_send(room, CRY, bytes, q->size, (portico_session){0});
    if (++q->made == q->count) {
        const uint32_t figures[3] = {q->made, q->packets, q->missed};
        (void)portico->timer_cancel(q->timer);
        (void)portico->session_send(q->asked, DONE, figures, sizeof figures);
    }
}

static void on_packet_join(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = {0};
    (void)state;
    portico_status status = portico->room_create("crier.square", "square", NULL, 0, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = portico->session_join(session, room, 0);
    }
    answer(session, packet, status);
}

static square *square_of(portico_session session) {
    return portico->room_state(portico->session_room(session));
}

static void on_packet_count(portico_session session, void *state, const portico_packet *packet) {
    const square *q = square_of(session);
    (void)state;
    if (q != NULL) {
        (void)portico->session_send(session, packet->opcode, &q->members, sizeof q->members);
    }
}

static void on_packet_start(portico_session session, void *state, const portico_packet *packet) {
    square *q = square_of(session);
    uint32_t asked[3] = {0};
    (void)state;
    memcpy(asked, packet->data, packet->size < sizeof asked ? packet->size : sizeof asked);
    if (q == NULL || asked[0] == 0 || asked[1] < sizeof q->made || asked[1] > SIZE_MAX_BYTES) {
        answer(session, packet, PORTICO_E_INVALID);
        return;
    }
    *q = (square){.members = q->members, .count = asked[0], .size = asked[1], .asked = session};
    answer(session, packet,
           portico->post_every(portico_room_entity(portico->session_room(session)), MESSAGE_CRY,
                               NULL, 0, asked[2], &q->timer));
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(JOIN, 0, PORTICO_SIZE_ANY, on_packet_join),
    PORTICO_RAW(COUNT, 0, PORTICO_SIZE_ANY, on_packet_count),
    PORTICO_RAW(START, 0, PORTICO_SIZE_ANY, on_packet_start),
};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_room_message messages[] = {PORTICO_MESSAGE(MESSAGE_CRY, on_cry)};
static const portico_room_type room_types[] = {
    {.name = "square",
     .state = PORTICO_STATE_OPAQUE(square, 0),
     .on_join = on_join,
     .on_leave = on_leave,
     .messages = PORTICO_TABLE(messages)},
};

static const portico_module crier = {
    .name = "crier",
    .version = "1",
    .description = "A room that broadcasts.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
};

PORTICO_MODULE(crier);
