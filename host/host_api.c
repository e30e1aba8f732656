/* host_api.c: see host_api.h. */
#include "host_api.h"

#include "abi_sizes.h"
#include "blocking.h"
#include "channel.h"
#include "label.h"
#include "message.h"
#include "room.h"
#include "schedule.h"
#include "session.h"
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION_STATE_BYTES_MAX = 1024 * 1024, ROOM_STATE_BYTES_MAX = 16 * 1024 * 1024 };

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
    const config_module *section =
        configuration != NULL && key != NULL ? config_find_module(configuration, current_name()) : NULL;
    return section != NULL ? config_find_pair(section, key) : NULL;
}

static const char *PORTICO_CALL api_config_text(const char *key, const char *fallback) {
    const config_pair *pair = current_pair(key);
    return pair != NULL ? pair->value : fallback;
}

static portico_status PORTICO_CALL api_config_integer(const char *key, int64_t fallback, int64_t min,
                                                      int64_t max, int64_t *value) {
    const config_pair *pair = current_pair(key);
    *value = fallback;
    if (pair == NULL) {
        return PORTICO_OK;
    }
    char *end = NULL;
    errno = 0;
    long long found = strtoll(pair->value, &end, 10);
    if (end == pair->value || *end != '\0' || errno == ERANGE || found < min || found > max) {
        log_error(current_name(), "%s:%u: [module %s] %s = %s: allowed is a whole number from %lld to %lld",
                  configuration->path, pair->line, current_name(), key, pair->value, (long long)min,
                  (long long)max);
        return PORTICO_E_INVALID;
    }
    *value = found;
    return PORTICO_OK;
}

/* The module whose `load` runs on this thread; NULL when none does. */
static module *loading_module(const char *function) {
    module *m = module_current();
    if (m == NULL || !m->loading) {
        log_error(current_name(), "%s is allowed in the module's load function only", function);
        return NULL;
    }
    return m;
}

static bool module_requires(const module *m, const char *name, size_t size) {
    for (char **r = m->required; *r != NULL; r++) {
        if (strlen(*r) == size && strncmp(*r, name, size) == 0) {
            return true;
        }
    }
    return false;
}

/* Writes the full name of a type that a module calls `name`; `owned` tells whether it is the module's own. */
static bool full_name(const module *m, const char *name, char full[2 * PORTICO_LABEL_MAX], bool *owned) {
    const char *dot = strchr(name, '.');
    char first[MODULE_NAME_MAX];
    *owned = dot == NULL;
    if (dot == NULL) {
        snprintf(full, 2 * PORTICO_LABEL_MAX, "%s.%s", m->name, name);
        return module_name_valid(name);
    }
    snprintf(first, sizeof first, "%.*s", (int)(dot - name), name);
    snprintf(full, 2 * PORTICO_LABEL_MAX, "%s", name);
    *owned = strcmp(first, m->name) == 0;
    return (size_t)(dot - name) < sizeof first && module_name_valid(first) && module_name_valid(dot + 1);
}

/* Whether module `m` may join the type `full` of another module. */
static portico_status check_join(const module *m, const char *full) {
    size_t owner_size = strcspn(full, ".");
    if (!module_requires(m, full, owner_size)) {
        log_error(m->name, "type %s belongs to module %.*s, which `required` does not name", full,
                  (int)owner_size, full);
        return PORTICO_E_DEPENDENCY;
    }
    session_type *t = session_type_find(full);
    if (!m->inspected && (t == NULL || t->current == NULL)) {
        log_error(m->name, "module %.*s has no session type %s", (int)owner_size, full, full);
        return PORTICO_E_NOT_FOUND;
    }
    return PORTICO_OK;
}

/* Copies a struct of a module into today's, which is zeroed: what an older header did not have stays zero. It
 * must have the `least` bytes of the first ABI that had the struct. */
static bool struct_copy(const module *m, const char *function, void *to, size_t to_size, const void *from,
                        size_t least) {
    uint32_t size = 0;
    if (from != NULL) {
        memcpy(&size, from, sizeof size);
    }
    if (size < least || size % sizeof(void *) != 0) { /* no compiler makes a struct end inside a pointer */
        log_error(m->name, "%s: struct_size is %u, allowed are %zu or more: set it to sizeof", function, size,
                  least);
        return false;
    }
    memcpy(to, from, size < to_size ? size : to_size);
    return true;
}

/* Takes in what a module declares of the state of its type `full`. */
static portico_status shape_declare(const module *m, const char *full, uint32_t size, uint32_t limit,
                                    uint32_t version, const portico_state_fields *fields,
                                    state_shape *shape) {
    char why[SHAPE_WHY_MAX];
    if (size > limit) {
        log_error(m->name, "type %s: state_size is %u, allowed are up to %u bytes", full, size, limit);
        return PORTICO_E_INVALID;
    }
    portico_status status = shape_init(shape, size, version, fields, why, sizeof why);
    if (status != PORTICO_OK) {
        log_error(m->name, "type %s: %s", full, why);
    }
    return status;
}

/* Whether the checked name `full` is free for a session type; `*owned` tells whether it is the module's own. */
static portico_status check_session_type(const module *m, const portico_session_type *type,
                                         char full[2 * PORTICO_LABEL_MAX], bool *owned) {
    if (type->name == NULL || !full_name(m, type->name, full, owned)) {
        log_error(m->name,
                  "register_session_type: \"%s\" is no name: allowed are a-z, 0-9 and _, up to 31 bytes",
                  type->name != NULL ? type->name : "NULL");
        return PORTICO_E_INVALID;
    }
    if (!*owned && type->on_packet != NULL) {
        log_error(m->name, "type %s: on_packet is the owner's; use register_handler", full);
        return PORTICO_E_INVALID;
    }
    if (registry_find(m->registry, full) != NULL) {
        log_error(m->name, "type %s is registered twice", full);
        return PORTICO_E_EXISTS;
    }
    return *owned ? PORTICO_OK : check_join(m, full);
}

static portico_status PORTICO_CALL api_register_session_type(const portico_session_type *from) {
    module *m = loading_module("register_session_type");
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    bool owned = false;
    portico_session_type type = {0};
    state_shape shape = {0};
    if (!struct_copy(m, "register_session_type", &type, sizeof type, from, PORTICO_SESSION_TYPE_SIZE_0_1)) {
        return PORTICO_E_INVALID;
    }
    portico_status status = check_session_type(m, &type, full, &owned);
    if (status == PORTICO_OK) {
        status = shape_declare(m, full, type.state_size, SESSION_STATE_BYTES_MAX, type.state_version,
                               type.state_fields, &shape);
    }
    if (status == PORTICO_OK && registry_add_type(m->registry, full, owned, &type, &shape) == NULL) {
        shape_fini(&shape);
        status = PORTICO_E_NO_MEMORY;
    }
    return status;
}

static portico_status PORTICO_CALL api_register_handler(const char *type, uint16_t opcode,
                                                        portico_on_packet handler) {
    module *m = loading_module("register_handler");
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    bool owned = false;
    if (type == NULL || handler == NULL || !full_name(m, type, full, &owned)) {
        log_error(m->name, "register_handler: opcode %u needs a type and a handler", opcode);
        return PORTICO_E_INVALID;
    }
    registered_type *t = registry_find(m->registry, full);
    if (t == NULL) {
        log_error(m->name, "register_handler: call register_session_type for %s first", full);
        return PORTICO_E_NOT_FOUND;
    }
    session_type *known = session_type_find(full);
    const module *other = known != NULL ? session_type_handler_of(known, opcode) : NULL;
    if (other != NULL || registry_find_handler(t, opcode) != NULL) {
        log_error(m->name, "type %s: opcode %u is handled by module %s already", full, opcode,
                  other != NULL ? other->name : m->name);
        return PORTICO_E_EXISTS;
    }
    return registry_add_handler(t, opcode, handler) != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

static portico_status PORTICO_CALL api_session_send(portico_session id, uint16_t opcode, const void *data,
                                                    uint32_t size) {
    if (data == NULL && size > 0) {
        return PORTICO_E_INVALID;
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
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = session_close(s, PORTICO_E_CLOSED);
    session_release(s);
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

static portico_status PORTICO_CALL api_session_info(portico_session id, portico_session_info *info) {
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
    return t != NULL && text != NULL && label_valid(text) ? label_find(t, text) : 0;
}

static portico_status PORTICO_CALL api_channel_join(const char *channel, portico_session id) {
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = channel_join(channel, s);
    session_release(s);
    return status;
}

static portico_status PORTICO_CALL api_channel_leave(const char *channel, portico_session id) {
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    portico_status status = channel_leave(channel, s);
    session_release(s);
    return status;
}

static uint32_t PORTICO_CALL api_channel_send(const char *channel, uint16_t opcode, const void *data,
                                              uint32_t size, portico_session except) {
    if (channel == NULL || (data == NULL && size > 0)) {
        return 0;
    }
    cast c = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = channel_send(channel, &c, except);
    cast_fini(&c);
    return sent;
}

static uint32_t PORTICO_CALL api_channel_members(const char *channel, portico_session *members,
                                                 uint32_t capacity) {
    return channel != NULL ? channel_members(channel, members, members != NULL ? capacity : 0) : 0;
}

static uint64_t PORTICO_CALL api_clock_ms(void) {
    return os_monotonic_ns() / 1000000;
}

static const void *PORTICO_CALL api_get_extension(const char *name) {
    (void)name;
    return NULL;
}

static portico_status check_room_type(const module *m, const portico_room_type *type,
                                      char full[2 * PORTICO_LABEL_MAX]) {
    bool owned = false;
    if (type->name == NULL || !full_name(m, type->name, full, &owned) || !owned) {
        log_error(m->name,
                  "register_room_type: \"%s\" is no name: allowed are a-z, 0-9 and _, up to 31 bytes",
                  type->name != NULL ? type->name : "NULL");
        return PORTICO_E_INVALID;
    }
    if (registry_find(m->registry, full) != NULL || registry_find_room(m->registry, full) != NULL) {
        log_error(m->name, "type %s is registered twice", full);
        return PORTICO_E_EXISTS;
    }
    return PORTICO_OK;
}

static portico_status PORTICO_CALL api_register_room_type(const portico_room_type *from) {
    module *m = loading_module("register_room_type");
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX];
    portico_room_type type = {0};
    state_shape shape = {0};
    if (!struct_copy(m, "register_room_type", &type, sizeof type, from, PORTICO_ROOM_TYPE_SIZE_0_2)) {
        return PORTICO_E_INVALID;
    }
    portico_status status = check_room_type(m, &type, full);
    if (status == PORTICO_OK) {
        status = shape_declare(m, full, type.state_size, ROOM_STATE_BYTES_MAX, type.state_version,
                               type.state_fields, &shape);
    }
    if (status == PORTICO_OK && registry_add_room(m->registry, full, &type, &shape) == NULL) {
        shape_fini(&shape);
        status = PORTICO_E_NO_MEMORY;
    }
    return status;
}

/* The table of messages that a module means by a type's name; NULL: it has registered no such type. */
static registered_message **message_table(module *m, const char *type, char full[2 * PORTICO_LABEL_MAX]) {
    bool owned = false;
    if (type == NULL) {
        snprintf(full, 2 * PORTICO_LABEL_MAX, "%s", m->name);
        return &m->registry->messages;
    }
    if (!full_name(m, type, full, &owned)) {
        return NULL;
    }
    registered_type *t = registry_find(m->registry, full);
    registered_room *r = registry_find_room(m->registry, full);
    return t != NULL ? &t->messages : r != NULL ? &r->messages : NULL;
}

static portico_status PORTICO_CALL api_register_message(const char *type, uint32_t id,
                                                        portico_on_message handler) {
    module *m = loading_module("register_message");
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    char full[2 * PORTICO_LABEL_MAX] = "";
    registered_message **messages = message_table(m, type, full);
    if (messages == NULL) {
        log_error(m->name, "register_message: register the type %s first", type);
        return PORTICO_E_NOT_FOUND;
    }
    if (handler == NULL) {
        log_error(m->name, "register_message: message %u of %s has no handler", id, full);
        return PORTICO_E_INVALID;
    }
    session_type *known = session_type_find(full);
    const module *other = known != NULL ? session_type_message_of(known, id) : NULL;
    if (other != NULL || registry_find_message(*messages, id) != NULL) {
        log_error(m->name, "type %s: message %u is handled by module %s already", full, id,
                  other != NULL ? other->name : m->name);
        return PORTICO_E_EXISTS;
    }
    return registry_add_message(messages, id, handler) != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

static portico_status PORTICO_CALL api_register_blocking(uint32_t id, portico_on_blocking handler) {
    module *m = loading_module("register_blocking");
    if (m == NULL) {
        return PORTICO_E_STATE;
    }
    if (handler == NULL) {
        log_error(m->name, "register_blocking: %u has no handler", id);
        return PORTICO_E_INVALID;
    }
    if (registry_find_blocking(m->registry, id) != NULL) {
        log_error(m->name, "blocking handler %u is registered twice", id);
        return PORTICO_E_EXISTS;
    }
    return registry_add_blocking(m->registry, id, handler) != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

static portico_entity PORTICO_CALL api_self(void) {
    const module *m = module_current();
    return m != NULL ? m->self : 0;
}

static portico_status PORTICO_CALL api_room_create(const char *type, const char *name, portico_room *id) {
    portico_room made = 0;
    portico_status status = type != NULL && name != NULL ? room_create(type, name, &made) : PORTICO_E_INVALID;
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
    room *r = find_room(id);
    if (r == NULL) {
        return PORTICO_E_GONE;
    }
    bool closes = room_close(r, PORTICO_E_CLOSED);
    entity_release(room_entity(r));
    return closes ? PORTICO_OK : PORTICO_E_GONE;
}

static portico_status PORTICO_CALL api_room_join(portico_room room_id, portico_session id) {
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

static uint32_t PORTICO_CALL api_room_members(portico_room id, portico_session *members, uint32_t capacity) {
    room *r = find_room(id);
    if (r == NULL) {
        return 0;
    }
    uint32_t count = room_members(r, members, members != NULL ? capacity : 0);
    entity_release(room_entity(r));
    return count;
}

static uint32_t list_room_members(const void *room_pointer, portico_session *members, uint32_t capacity) {
    return room_members((room *)(uintptr_t)room_pointer, members, capacity);
}

static uint32_t PORTICO_CALL api_room_send(portico_room id, uint16_t opcode, const void *data, uint32_t size,
                                           portico_session except) {
    room *r = data != NULL || size == 0 ? find_room(id) : NULL;
    if (r == NULL) {
        return 0;
    }
    cast c = {.opcode = opcode, .size = size, .data = data};
    uint32_t sent = cast_to_members(&c, list_room_members, r, except);
    cast_fini(&c);
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
    portico_room_result result = {
        .struct_size = sizeof result, .status = PORTICO_E_ROOM_CLOSED, .room = room_id};
    session *s = session_find(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    entity_hold(&s->base); /* the message's */
    message *m = message_create(&s->base, message_id, &result, sizeof result, 0);
    if (m == NULL) {
        entity_unhold(&s->base);
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

static portico_status PORTICO_CALL api_post(portico_entity to, uint32_t id, const void *data, uint32_t size) {
    return is_inspected() ? PORTICO_OK : message_post(to, id, data, size, 0);
}

static portico_status PORTICO_CALL api_post_after(portico_entity to, uint32_t id, const void *data,
                                                  uint32_t size, uint32_t delay_ms, portico_timer *timer_id) {
    if (is_inspected()) {
        return PORTICO_OK;
    }
    return schedule_start(to, api_self(), id, data, size, delay_ms, 0, timer_id);
}

static portico_status PORTICO_CALL api_post_every(portico_entity to, uint32_t id, const void *data,
                                                  uint32_t size, uint32_t period_ms,
                                                  portico_timer *timer_id) {
    if (period_ms == 0) {
        return PORTICO_E_INVALID;
    }
    return is_inspected() ? PORTICO_OK
                          : schedule_start(to, api_self(), id, data, size, period_ms, period_ms, timer_id);
}

static portico_status PORTICO_CALL api_timer_cancel(portico_timer timer_id) {
    return schedule_cancel(timer_id);
}

static portico_status PORTICO_CALL api_run_blocking(uint32_t id, const void *data, uint32_t size,
                                                    portico_entity reply_to) {
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
