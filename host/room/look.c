/* look.c: what `ctl` sees of a room: its figures and its state. See room.h. */
#include "room/private.h"

#include "module/state_ask.h"

/* Answers all asks for its state. [turn, or instead of it] */
static void room_answer(room *r) {
    state_ask *a = NULL;
    while ((a = state_ask_take(r->base.id)) != NULL) {
        state_ask_add(a, r->generation, r->key.type->name, &r->type->shape, r->state,
                      state_ask_broken(r->broken));
        state_ask_give(a);
    }
}

void room_on_look(work *w) {
    room *r = container_of(w, room, look_work);
    atomic_store(&r->looking, false); /* first: an ask from now on queues the work again */
    room_answer(r);
}

static void answer_asleep(void *arg) {
    room_answer(arg);
}

void room_ask(room *r) {
    if (!strand_while_asleep(&r->strand, answer_asleep, r) && !atomic_exchange(&r->looking, true)) {
        strand_push(&r->strand, &r->look_work);
    }
}

room_view room_look(room *r) {
    return (room_view){.messages = atomic_load_explicit(&r->messages, memory_order_relaxed),
                       .ticks = atomic_load_explicit(&r->ticks, memory_order_relaxed),
                       .waiting = strand_count(&r->strand),
                       .module = r->module};
}
