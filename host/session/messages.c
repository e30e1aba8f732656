/* messages.c: the messages that wait for a session, in number and in bytes. See session.h. */
#include "session/private.h"

#include "os/compiler.h"

#include <stdio.h>

void session_inbox_add_locked(session *s, message *m) {
    m->work.next = NULL;
    *s->inbox_last = &m->work;
    s->inbox_last = &m->work.next;
    s->inbox_count++;
    session_request_turn_locked(s, TURN_MESSAGE);
}

void session_refuse_message_locked(session *s) {
    char to[3 * PORTICO_LABEL_MAX];
    snprintf(to, sizeof to, "session %llu of type %s", (unsigned long long)s->base.id,
             s->service->type->name);
    inbox_refuse(&s->waiting, ENTITY_SESSION, module_current_quota(), to, s->inbox_count);
}

portico_status session_take_message_locked(session *s, message *m) {
    if (s->state != SESSION_OPEN && s->state != SESSION_OPENING) {
        return PORTICO_E_GONE;
    }
    portico_status status = inbox_admit(&s->waiting, ENTITY_SESSION, m, s->inbox_count);
    if (status != PORTICO_OK) {
        session_refuse_message_locked(s);
        return status;
    }
    session_inbox_add_locked(s, m);
    return PORTICO_OK;
}

portico_status session_take_message(entity *e, message *m) {
    session *s = (session *)e;
    os_mutex_lock(&s->lock);
    portico_status status = session_take_message_locked(s, m);
    os_mutex_unlock(&s->lock);
    return status;
}
