/* shout.c: one room for all; every packet goes to everybody in it, including its sender, as in
 * raw_epoll --broadcast. */
#include <portico/portico.h>

static portico_status on_open(portico_session session, void *state) {
    portico_room room = {0};
    (void)state;
    portico_status status = portico->room_create("shout.hall", "hall", NULL, 0, &room);
    return status == PORTICO_OK || status == PORTICO_E_EXISTS
               ? portico->session_join(session, room, 0)
               : status;
}

/* A packet that arrives before the join has ended is in no room and goes to nobody. */
static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->room_send(portico->session_room(session), packet->opcode, packet->data,
                             packet->size, (portico_session){0});
}

static const portico_session_type session_types[] = {
    {.name = "session", .on_open = on_open, .on_packet = on_packet}};
static const portico_room_type room_types[] = {{.name = "hall"}};

static const portico_module shout = {
    .name = "shout",
    .version = "1",
    .description = "A room whose packets go to everybody in it.",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
};

PORTICO_MODULE(shout);
