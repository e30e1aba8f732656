/* follow.c: see follow.h. */
#include "session/follow.h"

#include "base/status.h"
#include "session/call.h"
#include "session/private.h"

#include <stdlib.h>
#include <string.h>

/* Ends the attachments of the modules that are not in `next`, the last one first. Their modules are
 * being unloaded, so their gates are open, or nobody passes them again. False: the unload of one
 * has failed since, and the session parks at its gate. */
static bool attachments_end_without(session *s, const layout *next, portico_status reason) {
    for (uint32_t i = s->attachment_count; i-- > 0;) {
        attachment *a = &s->attachments[i];
        if (layout_has(next, a->module)) {
            continue;
        }
        if (!call_close(s, a, reason)) {
            return false;
        }
        attachment_fini(a);
        s->attachment_count--;
        memmove(a, a + 1, (s->attachment_count - i) * sizeof *a);
    }
    return true;
}

/* The first `count` of `all`: ends those that were made for them. */
static void attachments_drop(const session *s, attachment *all, uint32_t count) {
    while (count-- > 0) {
        if (attachment_find(s, all[count].module) == NULL) {
            attachment_fini(&all[count]);
        }
    }
    free(all);
}

/* Makes the attachments those of `next`: keeps those of modules that stay, ends those of modules
 * that have gone with PORTICO_E_UNLOADED, adds the others. GATE_NEVER: out of memory, and nothing
 * has changed. GATE_PARK: the session parks. */
static passage attachments_follow(session *s, const layout *next) {
    uint32_t made = 0;
    attachment *all = calloc(next->part_count, sizeof *all);
    if (all == NULL) {
        return GATE_NEVER;
    }
    for (; made < next->part_count; made++) {
        const attachment *kept = attachment_find(s, next->parts[made].module);
        if (kept != NULL) {
            all[made] = *kept;
        } else if (!attachment_init(&all[made], &next->parts[made])) {
            attachments_drop(s, all, made);
            return GATE_NEVER;
        }
    }
    if (!attachments_end_without(s, next, PORTICO_E_UNLOADED)) {
        attachments_drop(s, all, made);
        return GATE_PARK;
    }
    free(s->attachments);
    s->attachments = all;
    s->attachment_count = next->part_count;
    return GATE_PASSED;
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

static bool attachments_are_in(const session *s, const layout *l) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (!layout_has(l, s->attachments[i].module)) {
            return false;
        }
    }
    return true;
}

void session_let_go(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l != NULL && attachments_are_in(s, l)) {
        layout_release(s->layout);
        s->layout = l;
        s->layout_version = version;
    } else if (l != NULL) {
        layout_release(l);
    }
}

/* Replaces the session's layout by `next` and takes over its reference. GATE_NEVER: out of memory.
 * GATE_PARK: the session parks. */
static passage session_replace_layout(session *s, layout *next, uint32_t version) {
    passage p = attachments_follow(s, next);
    if (p != GATE_PASSED) {
        layout_release(next);
        return p;
    }
    if (s->arrives_at != NULL && !layout_has(next, s->arrives_at)) {
        session_arrived(s);
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
    return GATE_PASSED;
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
        return;
    }
    passage p = session_replace_layout(s, l, version);
    if (p == GATE_NEVER) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else if (p == GATE_PASSED) {
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
