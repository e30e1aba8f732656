/* arrives.c: reports in which order messages, on_join, on_leave and session_join's message run.
 *
 * The payload of opcode 1 (GO) is the name of a hall. Its handler posts a message to the session
 * and one to the hall, calls session_join, and posts one more to each. Every handler that runs
 * then sends the session an EVENT of two bytes: a letter, and 'y' or 'n' for whether the session is
 * in a room.
 *   'a' 'b'  the session's messages, posted before and after session_join
 *   'A' 'B'  the hall's
 *   'j' 'l'  on_join and on_leave
 *   't'      session_join's message
 * A hall whose name begins with 'x' refuses everybody.
 *
 * The handler of opcode 3 (LATE) only posts the messages 'p', 'q' and 'r' to the session. The
 * handler of 'p' calls session_join and then posts 's'.
 *
 * The handler of opcode 4 (CHAIN) posts a message whose handler posts the next, and so on; the last
 * one reports 'c'. */
#include <portico/portico.h>

#include <string.h>

enum { GO = 1, EVENT = 2, LATE = 3, CHAIN = 4 };
enum { TO_SESSION = 1, TO_HALL = 2, ANSWER = 3, LINK = 4 };

typedef struct note {
    portico_session session;
    portico_room hall; /* where 'p' leads */
    char event;
} note;

static void report(portico_session session, char event) {
    const char bytes[2] = {event, portico->session_room(session).id != 0 ? 'y' : 'n'};
    (void)portico->session_send(session, EVENT, bytes, sizeof bytes);
}

static void post_note(portico_entity to, uint32_t id, portico_session session, portico_room hall,
                      char event) {
    note n;
    memset(&n, 0, sizeof n);
    n.session = session;
    n.hall = hall;
    n.event = event;
    (void)portico->post(to, id, &n, sizeof n);
}

static void note_handle(const portico_message *message) {
    note n;
    memcpy(&n, message->data, sizeof n);
    report(n.session, n.event);
    if (n.event == 'p') {
        (void)portico->session_join(n.session, n.hall, ANSWER);
        post_note(portico_session_entity(n.session), TO_SESSION, n.session, n.hall, 's');
    }
}

static void guest_on_note(portico_session session, void *state, const portico_message *message) {
    (void)session, (void)state;
    note_handle(message);
}

static void hall_on_note(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state;
    note_handle(message);
}

static void guest_on_link(portico_session session, void *state, const portico_message *message) {
    (void)state;
    uint8_t left = *(const uint8_t *)message->data;
    if (left == 0) {
        report(session, 'c');
    } else {
        left--;
        (void)portico->post(portico_session_entity(session), LINK, &left, sizeof left);
    }
}

static void guest_on_answer(portico_session session, void *state, const portico_message *message) {
    (void)state, (void)message;
    report(session, 't');
}

static void guest_on_go(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room hall = {0};
    (void)portico->room_create("arrives.hall", (const char *)packet->data, NULL, 0, &hall);
    post_note(portico_session_entity(session), TO_SESSION, session, hall, 'a');
    post_note(portico_room_entity(hall), TO_HALL, session, hall, 'A');
    (void)portico->session_join(session, hall, ANSWER);
    post_note(portico_session_entity(session), TO_SESSION, session, hall, 'b');
    post_note(portico_room_entity(hall), TO_HALL, session, hall, 'B');
}

static void guest_on_late(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room hall = {0};
    (void)portico->room_create("arrives.hall", (const char *)packet->data, NULL, 0, &hall);
    for (const char *event = "pqr"; *event != '\0'; event++) {
        post_note(portico_session_entity(session), TO_SESSION, session, hall, *event);
    }
}

static void guest_on_chain(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->post(portico_session_entity(session), LINK, packet->data, 1);
}

static portico_status hall_on_join(portico_room room, void *state, portico_session session) {
    (void)state;
    portico_room_info info = {.struct_size = sizeof info};
    (void)portico->room_info(room, &info);
    report(session, 'j');
    return info.name[0] == 'x' ? PORTICO_E_REFUSED : PORTICO_OK;
}

static void hall_on_leave(portico_room room, void *state, portico_session session,
                          portico_status reason) {
    (void)state, (void)reason;
    report(session, 'l');
    if (portico->room_members(room, NULL, 0) == 0) {
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
}

static const portico_opcode guest_opcodes[] = {
    PORTICO_RAW(GO, 0, PORTICO_SIZE_ANY, guest_on_go),
    PORTICO_RAW(LATE, 0, PORTICO_SIZE_ANY, guest_on_late),
    PORTICO_RAW(CHAIN, 1, PORTICO_SIZE_ANY, guest_on_chain),
};
static const portico_session_message guest_messages[] = {
    PORTICO_MESSAGE(TO_SESSION, guest_on_note),
    PORTICO_MESSAGE(ANSWER, guest_on_answer),
    PORTICO_MESSAGE(LINK, guest_on_link),
};
static const portico_session_type session_types[] = {
    {.name = "guest",
     .opcodes = PORTICO_TABLE(guest_opcodes),
     .messages = PORTICO_TABLE(guest_messages)},
};

static const portico_room_message hall_messages[] = {PORTICO_MESSAGE(TO_HALL, hall_on_note)};
static const portico_room_type room_types[] = {
    {.name = "hall",
     .on_join = hall_on_join,
     .on_leave = hall_on_leave,
     .messages = PORTICO_TABLE(hall_messages)},
};

static const portico_module arrives = {
    .name = "arrives",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
};

PORTICO_MODULE(arrives);
