/* host_api.c: see host_api.h. */
#include "api/host_api.h"

#include "api/private.h"
#include "base/status.h"
#include "base/text.h"
#include "module/blocking.h"
#include "room/room.h"
#include "run/message.h"
#include "run/schedule.h"
#include "session/channel.h"
#include "session/label.h"
#include "session/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const config *configuration;

static const char *current_name(void) {
    const module *m = module_current();
    return m != NULL ? m->name : "module"; /* a thread of a module's own */
}

static void PORTICO_CALL api_log(uint32_t level, const char *text) {
    if (level < PORTICO_LOG_ERROR || level > PORTICO_LOG_DEBUG) {
        level = PORTICO_LOG_INFO;
    }
    log_line((log_level)level, current_name(), "%s", text != NULL ? text : "(null)");
}

static const config_pair *current_pair(const char *key) {
    const config_module *section = configuration != NULL && key != NULL
                                       ? config_find_module(configuration, current_name())
                                       : NULL;
    return section != NULL ? config_find_pair(section, key) : NULL;
}

static const char *PORTICO_CALL api_config_text(const char *key, const char *fallback) {
    const config_pair *pair = current_pair(key);
    return pair != NULL ? pair->value : fallback;
}

static portico_status PORTICO_CALL api_config_integer(const char *key, int64_t fallback,
                                                      int64_t min, int64_t max, int64_t *value) {
    const config_pair *pair = current_pair(key);
    *value = fallback;
    if (pair == NULL) {
        return PORTICO_OK;
    }
    char *end = NULL;
    errno = 0;
    long long found = strtoll(pair->value, &end, 10);
    if (end == pair->value || *end != '\0' || errno == ERANGE || found < min || found > max) {
        module_complain("%s:%u: [module %s] %s = %s: allowed is a whole number from %lld to %lld",
                        configuration->path, pair->line, current_name(), key, pair->value,
                        (long long)min, (long long)max);
        return PORTICO_E_INVALID;
    }
    *value = found;
    return PORTICO_OK;
}

/* Whether the caller must not change anything, and tries to. */
static bool is_staging(const char *function) {
    bool staging = module_is_staging();
    if (staging) {
        module_complain(
            "%s is not allowed before the swap, when load only registers and migrate is only asked: use start, or swap_in",
            function);
    }
    return staging;
}

static portico_status PORTICO_CALL api_session_send(portico_session id, uint16_t opcode,
                                                    const void *data, uint32_t size) {
    if (is_staging("session_send")) {
        return PORTICO_E_STATE;
    }
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
    }
    entity *turn = turn_current();
    if (turn != NULL && turn->id == id && turn->kind == ENTITY_SESSION) {
        return session_send((session *)turn, opcode, data, size); /* an answer: the turn holds it */
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = session_send(s, opcode, data, size);
    session_release(s);
    return status;
}

static portico_status PORTICO_CALL api_session_close(portico_session id) {
    if (is_staging("session_close")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = session_close(s, PORTICO_E_CLOSED);
    session_release(s);
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

static portico_status PORTICO_CALL api_session_info(portico_session id,
                                                    portico_session_info *info) {
    if (info == NULL || info->struct_size < sizeof info->struct_size) {
        return PORTICO_E_INVALID;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_session_info full;
    memset(&full, 0, sizeof full);
    full.struct_size = info->struct_size;
    full.outgoing = s->service->config->outgoing;
    snprintf(full.service, sizeof full.service, "%s", s->service->config->name);
    snprintf(full.type, sizeof full.type, "%s", s->service->type->name);
    os_address_format(&s->peer, full.peer);
    label_get(s, full.label);
    full.opened_ms = s->opened_ms;
    full.queued_bytes = session_look(s).queued_bytes;
    session_release(s);
    memcpy(info, &full, info->struct_size < sizeof full ? info->struct_size : sizeof full);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL api_session_set_label(portico_session id, const char *text) {
    if (is_staging("session_set_label")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = label_set(s, text);
    session_release(s);
    return status;
}

static portico_session PORTICO_CALL api_session_by_label(const char *type, const char *text) {
    session_type *t = type != NULL ? session_type_find(type) : NULL;
    return t != NULL && text != NULL && text_is_name(text) ? label_find(t, text) : 0;
}

static portico_status PORTICO_CALL api_channel_join(const char *channel, portico_session id) {
    if (is_staging("channel_join")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = channel_join(channel, s);
    session_release(s);
    return status;
}

static portico_status PORTICO_CALL api_channel_leave(const char *channel, portico_session id) {
    if (is_staging("channel_leave")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = channel_leave(channel, s);
    session_release(s);
    return status;
}

static uint32_t PORTICO_CALL api_channel_send(const char *channel, uint16_t opcode,
                                              const void *data, uint32_t size,
                                              portico_session except) {
    if (is_staging("channel_send")) {
        return 0;
    }
    if (channel == NULL || (data == NULL && size > 0)) {
        return 0;
    }
    broadcast b = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = channel_send(channel, &b, except);
    broadcast_fini(&b);
    return sent;
}

static uint32_t PORTICO_CALL api_channel_members(const char *channel, portico_session *members,
                                                 uint32_t capacity) {
    return channel != NULL ? channel_members(channel, members, members != NULL ? capacity : 0) : 0;
}

static uint64_t PORTICO_CALL api_clock_ms(void) {
    return os_monotonic_ms();
}

static const void *PORTICO_CALL api_get_extension(const char *name) {
    (void)name;
    return NULL;
}

static portico_entity PORTICO_CALL api_self(void) {
    const module *m = module_current();
    return m != NULL ? m->self : 0;
}

static portico_status PORTICO_CALL api_room_create(const char *type, const char *name,
                                                   portico_room *id) {
    if (is_staging("room_create")) {
        return PORTICO_E_STATE;
    }
    portico_room made = 0;
    portico_status status =
        type != NULL && name != NULL ? room_create(type, name, &made) : PORTICO_E_INVALID;
    if (id != NULL) {
        *id = made;
    }
    return status;
}

static portico_room PORTICO_CALL api_room_find(const char *type, const char *name) {
    return type != NULL && name != NULL ? room_find(type, name) : 0;
}

/* The room with a hold, or NULL. */
static room *find_room(portico_room id) {
    entity *e = entity_find_kind(id, ENTITY_ROOM);
    return e != NULL ? room_from_entity(e) : NULL;
}

static portico_status PORTICO_CALL api_room_close(portico_room id) {
    if (is_staging("room_close")) {
        return PORTICO_E_STATE;
    }
    room *r = find_room(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = room_close(r, PORTICO_E_CLOSED);
    entity_release(room_entity(r));
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

static portico_status PORTICO_CALL api_room_join(portico_room room_id, portico_session id) {
    if (is_staging("room_join")) {
        return PORTICO_E_STATE;
    }
    portico_status status = PORTICO_E_GONE;
    room *r = find_room(room_id);
    session *s = session_find(id);
    if (r != NULL && s != NULL) {
        status = session_move(s, r, NULL);
    }
    if (r != NULL) {
        entity_release(room_entity(r));
    }
    if (s != NULL) {
        session_release(s);
    }
    return status;
}

static portico_status PORTICO_CALL api_room_leave(portico_session id) {
    if (is_staging("room_leave")) {
        return PORTICO_E_STATE;
    }
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = session_move(s, NULL, NULL);
    session_release(s);
    return status;
}

static portico_room PORTICO_CALL api_session_room(portico_session id) {
    session *s = session_find(id);
    portico_room room_id = s != NULL ? session_room(s) : 0;
    if (s != NULL) {
        session_release(s);
    }
    return room_id;
}

static void *PORTICO_CALL api_room_state(portico_room id) {
    entity *e = turn_current();
    return e != NULL && e->id == id && e->kind == ENTITY_ROOM
               ? room_state(room_from_entity(e), module_current())
               : NULL;
}

static uint32_t PORTICO_CALL api_room_members(portico_room id, portico_session *members,
                                              uint32_t capacity) {
    room *r = find_room(id);
    if (r == NULL) {
        return 0;
    }
    uint32_t count = room_members(r, members, members != NULL ? capacity : 0);
    entity_release(room_entity(r));
    return count;
}

static uint32_t list_room_members(const void *room_pointer, portico_session *members,
                                  uint32_t capacity) {
    return room_members((room *)(uintptr_t)room_pointer, members, capacity);
}

static uint32_t PORTICO_CALL api_room_send(portico_room id, uint16_t opcode, const void *data,
                                           uint32_t size, portico_session except) {
    if (is_staging("room_send")) {
        return 0;
    }
    room *r = data != NULL || size == 0 ? find_room(id) : NULL;
    if (r == NULL) {
        return 0;
    }
    broadcast b = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = broadcast_to_members(&b, list_room_members, r, except);
    broadcast_fini(&b);
    entity_release(room_entity(r));
    return sent;
}

static portico_status PORTICO_CALL api_room_info(portico_room id, portico_room_info *info) {
    if (info == NULL || info->struct_size < sizeof info->struct_size) {
        return PORTICO_E_INVALID;
    }
    room *r = find_room(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    portico_room_info full;
    room_describe(r, &full);
    entity_release(room_entity(r));
    full.struct_size = info->struct_size;
    memcpy(info, &full, info->struct_size < sizeof full ? info->struct_size : sizeof full);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL api_room_join_tell(portico_room room_id, portico_session id,
                                                      uint32_t message_id) {
    if (is_staging("room_join_tell")) {
        return PORTICO_E_STATE;
    }
    portico_room_result result = {
        .struct_size = sizeof result, .status = PORTICO_E_ROOM_CLOSED, .room = room_id};
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    entity_hold(&s->base); /* the message's */
    message *m = message_create(&s->base, message_id, &result, sizeof result, NULL);
    if (m == NULL) {
        entity_release_not_last(&s->base);
        session_release(s);
        return PORTICO_E_NO_MEMORY;
    }
    room *r = find_room(room_id);
    portico_status status = r != NULL ? session_move(s, r, m) : s->base.take(&s->base, m);
    if (status != PORTICO_OK) {
        message_free(m);
    }
    if (r != NULL) {
        entity_release(room_entity(r));
    }
    session_release(s);
    return status;
}

/* A module that is only described has no mailbox: what its `load` posts is taken and goes nowhere. */
static bool is_inspected(void) {
    const module *m = module_current();
    return m != NULL && m->inspected;
}

static portico_status PORTICO_CALL api_post(portico_entity to, uint32_t id, const void *data,
                                            uint32_t size) {
    if (is_staging("post")) {
        return PORTICO_E_STATE;
    }
    return is_inspected() ? PORTICO_OK : message_post(to, id, data, size, NULL);
}

static portico_status PORTICO_CALL api_post_after(portico_entity to, uint32_t id, const void *data,
                                                  uint32_t size, uint32_t delay_ms,
                                                  portico_timer *timer_id) {
    if (is_staging("post_after")) {
        return PORTICO_E_STATE;
    }
    if (is_inspected()) {
        return PORTICO_OK;
    }
    return schedule_start(to, api_self(), id, data, size, delay_ms, 0, timer_id);
}

static portico_status PORTICO_CALL api_post_every(portico_entity to, uint32_t id, const void *data,
                                                  uint32_t size, uint32_t period_ms,
                                                  portico_timer *timer_id) {
    if (is_staging("post_every")) {
        return PORTICO_E_STATE;
    }
    if (period_ms == 0) {
        return PORTICO_E_INVALID;
    }
    return is_inspected()
               ? PORTICO_OK
               : schedule_start(to, api_self(), id, data, size, period_ms, period_ms, timer_id);
}

static portico_status PORTICO_CALL api_timer_cancel(portico_timer timer_id) {
    if (is_staging("timer_cancel")) {
        return PORTICO_E_STATE;
    }
    return schedule_cancel(timer_id);
}

static portico_status PORTICO_CALL api_run_blocking(uint32_t id, const void *data, uint32_t size,
                                                    portico_entity reply_to) {
    if (is_staging("run_blocking")) {
        return PORTICO_E_STATE;
    }
    module *m = module_current();
    if (m == NULL || (data == NULL && size > 0)) {
        return m == NULL ? PORTICO_E_STATE : PORTICO_E_INVALID;
    }
    return blocking_run(m, id, data, size, reply_to);
}

static const portico_host table = {
    .struct_size = sizeof table,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .log = api_log,
    .config_text = api_config_text,
    .config_integer = api_config_integer,
    .register_session_type = api_register_session_type,
    .register_handler = api_register_handler,
    .session_send = api_session_send,
    .session_close = api_session_close,
    .session_info = api_session_info,
    .session_set_label = api_session_set_label,
    .session_by_label = api_session_by_label,
    .channel_join = api_channel_join,
    .channel_leave = api_channel_leave,
    .channel_send = api_channel_send,
    .channel_members = api_channel_members,
    .clock_ms = api_clock_ms,
    .get_extension = api_get_extension,
    .register_room_type = api_register_room_type,
    .register_message = api_register_message,
    .register_blocking = api_register_blocking,
    .self = api_self,
    .room_create = api_room_create,
    .room_find = api_room_find,
    .room_close = api_room_close,
    .room_join = api_room_join,
    .room_leave = api_room_leave,
    .session_room = api_session_room,
    .room_state = api_room_state,
    .room_members = api_room_members,
    .room_send = api_room_send,
    .post = api_post,
    .post_after = api_post_after,
    .post_every = api_post_every,
    .timer_cancel = api_timer_cancel,
    .run_blocking = api_run_blocking,
    .room_info = api_room_info,
    .room_join_tell = api_room_join_tell,
};

const portico_host *host_api(const config *c) {
    configuration = c;
    return &table;
}
