/* generations_module.c: see generations_module.h. */
#include "sim/generations_module.h"

#include "sim/world.h"

#include <portico/state.h>
#include <string.h>

const portico_host *land_host;
portico_session land_player;
portico_room land_rooms[LAND_ROOMS];
uint32_t land_works;
bool land_hurries;
uint32_t land_joins;
uint32_t land_messages;
uint32_t land_rare;
bool land_swap_in;
bool land_swap_in_waits;
uint32_t land_loads;
bool guide_stays;
uint32_t guide_stay_ms;
uint32_t guide_inside;
bool guide_meddles;
bool guide_asked;

/* ---- states ------------------------------------------------------------------------------- */

#define PLAIN(S, FIELD, ARRAY) FIELD(S, uint32_t, calls)
PORTICO_STATE(plain, PLAIN);

#define EXTRA(S, FIELD, ARRAY) \
    FIELD(S, uint32_t, extra)  \
    FIELD(S, uint32_t, calls)
PORTICO_STATE(extra, EXTRA);

#define NARROW(S, FIELD, ARRAY) FIELD(S, uint16_t, calls)
PORTICO_STATE(narrow, NARROW);

/* Of the module: what the `load` of the image that has it has written there, until a swap. */
typedef struct land_state {
    char loaded[16];
} land_state;

/* ---- sessions of land --------------------------------------------------------------------- */

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    land_player = session;
    return PORTICO_OK;
}

static void reply(portico_session session, uint16_t opcode, uint32_t calls, uint32_t with) {
    const land_answer answer = {.calls = calls, .extra = with};
    CHECK(land_host->session_send(session, opcode, &answer, sizeof answer) == PORTICO_OK);
}

static void PORTICO_CALL ask_plain(portico_session session, void *state,
                                   const portico_packet *packet) {
    plain *s = state;
    reply(session, packet->opcode, ++s->calls, 0);
}

static void PORTICO_CALL ask_extra(portico_session session, void *state,
                                   const portico_packet *packet) {
    extra *s = state;
    reply(session, packet->opcode, ++s->calls, s->extra);
    s->extra = LAND_EXTRA_SET;
}

static void PORTICO_CALL work(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    land_works++;
    if (!land_hurries) {
        os_sleep(10 + world_random(15));
    }
}

static portico_status PORTICO_CALL rare_open(portico_session session, void *state) {
    (void)session, (void)state;
    land_rare++;
    return PORTICO_OK;
}

/* ---- rooms of land ------------------------------------------------------------------------ */

static portico_status PORTICO_CALL on_join(portico_room room, void *state,
                                           portico_session session) {
    (void)room, (void)state, (void)session;
    land_joins++;
    return PORTICO_OK;
}

static void PORTICO_CALL on_message(portico_entity room, void *state,
                                    const portico_message *message) {
    uint32_t number = 0;
    (void)state;
    CHECK(room == land_rooms[0] && message->size == sizeof number);
    memcpy(&number, message->data, sizeof number);
    CHECK(number == ++land_messages);
}

/* ---- land --------------------------------------------------------------------------------- */

typedef struct build {
    const char *library;
    const portico_state_fields *player;
    uint32_t player_size;
    portico_on_packet ask;
    const portico_state_fields *rare;
    uint32_t rare_size;
} build;

static portico_status load_land(const build *b, const portico_host *host, land_state *s) {
    const portico_session_type player = {.struct_size = sizeof player,
                                         .name = "player",
                                         .state_size = b->player_size,
                                         .state_version = 1,
                                         .state_fields = b->player,
                                         .on_open = on_open};
    const portico_session_type rare_type = {.struct_size = sizeof rare_type,
                                            .name = "rare",
                                            .state_size = b->rare_size,
                                            .state_version = 1,
                                            .state_fields = b->rare,
                                            .on_open = rare_open,
                                            .on_packet = ask_plain};
    const portico_room_type room = {.struct_size = sizeof room, .name = "room", .on_join = on_join};
    land_host = host;
    land_loads += strcmp(b->library, LAND_FAILS) == 0 || strcmp(b->library, LAND_NARROW) == 0;
    snprintf(s->loaded, sizeof s->loaded, "%s", b->library);
    CHECK(host->register_session_type(&player) == PORTICO_OK);
    CHECK(host->register_handler("player", LAND_ASK, b->ask) == PORTICO_OK);
    CHECK(host->register_handler("player", LAND_WORK, work) == PORTICO_OK);
    CHECK(host->register_session_type(&rare_type) == PORTICO_OK);
    CHECK(host->register_room_type(&room) == PORTICO_OK);
    CHECK(host->register_message("room", LAND_MESSAGE, on_message) == PORTICO_OK);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL start_land(void *state) {
    (void)state;
    for (uint32_t i = 0; i < LAND_ROOMS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        CHECK(land_host->room_create("land.room", name, &land_rooms[i]) == PORTICO_OK);
    }
    return PORTICO_OK;
}

/* Of a build that has never served. */
static void PORTICO_CALL give_up(void *state) {
    const land_state *s = state;
    CHECK(strcmp(s->loaded, LAND_FAILS) == 0 || strcmp(s->loaded, LAND_NARROW) == 0);
    land_loads--;
}

static portico_status PORTICO_CALL swap_in_fails(void *state) {
    (void)state;
    land_swap_in = true;
    while (land_swap_in_waits) {
        os_sleep(1);
    }
    land_swap_in = false;
    return PORTICO_E_STATE;
}

#define LAND(NAME, LIBRARY, PLAYER, ASK, RARE_STATE, ...)                                   \
    static portico_status PORTICO_CALL load_##NAME(const portico_host *host, void *state) { \
        static const build b = {(LIBRARY), &PLAYER##_fields,     sizeof(PLAYER),            \
                                (ASK),     &RARE_STATE##_fields, sizeof(RARE_STATE)};       \
        return load_land(&b, host, state);                                                  \
    }                                                                                       \
    static const portico_module_info *PORTICO_CALL describe_##NAME(void) {                  \
        static const portico_module_info info = {                                           \
            PORTICO_MODULE_HEAD, .name = "land",                                            \
            .version = #NAME,    .state_size = sizeof(land_state),                          \
            .load = load_##NAME, .start = start_land,                                       \
            __VA_ARGS__};                                                                   \
        return &info;                                                                       \
    }

LAND(extra, LAND_EXTRA, extra, ask_extra, plain, .unload = NULL)
LAND(plain, LAND_PLAIN, plain, ask_plain, plain, .unload = NULL)
LAND(fails, LAND_FAILS, extra, ask_extra, plain, .unload = give_up, .swap_in = swap_in_fails)
LAND(narrow, LAND_NARROW, extra, ask_extra, narrow, .unload = give_up)

/* ---- guide -------------------------------------------------------------------------------- */

static void PORTICO_CALL stay(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    guide_inside++;
    os_sleep(guide_stay_ms);
    while (guide_stays) {
        os_sleep(1);
    }
    guide_inside--;
    reply(session, packet->opcode, 0, 0);
}

static portico_status PORTICO_CALL load_guide(const portico_host *host, void *state) {
    static const portico_session_type type = {.struct_size = sizeof type, .name = "land.player"};
    (void)state;
    CHECK(host->register_session_type(&type) == PORTICO_OK);
    CHECK(host->register_handler("land.player", GUIDE_STAY, stay) == PORTICO_OK);
    return PORTICO_OK;
}

static portico_status PORTICO_CALL dependency_swaps(void *state, const char *name,
                                                    const char *version) {
    (void)state, (void)name, (void)version;
    guide_asked = true;
    sim_spare_this_thread(true); /* workers may stall: see back_and_forth */
    for (uint32_t before = land_rare; guide_meddles && land_rare == before;) {
        os_sleep(1);
    }
    return PORTICO_OK;
}

static const portico_module_info *PORTICO_CALL describe_guide(void) {
    static const char *const required[] = {"land", NULL};
    static const portico_module_info info = {
        PORTICO_MODULE_HEAD,  .name = "guide",    .version = "1",
        .required = required, .load = load_guide, .dependency_swaps = dependency_swaps};
    return &info;
}

void generations_add_libraries(void) {
    static const struct {
        const char *name;
        const portico_module_info *(PORTICO_CALL *describe)(void);
    } libraries[] = {
        {LAND_EXTRA, describe_extra},   {LAND_PLAIN, describe_plain}, {LAND_FAILS, describe_fails},
        {LAND_NARROW, describe_narrow}, {GUIDE, describe_guide},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        sim_library_add(libraries[i].name, PORTICO_MODULE_SYMBOL,
                        (void *)(uintptr_t)libraries[i].describe);
    }
}
