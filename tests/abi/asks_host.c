/* asks_host.c: calls every function of the host that `load` may call, with right and wrong
 * arguments, and compares the statuses with portico.h. A difference is logged as an error and fails
 * the load.
 *
 * A client tests the rest through its session: opcode 1 does the same for what handlers may call,
 * and answers "ok" or what was wrong. */
#include <portico/portico.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const portico_host *host;

/* Writes to `why` what was not as expected; the first difference counts. */
static void expect(char *why, size_t size, int64_t found, int64_t expected, const char *what) {
    if (found != expected && why[0] == '\0') {
        (void)snprintf(why, size, "%s: %lld, expected %lld", what, (long long)found,
                       (long long)expected);
    }
}

static void PORTICO_CALL on_nothing(portico_session session, void *state,
                                    const portico_packet *packet) {
    (void)session;
    (void)state;
    (void)packet;
}

static void check_config(char *why, size_t size) {
    int64_t value = 0;
    expect(why, size, strcmp(host->config_text("colour", "none"), "deep blue"), 0,
           "config_text of a key");
    expect(why, size, strcmp(host->config_text("not there", "none"), "none"), 0,
           "config_text's fallback");
    expect(why, size, host->config_integer("number", 1, 0, 100, &value), PORTICO_OK,
           "config_integer");
    expect(why, size, value, 42, "the integer");
    expect(why, size, host->config_integer("not there", -7, -10, 100, &value), PORTICO_OK,
           "its fallback");
    expect(why, size, value, -7, "the fallback");
    expect(why, size, host->config_integer("number", 1, 0, 41, &value), PORTICO_E_INVALID,
           "out of range");
    expect(why, size, value, 1, "the fallback after out of range");
    expect(why, size, host->config_integer("colour", 2, 0, 41, &value), PORTICO_E_INVALID,
           "no integer");
    expect(why, size, value, 2, "the fallback after no integer");
}

static void expect_type(char *why, size_t size, const char *name, uint32_t state_size,
                        portico_status expected, const char *what) {
    const portico_session_type type = {
        .struct_size = sizeof type, .name = name, .state_size = state_size};
    expect(why, size, host->register_session_type(&type), expected, what);
}

static void check_types(char *why, size_t size) {
    char long_name[200];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    expect_type(why, size, "session", 0, PORTICO_E_EXISTS, "a name twice");
    expect_type(why, size, NULL, 0, PORTICO_E_INVALID, "no name");
    expect_type(why, size, "", 0, PORTICO_E_INVALID, "an empty name");
    expect_type(why, size, "Not Allowed", 0, PORTICO_E_INVALID, "a name with blanks");
    expect_type(why, size, long_name, 0, PORTICO_E_INVALID, "a long name");
    expect_type(why, size, "large", 1024 * 1024 + 1, PORTICO_E_INVALID, "too much state");
    expect_type(why, size, "largest", 1024 * 1024, PORTICO_OK, "the most state");
    expect_type(why, size, "chat.user", 0, PORTICO_E_DEPENDENCY, "a module that is not required");
    expect_type(why, size, "echo.nothing", 0, PORTICO_E_NOT_FOUND, "a missing type");
    expect_type(why, size, "echo.session", 0, PORTICO_OK, "another module's type");
    expect(why, size, host->register_session_type(NULL), PORTICO_E_INVALID, "NULL");
}

/* Structs of other sizes than today's, and the states' fields. */
static void check_structs(char *why, size_t size) {
    portico_session_type type = {.struct_size = 48, .name = "sized"};
    portico_room_type room = {.struct_size = 48, .name = "sized_room"};
    expect(why, size, host->register_session_type(&type), PORTICO_E_INVALID,
           "a type shorter than 0.1's");
    expect(why, size, host->register_room_type(&room), PORTICO_E_INVALID,
           "a room type shorter than 0.2's");
    type.struct_size = 60;
    expect(why, size, host->register_session_type(&type), PORTICO_E_INVALID,
           "a type that ends in a pointer");
    const portico_field field = {"x", PORTICO_KIND_FLOAT, 0, 3, 1};
    const portico_state_fields fields = {sizeof fields, sizeof field, 1, 0, &field};
    type.struct_size = sizeof type;
    type.state_size = room.state_size = 4;
    type.state_fields = room.state_fields = &fields;
    room.struct_size = sizeof room;
    expect(why, size, host->register_session_type(&type), PORTICO_E_INVALID,
           "a field of a wrong size");
    expect(why, size, host->register_room_type(&room), PORTICO_E_INVALID,
           "a room's field of a wrong size");
    type.struct_size = room.struct_size = 56; /* 0.2 ended before the fields */
    expect(why, size, host->register_session_type(&type), PORTICO_OK, "a type of 0.2");
    expect(why, size, host->register_room_type(&room), PORTICO_OK, "a room type of 0.2");
}

static void check_handlers(char *why, size_t size) {
    expect(why, size, host->register_handler("session", 5, on_nothing), PORTICO_OK, "a handler");
    expect(why, size, host->register_handler("session", 5, on_nothing), PORTICO_E_EXISTS,
           "an opcode twice");
    expect(why, size, host->register_handler("session", 6, NULL), PORTICO_E_INVALID, "no handler");
    expect(why, size, host->register_handler("unknown", 6, on_nothing), PORTICO_E_NOT_FOUND,
           "unknown type");
    expect(why, size, host->register_handler("counts.session", 6, on_nothing), PORTICO_E_NOT_FOUND,
           "not joined");
    expect(why, size, host->register_handler("session", 65535, on_nothing), PORTICO_OK,
           "opcode 65535");
    expect(why, size, host->get_extension("portico.nothing/1") == NULL, true, "an extension");
}

static void check_sessions(char *why, size_t size, portico_session self) {
    portico_session_info info = {.struct_size = sizeof info};
    const portico_session stale = self ^ (portico_session)0x5500000000;
    expect(why, size, host->session_info(self, &info), PORTICO_OK, "session_info");
    expect(why, size, strcmp(info.type, "asks_host.session"), 0, "the type");
    expect(why, size, strcmp(info.service, "asks"), 0, "the service");
    expect(why, size, strncmp(info.peer, "127.0.0.1:", 10), 0, "the peer");
    expect(why, size, info.outgoing, 0, "outgoing");
    expect(why, size, info.opened_ms <= host->clock_ms(), true, "opened_ms");
    expect(why, size, host->session_info(0, &info), PORTICO_E_GONE, "session_info of 0");
    expect(why, size, host->session_info(stale, &info), PORTICO_E_GONE,
           "session_info of a stale id");
    expect(why, size, host->session_send(stale, 1, "x", 1), PORTICO_E_GONE,
           "session_send to a stale id");
    expect(why, size, host->session_close(stale), PORTICO_E_GONE, "session_close of a stale id");
    expect(why, size, host->session_send(self, 1, NULL, 1), PORTICO_E_INVALID,
           "session_send of NULL");
    static const uint8_t large[70000];
    expect(why, size, host->session_send(self, 1, large, sizeof large), PORTICO_E_TOO_BIG,
           "a large packet");
}

static void check_labels(char *why, size_t size, portico_session self) {
    char label[PORTICO_LABEL_MAX + 1];
    memset(label, 'l', PORTICO_LABEL_MAX);
    label[PORTICO_LABEL_MAX] = '\0';
    expect(why, size, host->session_set_label(self, label), PORTICO_E_INVALID,
           "a label of 64 bytes");
    expect(why, size, host->session_set_label(self, label + 1), PORTICO_OK, "a label of 63 bytes");
    expect(why, size, host->session_set_label(self, "a\nb"), PORTICO_E_INVALID,
           "a label with a control");
    expect(why, size, host->session_set_label(self, "\xFF\xFE"), PORTICO_E_INVALID,
           "a label not in UTF-8");
    expect(why, size, host->session_set_label(self, "M\xC3\xA4x"), PORTICO_OK, "a label in UTF-8");
    expect(why, size, (int64_t)host->session_by_label("asks_host.session", "M\xC3\xA4x"),
           (int64_t)self, "by label");
    expect(why, size, (int64_t)host->session_by_label("asks_host.session", label + 1), 0,
           "the old label");
    expect(why, size, (int64_t)host->session_by_label("chat.user", "M\xC3\xA4x"), 0,
           "another type's label");
    expect(why, size, host->session_set_label(self, ""), PORTICO_OK, "no label");
    expect(why, size, (int64_t)host->session_by_label("asks_host.session", "M\xC3\xA4x"), 0,
           "the label taken away");
    expect(why, size, host->session_set_label(0, "x"), PORTICO_E_GONE, "a label of 0");
}

static void check_channels(char *why, size_t size, portico_session self) {
    portico_session members[2] = {0, 0};
    char name[100];
    memset(name, 'c', sizeof name);
    name[64] = '\0';
    expect(why, size, host->channel_members("asks.one", members, 2), 0, "members of nothing");
    expect(why, size, host->channel_send("asks.one", 1, "x", 1, 0), 0, "channel_send to nothing");
    expect(why, size, host->channel_join("asks.one", self), PORTICO_OK, "channel_join");
    expect(why, size, host->channel_join("asks.one", self), PORTICO_E_EXISTS, "channel_join twice");
    expect(why, size, host->channel_members("asks.one", members, 2), 1, "members of one");
    expect(why, size, (int64_t)members[0], (int64_t)self, "the member");
    expect(why, size, host->channel_members("asks.one", NULL, 0), 1, "members without room");
    expect(why, size, host->channel_send("asks.one", 1, "x", 1, self), 0,
           "channel_send but to itself");
    expect(why, size, host->channel_join("", self), PORTICO_E_INVALID, "a channel without a name");
    expect(why, size, host->channel_join(name, self), PORTICO_E_INVALID,
           "a channel with a name of 64 bytes");
    expect(why, size, host->channel_join("a\tb", self), PORTICO_E_INVALID,
           "a channel with a control");
    expect(why, size, host->channel_join("asks.one", 0), PORTICO_E_GONE, "channel_join of 0");
    expect(why, size, host->channel_leave("asks.one", self), PORTICO_OK, "channel_leave");
    expect(why, size, host->channel_leave("asks.one", self), PORTICO_E_NOT_FOUND,
           "channel_leave twice");
    expect(why, size, host->channel_members("asks.one", members, 2), 0, "members of an empty one");
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    char why[200] = "";
    expect(why, sizeof why, packet->data[packet->size], 0, "the zero after a packet");
    check_sessions(why, sizeof why, session);
    check_labels(why, sizeof why, session);
    check_channels(why, sizeof why, session);
    const portico_session_type type = {.struct_size = sizeof type, .name = "late"};
    expect(why, sizeof why, host->register_session_type(&type), PORTICO_E_STATE,
           "a type outside load");
    expect(why, sizeof why, host->register_handler("session", 9, on_nothing), PORTICO_E_STATE,
           "a handler then");
    const char *text = why[0] == '\0' ? "ok" : why;
    (void)host->session_send(session, packet->opcode, text, (uint32_t)strlen(text));
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    char why[200] = "";
    expect(why, sizeof why, host->abi_major, PORTICO_ABI_MAJOR, "abi_major");
    expect(why, sizeof why, host->abi_minor, PORTICO_ABI_MINOR, "abi_minor");
    expect(why, sizeof why, host->struct_size >= sizeof *host, true, "the host's struct_size");
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_packet = on_packet};
    expect(why, sizeof why, host->register_session_type(&type), PORTICO_OK, "the first type");
    check_config(why, sizeof why);
    check_types(why, sizeof why);
    check_structs(why, sizeof why);
    check_handlers(why, sizeof why);
    if (why[0] != '\0') {
        char text[256];
        (void)snprintf(text, sizeof text, "not as portico.h says: %s", why);
        host->log(PORTICO_LOG_ERROR, text);
        return PORTICO_E_LOAD;
    }
    return PORTICO_OK;
}

static const char *const required[] = {"echo", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "asks_host",
    .version = "1",
    .required = required,
    .load = module_load,
};

PORTICO_MODULE(info);
