/* members.c: the members of a room. See room.h.
 *
 * The list changes only in the room's turn; any thread reads it under the room's lock.
 */
#include "room/private.h"

#include <stdlib.h>
#include <string.h>

static portico_status member_add_locked(room *r, uint64_t id) {
    if (r->phase != ROOM_OPEN) {
        return PORTICO_E_ROOM_CLOSED;
    }
    if (r->max_members > 0 && r->count >= r->max_members) {
        return PORTICO_E_LIMIT;
    }
    if (r->count == r->capacity) {
        uint32_t capacity = r->capacity == 0 ? 8 : 2 * r->capacity;
        portico_session *members = realloc(r->members, capacity * sizeof *members);
        if (members == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        r->members = members;
        r->capacity = capacity;
    }
    r->members[r->count++] = (portico_session){id};
    return PORTICO_OK;
}

static portico_status member_add(room *r, uint64_t id) {
    os_mutex_lock(&r->lock);
    portico_status status = member_add_locked(r, id);
    os_mutex_unlock(&r->lock);
    return status;
}

static void member_remove(room *r, uint64_t id) {
    os_mutex_lock(&r->lock);
    uint32_t i = 0;
    while (r->members[i].id != id) {
        i++;
    }
    r->count--;
    memmove(&r->members[i], &r->members[i + 1], (r->count - i) * sizeof *r->members);
    os_mutex_unlock(&r->lock);
}

/* In the gate: calls on_join. GATE_PARK: it has faulted, and the build that serves next is
 * asked. */
static passage call_join(room *r, uint64_t session, portico_status *status) {
    if (r->type->on_join == NULL) {
        return GATE_PASSED;
    }
    entity *joins = turn_act(&r->base);
    call c = room_call(r, CALL_JOIN);
    c.fn.join = r->type->on_join;
    c.member = session;
    bool returned = room_make(r, &c);
    (void)turn_act(joins);
    *status = c.status;
    return !returned && !c.lost && gate_is_frozen(&r->module->gate) ? GATE_PARK : GATE_PASSED;
}

/* JOIN, REFUSED or LEAVE. */
static void trace_member(const room *r, trace_what what, uint64_t session, const char *type,
                         portico_status status) {
    if (trace_on()) {
        room_traced(r, &(trace_event){.what = what,
                                      .session = session,
                                      .session_type = type,
                                      .status = status,
                                      .generation = r->generation});
    }
}

module *room_enter(room *r, uint64_t session, const char *type, portico_status *status) {
    *status = member_add(r, session);
    if (*status != PORTICO_OK) {
        trace_member(r, TRACE_REFUSED, session, type, *status);
        return NULL;
    }
    passage p = room_begin(r, CALL_JOIN, 0, session);
    if (p == GATE_PASSED) {
        trace_member(r, TRACE_JOIN, session, type, PORTICO_OK);
        p = call_join(r, session, status);
        room_end(r);
    } else {
        *status = PORTICO_E_ROOM_CLOSED;
    }
    if (*status != PORTICO_OK) {
        if (p != GATE_PARK) {
            trace_member(r, TRACE_REFUSED, session, type, *status);
        }
        member_remove(r, session);
        room_end_if_empty(r);
    }
    return p == GATE_PARK ? r->module : NULL;
}

module *room_leave(room *r, uint64_t session, const char *type, portico_status reason) {
    passage p = room_begin(r, CALL_LEAVE, 0, session);
    if (p == GATE_PARK) {
        return r->module;
    }
    member_remove(r, session);
    trace_member(r, TRACE_LEAVE, session, type, reason);
    if (p == GATE_PASSED) {
        if (r->type->on_leave != NULL) {
            entity *leaves = turn_act(&r->base);
            call c = room_call(r, CALL_LEAVE);
            c.fn.leave = r->type->on_leave;
            c.member = session;
            c.reason = reason;
            (void)room_make(r, &c);
            (void)turn_act(leaves);
        }
        room_end(r);
    }
    room_end_if_empty(r);
    return NULL;
}

uint32_t room_members(room *r, portico_session *members, uint32_t capacity) {
    os_mutex_lock(&r->lock);
    uint32_t count = r->count;
    if (count > 0 && capacity > 0) {
        memcpy(members, r->members, (count < capacity ? count : capacity) * sizeof *members);
    }
    os_mutex_unlock(&r->lock);
    return count;
}
