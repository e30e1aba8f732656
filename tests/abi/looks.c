/* looks.c: a room whose `migrate` asks for the state of the room itself, which has none to show. A
 * packet joins the room, or is answered with its state. */
#include <portico/portico.h>

#ifndef GENERATION
#define GENERATION 1
#endif

enum { MIGRATED = 100, LOOKED = 1000 };

#if GENERATION == 1
#define PLACE(S, F) F(S, FIELD, uint16_t, value)
#else
#define PLACE(S, F) F(S, FIELD, uint32_t, value)
#endif
PORTICO_STATE(place, PLACE);

static portico_status place_migrate(const portico_migration *migration, void *to) {
    if (migration->from != NULL) {
        place *p = to;
        portico_room self = {migration->entity.id};
        p->value += MIGRATED;
        if (portico->room_state(self) != NULL) {
            p->value += LOOKED;
        }
    }
    return PORTICO_OK;
}

static void guest_on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room = portico->session_room(session);
    place *p = portico->room_state(room);
    if (p == NULL) {
        (void)portico->room_create("looks.place", "here", NULL, 0, &room);
        (void)portico->session_join(session, room, 0);
    } else {
        p->value++;
        uint32_t value = p->value;
        (void)portico->session_send(session, packet->opcode, &value, sizeof value);
    }
}

static const portico_session_type session_types[] = {
    {.name = "guest", .on_packet = guest_on_packet}};
static const portico_room_type room_types[] = {
    {.name = "place", .state = PORTICO_STATE_MIGRATED(place, GENERATION, place_migrate)}};

static const portico_module looks = {.name = "looks",
                                     .version = "1",
                                     .session_types = PORTICO_TABLE(session_types),
                                     .room_types = PORTICO_TABLE(room_types)};

PORTICO_MODULE(looks);
