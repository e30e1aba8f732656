/* ledger.c: see ledger.h. */
#include "sim/ledger.h"

#include "sim/ended.h"
#include "sim/world.h"

ledger_sums ledger;

static const portico_host *real;

typedef unsigned long long ull;

void ledger_is_partial(void) {
    ledger.partial = true;
}

void ledger_packet(void) {
    ledger.packets++;
}

void ledger_closes(portico_status reason) {
    ledger.cut += reason != PORTICO_E_EOF;
}

/* ---- administrators ----------------------------------------------------------------------- */

void ledger_asks(void) {
    ledger.asked++;
}

/* The host sends some answers line by line, and others in pieces of many lines. */
void ledger_answered(uint32_t lines) {
    ledger.answered++;
    ledger.answers_min += lines > 1 ? 2 : 1;
    ledger.answers_max += lines;
}

void ledger_answers_lost(void) {
    ledger.lost = true;
}

/* ---- ids that have ended ------------------------------------------------------------------ */

/* `was`: what the id was before the call. `right`: the call has returned what it should for it. */
static void check_ended(const char *call, uint64_t id, ended_kind was, bool right) {
    static const char *const kinds[] = {"", "session", "room", "module"};
    if (was != ENDED_NOT && !right) {
        sim_fail("%s for %llu reaches something, but that %s has ended", call, (ull)id, kinds[was]);
    }
}

/* A call may run out of memory before it looks. */
static bool is_nothing(portico_status status) {
    return status == PORTICO_E_GONE || status == PORTICO_E_NO_MEMORY;
}

static portico_status gone(const char *call, uint64_t id, ended_kind was, portico_status status) {
    check_ended(call, id, was, is_nothing(status));
    return status;
}

/* ---- sessions ----------------------------------------------------------------------------- */

static portico_status PORTICO_CALL session_send(portico_session session, uint16_t opcode,
                                                const void *data, uint32_t size) {
    ended_kind was = ended_as(session);
    portico_status status = real->session_send(session, opcode, data, size);
    ledger.sends += status == PORTICO_OK;
    ledger.refused += status == PORTICO_E_BACKLOG;
    if (status == PORTICO_E_TOO_BIG) {
        return status; /* it looks at the size first */
    }
    return gone("session_send", session, was, status);
}

static portico_status PORTICO_CALL session_close(portico_session session) {
    ended_kind was = ended_as(session);
    return gone("session_close", session, was, real->session_close(session));
}

/* A session that has ended may still have a connection, which it describes. */
static portico_status PORTICO_CALL session_info(portico_session session,
                                                portico_session_info *info) {
    ended_kind was = ended_as(session);
    portico_status status = real->session_info(session, info);
    check_ended("session_info", session, was, was == ENDED_SESSION || is_nothing(status));
    return status;
}

static portico_status PORTICO_CALL session_set_label(portico_session session, const char *label) {
    ended_kind was = ended_as(session);
    return gone("session_set_label", session, was, real->session_set_label(session, label));
}

/* ---- channels ----------------------------------------------------------------------------- */

static portico_status PORTICO_CALL channel_join(const char *channel, portico_session session) {
    ended_kind was = ended_as(session);
    return gone("channel_join", session, was, real->channel_join(channel, session));
}

static uint32_t count_broadcast(uint32_t recipients) {
    ledger.calls++;
    ledger.broadcasts += recipients > 0;
    ledger.recipients += recipients;
    return recipients;
}

static uint32_t PORTICO_CALL channel_send(const char *channel, uint16_t opcode, const void *data,
                                          uint32_t size, portico_session except) {
    return count_broadcast(real->channel_send(channel, opcode, data, size, except));
}

/* ---- rooms -------------------------------------------------------------------------------- */

static portico_status PORTICO_CALL room_close(portico_room room) {
    ended_kind was = ended_as(room);
    return gone("room_close", room, was, real->room_close(room));
}

/* A room whose on_close has just returned can still be found for a moment. */
static portico_status PORTICO_CALL room_join(portico_room room, portico_session session) {
    ended_kind was = ended_as(session);
    return gone("room_join", session, was, real->room_join(room, session));
}

/* That the room has ended is in the message. */
static portico_status PORTICO_CALL room_join_tell(portico_room room, portico_session session,
                                                  uint32_t id) {
    ended_kind was = ended_as(session);
    return gone("room_join_tell", session, was, real->room_join_tell(room, session, id));
}

static portico_status PORTICO_CALL room_leave(portico_session session) {
    ended_kind was = ended_as(session);
    return gone("room_leave", session, was, real->room_leave(session));
}

static portico_room PORTICO_CALL session_room(portico_session session) {
    ended_kind was = ended_as(session);
    portico_room room = real->session_room(session);
    check_ended("session_room", session, was, room == 0);
    return room;
}

static void *PORTICO_CALL room_state(portico_room room) {
    ended_kind was = ended_as(room);
    void *state = real->room_state(room);
    check_ended("room_state", room, was, state == NULL);
    return state;
}

static uint32_t PORTICO_CALL room_members(portico_room room, portico_session *members,
                                          uint32_t capacity) {
    ended_kind was = ended_as(room);
    uint32_t count = real->room_members(room, members, capacity);
    check_ended("room_members", room, was, count == 0);
    return count;
}

static uint32_t PORTICO_CALL room_send(portico_room room, uint16_t opcode, const void *data,
                                       uint32_t size, portico_session except) {
    ended_kind was = ended_as(room);
    uint32_t count = count_broadcast(real->room_send(room, opcode, data, size, except));
    check_ended("room_send", room, was, count == 0);
    return count;
}

static portico_status PORTICO_CALL room_info(portico_room room, portico_room_info *info) {
    ended_kind was = ended_as(room);
    portico_status status = real->room_info(room, info);
    bool ending = was == ENDED_ROOM && status == PORTICO_OK && info->closing == 1;
    check_ended("room_info", room, was, ending || is_nothing(status));
    return status;
}

/* ---- messages and timers ------------------------------------------------------------------ */

static portico_status PORTICO_CALL post(portico_entity entity, uint32_t id, const void *data,
                                        uint32_t size) {
    ended_kind was = ended_as(entity);
    return gone("post", entity, was, real->post(entity, id, data, size));
}

/* A timer can be made for something that has ended, while the host still has a use for it, such as a
 * connection that is being closed. The timer then posts nothing. */
static portico_status timer_made(portico_status status, portico_timer id, portico_timer *timer) {
    if (status == PORTICO_OK) {
        ended_timer_add(id);
    }
    if (timer != NULL) {
        *timer = id;
    }
    return status;
}

static portico_status PORTICO_CALL post_after(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t delay_ms,
                                              portico_timer *timer) {
    portico_timer made = 0;
    portico_status status = real->post_after(entity, id, data, size, delay_ms, &made);
    return timer_made(status, made, timer);
}

static portico_status PORTICO_CALL post_every(portico_entity entity, uint32_t id, const void *data,
                                              uint32_t size, uint32_t period_ms,
                                              portico_timer *timer) {
    portico_timer made = 0;
    portico_status status = real->post_every(entity, id, data, size, period_ms, &made);
    return timer_made(status, made, timer);
}

static portico_status PORTICO_CALL timer_cancel(portico_timer timer) {
    bool ended = ended_timer(timer);
    portico_status status = real->timer_cancel(timer);
    if (ended && status != PORTICO_E_GONE) {
        sim_fail("timer_cancel for %llu returns %d, but it has ended", (ull)timer, status);
    }
    if (status == PORTICO_OK) {
        ended_timer_cancelled(timer);
    }
    return status;
}

/* ---- the table ---------------------------------------------------------------------------- */

const portico_host *ledger_host(const portico_host *from) {
    static portico_host table;
    real = from;
    table = *from;
    table.session_send = session_send;
    table.session_close = session_close;
    table.session_info = session_info;
    table.session_set_label = session_set_label;
    table.channel_join = channel_join;
    table.channel_send = channel_send;
    table.room_close = room_close;
    table.room_join = room_join;
    table.room_join_tell = room_join_tell;
    table.room_leave = room_leave;
    table.session_room = session_room;
    table.room_state = room_state;
    table.room_members = room_members;
    table.room_send = room_send;
    table.room_info = room_info;
    table.post = post;
    table.post_after = post_after;
    table.post_every = post_every;
    table.timer_cancel = timer_cancel;
    return &table;
}
