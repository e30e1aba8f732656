/* module.c: a module's description: the entry, the module, its types, and the rows of all tables,
 * of any sizes, names and numbers. A second list of the rules says whether it is accepted; the
 * registry then has exactly the rows. Structs and tables are as large as they say, so a sanitizer
 * sees a read past their end.
 *
 * Input: the description, from the entry to the rows.
 *
 * Covers: module/describe.c, module/describe_rows.c, module/registry.c */
#include "fuzz.h"

#include "base/text.h"
#include "module/describe.h"

#include <portico/packet.h>

enum { ROWS_MAX = 6, TOTAL_MAX = 256, BLOCKS_MAX = 512, NAME_BYTES = 80 };

/* A row that the registry must have. */
typedef struct entry {
    enum { TYPE, ROOM, PACKET, SENT, MESSAGE, JOB } kind;
    char type[2 * NAME_BYTES]; /* "": the module itself */
    uint32_t id;
} entry;

static struct {
    input in;
    const char *name; /* of the module; NULL: not allowed */
    const char *const *required;
    entry rows[TOTAL_MAX];
    uint32_t count;
    bool right; /* no rule is broken so far */
    void *blocks[BLOCKS_MAX];
    uint32_t block_count;
} made;

static uint8_t next(void) {
    return input_u8(&made.in);
}

/* Memory that exists until the input has been judged. */
static void *block(size_t size) {
    CHECK(made.block_count < BLOCKS_MAX);
    void *p = calloc(1, size > 0 ? size : 1);
    CHECK(p != NULL);
    return made.blocks[made.block_count++] = p;
}

static void rule(bool holds) {
    made.right = made.right && holds;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static bool slow_identifier(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        bool letter = text[i] >= 'a' && text[i] <= 'z';
        bool other = (text[i] >= '0' && text[i] <= '9') || text[i] == '_';
        if (!letter && (i == 0 || !other)) {
            return false;
        }
    }
    return size > 0 && size < 32;
}

/* NULL, one of a few names, or any text. */
static const char *read_text(void) {
    static const char *const names[] = {
        "session", "room",    "a",    "mod",     "mod.session", "mod.a",
        "other.b", "other.a", "x.y.", "third.a", "mod.room",    "abcdefghijklmnopqrstuvwxyz012345"};
    uint8_t first = next();
    if (first >= 0xFE) {
        return NULL;
    }
    if (first < 0xC0) {
        return names[first % (sizeof names / sizeof names[0])];
    }
    char *text = block(first % 64 + 1);
    for (uint32_t i = 0; i < first % 64u; i++) {
        text[i] = (char)next();
    }
    return text;
}

/* The name of a row for people. */
static const char *read_row_name(void) {
    static const char *const names[] = {
        "MOVE",
        NULL,
        "",
        "\xC3\xA4",
        "a\nb",
        "\xFF",
        "a name of 63 bytes, which is the longest that a row of a table may have, ..",
        "a name of 63 bytes, which is the longest that a row may have ...."};
    uint8_t choice = next();
    const char *name = names[choice < 0xE0 ? choice % 4 : choice % 8];
    rule(name == NULL || (strlen(name) <= 63 && text_is_plain(name, strlen(name))));
    return name;
}

/* Writes the full name of a type. False: it is none. *own: it is the module's. */
static bool slow_full(const char *name, char full[2 * NAME_BYTES], bool *own) {
    const char *dot = name != NULL ? strchr(name, '.') : NULL;
    const char *module = made.name != NULL ? made.name : "";
    *own = dot == NULL;
    if (name == NULL || (dot == NULL && !slow_identifier(name, strlen(name)))) {
        return false;
    }
    if (dot == NULL) {
        (void)snprintf(full, 2 * NAME_BYTES, "%s.%s", module, name);
        return true;
    }
    size_t size = (size_t)(dot - name);
    *own = strlen(module) == size && memcmp(module, name, size) == 0;
    (void)snprintf(full, 2 * NAME_BYTES, "%s", name);
    return slow_identifier(name, size) && slow_identifier(dot + 1, strlen(dot + 1));
}

static bool slow_requires(const char *full) {
    size_t size = strcspn(full, ".");
    for (const char *const *r = made.required; r != NULL && *r != NULL; r++) {
        if (strlen(*r) == size && memcmp(*r, full, size) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- what the registry must have ------------------------------------------------------------- */

static bool has(int kind, const char *type, uint32_t id) {
    for (uint32_t i = 0; i < made.count; i++) {
        const entry *e = &made.rows[i];
        if ((int)e->kind == kind && e->id == id && strcmp(e->type, type) == 0) {
            return true;
        }
    }
    return false;
}

static void expect(int kind, const char *type, uint32_t id) {
    rule(!has(kind, type, id));
    CHECK(made.count < TOTAL_MAX);
    entry *e = &made.rows[made.count++];
    memset(e, 0, sizeof *e);
    memcpy(&e->kind, &kind, sizeof kind);
    e->id = id;
    (void)snprintf(e->type, sizeof e->type, "%s", type);
}

static void check_handler(const registered_handler *h, uint32_t id, bool called) {
    CHECK(h != NULL);
    CHECK(h->id == id && h->name != NULL && (h->call.packet != NULL) == called);
    CHECK(h->size_min <= h->size_max);
}

static void check_row(const registry *r, const entry *e) {
    const registered_type *t = registry_find(r, e->type);
    const registered_room *room = registry_find_room(r, e->type);
    switch (e->kind) {
    case TYPE: CHECK(t != NULL && room == NULL); break;
    case ROOM: CHECK(room != NULL && t == NULL); break;
    case PACKET: check_handler(registry_find_handler(t->packets, e->id), e->id, true); break;
    case SENT: check_handler(registry_find_handler(t->sends, e->id), e->id, false); break;
    case JOB: check_handler(registry_find_handler(r->jobs, e->id), e->id, true); break;
    default:
        check_handler(registry_find_handler(t != NULL      ? t->messages
                                            : room != NULL ? room->messages
                                                           : r->messages,
                                            e->id),
                      e->id, true);
    }
}

static void check_registry(const registry *r) {
    uint32_t count = HASH_COUNT(r->messages) + HASH_COUNT(r->jobs);
    for (const registered_type *t = r->types; t != NULL; t = t->next) {
        count += 1 + HASH_COUNT(t->packets) + HASH_COUNT(t->sends) + HASH_COUNT(t->messages);
    }
    for (const registered_room *t = r->rooms; t != NULL; t = t->next) {
        count += 1 + HASH_COUNT(t->messages);
    }
    CHECK_INT(count, made.count);
    for (uint32_t i = 0; i < made.count; i++) {
        check_row(r, &made.rows[i]);
    }
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
}

static void on_session_message(portico_session session, void *state,
                               const portico_message *message) {
    (void)session, (void)state, (void)message;
}

static void on_room_message(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state, (void)message;
}

static void on_module_message(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state, (void)message;
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t reply_capacity) {
    (void)data, (void)reply;
    return id + size + reply_capacity;
}

#define GOOD(S, F) F(S, FIELD, int32_t, a) F(S, ARRAY, char, b, 4)
PORTICO_PACKET(good, GOOD);
static const portico_field overlapping[] = {{"a", NULL, PORTICO_KIND_SIGNED, 0, 4, 1, 0, 0},
                                            {"b", NULL, PORTICO_KIND_SIGNED, 3, 4, 1, 0, 0}};
static const portico_fields bad_fields = {
    "bad", overlapping, 2, sizeof overlapping[0], sizeof(good), 0};

/* No fields, good ones, or bad ones. */
static const portico_fields *read_fields(uint8_t choice) {
    return choice % 8 < 4 ? NULL : choice % 8 < 7 ? &good_fields : &bad_fields;
}

static portico_state read_state(uint32_t most) {
    static const uint32_t sizes[] = {0, sizeof(good), 64, 1};
    uint8_t choice = next();
    portico_state state = {.version = choice, .fields = read_fields(next())};
    state.size = choice < 0xF0 ? sizes[choice % 4] : choice % 2 == 0 ? most : most + 1;
    state.size = state.fields != NULL && choice < 0xE0 ? sizeof(good) : state.size;
    rule(state.size <= most);
    rule(state.fields == NULL || (state.fields == &good_fields && state.size == good_fields.size));
    return state;
}

/* A table of the rows, which may be larger or smaller than they should be. */
static portico_table make_table(const void *rows, uint32_t count, uint32_t size) {
    static const int32_t differences[] = {8, -8, 16, 4, -1};
    uint8_t choice = next();
    uint32_t row_size = choice < 0xE0 ? size : size + (uint32_t)differences[choice % 5];
    row_size = choice == 0xFC ? 0 : choice == 0xFD ? 4104 : row_size;
    char *copy = block((size_t)count * row_size);
    memset(copy, 0x77, (size_t)count * row_size);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(copy + (size_t)i * row_size, (const char *)rows + (size_t)i * size,
               row_size < size ? row_size : size);
    }
    rule(count == 0 || (row_size >= size && row_size <= 4096 && row_size % 8 == 0));
    rule(count == 0 || choice != 0xFE);
    return (portico_table){choice == 0xFE ? NULL : copy, count, row_size};
}

static portico_table read_opcodes(const char *type, bool sent) {
    portico_opcode rows[ROWS_MAX];
    uint32_t count = next() % (sent ? 2 : ROWS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t choice = next();
        portico_opcode *row = &rows[i];
        *row = (portico_opcode){.packet = read_fields(next()), .opcode = (uint16_t)(choice * 4097)};
        row->call = sent || choice == 0xFF ? NULL : on_packet;
        row->name = read_row_name();
        row->size_min = next();
        row->size_max = row->size_min + (choice % 32 == 31 ? UINT32_MAX : next());
        rule(sent || row->call != NULL);
        rule(row->packet != &bad_fields);
        rule(row->packet != NULL || row->size_min <= row->size_max);
        expect(sent ? SENT : PACKET, type, row->opcode);
    }
    return make_table(rows, count, sizeof rows[0]);
}

/* Messages of all kinds and jobs have rows of one form. */
static portico_table read_messages(const char *type, void (*call)(void), int kind) {
    portico_module_message rows[ROWS_MAX];
    uint32_t count = next() % 4;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t choice = next();
        rows[i] = (portico_module_message){.id = choice * 16777259u, .name = read_row_name()};
        if (choice != 0xFF) {
            memcpy(&rows[i].call, &call, sizeof call);
        }
        rule(choice != 0xFF);
        expect(kind, type, rows[i].id);
    }
    return make_table(rows, count, sizeof rows[0]);
}

static portico_table read_settings(void) {
    static uint32_t target;
    portico_setting rows[2] = {PORTICO_U32(target, "5", 1, 10, "help"),
                               PORTICO_U32(target, "5", 1, 10, "help")};
    uint8_t choice = next();
    uint32_t count = choice % 3;
    rows[1].key = (choice & 0x10) != 0 ? "target" : "other";
    rows[0].max = (choice & 0xF0) == 0xE0 ? 0 : 10;
    rule(count == 0 || rows[0].max == 10);
    rule(count < 2 || strcmp(rows[1].key, "target") != 0);
    return make_table(rows, count, sizeof rows[0]);
}

/* ---- types ----------------------------------------------------------------------------------- */

static void expect_type(int kind, const char *name, char full[2 * NAME_BYTES], bool *own) {
    full[0] = '\0';
    rule(slow_full(name, full, own));
    rule(!has(TYPE, full, 0) && !has(ROOM, full, 0));
    expect(kind, full, 0);
}

static portico_table read_session_types(void) {
    portico_session_type rows[4];
    uint32_t count = next() % 4;
    for (uint32_t i = 0; i < count; i++) {
        char full[2 * NAME_BYTES];
        bool own = false;
        portico_session_type *t = &rows[i];
        *t = (portico_session_type){.name = read_text()};
        expect_type(TYPE, t->name, full, &own);
        t->on_packet = next() % 4 == 3 ? on_packet : NULL;
        rule(own || (t->on_packet == NULL && slow_requires(full)));
        t->state = read_state(1024 * 1024);
        t->opcodes = read_opcodes(full, false);
        t->sends = read_opcodes(full, true);
        t->messages = read_messages(full, (void (*)(void))on_session_message, MESSAGE);
    }
    return make_table(rows, count, sizeof rows[0]);
}

static portico_table read_room_types(void) {
    portico_room_type rows[3];
    uint32_t count = next() % 3;
    for (uint32_t i = 0; i < count; i++) {
        char full[2 * NAME_BYTES];
        bool own = false;
        portico_room_type *t = &rows[i];
        *t = (portico_room_type){.name = read_text(), .max_members = next()};
        expect_type(ROOM, t->name, full, &own);
        rule(own);
        t->state = read_state(16 * 1024 * 1024);
        t->messages = read_messages(full, (void (*)(void))on_room_message, MESSAGE);
    }
    return make_table(rows, count, sizeof rows[0]);
}

/* ---- the description ------------------------------------------------------------------------- */

static const char *const *read_required(uint8_t choice) {
    const char **names = block(3 * sizeof *names);
    names[0] = (choice & 0x10) != 0 ? "third" : "other";
    names[1] = (choice & 0x20) == 0 ? NULL : choice % 8 == 7 ? "No" : "other";
    rule((choice & 0x40) == 0 || names[1] == NULL || names[1][0] != 'N');
    return (choice & 0x40) != 0 ? names : NULL;
}

static void read_module(portico_module *m) {
    static const char *const versions[] = {
        "1.0",
        "",
        NULL,
        "a\nb",
        "\xC3\xA4",
        "\xFF",
        ("a version of more than 64 bytes a version of more than 64 byte"
         "\xE2\x82\xAC")};
    uint8_t choice = next();
    m->name = choice < 0xD0 ? "mod" : read_text();
    made.name = m->name;
    rule(m->name != NULL && slow_identifier(m->name, strlen(m->name)));
    m->version = versions[choice < 0xC0 ? 0 : next() % 7];
    rule(m->version != NULL && text_is_plain(m->version, strlen(m->version)));
    m->required = read_required(next());
    made.required = m->required;
    m->state = read_state(1024 * 1024);
    m->session_types = read_session_types();
    m->room_types = read_room_types();
    m->messages = read_messages("", (void (*)(void))on_module_message, MESSAGE);
    m->jobs = read_messages("", (void (*)(void))on_job, JOB);
    m->settings = read_settings();
}

/* Returns what must be found at the entry itself. */
static portico_status read_entry(portico_entry *to, const portico_module *m) {
    static const int32_t differences[] = {0, 0, 0, 0, 16, -8, -1, -160};
    uint8_t choice = next();
    uint32_t size = (uint32_t)sizeof *m + (uint32_t)differences[choice % 8];
    void *copy = block(size);
    memset(copy, 0x77, size);
    memcpy(copy, m, size < sizeof *m ? size : sizeof *m);
    *to = (portico_entry){.abi_major = choice == 0xFE ? 1 : PORTICO_ABI_MAJOR,
                          .abi_minor = choice >= 0xF0 ? choice % 8 : PORTICO_ABI_MINOR,
                          .module_size = size,
                          .module = choice == 0xEF ? NULL : copy};
    if (to->abi_major != PORTICO_ABI_MAJOR || to->abi_minor < 4 ||
        to->abi_minor > PORTICO_ABI_MINOR) {
        return PORTICO_E_ABI;
    }
    return choice == 0xEF ? PORTICO_E_NOT_A_MODULE : size < sizeof *m ? PORTICO_E_ABI : PORTICO_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char why[IMAGE_WHY_MAX] = "";
    portico_module m;
    portico_entry exported;
    memset(&made, 0, sizeof made);
    memset(&m, 0, sizeof m);
    made.in = (input){data, size};
    made.right = true;
    read_module(&m);
    portico_status right = read_entry(&exported, &m);
    right = right == PORTICO_OK && !made.right ? PORTICO_E_INVALID : right;
    generation *g = calloc(1, sizeof *g);
    CHECK(g != NULL);
    portico_status status = describe(g, &exported, why);
    CHECK_INT(status, right);
    CHECK((why[0] == '\0') == (status == PORTICO_OK));
    if (status == PORTICO_OK) {
        check_registry(g->registry);
    }
    generation_free(g);
    for (uint32_t i = 0; i < made.block_count; i++) {
        free(made.blocks[i]);
    }
    return 0;
}
