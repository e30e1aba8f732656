/* stills.c: `rooms` rooms (ini) in which nothing happens, and sessions that echo:
 * for measuring costs that grow with the number of either. */
#include <portico/portico.h>

#include <stdio.h>

enum { MAKE = 1 };

static uint32_t rooms; /* [module stills] rooms */

/* Makes all of them. */
static void on_make(portico_entity entity, void *state, const portico_message *message) {
    (void)entity, (void)state, (void)message;
    for (uint32_t i = 0; i < rooms; i++) {
        char name[32];
        portico_room room = {0};
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        (void)portico->room_create("stills.room", name, NULL, 0, &room);
    }
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status stills_start(void *state, uint32_t why) {
    (void)state, (void)why;
    return portico->post(portico->self(), MAKE, NULL, 0);
}

static const portico_session_type session_types[] = {{.name = "session", .on_packet = on_packet}};
static const portico_room_type room_types[] = {{.name = "room"}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(MAKE, on_make)};
static const portico_setting settings[] = {
    PORTICO_U32(rooms, "1000", 0, 100000, "rooms in which nothing happens"),
};

static const portico_module stills = {
    .name = "stills",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .settings = PORTICO_TABLE(settings),
    .start = stills_start,
};

PORTICO_MODULE(stills);
