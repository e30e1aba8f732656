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
    return r;
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
    room_key key = room_key_of(t, name);
    room *r = room_new(&key, g, registered, data, size);
    if (r == NULL) {
        room_type_leave(t, g);
        return PORTICO_E_NO_MEMORY;
    }
    return room_add(r, id);
}
