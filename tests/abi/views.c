/* views.c: states whose fields a and b are always changed together, for state_views.c and
 * state_views_module.c. GENERATION 2 has a field between the two.
 *
 * Opcodes: 1 joins the room "hall", whose clock ticks every millisecond, and starts one of the
 * session; answered with 1 when it is in. 2 does not return for as many milliseconds as its uint32
 * says; 3 has the module not return for that time, in its own turn; 4 has it fault there. The
 * module ticks, too. A tick changes a, spends some time, and then sets b to the same. */
#include <portico/portico.h>

#include <stdlib.h>
#include <string.h>

#if !defined(GENERATION)
#define GENERATION 1
#endif

enum { JOIN = 1, HANG = 2, HANG_MODULE = 3, FAULT_MODULE = 4, BETWEEN = 20000 };
enum { TICK = 1, HANGS = 2, FAULTS = 3 }; /* messages */

#define GEM(S, F)               \
    F(S, FIELD, int16_t, price) \
    F(S, FIELD, uint8_t, colour)
PORTICO_STATE(gem, GEM);

#if GENERATION == 2
#define PAIR(S, F)           \
    F(S, FIELD, uint64_t, a) \
    F(S, FIELD, double, between) F(S, FIELD, uint64_t, b) F(S, ARRAY, char, name, 12)
#else
#define PAIR(S, F)           \
    F(S, FIELD, uint64_t, a) \
    F(S, FIELD, uint64_t, b) F(S, ARRAY, char, name, 12)
#endif
#define HALL(S, F)               \
    PAIR(S, F)                   \
    F(S, STRUCTS, gem, gems, 3)  \
    F(S, ARRAY, int32_t, row, 4) \
    F(S, FIELD, float, speed)    \
    F(S, FIELD, bool, open)
PORTICO_STATE(guest, PAIR);
PORTICO_STATE(hall, HALL);
PORTICO_STATE(house, PAIR);

/* An optimiser would set both at once. */
static void both(volatile uint64_t *a, volatile uint64_t *b) {
    uint64_t next = *a + 1;
    *a = next;
    for (volatile int i = 0; i < BETWEEN; i++) {
    }
    *b = next;
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    hall *h = state;
    (void)data, (void)size;
    memcpy(h->name, "the \"hall\"", 11);
    h->gems[1] = (gem){.price = -7, .colour = 200};
    h->row[0] = -1;
    h->row[3] = 4;
    h->speed = 2.5F;
    h->open = true;
    return portico->post_every(portico_room_entity(room), TICK, NULL, 0, 1, NULL);
}

static portico_status on_room_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)state;
    (void)portico->post_every(portico_session_entity(session), TICK, NULL, 0, 1, NULL);
    return portico->session_send(session, JOIN, NULL, 0);
}

static void on_room_tick(portico_room room, void *state, const portico_message *message) {
    hall *h = state;
    (void)room, (void)message;
    both(&h->a, &h->b);
}

static void on_tick(portico_session session, void *state, const portico_message *message) {
    guest *g = state;
    (void)session, (void)message;
    both(&g->a, &g->b);
}

static void on_join(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = {0};
    (void)state, (void)packet;
    (void)portico->room_create("views.hall", "hall", NULL, 0, &room);
    (void)portico->session_join(session, room, 0);
}

static void hang(const void *data) {
    uint32_t duration_ms = 0;
    memcpy(&duration_ms, data, sizeof duration_ms);
    uint64_t end_ms = portico->clock_ms() + duration_ms;
    portico->log(PORTICO_LOG_INFO, "hangs now");
    while (portico->clock_ms() < end_ms) {
    }
}

static void on_hang(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state;
    hang(packet->data);
}

static void on_hang_module(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state;
    (void)portico->post(portico->self(), HANGS, packet->data, packet->size);
}

static void on_fault_module(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    (void)portico->post(portico->self(), FAULTS, NULL, 0);
}

static portico_status start(void *state, uint32_t why) {
    house *h = state;
    memcpy(h->name, "the house", 10);
    if (why != PORTICO_START_LOADED) {
        return PORTICO_OK; /* the timer is still there */
    }
    return portico->post_every(portico->self(), TICK, NULL, 0, 1, NULL);
}

static void on_module_tick(portico_entity module, void *state, const portico_message *message) {
    house *h = state;
    (void)module, (void)message;
    both(&h->a, &h->b);
}

static void on_hangs(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    hang(message->data);
}

static void on_faults(portico_entity module, void *state, const portico_message *message) {
    house *h = state;
    (void)module, (void)message;
    h->a++;
    abort();
}

static const portico_opcode opcodes[] = {PORTICO_RAW(JOIN, 0, 0, on_join),
                                         PORTICO_RAW(HANG, 4, 4, on_hang),
                                         PORTICO_RAW(HANG_MODULE, 4, 4, on_hang_module),
                                         PORTICO_RAW(FAULT_MODULE, 0, 0, on_fault_module)};
static const portico_session_message session_messages[] = {PORTICO_MESSAGE(TICK, on_tick)};
static const portico_session_type session_types[] = {{.name = "guest",
                                                      .state = PORTICO_STATE_OF(guest, 1),
                                                      .opcodes = PORTICO_TABLE(opcodes),
                                                      .messages = PORTICO_TABLE(session_messages)}};
static const portico_room_message room_messages[] = {PORTICO_MESSAGE(TICK, on_room_tick)};
static const portico_room_type room_types[] = {{.name = "hall",
                                                .state = PORTICO_STATE_OF(hall, 1),
                                                .on_open = on_room_open,
                                                .on_join = on_room_join,
                                                .messages = PORTICO_TABLE(room_messages)}};

static const portico_module_message messages[] = {PORTICO_MESSAGE(TICK, on_module_tick),
                                                  PORTICO_MESSAGE(HANGS, on_hangs),
                                                  PORTICO_MESSAGE(FAULTS, on_faults)};

static const portico_module views = {.name = "views",
                                     .version = "1",
                                     .state = PORTICO_STATE_OF(house, 1),
                                     .messages = PORTICO_TABLE(messages),
                                     .start = start,
                                     .session_types = PORTICO_TABLE(session_types),
                                     .room_types = PORTICO_TABLE(room_types)};
PORTICO_MODULE(views);
