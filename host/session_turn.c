/* session_turn.c: what modules see of a session, one thing at a time. See session.h.
 *
 * Whoever sets `turn` runs session_turn or queues it to a worker; whoever finds it set leaves its work in
 * `pending`. The turn ends only when it has seen, under the lock, that nothing is pending: so no work is
 * lost, and no two workers are ever in one session's handlers.
 */
#include "session_private.h"

#include "call.h"
#include "channel.h"
#include "label.h"
#include "stats.h"
#include "status.h"

#include <stdlib.h>

/* Makes the attachments for `next`: those of modules that stay are carried over, the others are new.
 * NULL when out of memory: nothing has changed. */
static attachment *attachments_build(const session *s, const layout *next) {
    attachment *all = calloc(next->part_count, sizeof *all);
    for (uint32_t i = 0; all != NULL && i < next->part_count; i++) {
        all[i].module = next->parts[i].module;
        for (uint32_t k = 0; k < s->attachment_count; k++) {
            if (s->attachments[k].module == all[i].module) {
                all[i] = s->attachments[k];
            }
        }
        uint32_t size = next->parts[i].type->state_size;
        if (all[i].state == NULL && size > 0 && (all[i].state = calloc(1, size)) == NULL) {
            /* Only what was made here is freed again. */
            while (i-- > 0) {
                if (!all[i].opened) {
                    free(all[i].state);
                }
            }
            free(all);
            return NULL;
        }
    }
    return all;
}

static bool layout_has(const layout *l, const module *m) {
    for (uint32_t i = 0; l != NULL && i < l->part_count; i++) {
        if (l->parts[i].module == m) {
            return true;
        }
    }
    return false;
}

/* Ends the attachments whose modules do not stand in `next` (NULL: all), the last that came first. */
static void attachments_end(session *s, const layout *next, portico_status reason) {
    for (uint32_t i = s->attachment_count; i-- > 0;) {
        attachment *a = &s->attachments[i];
        if (!layout_has(next, a->module)) {
            call_close(s, i, reason);
            atomic_fetch_sub(&a->module->sessions, 1);
            free(a->state);
            a->state = NULL;
        }
    }
}

/* Puts the layout `next` (with its reference) in place of the session's. */
static bool session_adopt(session *s, layout *next, uint32_t version) {
    attachment *all = attachments_build(s, next);
    if (all == NULL) {
        layout_release(next);
        return false;
    }
    attachments_end(s, next, PORTICO_E_UNLOADED);
    for (uint32_t i = 0; i < next->part_count; i++) {
        if (!layout_has(s->layout, all[i].module)) {
            atomic_fetch_add(&all[i].module->sessions, 1);
        }
    }
    free(s->attachments);
    layout_release(s->layout);
    s->attachments = all;
    s->attachment_count = next->part_count;
    s->layout = next;
    s->layout_version = version;
    os_mutex_lock(&s->lock);
    s->watermark_wanted = next->has_watermark;
    os_mutex_unlock(&s->lock);
    return true;
}

/* Calls on_open of the modules that have not seen the session yet. False: one refused it. */
static bool session_open_parts(session *s) {
    for (uint32_t i = 0; i < s->attachment_count; i++) {
        if (s->attachments[i].opened) {
            continue;
        }
        portico_status status = call_open(s, i);
        if (status != PORTICO_OK) {
            log_debug(s->attachments[i].module->name, "session %llu refused by on_open: %s",
                      (unsigned long long)s->id, status_text(status));
            session_close(s, status);
            return false;
        }
    }
    return true;
}

static void turn_open(session *s) {
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED); /* its module went while the connection came */
    } else if (!session_adopt(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_OPENING) {
        session_move_locked(s, SESSION_OPEN);
        s->last_packet_ms = worker_now_ms();
    }
    session_arm_locked(s); /* also when closing, to see the end of the stream */
    os_mutex_unlock(&s->lock);
}

/* Modules have come to or gone from the session's type. */
static void turn_sync(session *s) {
    if (s->layout == NULL || s->state >= SESSION_DRAINING) {
        return; /* not open yet: turn_open takes what is current; or closing: turn_close ends all */
    }
    if (atomic_load(&s->service->type->version) == s->layout_version) {
        return;
    }
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    if (l == NULL) {
        session_close(s, PORTICO_E_UNLOADED);
    } else if (!session_adopt(s, l, version)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    } else {
        session_open_parts(s);
    }
}

static void turn_watermark(session *s) {
    os_mutex_lock(&s->lock);
    bool above = s->above_watermark;
    uint32_t queued_bytes = s->queue.queued_bytes;
    bool tell = s->state == SESSION_OPEN && above != s->watermark_told;
    os_mutex_unlock(&s->lock);
    if (tell) {
        s->watermark_told = above;
        for (uint32_t i = 0; i < s->attachment_count; i++) {
            call_watermark(s, i, queued_bytes, above);
        }
    }
}

static void turn_close(session *s) {
    log_debug(s->service->config->name, "session %llu closes: %s", (unsigned long long)s->id,
              status_text(s->reason));
    attachments_end(s, NULL, s->reason);
    free(s->attachments);
    s->attachments = NULL;
    s->attachment_count = 0;
    layout_release(s->layout);
    s->layout = NULL;
    channels_leave(s);
    label_drop(s);
    os_mutex_lock(&s->lock);
    session_unhold_locked(s); /* the modules' hold; the turn has its own */
    os_mutex_unlock(&s->lock);
}

static void session_turn(session *s) {
    for (;;) {
        os_mutex_lock(&s->lock);
        uint32_t bits = s->pending;
        s->pending = 0;
        s->turn = bits != 0;
        os_mutex_unlock(&s->lock);
        if (bits == 0) {
            break;
        }
        if (bits & TURN_OPEN) {
            turn_open(s);
        }
        if (bits & TURN_SYNC) {
            turn_sync(s);
        }
        if (bits & TURN_DATA) {
            session_deliver_all(s);
        }
        if (bits & TURN_WATERMARK) {
            turn_watermark(s);
        }
        if (bits & TURN_CLOSE) {
            turn_close(s);
        }
    }
    session_release(s);
}

void session_on_turn(const os_completion *completion) {
    session_turn((session *)((char *)completion->op - offsetof(session, turn_op)));
}

void session_want_locked(session *s, uint32_t bits) {
    s->pending |= bits;
    if (s->turn) {
        return;
    }
    session_hold(s);
    s->turn = true;
    if (os_port_post(s->service->port, &s->turn_op) == PORTICO_OK) {
        stats_add(STAT_ops_submitted, 1);
    } else {
        /* The system has no memory for it now: session_sweep tries again. */
        s->turn = false;
        session_unhold_locked(s);
    }
}

void session_run(session *s, uint32_t bits) {
    os_mutex_lock(&s->lock);
    s->pending |= bits;
    bool mine = !s->turn;
    if (mine) {
        s->turn = true;
        session_hold(s);
    }
    os_mutex_unlock(&s->lock);
    if (mine) {
        session_turn(s);
    }
}
