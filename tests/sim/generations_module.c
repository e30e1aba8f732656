/* generations_module.c: see generations_module.h. */
#include "sim/generations_module.h"

#include "sim/world.h"

#include <portico/state.h>
#include <string.h>

portico_session land_player;
portico_room land_rooms[LAND_ROOMS];
uint32_t land_works;
bool land_hurries;
uint32_t land_joins;
uint32_t land_messages;
uint32_t land_rare;
bool land_starting;
bool land_start_waits;
bool guide_stays;
uint32_t guide_stay_ms;
uint32_t guide_inside;
bool guide_meddles;
bool guide_asked;

/* ---- states ------------------------------------------------------------------------------- */

#define PLAIN(S, F) F(S, FIELD, uint32_t, calls)
PORTICO_STATE(plain, PLAIN);

#define EXTRA(S, F)              \
    F(S, FIELD, uint32_t, extra) \
    F(S, FIELD, uint32_t, calls)
PORTICO_STATE(extra, EXTRA);

#define NARROW(S, F) F(S, FIELD, uint16_t, calls)
PORTICO_STATE(narrow, NARROW);

/* Of the module: the library that serves. */
typedef struct land_state {
    char serves[16];
} land_state;

/* ---- sessions of land --------------------------------------------------------------------- */

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    land_player = session;
    return PORTICO_OK;
}

static void reply(portico_session session, uint16_t opcode, uint32_t calls, uint32_t with) {
    const land_answer answer = {.calls = calls, .extra = with};
    CHECK(world_host->session_send(session, opcode, &answer, sizeof answer) == PORTICO_OK);
}

static void ask_plain(portico_session session, void *state, const portico_packet *packet) {
    plain *s = state;
    reply(session, packet->opcode, ++s->calls, 0);
}

static void ask_extra(portico_session session, void *state, const portico_packet *packet) {
    extra *s = state;
    reply(session, packet->opcode, ++s->calls, s->extra);
    s->extra = LAND_EXTRA_SET;
}

static void work(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
    land_works++;
    if (!land_hurries) {
        os_sleep(10 + world_random(15));
    }
}

static portico_status rare_open(portico_session session, void *state) {
    (void)session, (void)state;
    land_rare++;
    return PORTICO_OK;
}

/* ---- rooms of land ------------------------------------------------------------------------ */

static portico_status on_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)state, (void)session;
    land_joins++;
    return PORTICO_OK;
}

static void on_message(portico_room room, void *state, const portico_message *message) {
    uint32_t number = 0;
    (void)state;
    CHECK(room.id == land_rooms[0].id && message->size == sizeof number);
    memcpy(&number, message->data, sizeof number);
    CHECK(number == ++land_messages);
}

/* ---- land --------------------------------------------------------------------------------- */

static const char *serves; /* the library */

/* The state is what the generation before has left, whatever one that failed has written. */
static void check_state(const land_state *s) {
    CHECK(serves != NULL && strcmp(s->serves, serves) == 0);
}

static portico_status start_land(land_state *s, uint32_t why, const char *library) {
    for (uint32_t i = 0; i < LAND_ROOMS && why == PORTICO_START_LOADED; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        CHECK(world_host->room_create("land.room", name, NULL, 0, &land_rooms[i]) == PORTICO_OK);
    }
    if (why != PORTICO_START_LOADED) {
        check_state(s);
    }
    serves = library;
    snprintf(s->serves, sizeof s->serves, "%s", library);
    return PORTICO_OK;
}

static void stop_land(const land_state *s, const char *library) {
    CHECK(strcmp(serves, library) == 0);
    check_state(s);
}

static portico_status extra_start(void *state, uint32_t why) {
    return start_land(state, why, LAND_EXTRA);
}

static void extra_stop(void *state, uint32_t why) {
    (void)why;
    stop_land(state, LAND_EXTRA);
}

static portico_status plain_start(void *state, uint32_t why) {
    return start_land(state, why, LAND_PLAIN);
}

static void plain_stop(void *state, uint32_t why) {
    (void)why;
    stop_land(state, LAND_PLAIN);
}

static portico_status fails_start(void *state, uint32_t why) {
    land_state *s = state;
    CHECK(why == PORTICO_START_SWAPPED);
    check_state(s);
    snprintf(s->serves, sizeof s->serves, "nobody");
    land_starting = true;
    while (land_start_waits) {
        os_sleep(1);
    }
    land_starting = false;
    return PORTICO_E_STATE;
}

/* Of a build that does not come to serve. */
static portico_status never_start(void *state, uint32_t why) {
    (void)state;
    sim_fail("a start that nothing leads to is called: %u", why);
}

static void never_stop(void *state, uint32_t why) {
    (void)state;
    sim_fail("the stop of a generation that has not started is called: %u", why);
}

static const portico_room_message room_messages[] = {PORTICO_MESSAGE(LAND_MESSAGE, on_message)};

static const portico_room_type room_types[] = {
    {.name = "room", .on_join = on_join, .messages = PORTICO_TABLE(room_messages)}};

#define LAND(NAME, PLAYER, ASK, RARE, START, STOP)                                           \
    static const portico_opcode NAME##_opcodes[] = {                                         \
        PORTICO_RAW(LAND_ASK, 0, PORTICO_SIZE_ANY, ASK),                                     \
        PORTICO_RAW(LAND_WORK, 0, PORTICO_SIZE_ANY, work)};                                  \
    static const portico_session_type NAME##_types[] = {                                     \
        {.name = "player",                                                                   \
         .state = PORTICO_STATE_OF(PLAYER, 1),                                               \
         .on_open = on_open,                                                                 \
         .opcodes = PORTICO_TABLE(NAME##_opcodes)},                                          \
        {.name = "rare",                                                                     \
         .state = PORTICO_STATE_OF(RARE, 1),                                                 \
         .on_open = rare_open,                                                               \
         .on_packet = ask_plain}};                                                           \
    static const portico_module NAME##_land = {.name = "land",                               \
                                               .version = #NAME,                             \
                                               .state = PORTICO_STATE_OPAQUE(land_state, 0), \
                                               .session_types = PORTICO_TABLE(NAME##_types), \
                                               .room_types = PORTICO_TABLE(room_types),      \
                                               .start = (START),                             \
                                               .stop = (STOP)};

LAND(extra, extra, ask_extra, plain, extra_start, extra_stop)
LAND(plain, plain, ask_plain, plain, plain_start, plain_stop)
LAND(fails, extra, ask_extra, plain, fails_start, never_stop)
LAND(narrow, extra, ask_extra, narrow, never_start, never_stop)

/* ---- guide -------------------------------------------------------------------------------- */

static void stay(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    guide_inside++;
    os_sleep(guide_stay_ms);
    while (guide_stays) {
        os_sleep(1);
    }
    guide_inside--;
    reply(session, packet->opcode, 0, 0);
}

static portico_status dependency_swaps(void *state, const char *name, const char *version) {
    (void)state, (void)name, (void)version;
    guide_asked = true;
    sim_spare_this_thread(true); /* workers may stall: see back_and_forth */
    for (uint32_t before = land_rare; guide_meddles && land_rare == before;) {
        os_sleep(1);
    }
    return PORTICO_OK;
}

static const portico_opcode guide_opcodes[] = {PORTICO_RAW(GUIDE_STAY, 0, PORTICO_SIZE_ANY, stay)};

static const portico_session_type guide_types[] = {
    {.name = "land.player", .opcodes = PORTICO_TABLE(guide_opcodes)}};

static const char *const guide_required[] = {"land", NULL};

static const portico_module guide = {.name = "guide",
                                     .version = "1",
                                     .required = guide_required,
                                     .session_types = PORTICO_TABLE(guide_types),
                                     .dependency_swaps = dependency_swaps};

void generations_add_libraries(void) {
    (void)world_library(LAND_EXTRA, &extra_land);
    (void)world_library(LAND_PLAIN, &plain_land);
    (void)world_library(LAND_FAILS, &fails_land);
    (void)world_library(LAND_NARROW, &narrow_land);
    (void)world_library(GUIDE, &guide);
}
