/* guest.c: a module for the tests of sdk/testing that requires `game` and joins its players. */
#include <portico/portico.h>

static void player_on_knock(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->session_send(session, packet->opcode, "guest", 5);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(50, 0, 0, player_on_knock)};
static const portico_session_type session_types[] = {
    {.name = "game.player", .opcodes = PORTICO_TABLE(opcodes)}};
static const char *const required[] = {"game", NULL};

static const portico_module guest = {.name = "guest",
                                     .version = "1",
                                     .required = required,
                                     .session_types = PORTICO_TABLE(session_types)};
PORTICO_MODULE(guest);
