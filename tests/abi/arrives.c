/* arrives.c: reports in which order messages, on_join, on_leave and room_join_tell's answer run.
 *
 * The payload of opcode 1 (GO) is the name of a hall. Its handler posts a message to the session
 * and one to the hall, calls room_join_tell, and posts one more to each. Every handler that runs
 * then sends the session an EVENT of two bytes: a letter, and 'y' or 'n' for whether the session is
 * in a room.
 *   'a' 'b'  the session's messages, posted before and after room_join_tell
 *   'A' 'B'  the hall's
 *   'j' 'l'  on_join and on_leave
 *   't'      room_join_tell's answer
 * A hall whose name begins with 'x' refuses everybody.
 *
 * The handler of opcode 3 (LATE) only posts the messages 'p', 'q' and 'r' to the session. The
 * handler of 'p' calls room_join_tell and then posts 's'.
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

static const portico_host *host;

static void report(portico_session session, char event) {
    const char bytes[2] = {event, host->session_room(session) != 0 ? 'y' : 'n'};
    (void)host->session_send(session, EVENT, bytes, sizeof bytes);
}

static void post_note(portico_entity to, uint32_t id, portico_session session, portico_room hall,
                      char event) {
    note n;
    memset(&n, 0, sizeof n);
    n.session = session;
    n.hall = hall;
    n.event = event;
    (void)host->post(to, id, &n, sizeof n);
}

static void PORTICO_CALL on_note(portico_entity entity, void *state,
                                 const portico_message *message) {
    (void)entity, (void)state;
    note n;
    memcpy(&n, message->data, sizeof n);
    report(n.session, n.event);
    if (n.event == 'p') {
        (void)host->room_join_tell(n.hall, n.session, ANSWER);
        post_note(n.session, TO_SESSION, n.session, n.hall, 's');
    }
}

static void PORTICO_CALL guest_on_link(portico_entity session, void *state,
                                       const portico_message *message) {
    (void)state;
    uint8_t left = *(const uint8_t *)message->data;
    if (left == 0) {
        report(session, 'c');
    } else {
        left--;
        (void)host->post(session, LINK, &left, sizeof left);
    }
}

static void PORTICO_CALL guest_on_answer(portico_entity session, void *state,
                                         const portico_message *message) {
    (void)state, (void)message;
    report(session, 't');
}

static void PORTICO_CALL guest_on_go(portico_session session, void *state,
                                     const portico_packet *packet) {
    (void)state;
    portico_room hall = 0;
    (void)host->room_create("arrives.hall", (const char *)packet->data, &hall);
    post_note(session, TO_SESSION, session, hall, 'a');
    post_note(hall, TO_HALL, session, hall, 'A');
    (void)host->room_join_tell(hall, session, ANSWER);
    post_note(session, TO_SESSION, session, hall, 'b');
    post_note(hall, TO_HALL, session, hall, 'B');
}

static void PORTICO_CALL guest_on_late(portico_session session, void *state,
                                       const portico_packet *packet) {
    (void)state;
    portico_room hall = 0;
    (void)host->room_create("arrives.hall", (const char *)packet->data, &hall);
    for (const char *event = "pqr"; *event != '\0'; event++) {
        post_note(session, TO_SESSION, session, hall, *event);
    }
}

static void PORTICO_CALL guest_on_chain(portico_session session, void *state,
                                        const portico_packet *packet) {
    (void)state;
    (void)host->post(session, LINK, packet->data, 1);
}

static portico_status PORTICO_CALL hall_on_join(portico_room room, void *state,
                                                portico_session session) {
    (void)state;
    portico_room_info info = {.struct_size = sizeof info};
    (void)host->room_info(room, &info);
    report(session, 'j');
    return info.name[0] == 'x' ? PORTICO_E_REFUSED : PORTICO_OK;
}

static void PORTICO_CALL hall_on_leave(portico_room room, void *state, portico_session session,
                                       portico_status reason) {
    (void)state, (void)reason;
    report(session, 'l');
    if (host->room_members(room, NULL, 0) == 0) {
        (void)host->room_close(room);
    }
}

static portico_status PORTICO_CALL load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type guest = {.struct_size = sizeof guest, .name = "guest"};
    const portico_room_type hall = {.struct_size = sizeof hall,
                                    .name = "hall",
                                    .on_join = hall_on_join,
                                    .on_leave = hall_on_leave};
    if (host->register_session_type(&guest) != PORTICO_OK ||
        host->register_room_type(&hall) != PORTICO_OK ||
        host->register_message("guest", TO_SESSION, on_note) != PORTICO_OK ||
        host->register_message("guest", ANSWER, guest_on_answer) != PORTICO_OK ||
        host->register_message("hall", TO_HALL, on_note) != PORTICO_OK ||
        host->register_message("guest", LINK, guest_on_link) != PORTICO_OK ||
        host->register_handler("guest", GO, guest_on_go) != PORTICO_OK ||
        host->register_handler("guest", LATE, guest_on_late) != PORTICO_OK ||
        host->register_handler("guest", CHAIN, guest_on_chain) != PORTICO_OK) {
        return PORTICO_E_LOAD;
    }
    return PORTICO_OK;
}

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "arrives", .version = "1",
                                         .load = load};

PORTICO_MODULE(info);
