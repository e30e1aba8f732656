/* rooms.c: the functions of portico_host about rooms. */
#include "room/room.h"

#include "api/private.h"

#include <string.h>

portico_status api_room_create(const char *type, const char *name, const void *data, uint32_t size,
                               portico_room *id) {
    uint64_t made = 0;
    api_enter();
    api_reads_text(type);
    api_reads_text(name);
    api_reads(data, size, ROOM_DATA_MAX);
    api_writes(id, sizeof *id);
    portico_status status = PORTICO_E_INVALID;
    if (api_is_staging("room_create")) {
        status = PORTICO_E_STATE;
    } else if (type != NULL && name != NULL) {
        status = room_create(type, name, data, size, &made);
    }
    if (id != NULL) {
        *id = (portico_room){made};
    }
    return status;
}

portico_room api_room_find(const char *type, const char *name) {
    api_enter();
    api_reads_text(type);
    api_reads_text(name);
    return (portico_room){type != NULL && name != NULL ? room_find(type, name) : 0};
}

/* A list of the rooms of one type. */
typedef struct room_search {
    const char *type;
    portico_room *rooms;
    uint32_t capacity;
    uint32_t count;
} room_search;

static void list_room(void *arg, room *r) {
    room_search *search = arg;
    if (!room_is_open(r) || strcmp(room_type_of(r), search->type) != 0) {
        return;
    }
    if (search->count < search->capacity) {
        search->rooms[search->count] = (portico_room){room_entity(r)->id};
    }
    search->count++;
}

uint32_t api_room_list(const char *type, portico_room *rooms, uint32_t capacity) {
    room_search search = {.type = type, .rooms = rooms, .capacity = rooms != NULL ? capacity : 0};
    api_enter();
    api_reads_text(type);
    api_writes(rooms, capacity * sizeof *rooms);
    if (type != NULL) {
        rooms_each(list_room, &search);
    }
    return search.count;
}

portico_status api_room_close(portico_room id, portico_status reason) {
    api_enter();
    if (api_is_staging("room_close")) {
        return PORTICO_E_STATE;
    }
    if (!api_is_reason(reason)) {
        return PORTICO_E_INVALID;
    }
    room *r = room_hold(id.id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = room_close(r, reason);
    room_release(r);
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

portico_status api_room_info(portico_room id, portico_room_info *info) {
    api_enter();
    if (!api_writes_info(info, sizeof *info)) {
        return PORTICO_E_INVALID;
    }
    room *r = room_hold(id.id);
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

void *api_room_state(portico_room id) {
    api_enter();
    entity *e = turn_current();
    return e != NULL && e->id == id.id && e->kind == ENTITY_ROOM
               ? room_state(room_from_entity(e), module_current())
               : NULL;
}

uint32_t api_room_members(portico_room id, portico_session *members, uint32_t capacity) {
    api_enter();
    api_writes(members, capacity * sizeof *members);
    room *r = room_hold(id.id);
    uint32_t count = r != NULL ? room_members(r, members, members != NULL ? capacity : 0) : 0;
    room_release(r);
    return count;
}

static uint32_t list_members(const void *room_pointer, portico_session *members,
                             uint32_t capacity) {
    return room_members((room *)(uintptr_t)room_pointer, members, capacity);
}

uint32_t api_room_send(portico_room id, uint16_t opcode, const void *data, uint32_t size,
                       portico_session except) {
    api_enter();
    api_reads(data, size, FRAME_BYTES_MAX);
    if (api_is_staging("room_send") || (data == NULL && size > 0)) {
        return 0;
    }
    room *r = room_hold(id.id);
    if (r == NULL) {
        return 0;
    }
    broadcast b = {
        .opcode = opcode, .size = size, .data = data, .room = id.id, .room_type = room_type_of(r)};
    uint32_t sent = broadcast_to_members(&b, list_members, r, except.id);
    broadcast_fini(&b);
    room_release(r);
    return sent;
}
