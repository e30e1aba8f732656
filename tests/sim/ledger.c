/* ledger.c: see ledger.h. */
#include "sim/ledger.h"

#include "sim/ended.h"
#include "sim/world.h"

ledger_sums ledger;

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

static portico_status session_send(portico_session session, uint16_t opcode, const void *data,
                                   uint32_t size) {
    ended_kind was = ended_as(session.id);
    portico_status status = world_host->session_send(session, opcode, data, size);
    ledger.sends += status == PORTICO_OK;
    ledger.refused += status == PORTICO_E_BACKLOG;
    if (status == PORTICO_E_TOO_BIG) {
        return status; /* it looks at the size first */
    }
    return gone("session_send", session.id, was, status);
}

static portico_status session_close(portico_session session, portico_status reason) {
    ended_kind was = ended_as(session.id);
    return gone("session_close", session.id, was, world_host->session_close(session, reason));
}

/* A session that has ended may still have a connection, which it describes. */
static portico_status session_info(portico_session session, portico_session_info *info) {
    ended_kind was = ended_as(session.id);
    portico_status status = world_host->session_info(session, info);
    check_ended("session_info", session.id, was, was == ENDED_SESSION || is_nothing(status));
    return status;
}

static portico_status session_set_label(portico_session session, const char *label) {
    ended_kind was = ended_as(session.id);
    return gone("session_set_label", session.id, was,
                world_host->session_set_label(session, label));
}

/* As with session_info. */
static portico_status session_label(portico_session session, char label[PORTICO_LABEL_MAX]) {
    ended_kind was = ended_as(session.id);
    portico_status status = world_host->session_label(session, label);
    check_ended("session_label", session.id, was,
                was == ENDED_SESSION || (is_nothing(status) && label[0] == '\0'));
    return status;
}

static portico_session session_find(const char *type, const char *label) {
    return world_host->session_find(type, label);
}

static uint32_t session_list(const char *type, portico_session *sessions, uint32_t capacity) {
    return world_host->session_list(type, sessions, capacity);
}

/* A room whose on_close has just returned can still be found for a moment. With `told`, the message
 * says that the room has ended. */
static portico_status session_join(portico_session session, portico_room room, uint32_t told) {
    ended_kind was = ended_as(session.id);
    return gone("session_join", session.id, was, world_host->session_join(session, room, told));
}

static portico_status session_leave(portico_session session) {
    ended_kind was = ended_as(session.id);
    return gone("session_leave", session.id, was, world_host->session_leave(session));
}

static portico_room session_room(portico_session session) {
    ended_kind was = ended_as(session.id);
    portico_room room = world_host->session_room(session);
    check_ended("session_room", session.id, was, room.id == 0);
    return room;
}

/* ---- channels ----------------------------------------------------------------------------- */

static portico_status channel_join(const char *channel, portico_session session) {
    ended_kind was = ended_as(session.id);
    return gone("channel_join", session.id, was, world_host->channel_join(channel, session));
}

static portico_status channel_leave(const char *channel, portico_session session) {
    return world_host->channel_leave(channel, session);
}

static uint32_t count_broadcast(uint32_t recipients) {
    ledger.calls++;
    ledger.broadcasts += recipients > 0;
    ledger.recipients += recipients;
    return recipients;
}

static uint32_t channel_send(const char *channel, uint16_t opcode, const void *data, uint32_t size,
                             portico_session except) {
    return count_broadcast(world_host->channel_send(channel, opcode, data, size, except));
}

static uint32_t channel_members(const char *channel, portico_session *members, uint32_t capacity) {
    return world_host->channel_members(channel, members, capacity);
}

static uint32_t channel_close(const char *channel) {
    return world_host->channel_close(channel);
}

/* ---- rooms -------------------------------------------------------------------------------- */

static portico_status room_create(const char *type, const char *name, const void *data,
                                  uint32_t size, portico_room *room) {
    return world_host->room_create(type, name, data, size, room);
}

static portico_room room_find(const char *type, const char *name) {
    return world_host->room_find(type, name);
}

static uint32_t room_list(const char *type, portico_room *rooms, uint32_t capacity) {
    return world_host->room_list(type, rooms, capacity);
}

static portico_status room_close(portico_room room, portico_status reason) {
    ended_kind was = ended_as(room.id);
    return gone("room_close", room.id, was, world_host->room_close(room, reason));
}

static portico_status room_info(portico_room room, portico_room_info *info) {
    ended_kind was = ended_as(room.id);
    portico_status status = world_host->room_info(room, info);
    bool ending = was == ENDED_ROOM && status == PORTICO_OK && info->closing == 1;
    check_ended("room_info", room.id, was, ending || is_nothing(status));
    return status;
}

static void *room_state(portico_room room) {
    ended_kind was = ended_as(room.id);
    void *state = world_host->room_state(room);
    check_ended("room_state", room.id, was, state == NULL);
    return state;
}

static uint32_t room_members(portico_room room, portico_session *members, uint32_t capacity) {
    ended_kind was = ended_as(room.id);
    uint32_t count = world_host->room_members(room, members, capacity);
    check_ended("room_members", room.id, was, count == 0);
    return count;
}

static uint32_t room_send(portico_room room, uint16_t opcode, const void *data, uint32_t size,
                          portico_session except) {
    ended_kind was = ended_as(room.id);
    uint32_t count = count_broadcast(world_host->room_send(room, opcode, data, size, except));
    check_ended("room_send", room.id, was, count == 0);
    return count;
}

/* ---- messages, timers and jobs ------------------------------------------------------------ */

static portico_status post(portico_entity entity, uint32_t id, const void *data, uint32_t size) {
    ended_kind was = ended_as(entity.id);
    return gone("post", entity.id, was, world_host->post(entity, id, data, size));
}

/* A timer can be made for something that has ended, while the host still has a use for it, such as
 * a connection that is being closed. The timer then posts nothing. */
static portico_status timer_made(portico_status status, portico_timer made, portico_timer *timer) {
    if (status == PORTICO_OK) {
        ended_timer_add(made.id);
    }
    if (timer != NULL) {
        *timer = made;
    }
    return status;
}

static portico_status post_after(portico_entity entity, uint32_t id, const void *data,
                                 uint32_t size, uint32_t delay_ms, portico_timer *timer) {
    portico_timer made = {0};
    portico_status status = world_host->post_after(entity, id, data, size, delay_ms, &made);
    return timer_made(status, made, timer);
}

static portico_status post_every(portico_entity entity, uint32_t id, const void *data,
                                 uint32_t size, uint32_t period_ms, portico_timer *timer) {
    portico_timer made = {0};
    portico_status status = world_host->post_every(entity, id, data, size, period_ms, &made);
    return timer_made(status, made, timer);
}

static portico_status timer_cancel(portico_timer timer) {
    bool ended = ended_timer(timer.id);
    portico_status status = world_host->timer_cancel(timer);
    if (ended && status != PORTICO_E_GONE) {
        sim_fail("timer_cancel for %llu returns %d, but it has ended", (ull)timer.id, status);
    }
    if (status == PORTICO_OK) {
        ended_timer_cancelled(timer.id);
    }
    return status;
}

static portico_status request(portico_entity to, uint32_t id, const void *data, uint32_t size,
                              uint32_t reply_id, uint32_t timeout_ms, uint64_t *number) {
    ended_kind was = ended_as(to.id);
    return gone("request", to.id, was,
                world_host->request(to, id, data, size, reply_id, timeout_ms, number));
}

static portico_status reply(uint64_t number, const void *data, uint32_t size) {
    return world_host->reply(number, data, size);
}

static portico_status run_job(uint32_t id, const void *data, uint32_t size,
                              portico_entity reply_to) {
    return world_host->run_job(id, data, size, reply_to);
}

/* ---- the table ---------------------------------------------------------------------------- */

static void log_line(uint32_t level, const char *text) {
    world_host->log(level, text);
}

static uint64_t clock_ms(void) {
    return world_host->clock_ms();
}

static uint64_t wall_ms(void) {
    return world_host->wall_ms();
}

static uint64_t random_bits(void) {
    return world_host->random();
}

static portico_status data_path(const char *file, char *path, uint32_t capacity) {
    return world_host->data_path(file, path, capacity);
}

static const void *get_extension(const char *name) {
    return world_host->get_extension(name);
}

static portico_entity self(void) {
    return world_host->self();
}

static portico_entity module_find(const char *name) {
    return world_host->module_find(name);
}

static const portico_host table = {.struct_size = sizeof table,
                                   .abi_major = PORTICO_ABI_MAJOR,
                                   .abi_minor = PORTICO_ABI_MINOR,
                                   .log = log_line,
                                   .clock_ms = clock_ms,
                                   .wall_ms = wall_ms,
                                   .random = random_bits,
                                   .data_path = data_path,
                                   .get_extension = get_extension,
                                   .self = self,
                                   .module_find = module_find,
                                   .session_send = session_send,
                                   .session_close = session_close,
                                   .session_info = session_info,
                                   .session_set_label = session_set_label,
                                   .session_label = session_label,
                                   .session_find = session_find,
                                   .session_list = session_list,
                                   .session_join = session_join,
                                   .session_leave = session_leave,
                                   .session_room = session_room,
                                   .channel_join = channel_join,
                                   .channel_leave = channel_leave,
                                   .channel_send = channel_send,
                                   .channel_members = channel_members,
                                   .channel_close = channel_close,
                                   .room_create = room_create,
                                   .room_find = room_find,
                                   .room_list = room_list,
                                   .room_close = room_close,
                                   .room_info = room_info,
                                   .room_state = room_state,
                                   .room_members = room_members,
                                   .room_send = room_send,
                                   .post = post,
                                   .post_after = post_after,
                                   .post_every = post_every,
                                   .timer_cancel = timer_cancel,
                                   .request = request,
                                   .reply = reply,
                                   .run_job = run_job};

const portico_host *const host = &table;
