/* look.c: the states of a session's modules, for `ctl`. See session.h.
 *
 * Nobody has a turn that is parked, or that waits in the strand of a room that is asleep: both can
 * only change under the lock that is held here, so the asker reads the states itself.
 */
#include "session/private.h"

#include "module/state_ask.h"

void session_answer(session *s) {
    state_ask *a = NULL;
    while ((a = state_ask_take(s->base.id)) != NULL) {
        for (uint32_t i = 0; i < s->attachment_count; i++) {
            const attachment *of = &s->attachments[i];
            state_ask_add(a, of->generation, of->type->name, &of->type->shape, of->state,
                          state_ask_broken(of->broken));
        }
        state_ask_give(a);
    }
}

static void answer_asleep(void *arg) {
    session_answer(arg);
}

void session_ask(session *s) {
    os_mutex_lock(&s->lock);
    if (s->parked) {
        session_answer(s);
    } else if (s->home == NULL || !strand_while_asleep(room_strand(s->home), answer_asleep, s)) {
        session_request_turn_locked(s, TURN_LOOK);
    }
    os_mutex_unlock(&s->lock);
}
