/* fake_host.c: see fake_host.h. */
#include "fake_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the module that this program is linked with. */
const portico_module_info *PORTICO_CALL portico_module(void);

enum { SESSIONS_MAX = 128, CHANNELS_MAX = 256, HANDLERS_MAX = 32, PAIRS_MAX = 8, FIRST_ID = 1000 };

typedef struct message {
    struct message *next;
    uint32_t size;
    uint16_t opcode;
    uint8_t data[];
} message;

typedef struct fake_session {
    bool open;
    bool closing;
    char label[PORTICO_LABEL_MAX];
    void *state; /* NULL when the type has none */
    message *first;
    message *last;
} fake_session;

typedef struct fake_channel {
    char name[PORTICO_LABEL_MAX];
    portico_session members[SESSIONS_MAX];
    uint32_t count; /* 0: the place is free */
} fake_channel;

static fake_session sessions[SESSIONS_MAX]; /* the session FIRST_ID + i; ids are not used again */
static fake_channel channels[CHANNELS_MAX];
static struct {
    const char *key;
    const char *value;
} pairs[PAIRS_MAX];
static struct {
    uint16_t opcode;
    portico_on_packet call;
} handlers[HANDLERS_MAX];
static uint32_t session_count;
static uint32_t handler_count;
static uint32_t pair_count;
static portico_session_type type;
static char type_name[PORTICO_LABEL_MAX];
static char full_type_name[2 * PORTICO_LABEL_MAX];
static bool loading;
static portico_status refusal;
static uint32_t refusals;
static bool (*watch)(uint16_t opcode, const void *data, uint32_t size);

void fake_check(bool fine, const char *what) {
    if (!fine) {
        (void)fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    fake_check(memory != NULL, "there is memory for the test");
    return memory;
}

/* NULL when the session is not open. */
static fake_session *find_session(portico_session id) {
    fake_session *s = id >= FIRST_ID && id < FIRST_ID + session_count ? &sessions[id - FIRST_ID] : NULL;
    return s != NULL && s->open && !s->closing ? s : NULL;
}

/* NULL when nobody is in it. */
static fake_channel *find_channel(const char *name) {
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (channels[i].count > 0 && strcmp(channels[i].name, name) == 0) {
            return &channels[i];
        }
    }
    return NULL;
}

static bool is_refused(void) {
    bool refused = refusals > 0;
    refusals -= refused;
    return refused;
}

/* ---- the functions of the host ------------------------------------------------------------- */

static void PORTICO_CALL host_log(uint32_t level, const char *text) {
    fake_check(level >= PORTICO_LOG_ERROR && level <= PORTICO_LOG_DEBUG && text != NULL,
               "log has a level and text");
}

static const char *PORTICO_CALL config_text(const char *key, const char *fallback) {
    fake_check(loading, "config_text is called inside load");
    for (uint32_t i = 0; i < pair_count; i++) {
        if (strcmp(pairs[i].key, key) == 0) {
            return pairs[i].value;
        }
    }
    return fallback;
}

static portico_status PORTICO_CALL config_integer(const char *key, int64_t fallback, int64_t min, int64_t max,
                                                  int64_t *value) {
    fake_check(min <= fallback && fallback <= max, "the fallback is allowed");
    const char *text = config_text(key, "");
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    bool fine = *end == '\0' && number >= min && number <= max;
    *value = fine && *text != '\0' ? number : fallback;
    return fine || *text == '\0' ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status PORTICO_CALL register_session_type(const portico_session_type *from) {
    fake_check(loading && from->struct_size == sizeof *from, "the type is registered inside load");
    fake_check(type.name == NULL && strchr(from->name, '.') == NULL, "one type of its own is registered");
    type = *from;
    (void)snprintf(type_name, sizeof type_name, "%s", from->name);
    (void)snprintf(full_type_name, sizeof full_type_name, "%s.%s", portico_module()->name, from->name);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL register_handler(const char *name, uint16_t opcode,
                                                    portico_on_packet handler) {
    fake_check(loading && handler != NULL && handler_count < HANDLERS_MAX,
               "the handler is registered in load");
    fake_check(strcmp(name, type_name) == 0 || strcmp(name, full_type_name) == 0,
               "the handler's type is known");
    for (uint32_t i = 0; i < handler_count; i++) {
        fake_check(handlers[i].opcode != opcode, "the opcode is registered once");
    }
    handlers[handler_count].opcode = opcode;
    handlers[handler_count++].call = handler;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_send(portico_session id, uint16_t opcode, const void *data,
                                                uint32_t size) {
    fake_session *s = find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(data != NULL || size == 0, "data stands where a size is");
    fake_check(watch == NULL || watch(opcode, data, size), "what is sent is fine");
    if (is_refused()) {
        return refusal;
    }
    message *m = allocate(sizeof *m + size);
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
    fake_session *s = find_session(id);
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    s->closing = true;
    return PORTICO_OK;
}

static portico_status PORTICO_CALL session_info(portico_session id, portico_session_info *info) {
    const fake_session *s = find_session(id);
    fake_check(info->struct_size == sizeof *info, "session_info is told the size");
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    memset(info, 0, sizeof *info);
    info->struct_size = sizeof *info;
    memcpy(info->label, s->label, sizeof info->label);
    memcpy(info->type, full_type_name, sizeof info->type);
    return PORTICO_OK;
}

static portico_session PORTICO_CALL session_by_label(const char *of_type, const char *label) {
    fake_check(strcmp(of_type, full_type_name) == 0 && label[0] != '\0',
               "a label is looked for in module.type");
    for (uint32_t i = 0; i < session_count; i++) {
        if (sessions[i].open && strcmp(sessions[i].label, label) == 0) {
            return FIRST_ID + i;
        }
    }
    return 0;
}

static portico_status PORTICO_CALL session_set_label(portico_session id, const char *label) {
    fake_session *s = find_session(id);
    portico_session other = label[0] != '\0' ? session_by_label(full_type_name, label) : 0;
    if (s == NULL) {
        return PORTICO_E_GONE;
    }
    fake_check(strlen(label) < PORTICO_LABEL_MAX, "the label fits");
    if (other != 0 && other != id) {
        return PORTICO_E_EXISTS;
    }
    if (is_refused()) {
        return refusal;
    }
    (void)snprintf(s->label, sizeof s->label, "%s", label);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL channel_join(const char *name, portico_session id) {
    fake_channel *c = find_channel(name);
    fake_check(name[0] != '\0' && strlen(name) < PORTICO_LABEL_MAX, "the channel's name is allowed");
    if (find_session(id) == NULL) {
        return PORTICO_E_GONE;
    }
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        if (c->members[i] == id) {
            return PORTICO_E_EXISTS;
        }
    }
    if (is_refused()) {
        return refusal;
    }
    for (uint32_t i = 0; c == NULL; i++) {
        fake_check(i < CHANNELS_MAX, "there are not too many channels");
        c = channels[i].count == 0 ? &channels[i] : NULL;
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

static uint32_t PORTICO_CALL channel_send(const char *name, uint16_t opcode, const void *data, uint32_t size,
                                          portico_session except) {
    const fake_channel *c = find_channel(name);
    uint32_t sent = 0;
    for (uint32_t i = 0; c != NULL && i < c->count; i++) {
        sent += c->members[i] != except && session_send(c->members[i], opcode, data, size) == PORTICO_OK;
    }
    return sent;
}

static uint32_t PORTICO_CALL channel_members(const char *name, portico_session *members, uint32_t capacity) {
    const fake_channel *c = find_channel(name);
    for (uint32_t i = 0; c != NULL && i < c->count && i < capacity; i++) {
        members[i] = c->members[i];
    }
    return c != NULL ? c->count : 0;
}

static uint64_t PORTICO_CALL clock_ms(void) {
    return 0;
}

static const void *PORTICO_CALL get_extension(const char *name) {
    (void)name;
    return NULL;
}

/* ---- what the test says -------------------------------------------------------------------- */

static const portico_host table = {
    .struct_size = sizeof table,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .log = host_log,
    .config_text = config_text,
    .config_integer = config_integer,
    .register_session_type = register_session_type,
    .register_handler = register_handler,
    .session_send = session_send,
    .session_close = session_close,
    .session_info = session_info,
    .session_set_label = session_set_label,
    .session_by_label = session_by_label,
    .channel_join = channel_join,
    .channel_leave = channel_leave,
    .channel_send = channel_send,
    .channel_members = channel_members,
    .clock_ms = clock_ms,
    .get_extension = get_extension,
};

void fake_config(const char *key, const char *value) {
    fake_check(pair_count < PAIRS_MAX, "there are not too many keys");
    pairs[pair_count].key = key;
    pairs[pair_count++].value = value;
}

portico_status fake_load(void) {
    memset(&type, 0, sizeof type);
    handler_count = 0;
    loading = true;
    portico_status status = portico_module()->load(&table, NULL);
    loading = false;
    pair_count = 0;
    return status;
}

portico_session fake_open(portico_status expected) {
    fake_check(session_count < SESSIONS_MAX, "there are not too many sessions");
    portico_session id = FIRST_ID + session_count;
    fake_session *s = &sessions[session_count++];
    s->open = true;
    s->state = type.state_size > 0 ? allocate(type.state_size) : NULL;
    portico_status status = type.on_open != NULL ? type.on_open(id, s->state) : PORTICO_OK;
    fake_check(status == expected, "on_open returns what is expected");
    return id;
}

void fake_packet(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = find_session(id);
    fake_check(s != NULL, "the session is open");
    uint8_t *copy = allocate(size + 1u); /* the zero that portico_packet promises */
    memcpy(copy, data, size);
    const portico_packet packet = {
        .struct_size = sizeof packet, .size = size, .data = copy, .opcode = opcode};
    portico_on_packet call = type.on_packet;
    for (uint32_t i = 0; i < handler_count; i++) {
        call = handlers[i].opcode == opcode ? handlers[i].call : call;
    }
    call(id, s->state, &packet);
    free(copy);
}

void fake_text(portico_session id, uint16_t opcode, const char *text) {
    fake_packet(id, opcode, text, (uint32_t)strlen(text));
}

void fake_close(portico_session id, portico_status reason) {
    fake_session *s = &sessions[id - FIRST_ID];
    s->closing = true;
    if (type.on_close != NULL) {
        type.on_close(id, s->state, reason);
    }
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (channels[i].count > 0) {
            (void)channel_leave(channels[i].name, id);
        }
    }
    fake_forget(id);
    free(s->state);
    s->state = NULL;
    s->open = false;
}

bool fake_is_closing(portico_session id) {
    return sessions[id - FIRST_ID].closing;
}

static void message_drop(fake_session *s) {
    message *m = s->first;
    s->first = m->next;
    s->last = s->first != NULL ? s->last : NULL;
    free(m);
}

void fake_expect(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = &sessions[id - FIRST_ID];
    const message *m = s->first;
    if (m == NULL || m->opcode != opcode || m->size != size || memcmp(m->data, data, size) != 0) {
        (void)fprintf(stderr, "session %llu: expected %u \"%.*s\", got %u \"%.*s\"\n", (unsigned long long)id,
                      (unsigned)opcode, (int)size, (const char *)data, m != NULL ? (unsigned)m->opcode : 0,
                      m != NULL ? (int)m->size : 0, m != NULL ? (const char *)m->data : "");
        exit(1);
    }
    message_drop(s);
}

void fake_expect_text(portico_session id, uint16_t opcode, const char *text) {
    fake_expect(id, opcode, text, (uint32_t)strlen(text));
}

void fake_expect_nothing(portico_session id) {
    if (sessions[id - FIRST_ID].first != NULL) {
        fake_expect_text(id, 0, "(nothing)");
    }
}

void fake_forget(portico_session id) {
    while (sessions[id - FIRST_ID].first != NULL) {
        message_drop(&sessions[id - FIRST_ID]);
    }
}

void fake_watch(bool (*is_fine)(uint16_t opcode, const void *data, uint32_t size)) {
    watch = is_fine;
}

void fake_refuse(portico_status status, uint32_t count) {
    refusal = status;
    refusals = count;
}
