/* follow.c: see follow.h. */
#include "session/follow.h"

#include "base/status.h"
#include "session/call.h"
#include "session/private.h"

#include <stdlib.h>

/* Ends the attachments of the modules that are not in `next`, the last one first. */
static void attachments_end_without(session *s, const layout *next, portico_status reason) {
    for (uint32_t i = s->attachment_count; i-- > 0;) {
        attachment *a = &s->attachments[i];
        if (!layout_has(next, a->module)) {
            /* Its module is being unloaded, so the gate is open, or nobody passes it again. Should
             * the unload be undone, and the module be frozen, it is not told. */
            (void)call_close(s, a, reason);
            s->parks_at = NULL;
            attachment_fini(a);
        }
    }
}

/* Makes the attachments those of `next`: keeps those of modules that stay, ends those of modules
 * that have gone with PORTICO_E_UNLOADED, adds the others. False: out of memory, and nothing has
 * changed. */
static bool attachments_follow(session *s, const layout *next) {
    uint32_t made = 0;
    attachment *all = calloc(next->part_count, sizeof *all);
    if (all == NULL) {
        return false;
    }
    for (; made < next->part_count; made++) {
        const attachment *kept = attachment_find(s, next->parts[made].module);
        if (kept != NULL) {
            all[made] = *kept;
        } else if (!attachment_init(&all[made], &next->parts[made])) {
            goto fini_added;
        }
    }
    attachments_end_without(s, next, PORTICO_E_UNLOADED);
    free(s->attachments);
    s->attachments = all;
    s->attachment_count = next->part_count;
    return true;

fini_added:
    while (made-- > 0) {
        if (attachment_find(s, all[made].module) == NULL) {
            attachment_fini(&all[made]);
        }
    }
    free(all);
    return false;
}

bool attachments_end(session *s, portico_status reason) {
    while (s->attachment_count > 0) {
        attachment *a = &s->attachments[s->attachment_count - 1];
        if (!call_close(s, a, reason)) {
            return false;
        }
        attachment_fini(a);
        s->attachment_count--;
    }
    free(s->attachments);
    s->attachments = NULL;
    return true;
}

/* Replaces the session's layout by `next` and takes over its reference. False: out of memory. */
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
        /* For a module that joins while the backlog is above the watermark. */
        session_request_turn_locked(s, TURN_WATERMARK);
    }
    os_mutex_unlock(&s->lock);
    return true;
}

void session_open_parts(session *s) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (s->attachments[i].opened) {
            continue;
        }
        portico_status status = PORTICO_OK;
        if (!call_open(s, &s->attachments[i], &status)) {
            return;
        }
        if (status != PORTICO_OK) {
            log_debug(s->attachments[i].module->name, "session %llu refused by on_open: %s",
                      (unsigned long long)s->base.id, status_text(status));
            session_close(s, status);
            return;
        }
    }
}

void session_adopt_layout(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED); /* the owner has just been unloaded */
    } else if (!session_replace_layout(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
}

bool session_follow_type(session *s) {
    if (s->layout == NULL || s->state >= SESSION_DRAINING) {
        /* turn_open will adopt the current layout, or turn_close ends everything. */
        return false;
    }
    if (atomic_load(&s->service->type->version) == s->layout_version) {
        return true;
    }
    session_adopt_layout(s);
    return s->state < SESSION_DRAINING && s->parks_at == NULL;
}
