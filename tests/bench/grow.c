/* grow.c: an echo with many handlers and rooms, for the part `grow` of the comparison.
 *
 * One opcode has a handler, 1. grow.py makes copies of the library whose table of opcodes has more
 * of its rows, up to HANDLERS_MAX; all have the same function, because the cost is in the lookup.
 *
 *   rooms     number of rooms made at the start; each session joins one, the others stay empty
 *   tick_ms   each room has a timer with this period; 0, the default: none
 */
#include <portico/portico.h>

#include <stdio.h>

enum { TICK = 1 };
enum { HANDLERS_MAX = 10000 };

/* A prime: sessions that connect one after another join rooms that were not made one after another.
 * */
enum { STRIDE = 7919 };

/* Settings. */
static uint32_t rooms;
static uint32_t tick_ms;

typedef struct hall {
    uint64_t ticks;
} hall;

static portico_room room_of(portico_session session) {
    char name[16];
    uint64_t slot = session.id & 0xffffff; /* ids of consecutive sessions differ by one */
    (void)snprintf(name, sizeof name, "%u", (unsigned)(slot * STRIDE % rooms));
    return portico->room_find("grow.hall", name);
}

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    return rooms > 0 ? portico->session_join(session, room_of(session), 0) : PORTICO_OK;
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)state, (void)data, (void)size;
    return tick_ms > 0
               ? portico->post_every(portico_room_entity(room), TICK, NULL, 0, tick_ms, NULL)
               : PORTICO_OK;
}

static void on_tick(portico_room room, void *state, const portico_message *message) {
    hall *h = state;
    (void)room;
    h->ticks += 1 + message->missed;
}

static portico_status grow_start(void *state, uint32_t why) {
    portico_status status = PORTICO_OK;
    (void)state, (void)why;
    for (uint32_t i = 0; i < rooms && status == PORTICO_OK; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        status = portico->room_create("grow.hall", name, NULL, 0, NULL);
    }
    return status;
}

/* Rows for the opcodes from n on. */
/* clang-format off */
#define ROW(n) {on_packet, NULL, NULL, 0, PORTICO_SIZE_ANY, (n), 0, 0},
#define ROWS_10(n) ROW(n) ROW((n) + 1) ROW((n) + 2) ROW((n) + 3) ROW((n) + 4) \
    ROW((n) + 5) ROW((n) + 6) ROW((n) + 7) ROW((n) + 8) ROW((n) + 9)
#define ROWS_100(n) ROWS_10(n) ROWS_10((n) + 10) ROWS_10((n) + 20) ROWS_10((n) + 30) \
    ROWS_10((n) + 40) ROWS_10((n) + 50) ROWS_10((n) + 60) ROWS_10((n) + 70) ROWS_10((n) + 80) \
    ROWS_10((n) + 90)
#define ROWS_1000(n) ROWS_100(n) ROWS_100((n) + 100) ROWS_100((n) + 200) ROWS_100((n) + 300) \
    ROWS_100((n) + 400) ROWS_100((n) + 500) ROWS_100((n) + 600) ROWS_100((n) + 700) \
    ROWS_100((n) + 800) ROWS_100((n) + 900)
/* clang-format on */
static const portico_opcode opcodes[HANDLERS_MAX] = {
    ROWS_1000(1) ROWS_1000(1001) ROWS_1000(2001) ROWS_1000(3001) ROWS_1000(4001) ROWS_1000(5001)
        ROWS_1000(6001) ROWS_1000(7001) ROWS_1000(8001) ROWS_1000(9001)};

static const portico_session_type session_types[] = {
    {.name = "session", .on_open = on_open, .opcodes = {opcodes, 1, sizeof opcodes[0]}}};

static const portico_room_message hall_messages[] = {PORTICO_MESSAGE(TICK, on_tick)};
static const portico_room_type room_types[] = {
    {.name = "hall",
     .state = PORTICO_STATE_OPAQUE(hall, 0),
     .on_open = on_room_open,
     .messages = PORTICO_TABLE(hall_messages)},
};

static const portico_setting settings[] = {
    PORTICO_U32(rooms, "0", 0, 100000, "rooms made at the start"),
    PORTICO_U32(tick_ms, "0", 0, 60000, "the period of each room's timer; 0: none"),
};

static const portico_module grow = {
    .name = "grow",
    .version = "1",
    .description = "An echo with many handlers and rooms.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .settings = PORTICO_TABLE(settings),
    .start = grow_start,
};

PORTICO_MODULE(grow);
