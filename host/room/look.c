/* look.c: what `ctl` sees of a room: its figures and its state. See room.h. */
#include "room/private.h"

#include "module/state_ask.h"

/* Answers all asks for its state. */
void room_answer(void *arg) {
    room *r = arg;
    state_ask *a = NULL;
    while ((a = state_ask_take(r->base.id)) != NULL) {
        state_ask_add(a, r->generation, r->key.type->name, &r->type->shape, r->state,
                      state_ask_broken(r->broken));
        state_ask_give(a);
    }
}

void room_ask(room *r) {
    strand_errand_ask(&r->strand, &r->look);
}

room_view room_look(room *r) {
    return (room_view){.messages = atomic_load_explicit(&r->messages, memory_order_relaxed),
                       .ticks = atomic_load_explicit(&r->ticks, memory_order_relaxed),
                       .waiting = strand_count(&r->strand),
                       .module = r->module};
}
