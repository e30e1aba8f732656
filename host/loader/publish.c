/* publish.c: see publish.h. */
#include "loader/publish.h"

#include "base/status.h"
#include "module/blocking.h"
#include "module/fault_policy.h"
#include "module/mailbox.h"
#include "net/services.h"
#include "room/room.h"
#include "room/room_type.h"
#include "run/control.h"
#include "session/session.h"

#include <stdio.h>

static void sync_of_type(void *arg, session *s) {
    if (s->service->type == arg) {
        session_sync(s);
    }
}

void publish_sync_sessions(session_type *t) {
    sessions_each(sync_of_type, t);
}

static void revive_session(void *arg, session *s) {
    session_revive(s, arg);
}

static void revive_room(void *arg, room *r) {
    (void)arg;
    room_revive(r);
}

/* Rooms and jobs that have parked at other gates park again. */
void publish_revive(module *m) {
    if (gate_take_parked(&m->gate)) {
        mailbox_revive(m);
        blocking_revive();
        rooms_each(revive_room, NULL);
        sessions_each(revive_session, m);
    }
}

void publish_leave(module *m) {
    if (fault_leave(m)) {
        publish_kill(m);
    }
}

void publish_kill(module *m) {
    gate_kill(&m->gate);
    publish_revive(m);
}

void publish_follow(module *m) {
    const registered_type *types = module_generation(m)->registry->types;
    for (const registered_type *r = types; r != NULL; r = r->next) {
        session_type *t = session_type_find(r->name);
        if (t != NULL) {
            publish_sync_sessions(t);
        }
    }
    rooms_follow(m);
}

static portico_status refuse_handler(const registered_type *part, const char *what,
                                     const registered_handler *h, const module *other,
                                     char why[IMAGE_WHY_MAX]) {
    snprintf(why, IMAGE_WHY_MAX, "type %s: the module %s already handles %s %u%s%s%s", part->name,
             other->name, what, h->id, h->name[0] != '\0' ? " (" : "", h->name,
             h->name[0] != '\0' ? ")" : "");
    return PORTICO_E_EXISTS;
}

portico_status publish_check(const module *m, const registered_type *part,
                             char why[IMAGE_WHY_MAX]) {
    session_type *t = session_type_find(part->name);
    if (!part->owned && (t == NULL || t->current == NULL)) {
        snprintf(why, IMAGE_WHY_MAX, "it joins the session type %s, which no loaded module has",
                 part->name);
        return PORTICO_E_DEPENDENCY;
    }
    for (const registered_handler *h = part->packets; t != NULL && h != NULL; h = h->hh.next) {
        const module *other = session_type_handler_of(t, (uint16_t)h->id);
        if (other != NULL && other != m) {
            return refuse_handler(part, "opcode", h, other, why);
        }
    }
    for (const registered_handler *h = part->messages; t != NULL && h != NULL; h = h->hh.next) {
        const module *other = session_type_message_of(t, h->id);
        if (other != NULL && other != m) {
            return refuse_handler(part, "message", h, other, why);
        }
    }
    return PORTICO_OK;
}

/* Makes `part` the module's part of the type; NULL: it has none any more. */
static portico_status change_part(session_type *t, module *m, const registered_type *part) {
    layout *l = NULL;
    portico_status status = session_type_prepare(t, m, module_generation(m), part, &l);
    if (status == PORTICO_OK) {
        layout_release(session_type_exchange(t, l));
    }
    return status;
}

/* Takes the module out of its session types up to, not including, `end` (NULL: out of all). */
static void withdraw_types(module *m, const registered_type *end) {
    for (const registered_type *r = module_generation(m)->registry->types; r != end; r = r->next) {
        session_type *t = session_type_find(r->name);
        if (t == NULL) {
            continue; /* `start` has failed, before the types were published */
        }
        portico_status status = change_part(t, m, NULL);
        while (status != PORTICO_OK) {
            /* Out of memory, but the module must go: wait for the system to recover. */
            log_error("modules", "%s: %s; trying again", m->name, status_text(status));
            os_sleep(1000);
            status = change_part(t, m, NULL);
        }
        if (r->owned) {
            services_pause(t);
        } else {
            publish_sync_sessions(t);
        }
    }
}

/* No more rooms of its types can be created; those that exist close. */
static void withdraw_rooms(module *m) {
    for (const registered_room *r = module_generation(m)->registry->rooms; r != NULL; r = r->next) {
        room_type_remove(r->name);
    }
    rooms_close(m, PORTICO_E_UNLOADED);
    rooms_begin(m, false);
}

void module_withdraw_for_now(module *m) {
    publish_leave(m);
    withdraw_rooms(m);
    mailbox_pause(m);
    withdraw_types(m, NULL);
}

void module_withdraw(module *m) {
    publish_leave(m);
    withdraw_rooms(m);
    mailbox_close(m);
    withdraw_types(m, NULL);
}

portico_status module_publish_rooms(module *m, char why[IMAGE_WHY_MAX]) {
    generation *g = module_generation(m);
    for (const registered_room *r = g->registry->rooms; r != NULL; r = r->next) {
        room_type *t = room_type_hold(m, r->name);
        if (t == NULL) {
            withdraw_rooms(m);
            snprintf(why, IMAGE_WHY_MAX, "out of memory for its room types");
            return PORTICO_E_NO_MEMORY;
        }
        room_type_set(t, g, r);
        room_type_release(t);
    }
    return PORTICO_OK;
}

portico_status module_publish(module *m, char why[IMAGE_WHY_MAX]) {
    const registered_type *types = module_generation(m)->registry->types;
    for (const registered_type *r = types; r != NULL; r = r->next) {
        session_type *t = session_type_get(r->name);
        portico_status status = t != NULL ? change_part(t, m, r) : PORTICO_E_NO_MEMORY;
        if (status != PORTICO_OK) {
            if (status == PORTICO_E_LIMIT) {
                snprintf(why, IMAGE_WHY_MAX, "%s has %d modules already, which is the limit",
                         r->name, LAYOUT_PARTS_MAX);
            }
            publish_leave(m);
            withdraw_types(m, r);
            withdraw_rooms(m);
            return status;
        }
    }
    for (const registered_type *r = types; r != NULL; r = r->next) {
        if (!r->owned) {
            publish_sync_sessions(session_type_find(r->name));
        }
    }
    rooms_begin(m, true);
    mailbox_start(m);
    return PORTICO_OK;
}
