/* follow.c: see follow.h. */
#include "session/follow.h"

#include "base/status.h"
#include "os/compiler.h"
#include "session/call.h"
#include "session/private.h"

#include <stdlib.h>

/* The ends of those whose modules do not stand in `next`, the last that came first. */
static void attachments_end_without(session *s, const layout *next, portico_status reason) {
    for (uint32_t i = s->attachment_count; i-- > 0;) {
        attachment *a = &s->attachments[i];
        if (!layout_has(next, a->module)) {
            call_close(s, a, reason);
            attachment_fini(a);
        }
    }
}

static bool attachments_follow(session *s, const layout *next) {
    attachment *all = calloc(next->part_count, sizeof *all);
    uint32_t made = 0;
    bool good = all != NULL;
    for (; good && made < next->part_count; made += good) {
        const attachment *carried = attachment_find(s, next->parts[made].module);
        if (carried != NULL) {
            all[made] = *carried;
        } else {
            good = attachment_init(&all[made], &next->parts[made]);
        }
    }
    if (!good) {
        while (all != NULL && made-- > 0) {
            if (attachment_find(s, all[made].module) == NULL) {
                attachment_fini(&all[made]);
            }
        }
        free(all);
        return false;
    }
    attachments_end_without(s, next, PORTICO_E_UNLOADED);
    free(s->attachments);
    s->attachments = all;
    s->attachment_count = next->part_count;
    return true;
}

void attachments_end(session *s, portico_status reason) {
    attachments_end_without(s, NULL, reason);
    free(s->attachments);
    s->attachments = NULL;
    s->attachment_count = 0;
}

/* Puts the layout `next` (with its reference) in place of the session's. */
static bool session_replace_layout(session *s, layout *next, uint32_t version) {
    if (!attachments_follow(s, next)) {
        layout_release(next);
        return false;
    }
    layout_release(s->layout);
    s->layout = next;
    s->layout_version = version;
    os_mutex_lock(&s->lock);
    s->watermark_wanted = next->has_watermark;
    if (s->watermark_wanted && s->above_watermark) {
        session_request_turn_locked(
            s, TURN_WATERMARK); /* for a module that comes in the midst of it */
    }
    os_mutex_unlock(&s->lock);
    return true;
}

/* Calls on_open of the modules that have not seen the session yet. False: one refused it. */
static bool session_open_parts(session *s) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (s->attachments[i].opened) {
            continue;
        }
        portico_status status = call_open(s, &s->attachments[i]);
        if (status != PORTICO_OK) {
            log_debug(s->attachments[i].module->name, "session %llu refused by on_open: %s",
                      (unsigned long long)s->base.id, status_text(status));
            session_close(s, status);
            return false;
        }
    }
    return true;
}

void session_open_type(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED); /* its module went while the connection came */
    } else if (!session_replace_layout(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
}

/* The type has another layout by now. Returns as session_follow_type. */
COLD static bool session_adopt_layout(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED);
    } else if (!session_replace_layout(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
    return s->state < SESSION_DRAINING;
}

bool session_follow_type(session *s) {
    if (s->layout == NULL || s->state >= SESSION_DRAINING) {
        return false; /* not open yet: turn_open takes what is current; or closing: turn_close ends all */
    }
    return atomic_load(&s->service->type->version) == s->layout_version || session_adopt_layout(s);
}
