/* module.c: a module's description and what its `load` registers, of any sizes, names and numbers.
 * Each call has the status that a second list of the rules gives it, and the registry then holds
 * exactly what was accepted. Structs are as large as they say, so a sanitizer sees a read past
 * their end.
 *
 * Reaches the static functions of image.c by including it. Input: the description, then the calls.
 *
 * Covers: module/image.c, api/register.c, module/registry.c */
#include "fuzz.h"

#include "api/host_api.h"
#include "base/log.h"
#include "module/image.c" /* NOLINT(bugprone-suspicious-include) */

enum { CALLS_MAX = 48, NAME_MAX_BYTES = 80 };

/* A registration that the host has accepted. */
typedef struct entry {
    enum { ENTRY_SESSION, ENTRY_ROOM, ENTRY_PACKET, ENTRY_MESSAGE, ENTRY_BLOCKING } kind;
    char type[2 * NAME_MAX_BYTES];
    uint32_t id;
} entry;

static struct {
    input in;
    generation *g;
    bool inspected;
    const char *const *required;
    entry entries[CALLS_MAX];
    uint32_t count;
    portico_status answer; /* of `load` */
} script;

/* ---- inputs ---------------------------------------------------------------------------------- */

static const portico_field good_fields[] = {{"a", PORTICO_KIND_SIGNED, 0, 4, 1},
                                            {"b", PORTICO_KIND_CHAR, 4, 1, 4}};
static const portico_field bad_fields[] = {{"a", PORTICO_KIND_SIGNED, 0, 4, 1},
                                           {"b", PORTICO_KIND_SIGNED, 3, 4, 1}};
static const portico_state_fields tables[] = {
    {sizeof tables[0], sizeof good_fields[0], 2, 0, good_fields},
    {sizeof tables[0], sizeof bad_fields[0], 2, 0, bad_fields},
};

/* Two bits choose no table, the good one, or the bad one. */
static const portico_state_fields *read_fields_table(uint8_t choice) {
    return choice % 4 < 2 ? NULL : &tables[choice % 2];
}

static bool fields_fit(const portico_state_fields *fields, uint32_t state_size) {
    return fields == NULL || (fields == &tables[0] && state_size >= 8);
}

/* NULL, one of a few names, or any text. */
static const char *read_text(input *in, char text[NAME_MAX_BYTES]) {
    static const char *const names[] = {
        "session", "room",    "a",    "mod",     "mod.session", "mod.a",
        "other.b", "other.a", "x.y.", "third.a", "mod.room",    "abcdefghijklmnopqrstuvwxyz012345"};
    uint8_t first = input_u8(in);
    if (first >= 0xFE) {
        return NULL;
    }
    if (first < 0xC0) {
        return names[first % (sizeof names / sizeof names[0])];
    }
    uint32_t size = first % 64;
    for (uint32_t i = 0; i < size; i++) {
        text[i] = (char)input_u8(in);
    }
    text[size] = '\0';
    return text;
}

static uint32_t read_size(uint8_t choice, uint32_t most) {
    static const uint32_t sizes[] = {0, 8, 64, 1};
    return choice < 0xF0 ? sizes[choice % 4] : choice % 2 == 0 ? most : most + 1;
}

/* Returns a copy of a struct that is as large as its first field says. */
static void *make_struct(input *in, const void *from, size_t today, size_t least, bool *valid) {
    uint8_t choice = input_u8(in);
    size_t sizes[] = {today, today, least, today + 16, least - 8, today - 1, 4, today - 8};
    size_t size = sizes[choice % 8];
    *valid = size >= least && size % 8 == 0;
    char *copy = calloc(1, size);
    CHECK(copy != NULL);
    memcpy(copy, from, size < today ? size : today);
    memset(copy + (size < today ? size : today), 0x77, size - (size < today ? size : today));
    uint32_t number = (uint32_t)size;
    memcpy(copy, &number, sizeof number);
    return copy;
}

/* ---- the rules ------------------------------------------------------------------------------- */

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

/* Writes the full name; false: it is none. *owner is the part before the dot. */
static bool slow_full(const char *name, char full[2 * NAME_MAX_BYTES], char owner[32]) {
    const char *dot = name != NULL ? strchr(name, '.') : NULL;
    if (name == NULL || (dot == NULL && !slow_identifier(name, strlen(name)))) {
        return false;
    }
    if (dot == NULL) {
        (void)snprintf(full, 2 * NAME_MAX_BYTES, "%s.%s", script.g->name, name);
        (void)snprintf(owner, 32, "%s", script.g->name);
        return true;
    }
    if (!slow_identifier(name, (size_t)(dot - name)) ||
        !slow_identifier(dot + 1, strlen(dot + 1))) {
        return false;
    }
    (void)snprintf(full, 2 * NAME_MAX_BYTES, "%s", name);
    (void)snprintf(owner, 32, "%.*s", (int)(dot - name), name);
    return true;
}

static bool slow_requires(const char *owner) {
    for (const char *const *r = script.required; r != NULL && *r != NULL; r++) {
        if (strcmp(*r, owner) == 0) {
            return true;
        }
    }
    return false;
}

static bool has(int kind, const char *type, uint32_t id) {
    for (uint32_t i = 0; i < script.count; i++) {
        const entry *e = &script.entries[i];
        if ((int)e->kind == kind && e->id == id && strcmp(e->type, type) == 0) {
            return true;
        }
    }
    return false;
}

static void accept(int kind, const char *type, uint32_t id, portico_status right,
                   portico_status found) {
    CHECK_INT(found, right);
    if (found == PORTICO_OK) {
        entry *e = &script.entries[script.count++];
        memset(e, 0, sizeof *e);
        memcpy(&e->kind, &kind, sizeof kind);
        e->id = id;
        (void)snprintf(e->type, sizeof e->type, "%s", type);
    }
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)session;
    (void)state;
    (void)packet;
}

static void PORTICO_CALL on_message(portico_entity entity, void *state,
                                    const portico_message *message) {
    (void)entity;
    (void)state;
    (void)message;
}

static uint32_t PORTICO_CALL on_blocking(uint32_t id, const void *data, uint32_t size, void *reply,
                                         uint32_t reply_capacity) {
    (void)data;
    (void)reply;
    return id + size + reply_capacity;
}

static void call_session_type(const portico_host *host, input *in) {
    char text[NAME_MAX_BYTES];
    char full[2 * NAME_MAX_BYTES] = "";
    char owner[32] = "";
    bool sized = false;
    portico_session_type type = {.name = read_text(in, text)};
    uint8_t choice = input_u8(in);
    type.state_size = read_size(input_u8(in), 1024 * 1024);
    type.state_version = choice;
    type.on_packet = (choice & 1) != 0 ? on_packet : NULL;
    type.state_fields = read_fields_table(choice >> 1);
    portico_session_type *from =
        make_struct(in, &type, sizeof type, offsetof(portico_session_type, state_fields), &sized);
    if (from->struct_size <= offsetof(portico_session_type, state_fields)) {
        type.state_fields = NULL;
    }
    bool named = slow_full(type.name, full, owner);
    bool own = strcmp(owner, script.g->name) == 0;
    bool fits = type.state_size <= 1024 * 1024 && fields_fit(type.state_fields, type.state_size);
    portico_status right = !sized || !named || (!own && type.on_packet != NULL) ? PORTICO_E_INVALID
                           : has(ENTRY_SESSION, full, 0) || has(ENTRY_ROOM, full, 0)
                               ? PORTICO_E_EXISTS
                           : !own && !slow_requires(owner) ? PORTICO_E_DEPENDENCY
                           : !own && !script.inspected     ? PORTICO_E_NOT_FOUND
                           : fits                          ? PORTICO_OK
                                                           : PORTICO_E_INVALID;
    accept(ENTRY_SESSION, full, 0, right, host->register_session_type(from));
    free(from);
}

static void call_room_type(const portico_host *host, input *in) {
    char text[NAME_MAX_BYTES];
    char full[2 * NAME_MAX_BYTES] = "";
    char owner[32] = "";
    bool sized = false;
    portico_room_type type = {.name = read_text(in, text)};
    type.state_size = read_size(input_u8(in), 16 * 1024 * 1024);
    type.state_fields = read_fields_table(input_u8(in));
    portico_room_type *from =
        make_struct(in, &type, sizeof type, offsetof(portico_room_type, state_fields), &sized);
    if (from->struct_size <= offsetof(portico_room_type, state_fields)) {
        type.state_fields = NULL;
    }
    bool named = slow_full(type.name, full, owner) && strcmp(owner, script.g->name) == 0;
    bool fits =
        type.state_size <= 16 * 1024 * 1024 && fields_fit(type.state_fields, type.state_size);
    portico_status right = !sized || !named ? PORTICO_E_INVALID
                           : has(ENTRY_SESSION, full, 0) || has(ENTRY_ROOM, full, 0)
                               ? PORTICO_E_EXISTS
                           : fits ? PORTICO_OK
                                  : PORTICO_E_INVALID;
    accept(ENTRY_ROOM, full, 0, right, host->register_room_type(from));
    free(from);
}

static void call_handler(const portico_host *host, input *in) {
    char text[NAME_MAX_BYTES];
    char full[2 * NAME_MAX_BYTES] = "";
    char owner[32] = "";
    const char *name = read_text(in, text);
    uint8_t choice = input_u8(in);
    uint16_t opcode = (uint16_t)(choice * 4097);
    bool named = slow_full(name, full, owner);
    portico_status right = !named || choice == 0xFF          ? PORTICO_E_INVALID
                           : !has(ENTRY_SESSION, full, 0)    ? PORTICO_E_NOT_FOUND
                           : has(ENTRY_PACKET, full, opcode) ? PORTICO_E_EXISTS
                                                             : PORTICO_OK;
    accept(ENTRY_PACKET, full, opcode, right,
           host->register_handler(name, opcode, choice == 0xFF ? NULL : on_packet));
}

static void call_message(const portico_host *host, input *in) {
    char text[NAME_MAX_BYTES];
    char full[2 * NAME_MAX_BYTES] = "";
    char owner[32] = "";
    const char *name = read_text(in, text);
    uint8_t choice = input_u8(in);
    uint32_t id = choice * 16777259u;
    bool known =
        slow_full(name, full, owner) && (has(ENTRY_SESSION, full, 0) || has(ENTRY_ROOM, full, 0));
    portico_status right = name != NULL && !known         ? PORTICO_E_NOT_FOUND
                           : choice == 0xFF               ? PORTICO_E_INVALID
                           : has(ENTRY_MESSAGE, full, id) ? PORTICO_E_EXISTS
                                                          : PORTICO_OK;
    accept(ENTRY_MESSAGE, full, id, right,
           host->register_message(name, id, choice == 0xFF ? NULL : on_message));
}

static void call_blocking(const portico_host *host, input *in) {
    uint8_t choice = input_u8(in);
    portico_status right = choice == 0xFF                    ? PORTICO_E_INVALID
                           : has(ENTRY_BLOCKING, "", choice) ? PORTICO_E_EXISTS
                                                             : PORTICO_OK;
    accept(ENTRY_BLOCKING, "", choice, right,
           host->register_blocking(choice, choice == 0xFF ? NULL : on_blocking));
}

static portico_status PORTICO_CALL load(const portico_host *host, void *state) {
    CHECK((state == NULL) == (script.g->shape.size == 0));
    for (int i = 0; i < CALLS_MAX && script.in.size > 0; i++) {
        uint8_t which = input_u8(&script.in);
        switch (which % 6) {
        case 0: call_session_type(host, &script.in); break;
        case 1: call_room_type(host, &script.in); break;
        case 2: call_handler(host, &script.in); break;
        case 3: call_message(host, &script.in); break;
        case 4: call_blocking(host, &script.in); break;
        default: script.answer = (which & 0x80) != 0 ? PORTICO_E_INVALID : PORTICO_OK; break;
        }
    }
    return script.answer;
}

/* ---- the description ------------------------------------------------------------------------- */

typedef struct description {
    portico_module_info info;
    const char *required[3];
    char name[NAME_MAX_BYTES];
    char version[NAME_MAX_BYTES];
    portico_status right;
} description;

static void read_description(input *in, description *d) {
    static const char *const versions[] = {
        "1.0",
        "",
        NULL,
        "a\nb",
        "\xC3\xA4",
        "\xFF",
        ("a version of more than 64 bytes a version of more than 64 byte"
         "\xE2\x82\xAC")};
    uint8_t choice = input_u8(in);
    memset(d, 0, sizeof *d);
    portico_module_info *info = &d->info;
    info->name = choice < 0xD0 ? "mod" : read_text(in, d->name);
    info->version = choice < 0xC0 ? versions[0] : versions[input_u8(in) % 7];
    info->load = choice == 0xFF ? NULL : load;
    info->abi_major = (uint16_t)(choice == 0xFE ? 1 : PORTICO_ABI_MAJOR);
    info->abi_minor = (uint16_t)(choice % 64 <= 4 ? choice % 64 : PORTICO_ABI_MINOR);
    info->state_size = read_size(input_u8(in), 1024 * 1024);
    uint8_t more = input_u8(in);
    info->state_fields = read_fields_table(more);
    d->required[0] = (more & 0x10) != 0 ? "third" : "other";
    d->required[1] = (more & 0x20) != 0 ? "other" : NULL;
    info->required = (more & 0x40) != 0 ? d->required : NULL;
    script.required = info->required;
    script.inspected = (more & 0x80) != 0;
}

static portico_status slow_describe(const description *d, size_t size) {
    const portico_module_info *info = &d->info;
    if (info->abi_major != PORTICO_ABI_MAJOR || info->abi_minor > PORTICO_ABI_MINOR ||
        size < offsetof(portico_module_info, state_fields)) {
        return PORTICO_E_ABI;
    }
    bool fields = size >= offsetof(portico_module_info, state_fields) + sizeof(void *);
    bool valid = info->name != NULL && slow_identifier(info->name, strlen(info->name)) &&
                 info->version != NULL && text_is_plain(info->version, strlen(info->version)) &&
                 info->load != NULL && info->state_size <= 1024 * 1024 &&
                 (!fields || fields_fit(info->state_fields, info->state_size));
    return valid ? PORTICO_OK : PORTICO_E_INVALID;
}

static uint32_t count_handlers(const registered_handler *table) {
    return HASH_COUNT(table);
}

/* The registry holds as much as was accepted, and each entry is found. */
static void check_registry(const registry *r) {
    uint32_t count = count_handlers(r->messages) + count_handlers(r->blocking);
    for (const registered_type *t = r->types; t != NULL; t = t->next) {
        CHECK(has(ENTRY_SESSION, t->name, 0));
        count += 1 + count_handlers(t->packets) + count_handlers(t->messages);
    }
    for (const registered_room *t = r->rooms; t != NULL; t = t->next) {
        CHECK(has(ENTRY_ROOM, t->name, 0));
        count += 1 + count_handlers(t->messages);
    }
    CHECK_INT(count, script.count);
    for (uint32_t i = 0; i < script.count; i++) {
        const entry *e = &script.entries[i];
        const registered_type *t = registry_find(r, e->type);
        const registered_room *room = registry_find_room(r, e->type);
        CHECK(e->kind != ENTRY_PACKET || registry_find_handler(t->packets, e->id) != NULL);
        CHECK(e->kind != ENTRY_BLOCKING || registry_find_handler(r->blocking, e->id) != NULL);
        CHECK(e->kind != ENTRY_MESSAGE || registry_find_handler(t != NULL      ? t->messages
                                                                : room != NULL ? room->messages
                                                                               : r->messages,
                                                                e->id) != NULL);
    }
}

static void run_load(generation *g) {
    char why[IMAGE_WHY_MAX] = "";
    module *m = module_create(g);
    CHECK(m != NULL);
    m->inspected = script.inspected;
    script.g = g;
    script.count = 0;
    script.answer = PORTICO_OK;
    portico_status status = module_call_load(m, g, host_api(NULL), why, sizeof why);
    CHECK_INT(status, script.answer == PORTICO_OK ? PORTICO_OK : PORTICO_E_LOAD);
    CHECK((why[0] == '\0') == (status == PORTICO_OK));
    check_registry(g->registry);
    module_destroy(m); /* and g */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    if (!started) {
        started = true;
        CHECK(log_start(&(log_options){.level = LOG_ERROR}));
    }
    char why[IMAGE_WHY_MAX] = "";
    bool sized = false;
    static description d;
    script.in = (input){data, size};
    read_description(&script.in, &d);
    portico_module_info *info = make_struct(&script.in, &d.info, sizeof d.info,
                                            offsetof(portico_module_info, state_fields), &sized);
    uint32_t struct_size = info->struct_size;
    generation *g = calloc(1, sizeof *g);
    CHECK(g != NULL);
    if (struct_size < 8) { /* the versions are not there */
        free(info);
        free(g);
        return 0;
    }
    portico_status status = generation_take_info(g, info, why);
    CHECK_INT(status, slow_describe(&d, struct_size));
    CHECK((why[0] == '\0') == (status == PORTICO_OK));
    if (status == PORTICO_OK) {
        run_load(g);
    } else {
        generation_free(g);
    }
    free(info);
    return 0;
}
