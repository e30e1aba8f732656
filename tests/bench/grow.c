/* grow.c: an echo with as many handlers and rooms as its section of the ini says, for the part
 * `grow` of the comparison.
 *
 *   handlers  number of opcodes from 1 that have a handler; all have the same function, because the
 *             cost is in the lookup; default 1
 *   rooms     number of rooms made at the start; each session joins one, the others stay empty
 *   tick_ms   each room has a timer with this period; 0, the default: none
 */
#include <portico/portico.h>

#include <stdio.h>

enum { TICK = 1 };

/* A prime: sessions that connect one after another join rooms that were not made one after another.
 * */
enum { STRIDE = 7919 };

static const portico_host *host;
static int64_t handlers;
static int64_t rooms;
static int64_t tick_ms;

typedef struct hall {
    uint64_t ticks;
} hall;

static portico_room room_of(portico_session session) {
    char name[16];
    uint64_t slot = session & 0xffffff; /* ids of consecutive sessions differ by one */
    (void)snprintf(name, sizeof name, "%u", (unsigned)(slot * STRIDE % (uint64_t)rooms));
    return host->room_find("grow.hall", name);
}

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    return rooms > 0 ? host->room_join(room_of(session), session) : PORTICO_OK;
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    (void)state;
    return tick_ms > 0 ? host->post_every(room, TICK, NULL, 0, (uint32_t)tick_ms, NULL)
                       : PORTICO_OK;
}

static void PORTICO_CALL on_tick(portico_entity room, void *state, const portico_message *message) {
    hall *h = state;
    (void)room;
    h->ticks += 1 + message->missed;
}

static portico_status read_settings(void) {
    portico_status status = host->config_integer("handlers", 1, 1, 65535, &handlers);
    status = status == PORTICO_OK ? host->config_integer("rooms", 0, 0, 100000, &rooms) : status;
    return status == PORTICO_OK ? host->config_integer("tick_ms", 0, 0, 60000, &tick_ms) : status;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_open = on_open};
    const portico_room_type room = {.struct_size = sizeof room,
                                    .name = "hall",
                                    .state_size = sizeof(hall),
                                    .on_open = on_room_open};
    portico_status status = read_settings();
    status = status == PORTICO_OK ? host->register_session_type(&type) : status;
    status = status == PORTICO_OK ? host->register_room_type(&room) : status;
    status = status == PORTICO_OK ? host->register_message("hall", TICK, on_tick) : status;
    for (int64_t opcode = 1; opcode <= handlers && status == PORTICO_OK; opcode++) {
        status = host->register_handler("session", (uint16_t)opcode, on_packet);
    }
    return status;
}

static portico_status PORTICO_CALL module_start(void *state) {
    portico_status status = PORTICO_OK;
    (void)state;
    for (int64_t i = 0; i < rooms && status == PORTICO_OK; i++) {
        char name[16];
        portico_room room = 0;
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        status = host->room_create("grow.hall", name, &room);
    }
    return status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "grow",
    .version = "1",
    .description = "An echo with many handlers and rooms.",
    .load = module_load,
    .start = module_start,
};

PORTICO_MODULE(info);
