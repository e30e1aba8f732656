/* rooms.c: the functions of portico_host about rooms and the sessions in them. */
#include "room/room.h"

#include "api/private.h"
#include "run/message.h"

#include <string.h>

portico_status PORTICO_CALL api_room_create(const char *type, const char *name, portico_room *id) {
    portico_room made = 0;
    if (api_is_staging("room_create")) {
        return PORTICO_E_STATE;
    }
    portico_status status =
        type != NULL && name != NULL ? room_create(type, name, &made) : PORTICO_E_INVALID;
    if (id != NULL) {
        *id = made;
    }
    return status;
}

portico_room PORTICO_CALL api_room_find(const char *type, const char *name) {
    return type != NULL && name != NULL ? room_find(type, name) : 0;
}

portico_status PORTICO_CALL api_room_close(portico_room id) {
    if (api_is_staging("room_close")) {
        return PORTICO_E_STATE;
    }
    room *r = room_hold(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = room_close(r, PORTICO_E_CLOSED);
    room_release(r);
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

portico_status PORTICO_CALL api_room_info(portico_room id, portico_room_info *info) {
    if (info == NULL || info->struct_size < sizeof info->struct_size) {
        return PORTICO_E_INVALID;
    }
    room *r = room_hold(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    portico_room_info full;
    room_describe(r, &full);
    room_release(r);
    full.struct_size = info->struct_size;
    memcpy(info, &full, info->struct_size < sizeof full ? info->struct_size : sizeof full);
    return PORTICO_OK;
}

void *PORTICO_CALL api_room_state(portico_room id) {
    entity *e = turn_current();
    return e != NULL && e->id == id && e->kind == ENTITY_ROOM
               ? room_state(room_from_entity(e), module_current())
               : NULL;
}

uint32_t PORTICO_CALL api_room_members(portico_room id, portico_session *members,
                                       uint32_t capacity) {
    room *r = room_hold(id);
    uint32_t count = r != NULL ? room_members(r, members, members != NULL ? capacity : 0) : 0;
    room_release(r);
    return count;
}

static uint32_t list_members(const void *room_pointer, portico_session *members,
                             uint32_t capacity) {
    return room_members((room *)(uintptr_t)room_pointer, members, capacity);
}

uint32_t PORTICO_CALL api_room_send(portico_room id, uint16_t opcode, const void *data,
                                    uint32_t size, portico_session except) {
    if (api_is_staging("room_send") || (data == NULL && size > 0)) {
        return 0;
    }
    room *r = room_hold(id);
    if (r == NULL) {
        return 0;
    }
    broadcast b = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = broadcast_to_members(&b, list_members, r, except);
    broadcast_fini(&b);
    room_release(r);
    return sent;
}

/* ---- members --------------------------------------------------------------------------------- */

/* Where a session moves, and the message that it receives when the move has ended. */
typedef struct move_request {
    room *to; /* NULL: there is no such room */
    uint32_t message_id;
    portico_room_result result;
} move_request;

static portico_status change_room(session *s, const void *argument) {
    const move_request *request = argument;
    return request->to != NULL ? session_move(s, request->to, NULL) : PORTICO_E_GONE;
}

portico_status PORTICO_CALL api_room_join(portico_room room_id, portico_session id) {
    move_request request = {.to = room_hold(room_id)};
    portico_status status = api_change_session("room_join", id, change_room, &request);
    room_release(request.to);
    return status;
}

static portico_status change_to_none(session *s, const void *argument) {
    (void)argument;
    return session_move(s, NULL, NULL);
}

portico_status PORTICO_CALL api_room_leave(portico_session id) {
    return api_change_session("room_leave", id, change_to_none, NULL);
}

static portico_status change_room_and_tell(session *s, const void *argument) {
    const move_request *request = argument;
    entity_hold(&s->base); /* for the message */
    message *m = message_create(&s->base, request->message_id, &request->result,
                                sizeof request->result, NULL);
    if (m == NULL) {
        entity_release_not_last(&s->base);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status =
        request->to != NULL ? session_move(s, request->to, m) : session_not_moved(s, m);
    if (status != PORTICO_OK) {
        message_free(m);
    }
    return status;
}

portico_status PORTICO_CALL api_room_join_tell(portico_room room_id, portico_session id,
                                               uint32_t message_id) {
    move_request request = {.to = room_hold(room_id), .message_id = message_id};
    request.result = (portico_room_result){
        .struct_size = sizeof request.result, .status = PORTICO_E_ROOM_CLOSED, .room = room_id};
    portico_status status =
        api_change_session("room_join_tell", id, change_room_and_tell, &request);
    room_release(request.to);
    return status;
}

portico_room PORTICO_CALL api_session_room(portico_session id) {
    session *s = session_find(id);
    if (s == NULL) {
        return 0;
    }
    portico_room room_id = session_room(s);
    session_release(s);
    return room_id;
}
