/* asks_host.c: calls the functions of the host with right and wrong arguments and compares the
 * statuses with portico.h: in `start`, which also looks at what the host has written to the
 * settings, and in a handler. A difference in `start` is logged as an error and fails it.
 *
 *   opcode 1   does the same for what handlers may call, and answers "ok" or what was wrong */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NOBODY_HANDLES = 77, MESSAGE_BYTES_MAX = 1024 * 1024, ROOM_DATA_MAX = 64 * 1024 };

/* Settings of every kind. The test's ini has `number` and `colour`. */
static uint32_t number;
static int64_t depth;
static double speed;
static bool wild;
static const char *colour;
static const char *taste;
static uint32_t pause_ms;
static uint64_t limit;
static uint32_t level;

static atomic_uint rooms_opened;
static atomic_uint rooms_closed;
static atomic_uint rooms_wrong; /* which had other data, or closed for another reason */

static uint8_t large[MESSAGE_BYTES_MAX + 1];

/* Writes to `why` what was not as expected; the first difference counts. */
static void expect(char *why, size_t size, int64_t found, int64_t expected, const char *what) {
    if (found != expected && why[0] == '\0') {
        (void)snprintf(why, size, "%s: %lld, expected %lld", what, (long long)found,
                       (long long)expected);
    }
}

/* ---- in start -------------------------------------------------------------------------------- */

static void check_settings(char *why, size_t size) {
    expect(why, size, number, 42, "a number of the ini");
    expect(why, size, strcmp(colour, "deep blue"), 0, "a text of the ini");
    expect(why, size, depth, -7, "a whole number's fallback");
    expect(why, size, (int64_t)(speed * 1000), 250, "a real number's fallback");
    expect(why, size, wild, true, "a bool's fallback");
    expect(why, size, strcmp(taste, "none"), 0, "a text's fallback");
    expect(why, size, pause_ms, 2000, "a duration's fallback");
    expect(why, size, (int64_t)limit, 64 * 1024, "the fallback of bytes");
    expect(why, size, level, 1, "a choice's fallback");
}

static void check_data_path(char *why, size_t size) {
    char path[1024] = "";
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    expect(why, size, portico->data_path("scores-1.txt", path, sizeof path), PORTICO_OK,
           "data_path");
    const char *end = strstr(path, "asks_host");
    expect(why, size, end != NULL && strcmp(end + strlen("asks_host") + 1, "scores-1.txt") == 0,
           true, "the end of the path");
    expect(why, size, portico->data_path("scores-1.txt", path, 8), PORTICO_E_TOO_BIG,
           "data_path without room");
    static const char *const wrong[] = {"",    ".hidden",     "..",  "a/b",     "a\\b",
                                        "a b", "caf\xC3\xA9", "nul", "Com1.txt"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        expect(why, size, portico->data_path(wrong[i], path, sizeof path), PORTICO_E_INVALID,
               wrong[i]);
    }
}

static void check_module(char *why, size_t size) {
    expect(why, size, portico->abi_major, PORTICO_ABI_MAJOR, "abi_major");
    expect(why, size, portico->abi_minor, PORTICO_ABI_MINOR, "abi_minor");
    expect(why, size, portico->struct_size >= sizeof *portico, true, "the host's struct_size");
    expect(why, size, portico->get_extension("portico.nothing/1") == NULL, true, "an extension");
    expect(why, size, portico->wall_ms() > 1600000000000u, true, "wall_ms");
    const uint64_t drawn = portico->random();
    expect(why, size, portico->random() != drawn, true, "random");
    expect(why, size, portico->self().id != 0, true, "self");
    expect(why, size, (int64_t)portico->module_find("asks_host").id, (int64_t)portico->self().id,
           "module_find of itself");
    expect(why, size, portico->module_find("echo").id != 0, true, "module_find");
    expect(why, size, (int64_t)portico->module_find("nowhere").id, 0, "module_find of no module");
}

static portico_status module_start(void *state, uint32_t why_start) {
    (void)state;
    char why[200] = "";
    expect(why, sizeof why, why_start, PORTICO_START_LOADED, "why it is started");
    check_module(why, sizeof why);
    check_settings(why, sizeof why);
    check_data_path(why, sizeof why);
    if (why[0] != '\0') {
        portico_logf(PORTICO_LOG_ERROR, "not as portico.h says: %s", why);
        return PORTICO_E_LOAD;
    }
    return PORTICO_OK;
}

/* ---- in a handler ---------------------------------------------------------------------------- */

static void check_sessions(char *why, size_t size, portico_session self) {
    portico_session_info info = {.struct_size = sizeof info};
    const portico_session stale = {self.id ^ 0x5500000000};
    expect(why, size, portico->session_info(self, &info), PORTICO_OK, "session_info");
    expect(why, size, strcmp(info.type, "asks_host.session"), 0, "the type");
    expect(why, size, strcmp(info.service, "asks"), 0, "the service");
    expect(why, size, strncmp(info.peer, "127.0.0.1:", 10), 0, "the peer");
    expect(why, size, info.outgoing, 0, "outgoing");
    expect(why, size, info.opened_ms <= portico->clock_ms(), true, "opened_ms");
    expect(why, size, portico->session_info((portico_session){0}, &info), PORTICO_E_GONE,
           "session_info of 0");
    expect(why, size, portico->session_info(stale, &info), PORTICO_E_GONE,
           "session_info of a stale id");
    expect(why, size, portico->session_send(stale, 1, "x", 1), PORTICO_E_GONE,
           "session_send to a stale id");
    expect(why, size, portico->session_close(stale, PORTICO_E_CLOSED), PORTICO_E_GONE,
           "session_close of a stale id");
    expect(why, size, portico->session_send(self, 1, NULL, 1), PORTICO_E_INVALID,
           "session_send of NULL");
    expect(why, size, portico->session_close(self, PORTICO_OK), PORTICO_E_INVALID,
           "session_close without a reason");
    expect(why, size, portico->session_close(self, 1), PORTICO_E_INVALID,
           "session_close with a positive reason");
    expect(why, size, portico->session_close(self, -9999), PORTICO_E_INVALID,
           "session_close with a reason that is no status");
    portico_session list[2] = {{0}, {0}};
    expect(why, size, portico->session_list("asks_host.session", list, 2), 1, "session_list");
    expect(why, size, (int64_t)list[0].id, (int64_t)self.id, "the session of the list");
    expect(why, size, portico->session_list("asks_host.session", NULL, 0), 1,
           "session_list without room");
    expect(why, size, portico->session_list("asks_host.nothing", list, 2), 0,
           "session_list of no type");
    expect(why, size, portico->session_send(self, 1, large, 70000), PORTICO_E_TOO_BIG,
           "a large packet");
}

static void check_labels(char *why, size_t size, portico_session self) {
    char label[PORTICO_LABEL_MAX + 1];
    char read[PORTICO_LABEL_MAX] = "x";
    expect(why, size, portico->session_label(self, read), PORTICO_OK, "session_label");
    expect(why, size, read[0], '\0', "no label yet");
    memset(label, 'l', PORTICO_LABEL_MAX);
    label[PORTICO_LABEL_MAX] = '\0';
    expect(why, size, portico->session_set_label(self, label), PORTICO_E_INVALID,
           "a label of 64 bytes");
    expect(why, size, portico->session_set_label(self, label + 1), PORTICO_OK,
           "a label of 63 bytes");
    expect(why, size, portico->session_set_label(self, "a\nb"), PORTICO_E_INVALID,
           "a label with a control");
    expect(why, size, portico->session_set_label(self, "\xFF\xFE"), PORTICO_E_INVALID,
           "a label not in UTF-8");
    expect(why, size, portico->session_set_label(self, "M\xC3\xA4x"), PORTICO_OK,
           "a label in UTF-8");
    (void)portico->session_label(self, read);
    expect(why, size, strcmp(read, "M\xC3\xA4x"), 0, "the label");
    expect(why, size, portico->session_label((portico_session){0}, read), PORTICO_E_GONE,
           "session_label of 0");
    expect(why, size, read[0], '\0', "the label of 0");
    expect(why, size, portico->session_label(self, NULL), PORTICO_E_INVALID,
           "session_label to NULL");
    expect(why, size, (int64_t)portico->session_find("asks_host.session", "M\xC3\xA4x").id,
           (int64_t)self.id, "by label");
    expect(why, size, (int64_t)portico->session_find("asks_host.session", label + 1).id, 0,
           "the old label");
    expect(why, size, (int64_t)portico->session_find("chat.user", "M\xC3\xA4x").id, 0,
           "another type's label");
    expect(why, size, portico->session_set_label(self, ""), PORTICO_OK, "no label");
    expect(why, size, (int64_t)portico->session_find("asks_host.session", "M\xC3\xA4x").id, 0,
           "the label taken away");
    expect(why, size, portico->session_set_label((portico_session){0}, "x"), PORTICO_E_GONE,
           "a label of 0");
}

static void check_channels(char *why, size_t size, portico_session self) {
    portico_session members[2] = {{0}, {0}};
    char name[100];
    memset(name, 'c', sizeof name);
    name[64] = '\0';
    expect(why, size, portico->channel_members("asks.one", members, 2), 0, "members of nothing");
    expect(why, size, portico->channel_send("asks.one", 1, "x", 1, (portico_session){0}), 0,
           "channel_send to nothing");
    expect(why, size, portico->channel_join("asks.one", self), PORTICO_OK, "channel_join");
    expect(why, size, portico->channel_join("asks.one", self), PORTICO_E_EXISTS,
           "channel_join twice");
    expect(why, size, portico->channel_members("asks.one", members, 2), 1, "members of one");
    expect(why, size, (int64_t)members[0].id, (int64_t)self.id, "the member");
    expect(why, size, portico->channel_members("asks.one", NULL, 0), 1, "members without room");
    expect(why, size, portico->channel_send("asks.one", 1, "x", 1, self), 0,
           "channel_send but to itself");
    expect(why, size, portico->channel_join("", self), PORTICO_E_INVALID,
           "a channel without a name");
    expect(why, size, portico->channel_join(name, self), PORTICO_E_INVALID,
           "a channel with a name of 64 bytes");
    expect(why, size, portico->channel_join("a\tb", self), PORTICO_E_INVALID,
           "a channel with a control");
    expect(why, size, portico->channel_join("asks.one", (portico_session){0}), PORTICO_E_GONE,
           "channel_join of 0");
    expect(why, size, portico->channel_leave("asks.one", self), PORTICO_OK, "channel_leave");
    expect(why, size, portico->channel_leave("asks.one", self), PORTICO_E_NOT_FOUND,
           "channel_leave twice");
    expect(why, size, portico->channel_members("asks.one", members, 2), 0,
           "members of an empty one");
    expect(why, size, portico->channel_close("asks.one"), 0, "channel_close of nothing");
    expect(why, size, portico->channel_join("asks.one", self), PORTICO_OK, "channel_join again");
    expect(why, size, portico->channel_close("asks.one"), 1, "channel_close");
    expect(why, size, portico->channel_members("asks.one", members, 2), 0,
           "members of a closed one");
}

static void check_rooms(char *why, size_t size) {
    portico_room room = {1};
    portico_room list[2] = {{0}, {0}};
    portico_room_info info = {.struct_size = sizeof info};
    expect(why, size, portico->room_create("asks_host.nothing", "r", NULL, 0, &room),
           PORTICO_E_NOT_FOUND, "room_create of no type");
    expect(why, size, (int64_t)room.id, 0, "the room that was not created");
    expect(why, size, portico->room_create("asks_host.room", "", NULL, 0, &room), PORTICO_E_INVALID,
           "room_create without a name");
    expect(why, size, portico->room_create("asks_host.room", "r", NULL, 1, &room),
           PORTICO_E_INVALID, "room_create with NULL");
    expect(why, size, portico->room_create("asks_host.room", "r", large, ROOM_DATA_MAX + 1, &room),
           PORTICO_E_TOO_BIG, "room_create with too much");
    expect(why, size, portico->room_create("asks_host.room", "r", "data", 4, &room), PORTICO_OK,
           "room_create");
    const portico_room first = room;
    expect(why, size, portico->room_create("asks_host.room", "r", "else", 4, &room),
           PORTICO_E_EXISTS, "room_create twice");
    expect(why, size, (int64_t)room.id, (int64_t)first.id, "the room that exists");
    expect(why, size, (int64_t)portico->room_find("asks_host.room", "r").id, (int64_t)first.id,
           "room_find");
    expect(why, size, portico->room_list("asks_host.room", list, 2), 1, "room_list");
    expect(why, size, (int64_t)list[0].id, (int64_t)first.id, "the room of the list");
    expect(why, size, portico->room_info(room, &info), PORTICO_OK, "room_info");
    expect(why, size, portico->room_close(room, PORTICO_OK), PORTICO_E_INVALID,
           "room_close without a reason");
    expect(why, size, portico->room_close(room, PORTICO_E_KICKED), PORTICO_OK, "room_close");
    expect(why, size, portico->room_close(room, PORTICO_E_KICKED), PORTICO_E_GONE,
           "room_close twice");
    expect(why, size, portico->room_list("asks_host.room", list, 2), 0,
           "room_list of a closing room");
    expect(why, size, atomic_load(&rooms_wrong), 0, "rooms that went wrong");
}

static void check_messages(char *why, size_t size, portico_session self) {
    portico_entity to = portico_session_entity(self);
    const portico_entity stale = {self.id ^ 0x5500000000};
    uint64_t request = 0;
    expect(why, size, portico->post(stale, 1, NULL, 0), PORTICO_E_GONE, "post to a stale id");
    expect(why, size, portico->post(to, 1, NULL, 1), PORTICO_E_INVALID, "post of NULL");
    expect(why, size, portico->post(to, 1, large, sizeof large), PORTICO_E_TOO_BIG,
           "post of too much");
    expect(why, size, portico->post_after(to, 1, NULL, 1, 1, NULL), PORTICO_E_INVALID,
           "post_after of NULL");
    expect(why, size, portico->post_every(to, 1, NULL, 0, 0, NULL), PORTICO_E_INVALID,
           "post_every without a period");
    expect(why, size, portico->timer_cancel((portico_timer){0}), PORTICO_E_GONE,
           "timer_cancel of 0");
    expect(why, size, portico->request(stale, 1, NULL, 0, 2, 100, &request), PORTICO_E_GONE,
           "request to a stale id");
    expect(why, size, portico->request(to, 1, NULL, 1, 2, 100, &request), PORTICO_E_INVALID,
           "request of NULL");
    expect(why, size, portico->request(to, 1, large, sizeof large, 2, 100, &request),
           PORTICO_E_TOO_BIG, "request of too much");
    expect(why, size, portico->reply(0, NULL, 0), PORTICO_E_GONE, "reply to nothing");
    expect(why, size, portico->run_job(NOBODY_HANDLES, NULL, 0, to), PORTICO_E_NOT_FOUND,
           "run_job of no job");
    expect(why, size, portico->run_job(1, NULL, 1, to), PORTICO_E_INVALID, "run_job of NULL");
    expect(why, size, portico->run_job(1, large, sizeof large, to), PORTICO_E_TOO_BIG,
           "run_job of too much");
}

static void on_ask(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    char why[200] = "";
    expect(why, sizeof why, packet->data[packet->size], 0, "the zero after a packet");
    check_sessions(why, sizeof why, session);
    check_labels(why, sizeof why, session);
    check_channels(why, sizeof why, session);
    check_rooms(why, sizeof why);
    check_messages(why, sizeof why, session);
    const char *text = why[0] == '\0' ? "ok" : why;
    (void)portico->session_send(session, packet->opcode, text, (uint32_t)strlen(text));
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t reply_capacity) {
    (void)id, (void)data, (void)size, (void)reply, (void)reply_capacity;
    return 0;
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)room, (void)state;
    atomic_fetch_add(&rooms_opened, 1);
    atomic_fetch_add(&rooms_wrong, size != 4 || memcmp(data, "data", 4) != 0);
    return PORTICO_OK;
}

static void on_room_close(portico_room room, void *state, portico_status reason) {
    (void)room, (void)state;
    atomic_fetch_add(&rooms_closed, 1);
    atomic_fetch_add(&rooms_wrong, reason != PORTICO_E_KICKED);
}

static void module_stop(void *state, uint32_t why) {
    (void)state, (void)why;
    portico_logf(PORTICO_LOG_INFO, "rooms opened %u closed %u wrong %u", atomic_load(&rooms_opened),
                 atomic_load(&rooms_closed), atomic_load(&rooms_wrong));
}

/* ---- the module ------------------------------------------------------------------------------ */

static const portico_opcode opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_ask)};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)},
    {.name = "largest", .state = {.size = 1024 * 1024}},
    {.name = "echo.session"},
};
static const portico_room_type room_types[] = {
    {.name = "room", .on_open = on_room_open, .on_close = on_room_close},
    {.name = "largest_room", .state = {.size = 16 * 1024 * 1024}},
};
static const portico_job jobs[] = {PORTICO_JOB(1, on_job)};

static const char *const levels[] = {"easy", "hard", NULL};
static const portico_setting settings[] = {
    PORTICO_U32(number, "1", 0, 100, "a number"),
    PORTICO_I64(depth, "-7", -10, 100, "a number that may be negative"),
    PORTICO_REAL(speed, "0.25", 0, 1, "a real number"),
    PORTICO_BOOL(wild, "yes", "a choice of two"),
    PORTICO_TEXT(colour, "none", 0, 20, "a text"),
    PORTICO_TEXT(taste, "none", 0, 20, "another text"),
    PORTICO_DURATION(pause_ms, "2s", 0, 60000, "a duration"),
    PORTICO_BYTES(limit, "64k", 0, 1 << 30, "a number of bytes"),
    PORTICO_CHOICE(level, "hard", levels, "one of a list"),
};

static const char *const required[] = {"echo", NULL};

static const portico_module asks_host = {
    .name = "asks_host",
    .version = "1",
    .required = required,
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .jobs = PORTICO_TABLE(jobs),
    .settings = PORTICO_TABLE(settings),
    .start = module_start,
    .stop = module_stop,
};

PORTICO_MODULE(asks_host);
