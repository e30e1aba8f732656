/* moves.c: the functions of portico_host that move sessions between rooms. */
#include "api/private.h"
#include "room/room.h"
#include "run/message.h"

/* Where a session moves, and the message that it receives when the move has ended. */
typedef struct move {
    room *to;            /* NULL: there is no such room */
    uint32_t message_id; /* 0: none */
    portico_room_result result;
} move;

static portico_status join_told(session *s, const move *m) {
    entity_hold(&s->base); /* for the message */
    message *told = message_create(&s->base, m->message_id, &m->result, sizeof m->result, NULL);
    if (told == NULL) {
        entity_release_not_last(&s->base);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status =
        m->to != NULL ? session_move(s, m->to, told) : session_not_moved(s, told);
    if (status != PORTICO_OK) {
        message_free(told);
    }
    return status;
}

static portico_status change_room(session *s, const void *argument) {
    const move *m = argument;
    if (m->message_id != 0) {
        return join_told(s, m);
    }
    return m->to != NULL ? session_move(s, m->to, NULL) : PORTICO_E_GONE;
}

portico_status api_session_join(portico_session id, portico_room to, uint32_t told) {
    api_enter();
    move m = {.to = room_hold(to.id),
              .message_id = told,
              .result = {.room = to, .status = PORTICO_E_ROOM_CLOSED}};
    portico_status status = api_change_session("session_join", id, change_room, &m);
    room_release(m.to);
    return status;
}

static portico_status change_to_none(session *s, const void *argument) {
    (void)argument;
    return session_move(s, NULL, NULL);
}

portico_status api_session_leave(portico_session id) {
    api_enter();
    return api_change_session("session_leave", id, change_to_none, NULL);
}

portico_room api_session_room(portico_session id) {
    api_enter();
    session *s = session_find(id.id);
    if (s == NULL) {
        return (portico_room){0};
    }
    portico_room at = {session_room(s)};
    session_release(s);
    return at;
}
