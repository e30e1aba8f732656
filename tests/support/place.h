/* place.h: an entity without a module, whose messages run one after another on the workers. */
#ifndef TEST_PLACE_H
#define TEST_PLACE_H

#include "run/message.h"
#include "run/strand.h"

#include <stdlib.h>

typedef struct place {
    entity base; /* first */
    strand strand;
    void (*on_message)(work *w); /* frees the message */
} place;

static inline portico_status place_take(entity *e, message *m) {
    place *p = (place *)e;
    m->work.run = p->on_message;
    strand_push(&p->strand, &m->work);
    return PORTICO_OK;
}

static inline void place_free(entity *e) {
    free(e);
}

/* Makes a place of `size` bytes, of which it is the beginning; the rest is zeroed. entity_release
 * of its base ends it. NULL: out of memory. */
static inline void *place_create(size_t size, os_port *port, void (*on_message)(work *w)) {
    place *p = calloc(1, size);
    if (p == NULL) {
        return NULL;
    }
    p->base.kind = ENTITY_MODULE;
    p->base.free = place_free;
    p->base.take = place_take;
    p->on_message = on_message;
    strand_init(&p->strand, &p->base, port);
    if (!entity_add(&p->base, 1)) {
        free(p);
        return NULL;
    }
    return p;
}

#endif
