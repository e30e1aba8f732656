/* publish.c: see publish.h. */
#include "publish.h"

#include "control.h"
#include "mailbox.h"
#include "room.h"
#include "services.h"
#include "session.h"
#include "status.h"

#include <stdio.h>

static void sync_of_type(void *arg, session *s) {
    if (s->service->type == arg) {
        session_sync(s);
    }
}

/* The sessions that are there take the type's new layout over at their next turn, which is now. */
static void sync_sessions(session_type *t) {
    sessions_each(sync_of_type, t);
}

/* Takes the module out of its types, up to `end` (NULL: all). */
static void withdraw_up_to(module *m, const registered_type *end) {
    for (const registered_room *r = m->registry->rooms; r != NULL; r = r->next) {
        room_type_remove(r);
    }
    rooms_close(m, PORTICO_E_UNLOADED);
    mailbox_close(m);
    for (const registered_type *r = m->registry->types; r != end; r = r->next) {
        session_type *t = session_type_find(r->name);
        portico_status status = session_type_remove_part(t, m);
        while (status != PORTICO_OK) {
            /* Out of memory, and the module must go: wait for the system to recover. */
            log_error("modules", "%s: %s; trying again", m->name, status_text(status));
            control_sleep(1000);
            status = session_type_remove_part(t, m);
        }
        if (r->owned) {
            services_pause(t);
        } else {
            sync_sessions(t);
        }
    }
}

void module_withdraw(module *m) {
    withdraw_up_to(m, NULL);
}

portico_status module_publish(module *m, os_port *port, char why[IMAGE_WHY_MAX]) {
    portico_status opened = m->mailbox == NULL ? mailbox_open(m, port) : PORTICO_OK;
    for (const registered_room *r = m->registry->rooms; opened == PORTICO_OK && r != NULL; r = r->next) {
        opened = room_type_add(m, r);
    }
    if (opened != PORTICO_OK) {
        withdraw_up_to(m, m->registry->types);
        return opened;
    }
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        session_type *t = session_type_get(r->name);
        portico_status status = t != NULL ? session_type_add_part(t, m, r) : PORTICO_E_NO_MEMORY;
        if (status != PORTICO_OK) {
            if (status == PORTICO_E_LIMIT) {
                snprintf(why, IMAGE_WHY_MAX, "%d modules take part in %s, which is the most there can be",
                         LAYOUT_PARTS_MAX, r->name);
            }
            withdraw_up_to(m, r);
            return status;
        }
    }
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        if (!r->owned) {
            sync_sessions(session_type_find(r->name));
        }
    }
    mailbox_start(m);
    return PORTICO_OK;
}
