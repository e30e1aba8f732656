/* pointers.c: a module that calls the host's functions with bad pointers, one at a time, and with
 * good ones, see pointers.h. */
#include "../support/pages.h"
#include "pointers.h"

#include <portico/portico.h>

enum {
    MESSAGE = 1,
    ASKED = 2,
    ANSWERED = 3,
    JOB = 4,
    NEVER_MS = 3600000,
    SMALL = 64,
    MEMBERS = 64
};

#define CHANNEL "pointers.all"
#define HALL "pointers.hall"
#define SESSIONS "pointers.session"

static pages memory;
static portico_session latest; /* a session that opened last, perhaps another one */
static portico_room hall;

/* The memory. *size becomes what the call says of it. */
static void *memory_at(uint32_t where, uint32_t *size) {
    switch (where) {
    case POINTERS_NULL: return NULL;
    case POINTERS_UNMAPPED: return memory.missing;
    case POINTERS_PARTLY: return memory.missing - 4;
    case POINTERS_HOLE: *size = (uint32_t)(3 * memory.bytes); return memory.first;
    default: return memory.constant;
    }
}

/* ---- the calls ------------------------------------------------------------------------------- */

static int32_t call_self(uint32_t what, void *p, uint32_t size) {
    switch (what) {
    case POINTERS_LOG: portico->log(PORTICO_LOG_INFO, p); return 0;
    case POINTERS_DATA_PATH_FILE: {
        char path[1024];
        return portico->data_path(p, path, sizeof path);
    }
    case POINTERS_DATA_PATH: return portico->data_path("file", p, 1024);
    case POINTERS_GET_EXTENSION: return portico->get_extension(p) != NULL;
    case POINTERS_MODULE_FIND: return portico->module_find(p).id != 0;
    case POINTERS_POST: return portico->post(portico->self(), MESSAGE, p, size);
    case POINTERS_POST_AFTER_DATA:
        return portico->post_after(portico->self(), MESSAGE, p, size, NEVER_MS, NULL);
    case POINTERS_POST_AFTER:
        return portico->post_after(portico->self(), MESSAGE, NULL, 0, NEVER_MS, p);
    case POINTERS_POST_EVERY_DATA:
        return portico->post_every(portico->self(), MESSAGE, p, size, NEVER_MS, NULL);
    case POINTERS_POST_EVERY:
        return portico->post_every(portico->self(), MESSAGE, NULL, 0, NEVER_MS, p);
    case POINTERS_REQUEST_DATA:
        return portico->request(portico->self(), ASKED, p, size, ANSWERED, NEVER_MS, NULL);
    case POINTERS_REQUEST:
        return portico->request(portico->self(), ASKED, NULL, 0, ANSWERED, NEVER_MS, p);
    case POINTERS_REPLY: return portico->reply(1, p, size);
    default: return portico->run_job(JOB, p, size, portico->self());
    }
}

static int32_t call_sessions(uint32_t what, portico_session me, void *p, uint32_t size) {
    switch (what) {
    case POINTERS_SESSION_SEND: return portico->session_send(me, MESSAGE, p, size);
    case POINTERS_SESSION_SEND_LARGE: return portico->session_send(me, MESSAGE, p, 20000);
    case POINTERS_SESSION_SEND_OTHER: return portico->session_send(latest, MESSAGE, p, size);
    case POINTERS_SESSION_INFO: return portico->session_info(me, p);
    case POINTERS_SESSION_SET_LABEL: return portico->session_set_label(me, p);
    case POINTERS_SESSION_LABEL: return portico->session_label(me, p);
    case POINTERS_SESSION_FIND_TYPE: return portico->session_find(p, "nobody").id != 0;
    case POINTERS_SESSION_FIND: return portico->session_find(SESSIONS, p).id != 0;
    case POINTERS_SESSION_LIST_TYPE: {
        portico_session all[MEMBERS];
        return (int32_t)portico->session_list(p, all, MEMBERS);
    }
    case POINTERS_SESSION_LIST: return portico->session_list(SESSIONS, p, MEMBERS) == 0;
    case POINTERS_CHANNEL_JOIN: return portico->channel_join(p, me);
    case POINTERS_CHANNEL_LEAVE: return portico->channel_leave(p, me);
    case POINTERS_CHANNEL_SEND_CHANNEL:
        return (int32_t)portico->channel_send(p, MESSAGE, "text", 4, me);
    case POINTERS_CHANNEL_SEND:
        return (int32_t)portico->channel_send(CHANNEL, MESSAGE, p, size, me);
    case POINTERS_CHANNEL_MEMBERS_CHANNEL: {
        portico_session all[MEMBERS];
        return (int32_t)portico->channel_members(p, all, MEMBERS);
    }
    case POINTERS_CHANNEL_MEMBERS: return (int32_t)portico->channel_members(CHANNEL, p, MEMBERS);
    default: return (int32_t)portico->channel_close(p);
    }
}

static int32_t call_rooms(uint32_t what, void *p, uint32_t size) {
    portico_room room = {0};
    switch (what) {
    case POINTERS_ROOM_CREATE_TYPE: return portico->room_create(p, "hall", NULL, 0, &room);
    case POINTERS_ROOM_CREATE_NAME: return portico->room_create(HALL, p, NULL, 0, &room);
    case POINTERS_ROOM_CREATE_DATA: return portico->room_create(HALL, "other", p, size, &room);
    case POINTERS_ROOM_CREATE:
        return portico->room_create(HALL, "hall", NULL, 0, p) != PORTICO_E_EXISTS;
    case POINTERS_ROOM_FIND_TYPE: return portico->room_find(p, "hall").id != 0;
    case POINTERS_ROOM_FIND: return portico->room_find(HALL, p).id != 0;
    case POINTERS_ROOM_LIST_TYPE: {
        portico_room all[MEMBERS];
        return (int32_t)portico->room_list(p, all, MEMBERS);
    }
    case POINTERS_ROOM_LIST: return portico->room_list(HALL, p, MEMBERS) == 0;
    case POINTERS_ROOM_INFO: return portico->room_info(hall, p);
    case POINTERS_ROOM_MEMBERS: return (int32_t)portico->room_members(hall, p, MEMBERS);
    default: return (int32_t)portico->room_send(hall, MESSAGE, p, size, (portico_session){0});
    }
}

static int32_t call(uint32_t what, portico_session me, void *p, uint32_t size) {
    if (what >= POINTERS_SESSION_SEND && what <= POINTERS_CHANNEL_CLOSE) {
        return call_sessions(what, me, p, size);
    }
    if (what >= POINTERS_ROOM_CREATE_TYPE && what <= POINTERS_ROOM_SEND) {
        return call_rooms(what, p, size);
    }
    return call_self(what, p, size);
}

static void on_call(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    pointers_call told;
    uint32_t size = SMALL;
    memcpy(&told, packet->data, sizeof told);
    void *p = memory_at(told.where, &size);
    int32_t answer = call(told.what, session, p, size);
    (void)portico->session_send(session, packet->opcode, &answer, sizeof answer);
}

/* Calls the host again and again with less and less stack. */
static uint64_t dive(uint32_t depth) { /* NOLINT(misc-no-recursion) */
    volatile uint8_t frame[1024];
    frame[0] = 0;
    frame[depth % sizeof frame] = (uint8_t)portico->random();
    return depth < UINT32_MAX ? dive(depth + 1) + frame[0] : 0;
}

static void on_dive(portico_session session, void *state, const portico_packet *packet) {
    (void)state, (void)packet;
    int32_t answer = (int32_t)dive(0);
    (void)portico->session_send(session, POINTERS_DIVE, &answer, sizeof answer);
}

/* ---- as it should be ------------------------------------------------------------------------- */

#define EXPECT(condition)    \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (0)

static int32_t use_sessions(portico_session me) {
    portico_session all[MEMBERS];
    portico_session_info info = {.struct_size = sizeof info};
    char text[PORTICO_LABEL_MAX];
    EXPECT(portico->session_set_label(me, "user") == PORTICO_OK);
    EXPECT(portico->session_label(me, text) == PORTICO_OK && strcmp(text, "user") == 0);
    EXPECT(portico->session_find(SESSIONS, "user").id == me.id);
    EXPECT(portico->session_set_label(me, "") == PORTICO_OK);
    EXPECT(portico->session_info(me, &info) == PORTICO_OK && strcmp(info.type, SESSIONS) == 0);
    EXPECT(portico->session_list(SESSIONS, all, MEMBERS) > 0);
    EXPECT(portico->channel_join(CHANNEL ".used", me) == PORTICO_OK);
    EXPECT(portico->channel_members(CHANNEL ".used", all, MEMBERS) == 1 && all[0].id == me.id);
    EXPECT(portico->channel_send(CHANNEL ".used", MESSAGE, "text", 4, me) == 0);
    EXPECT(portico->channel_leave(CHANNEL ".used", me) == PORTICO_OK);
    EXPECT(portico->channel_close(CHANNEL) == 0);
    return 0;
}

static int32_t use_rooms(portico_session me) {
    portico_room all[MEMBERS];
    portico_room room = {0};
    portico_room_info info = {.struct_size = sizeof info};
    EXPECT(portico->room_create(HALL, "used", "data", 4, &room) == PORTICO_OK);
    EXPECT(portico->room_find(HALL, "used").id == room.id);
    EXPECT(portico->room_list(HALL, all, MEMBERS) == 2);
    EXPECT(portico->room_info(room, &info) == PORTICO_OK && strcmp(info.name, "used") == 0);
    EXPECT(portico->room_members(room, NULL, 0) == 0);
    EXPECT(portico->room_send(room, MESSAGE, "text", 4, me) == 0);
    EXPECT(portico->room_close(room, PORTICO_E_CLOSED) == PORTICO_OK);
    return 0;
}

static int32_t use_messages(void) {
    portico_entity self = portico->self();
    portico_timer timer = {0};
    char path[1024];
    uint64_t number = 0;
    EXPECT(portico->module_find("pointers").id == self.id);
    EXPECT(portico->data_path("file", path, sizeof path) == PORTICO_OK);
    EXPECT(portico->post(self, MESSAGE, "text", 4) == PORTICO_OK);
    EXPECT(portico->post_after(self, MESSAGE, "text", 4, NEVER_MS, &timer) == PORTICO_OK);
    EXPECT(portico->timer_cancel(timer) == PORTICO_OK);
    EXPECT(portico->post_every(self, MESSAGE, "text", 4, NEVER_MS, &timer) == PORTICO_OK);
    EXPECT(portico->timer_cancel(timer) == PORTICO_OK);
    EXPECT(portico->request(self, ASKED, "text", 4, ANSWERED, NEVER_MS, &number) == PORTICO_OK);
    EXPECT(portico->run_job(JOB, "text", 4, self) == PORTICO_OK);
    portico->log(PORTICO_LOG_DEBUG, "used");
    return 0;
}

static void on_use(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    int32_t answer = use_sessions(session);
    answer = answer == 0 ? use_rooms(session) : answer;
    answer = answer == 0 ? use_messages() : answer;
    (void)portico->session_send(session, packet->opcode, &answer, sizeof answer);
}

/* ---- the module ------------------------------------------------------------------------------ */

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    latest = session;
    return PORTICO_OK;
}

static void on_answer(portico_session session, void *state, const portico_message *message) {
    (void)session, (void)state, (void)message;
}

static void on_message(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    if (message->request != 0) {
        (void)portico->reply(message->request, message->data, message->size);
    }
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)capacity;
    return 0;
}

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    return pages_map(&memory) ? portico->room_create(HALL, "hall", NULL, 0, &hall)
                              : PORTICO_E_NO_MEMORY;
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(POINTERS_CALL, sizeof(pointers_call), sizeof(pointers_call), on_call),
    PORTICO_RAW(POINTERS_USE, 0, PORTICO_SIZE_ANY, on_use),
    PORTICO_RAW(POINTERS_DIVE, 0, PORTICO_SIZE_ANY, on_dive)};
static const portico_session_message answers[] = {PORTICO_MESSAGE(ANSWERED, on_answer)};
static const portico_session_type session_types[] = {{.name = "session",
                                                      .on_open = on_open,
                                                      .opcodes = PORTICO_TABLE(opcodes),
                                                      .messages = PORTICO_TABLE(answers)}};
static const portico_room_type room_types[] = {{.name = "hall"}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(MESSAGE, on_message),
                                                  PORTICO_MESSAGE(ASKED, on_message),
                                                  PORTICO_MESSAGE(JOB, on_message)};
static const portico_job jobs[] = {PORTICO_JOB(JOB, on_job)};

static const portico_module pointers = {.name = "pointers",
                                        .version = "1",
                                        .session_types = PORTICO_TABLE(session_types),
                                        .room_types = PORTICO_TABLE(room_types),
                                        .messages = PORTICO_TABLE(messages),
                                        .jobs = PORTICO_TABLE(jobs),
                                        .start = start};
PORTICO_MODULE(pointers);
