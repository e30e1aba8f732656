/* message.c: see message.h. */
#include "run/message.h"

#include "run/begun.h"
#include "run/inbox.h"
#include "run/turns.h"

#include <stdlib.h>
#include <string.h>

message *message_create(entity *to, uint32_t id, const void *data, uint32_t size,
                        message_source *from) {
    message *m = malloc(sizeof *m + size + 1);
    if (m == NULL) {
        return NULL;
    }
    m->to = to;
    m->from = from;
    m->request = 0;
    m->other = 0;
    m->status = PORTICO_OK;
    m->id = id;
    m->begun = begun_now;
    m->posted_ns = 0;
    m->inbox = NULL;
    m->timed = false;
    m->owed = false;
    m->size = size;
    if (size > 0) {
        memcpy(m->bytes, data, size);
    }
    m->bytes[size] = 0;
    return m;
}

/* Gives the message to its entity. Takes over the caller's hold of `to`. */
static portico_status message_give(message *m, entity *to) {
    m->to = to;
    m->posted_ns = turns_on() ? os_monotonic_ns() : 0;
    portico_status status = to->take(to, m);
    if (status != PORTICO_OK) {
        entity_release(to);
    }
    return status;
}

portico_status message_post(uint64_t to, uint32_t id, const void *data, uint32_t size,
                            message_source *from) {
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    if (size > MESSAGE_BYTES_MAX) {
        return PORTICO_E_TOO_BIG;
    }
    entity *e = entity_find(to);
    if (e == NULL) {
        return PORTICO_E_GONE;
    }
    message *m = message_create(e, id, data, size, from);
    if (m == NULL) {
        entity_release(e);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = message_give(m, e);
    if (status != PORTICO_OK) {
        free(m);
    }
    return status;
}

portico_status message_post_created(uint64_t to, message *m) {
    entity *e = entity_find(to);
    return e != NULL ? message_give(m, e) : PORTICO_E_GONE;
}

portico_message message_show(message *m) {
    portico_message shown = {.data = m->bytes,
                             .size = m->size,
                             .id = m->id,
                             .status = m->status,
                             .from = {m->other},
                             .request = m->request};
    if (m->from != NULL) {
        shown.missed = m->from->delivered(m->from);
        m->from = NULL;
    }
    return shown;
}

void message_free(message *m) {
    entity *to = m->to;
    message_source *from = m->from;
    inbox_leave(m);
    if (from != NULL && from->dropped != NULL) {
        from->dropped(from, m, m->status != PORTICO_OK ? m->status : PORTICO_E_GONE);
    } else if (from != NULL) {
        (void)from->delivered(from);
    }
    free(m);
    entity_release(to);
}
