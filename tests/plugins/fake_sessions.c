/* fake_sessions.c: the fake host's log, settings, sessions, labels and channels. See
 * fake_host.h. */
#include "fake_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NULL if it has no members. */
static fake_channel *find_channel(const char *name) {
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (fake.channels[i].count > 0 && strcmp(fake.channels[i].name, name) == 0) {
            return &fake.channels[i];
        }
    }
    return NULL;
}

static void PORTICO_CALL host_log(uint32_t level, const char *text) {
    fake_check(level >= PORTICO_LOG_ERROR && level <= PORTICO_LOG_DEBUG && text != NULL,
               "log has a level and text");
}

static const char *PORTICO_CALL config_text(const char *key, const char *fallback) {
    fake_check(fake.loading, "config_text is called inside load");
    for (uint32_t i = 0; i < fake.pair_count; i++) {
        if (strcmp(fake.pairs[i].key, key) == 0) {
            return fake.pairs[i].value;
        }
    }
    return fallback;
}

static portico_status PORTICO_CALL config_integer(const char *key, int64_t fallback, int64_t min,
                                                  int64_t max, int64_t *value) {
    fake_check(min <= fallback && fallback <= max, "the fallback is allowed");
    const char *text = config_text(key, "");
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    bool fine = *end == '\0' && number >= min && number <= max;
    *value = fine && *text != '\0' ? number : fallback;
    return fine || *text == '\0' ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status PORTICO_CALL register_session_type(const portico_session_type *from) {
    fake_check(fake.loading && from->struct_size == sizeof *from,
               "the type is registered inside load");
    fake_check(fake.type.name == NULL && strchr(from->name, '.') == NULL,
               "one type of its own is registered");
    fake.type = *from;
    (void)snprintf(fake.type_name, sizeof fake.type_name, "%s", from->name);
    (void)snprintf(fake.full_type_name, sizeof fake.full_type_name, "%s.%s", fake.module->name,
                   from->name);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL register_handler(const char *name, uint16_t opcode,
                                                    portico_on_packet handler) {
    fake_check(fake.loading && handler != NULL && fake.handler_count < HANDLERS_MAX,
               "the handler is registered in load");
    fake_check(strcmp(name, fake.type_name) == 0 || strcmp(name, fake.full_type_name) == 0,
               "the handler's type is known");
    for (uint32_t i = 0; i < fake.handler_count; i++) {
        fake_check(fake.handlers[i].opcode != opcode, "the opcode is registered once");
    }
    fake.handlers[fake.handler_count].opcode = opcode;
    fake.handlers[fake.handler_count++].call = handler;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_send(portico_session id, uint16_t opcode,
                                                const void *data, uint32_t size) {
    fake_session *s = fake_find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(data != NULL || size == 0, "data is not NULL if size is not 0");
    fake_check(fake.watch == NULL || fake.watch(opcode, data, size),
               "the watch accepts what is sent");
    if (fake_is_refused()) {
        return fake.refusal;
    }
    message *m = fake_allocate(sizeof *m + size);
    m->opcode = opcode;
    m->size = size;
    if (size > 0) {
        memcpy(m->data, data, size);
    }
    *(s->last != NULL ? &s->last->next : &s->first) = m;
    s->last = m;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_close(portico_session id) {
    fake_session *s = fake_find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    s->closing = true;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_info(portico_session id, portico_session_info *info) {
    const fake_session *s =
        id >= FIRST_ID && id < FIRST_ID + fake.session_count ? &fake.sessions[id - FIRST_ID] : NULL;
    fake_check(info->struct_size == sizeof *info, "session_info gets the struct's size");
    if (s == NULL || !s->open) { /* it works for closing ones */
        return PORTICO_E_GONE;
    }
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    memcpy(info->label, s->label, sizeof info->label);
    memcpy(info->type, fake.full_type_name, sizeof info->type);
    return PORTICO_OK;
}

static portico_session PORTICO_CALL session_by_label(const char *of_type, const char *label) {
    fake_check(strcmp(of_type, fake.full_type_name) == 0 && label[0] != '\0',
               "session_by_label gets module.type and a label");
    for (uint32_t i = 0; i < fake.session_count; i++) {
        if (fake.sessions[i].open && strcmp(fake.sessions[i].label, label) == 0) {
            return FIRST_ID + i;
        }
    }
    return 0;
}

static portico_status PORTICO_CALL session_set_label(portico_session id, const char *label) {
    fake_session *s = fake_find_session(id);
    portico_session other = label[0] != '\0' ? session_by_label(fake.full_type_name, label) : 0;
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(strlen(label) < PORTICO_LABEL_MAX, "the label fits");
    if (other != 0 && other != id) {
        return PORTICO_E_EXISTS;
    }
    if (fake_is_refused()) {
        return fake.refusal;
    }
    (void)snprintf(s->label, sizeof s->label, "%s", label);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL channel_join(const char *name, portico_session id) {
    fake_channel *c = find_channel(name);
    fake_check(name[0] != '\0' && strlen(name) < PORTICO_LABEL_MAX,
               "the channel's name is allowed");
    if (fake_find_session(id) == NULL) {
        return PORTICO_E_GONE;
    }
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        if (c->members[i] == id) {
            return PORTICO_E_EXISTS;
        }
    }
    if (fake_is_refused()) {
        return fake.refusal;
    }
    for (uint32_t i = 0; c == NULL; i++) {
        fake_check(i < CHANNELS_MAX, "there are not too many channels");
        c = fake.channels[i].count == 0 ? &fake.channels[i] : NULL;
    }
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->members[c->count++] = id;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL channel_leave(const char *name, portico_session id) {
    fake_channel *c = find_channel(name);
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        if (c->members[i] == id) {
            c->count--;
            memmove(&c->members[i], &c->members[i + 1], (c->count - i) * sizeof c->members[0]);
            return PORTICO_OK;
        }
    }
    return PORTICO_E_NOT_FOUND;
}

static uint32_t PORTICO_CALL channel_send(const char *name, uint16_t opcode, const void *data,
                                          uint32_t size, portico_session except) {
    const fake_channel *c = find_channel(name);
    uint32_t sent = 0;
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        sent += c->members[i] != except &&
                session_send(c->members[i], opcode, data, size) == PORTICO_OK;
    }
    return sent;
}

static uint32_t PORTICO_CALL channel_members(const char *name, portico_session *members,
                                             uint32_t capacity) {
    const fake_channel *c = find_channel(name);
    for (uint32_t i = 0; c != NULL && i < c->count && i < capacity; i++) {
        members[i] = c->members[i];
    }
    return c != NULL ? c->count : 0;
}

static const void *PORTICO_CALL get_extension(const char *name) {
    (void)name;
    return NULL;
}

void fake_offer_sessions(portico_host *table) {
    table->log = host_log;
    table->config_text = config_text;
    table->config_integer = config_integer;
    table->register_session_type = register_session_type;
    table->register_handler = register_handler;
    table->session_send = session_send;
    table->session_close = session_close;
    table->session_info = session_info;
    table->session_set_label = session_set_label;
    table->session_by_label = session_by_label;
    table->channel_join = channel_join;
    table->channel_leave = channel_leave;
    table->channel_send = channel_send;
    table->channel_members = channel_members;
    table->get_extension = get_extension;
}
