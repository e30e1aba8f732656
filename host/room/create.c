/* create.c: how a room begins. See room.h. */
#include "room/private.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A room that nobody can find yet; NULL: out of memory. */
static room *room_new(const room_key *key, generation *g, const registered_room *type,
                      const void *data, uint32_t size) {
    void *copy = malloc(size + 1);
    room *r = copy != NULL ? room_alloc(key, g, type) : NULL;
    if (r == NULL) {
        free(copy);
        return NULL;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    r->open_data = copy;
    r->open_size = size;
    r->base.take = room_take_message;
    r->open_work.run = room_on_open;
    r->close_work.run = room_on_close;
    r->follow_work.run = room_on_follow;
    r->end_work.run = room_on_end;
    strand_errand_init(&r->look, room_answer, r);
    return r;
}

COLD static void refuse(quota *of, const char *type) {
    quota_view rooms = quota_look(of, QUOTA_ROOMS);
    quota_view memory = quota_look(of, QUOTA_MEMORY);
    quota_refuse(module_current_quota(), REFUSED_ROOMS,
                 "a room of type %s is refused: there are %u rooms ([host] max_rooms), of its "
                 "module %llu (max_rooms = %llu), with %llu bytes (memory_limit_bytes = %llu)",
                 type, rooms_count(), (unsigned long long)rooms.used,
                 (unsigned long long)rooms.limit, (unsigned long long)memory.used,
                 (unsigned long long)memory.limit);
}

/* Counts a room and its memory. PORTICO_E_LIMIT: there may be no more, and nothing was counted. */
static portico_status count(quota *of, const char *type, uint64_t bytes) {
    if (!room_count_one()) {
        refuse(of, type);
        return PORTICO_E_LIMIT;
    }
    if (!quota_take(of, QUOTA_ROOMS, 1)) {
        room_count_less();
        refuse(of, type);
        return PORTICO_E_LIMIT;
    }
    if (!quota_take(of, QUOTA_MEMORY, bytes)) {
        quota_give(of, QUOTA_ROOMS, 1);
        room_count_less();
        refuse(of, type);
        return PORTICO_E_LIMIT;
    }
    return PORTICO_OK;
}

static void count_back(quota *of, uint64_t bytes) {
    quota_give(of, QUOTA_MEMORY, bytes);
    quota_give(of, QUOTA_ROOMS, 1);
    room_count_less();
}

/* Makes the room and adds it. Takes over what room_type_enter returned. */
static portico_status create(room_type *t, generation *g, const registered_room *registered,
                             const char *name, const void *data, uint32_t size, uint64_t *id) {
    quota *of = t->module->quota;
    uint64_t cost = sizeof(room) + registered->shape.size;
    portico_status status = count(of, t->name, cost + size);
    if (status != PORTICO_OK) {
        room_type_leave(t, g);
        return status;
    }
    room_key key = room_key_of(t, name);
    room *r = room_new(&key, g, registered, data, size);
    if (r == NULL) {
        count_back(of, cost + size);
        room_type_leave(t, g);
        return PORTICO_E_NO_MEMORY;
    }
    r->cost = cost;
    return room_add(r, id);
}

portico_status room_create(const char *type, const char *name, const void *data, uint32_t size,
                           uint64_t *id) {
    generation *g = NULL;
    const registered_room *registered = NULL;
    *id = 0;
    if (!text_is_name(name) || (data == NULL && size > 0)) {
        return PORTICO_E_INVALID;
    }
    if (size > ROOM_DATA_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    *id = room_find(type, name);
    if (*id != 0) {
        return PORTICO_E_EXISTS;
    }
    room_type *t = room_type_enter(type, &g, &registered);
    if (t == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    return create(t, g, registered, name, data, size, id);
}
