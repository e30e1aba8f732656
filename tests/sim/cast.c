/* cast.c: the modules. See cast.h. */
#include "sim/cast.h"

#include "sim/cast_state.h"
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/witness.h"

#include <string.h>

enum { LATEST = 16, MODULE_MESSAGE = 1, MODULE_TICK = 2, TICK_MS = 500 };

typedef struct build {
    witness_code code;
    uint32_t number; /* CAST_... */
} build;

static uint64_t latest[LATEST]; /* the sessions that opened last; most have closed */
static uint32_t opened;
static uint64_t selves[CAST_MODULES];
static bool ticks[CAST_MODULES]; /* the module has a timer */
static bool hurries;             /* handlers take no time */

typedef unsigned long long ull;

void cast_hurry(void) {
    hurries = true;
}

uint32_t cast_timers(void) {
    uint32_t count = 0;
    for (uint32_t m = 0; m < CAST_MODULES; m++) {
        count += ticks[m];
    }
    return count;
}

uint64_t cast_any_session(void) {
    return latest[sim_random(SIM_WORLD, LATEST)];
}

/* Opcodes and messages of a module begin here: they differ within a session type. */
static uint16_t first_number(const build *b) {
    return (uint16_t)(10 * b->code.module);
}

static witness_role role_of(const build *b) {
    return b->code.module == CAST_GAME ? WITNESS_OWNER : WITNESS_GUEST;
}

static uint32_t any_size(void) {
    return WITNESS_PACKET_MIN + world_random(100);
}

static void answer(witness_entity *e, uint64_t to, uint16_t opcode) {
    (void)witness_send(e, to, opcode, any_size());
}

/* Usually short; now and then longer than a swap or an unload waits. */
static void take_time(void) {
    if (hurries) {
        return;
    }
    static const uint32_t most_ms[] = {1, 5, 5, 30, 30, 400};
    os_sleep(world_random(most_ms[sim_random(SIM_WORLD, 6)]));
}

/* A moment at which a handler of a session may fault; its entity's state is `state`. */
static void may_crash(const build *b, witness_entity *e, const char *what, void *state) {
    if (crash_due()) {
        witness_faults(&b->code, e, what);
        crash(state, session_state(b->number, NULL).size);
    }
}

static void module_may_crash(const build *b, witness_entity *e, const char *what, void *state) {
    if (crash_due()) {
        witness_faults(&b->code, e, what);
        crash(state, module_state(b->number).size);
    }
}

/* ---- handlers of sessions ----------------------------------------------------------------- */

static portico_status opens(const build *b, portico_session session, void *state) {
    witness_entity *e = witness_open(&b->code, session.id, role_of(b));
    state_begin(&b->code, b->number, e, state);
    latest[opened++ % LATEST] = session.id;
    if (sim_chance(SIM_WORLD, 3)) {
        answer(e, session.id, 1);
    }
    may_crash(b, e, "on_open", state);
    state_end(&b->code, b->number, e, state);
    bool refuses = sim_chance(SIM_WORLD, 30);
    witness_leave(e);
    return refuses ? PORTICO_E_REFUSED : PORTICO_OK;
}

static void closes(const build *b, portico_session session, void *state, portico_status reason) {
    witness_entity *e = witness_close(&b->code, session.id, role_of(b), reason);
    state_begin(&b->code, b->number, e, state);
    bool stays = b->code.module != CAST_GAME && reason == PORTICO_E_UNLOADED; /* the session */
    if (!stays && host->session_send(session, 1, NULL, 0) == PORTICO_OK) {
        sim_fail("session_send to %llu succeeds in its on_close", (ull)session.id);
    }
    answer(e, cast_any_session(), 1);
    may_crash(b, e, "on_close", state);
    if (sim_chance(SIM_WORLD, 8)) {
        take_time();
    }
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static void acts(const build *b, witness_entity *e, uint16_t opcode) {
    uint32_t number = first_number(b);
    uint32_t delay_ms = world_random(60);
    portico_entity itself = {e->id};
    portico_entity module = {selves[b->code.module]};
    switch (opcode % 10) {
    case 2: take_time(); break;
    case 3: (void)host->post(module, MODULE_MESSAGE, &e->id, sizeof e->id); break;
    case 4: answer(e, cast_any_session(), opcode); break;
    case 5: (void)host->run_job(number + 5, &e->id, sizeof e->id, itself); break;
    case 6: (void)host->post_after(itself, number + 6, &e->id, sizeof e->id, delay_ms, NULL); break;
    case 7:
        if (sim_chance(SIM_WORLD, 4)) {
            portico_session session = {sim_chance(SIM_WORLD, 2) ? e->id : cast_any_session()};
            (void)host->session_close(session, PORTICO_E_CLOSED);
        }
        break;
    default: ended_use();
    }
}

static void gets_packet(const build *b, portico_session session, void *state,
                        const portico_packet *packet) {
    witness_entity *e = witness_enter(&b->code, session.id, "on_packet");
    witness_packet(e, packet);
    if (host->self().id !=
        selves[b->code.module]) { /* an unload has failed, and ended the old one */
        ticks[b->code.module] = false;
    }
    state_begin(&b->code, b->number, e, state);
    may_crash(b, e, "on_packet", state);
    acts(b, e, packet->opcode);
    may_crash(b, e, "on_packet", state);
    answer(e, session.id, packet->opcode);
    may_crash(b, e, "on_packet", state);
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static void gets_message(const build *b, portico_session session, void *state,
                         const portico_message *message) {
    witness_entity *e = witness_enter(&b->code, session.id, "a message");
    bool faulted = message->size == 0 && crash_was(); /* the job, which has no reply then */
    CHECK(faulted || (message->size == sizeof session &&
                      memcmp(message->data, &session, sizeof session) == 0));
    state_begin(&b->code, b->number, e, state);
    answer(e, session.id, (uint16_t)message->id);
    may_crash(b, e, "a message", state);
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static portico_status migrates(const build *b, const portico_migration *migration, void *to) {
    uint32_t from = migration->from_version;
    if (migration->from == NULL) {
        witness_call(&b->code, "the question to migrate");
        if (crash_due()) {
            crash(NULL, 0);
        }
        return b->number == CAST_REFUSES ? PORTICO_E_REFUSED : PORTICO_OK;
    }
    witness_entity *e = witness_enter(&b->code, migration->entity.id, "migrate");
    state_migrate(&b->code, b->number, from, migration->from, to);
    sim_yield();
    may_crash(b, e, "migrate", to);
    bool fails = b->number == CAST_MIGRATE_FAILS && sim_chance(SIM_WORLD, 3);
    witness_leave(e);
    if (fails) {
        witness_lost(&b->code, migration->entity.id, role_of(b));
    }
    return fails ? PORTICO_E_REFUSED : PORTICO_OK;
}

/* ---- the module itself -------------------------------------------------------------------- */

/* Gets no turn: at work on a thread of its own. */
static uint32_t does_job(const build *b, const void *data, uint32_t size, void *reply) {
    witness_call(&b->code, "a job");
    CHECK(size == sizeof(uint64_t));
    os_sleep(world_random(80));
    witness_call(&b->code, "a job");
    if (crash_due()) {
        crash(NULL, 0);
    }
    memcpy(reply, data, size);
    return size;
}

/* A handler of the module's own turn begins. */
static witness_entity *enter_module(const build *b, uint64_t self, const char *what) {
    witness_entity *e = witness_enter_module(&b->code, self, what);
    if (self != selves[b->code.module]) { /* after an unload that failed */
        ended_note(selves[b->code.module], ENDED_MODULE);
        e->parts[b->code.module] = witness_find(selves[b->code.module])->parts[b->code.module];
        selves[b->code.module] = self;
        ticks[b->code.module] = false;
    }
    return e;
}

static void gets_module_message(const build *b, uint64_t self, void *state,
                                const portico_message *message) {
    witness_entity *e = enter_module(b, self, "a message");
    module_state_begin(&b->code, b->number, e, state);
    if (message->id == MODULE_MESSAGE) {
        uint64_t from = 0;
        memcpy(&from, message->data, sizeof from);
        answer(e, from, 1);
    }
    if (sim_chance(SIM_WORLD, 8)) {
        take_time();
    }
    module_may_crash(b, e, "a message", state);
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

/* Its first generation. */
static portico_status begins(const build *b, void *state) {
    witness_entity *e = witness_enter_module(&b->code, host->self().id, "start");
    portico_entity itself = {e->id};
    selves[b->code.module] = e->id;
    memset(&e->parts[b->code.module], 0, sizeof e->parts[0]);
    module_state_begin(&b->code, b->number, e, state);
    portico_status status = host->post_every(itself, MODULE_TICK, NULL, 0, TICK_MS, NULL);
    ticks[b->code.module] = status == PORTICO_OK;
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
    return status;
}

/* No handler of the module runs. */
static void takes_over(const build *b, void *state) {
    witness_entity *e = enter_module(b, host->self().id, "start");
    state_swapped(&b->code, b->number);
    module_state_begin(&b->code, b->number, e, state);
    sim_yield();
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static portico_status starts(const build *b, void *state, uint32_t why) {
    portico_status status = PORTICO_OK;
    bool fails = b->number == CAST_START_FAILS;
    bool crashes = why != PORTICO_START_RETURNED && crash_due();
    witness_start(&b->code, why);
    if (why == PORTICO_START_LOADED) {
        status = begins(b, state);
    } else if (!fails && !crashes) {
        takes_over(b, state);
    }
    if (crashes) {
        witness_started(&b->code, why, PORTICO_E_FAULT);
        crash(state, module_state(b->number).size);
    }
    status = fails ? PORTICO_E_STATE : status;
    witness_started(&b->code, why, status);
    return status;
}

static void stops(const build *b, void *state, uint32_t why) {
    if (why == PORTICO_STOP_REPLACED) {
        witness_entity *e = enter_module(b, host->self().id, "stop");
        module_state_begin(&b->code, b->number, e, state);
        module_state_end(&b->code, b->number, e, state);
        witness_leave(e);
    }
    witness_stop(&b->code, why);
}

static portico_status agrees(const build *b, const char *name) {
    witness_call(&b->code, "dependency_swaps");
    if (crash_due()) {
        crash(NULL, 0);
    }
    CHECK(strcmp(name, "game") == 0);
    sim_yield();
    return sim_chance(SIM_WORLD, 8) ? PORTICO_E_REFUSED : PORTICO_OK;
}

/* ---- one library for each build ----------------------------------------------------------- */

#define TYPE_0 "session"
#define TYPE_1 "game.session"
#define TYPE_2 "game.session"
#define NAME_0 "game"
#define NAME_1 "ally"
#define NAME_2 "bank"
#define REQUIRED_0 NULL
#define REQUIRED_1 needs_game
#define REQUIRED_2 needs_game
#define PACKETS_0(f) f /* the owner also gets the packets that no module has registered */
#define PACKETS_1(f) NULL
#define PACKETS_2(f) NULL

static const char *const needs_game[] = {"game", NULL};

#define LIBRARY(m, n)                                                                            \
    static const build build_##m##_##n = {{(m), NAME_##m, NAME_##m " " #n}, (n)};                \
    static portico_status open_##m##_##n(portico_session s, void *state) {                       \
        return opens(&build_##m##_##n, s, state);                                                \
    }                                                                                            \
    static void close_##m##_##n(portico_session s, void *state, portico_status r) {              \
        closes(&build_##m##_##n, s, state, r);                                                   \
    }                                                                                            \
    static void packet_##m##_##n(portico_session s, void *state, const portico_packet *p) {      \
        gets_packet(&build_##m##_##n, s, state, p);                                              \
    }                                                                                            \
    static void message_##m##_##n(portico_session s, void *state, const portico_message *p) {    \
        gets_message(&build_##m##_##n, s, state, p);                                             \
    }                                                                                            \
    static void own_message_##m##_##n(portico_entity e, void *state, const portico_message *p) { \
        gets_module_message(&build_##m##_##n, e.id, state, p);                                   \
    }                                                                                            \
    static uint32_t job_##m##_##n(uint32_t id, const void *data, uint32_t size, void *reply,     \
                                  uint32_t capacity) {                                           \
        (void)id;                                                                                \
        (void)capacity;                                                                          \
        return does_job(&build_##m##_##n, data, size, reply);                                    \
    }                                                                                            \
    static portico_status migrate_##m##_##n(const portico_migration *p, void *to) {              \
        return migrates(&build_##m##_##n, p, to);                                                \
    }                                                                                            \
    static portico_status start_##m##_##n(void *state, uint32_t why) {                           \
        return starts(&build_##m##_##n, state, why);                                             \
    }                                                                                            \
    static void stopping_##m##_##n(void *state) {                                                \
        (void)state;                                                                             \
        witness_stopping(&build_##m##_##n.code);                                                 \
    }                                                                                            \
    static void stop_##m##_##n(void *state, uint32_t why) {                                      \
        stops(&build_##m##_##n, state, why);                                                     \
    }                                                                                            \
    static portico_status dependency_##m##_##n(void *state, const char *name,                    \
                                               const char *version) {                            \
        (void)state;                                                                             \
        (void)version;                                                                           \
        return agrees(&build_##m##_##n, name);                                                   \
    }                                                                                            \
    static const portico_opcode opcodes_##m##_##n[] = {                                          \
        ROW(10 * (m) + 1, packet_##m##_##n), ROW(10 * (m) + 2, packet_##m##_##n),                \
        ROW(10 * (m) + 3, packet_##m##_##n), ROW(10 * (m) + 4, packet_##m##_##n),                \
        ROW(10 * (m) + 5, packet_##m##_##n), ROW(10 * (m) + 6, packet_##m##_##n),                \
        ROW(10 * (m) + 7, packet_##m##_##n)};                                                    \
    static const portico_session_message messages_##m##_##n[] = {                                \
        PORTICO_MESSAGE(10 * (m) + 5, message_##m##_##n),                                        \
        PORTICO_MESSAGE(10 * (m) + 6, message_##m##_##n)};                                       \
    static const portico_module_message own_messages_##m##_##n[] = {                             \
        PORTICO_MESSAGE(MODULE_MESSAGE, own_message_##m##_##n),                                  \
        PORTICO_MESSAGE(MODULE_TICK, own_message_##m##_##n)};                                    \
    static const portico_job jobs_##m##_##n[] = {PORTICO_JOB(10 * (m) + 5, job_##m##_##n)};      \
    static portico_session_type type_##m##_##n[] = {                                             \
        {.name = TYPE_##m,                                                                       \
         .on_open = open_##m##_##n,                                                              \
         .on_packet = PACKETS_##m(packet_##m##_##n),                                             \
         .on_close = close_##m##_##n,                                                            \
         .opcodes = PORTICO_TABLE(opcodes_##m##_##n),                                            \
         .messages = PORTICO_TABLE(messages_##m##_##n)}};                                        \
    static portico_module module_##m##_##n = {.name = NAME_##m,                                  \
                                              .version = #n,                                     \
                                              .required = REQUIRED_##m,                          \
                                              .session_types = PORTICO_TABLE(type_##m##_##n),    \
                                              .messages = PORTICO_TABLE(own_messages_##m##_##n), \
                                              .jobs = PORTICO_TABLE(jobs_##m##_##n),             \
                                              .start = start_##m##_##n,                          \
                                              .stopping = stopping_##m##_##n,                    \
                                              .stop = stop_##m##_##n,                            \
                                              .dependency_swaps = dependency_##m##_##n};

#define ROW(opcode, call) PORTICO_RAW(opcode, 0, PORTICO_SIZE_ANY, call)
#define MODULE(X, m) \
    X(m, 1) X(m, 2) X(m, 3) X(m, 4) X(m, 5) X(m, 6) X(m, 7) X(m, 8) X(m, 9) X(m, 10)
#define LIBRARIES(X) MODULE(X, 0) MODULE(X, 1) MODULE(X, 2)

LIBRARIES(LIBRARY)

static const struct {
    const build *build;
    portico_module *module;
    portico_session_type *type;
    portico_on_migrate migrate;
} libraries[] = {
#define LIBRARY_ROW(m, n) {&build_##m##_##n, &module_##m##_##n, type_##m##_##n, migrate_##m##_##n},
    LIBRARIES(LIBRARY_ROW)
#undef LIBRARY_ROW
};

/* Each module is malformed in a way of its own. */
static void spoil(portico_module *module, portico_session_type *type, uint32_t number) {
    static const portico_job without_call[] = {PORTICO_JOB(1, NULL)};
    static const portico_table jobs = PORTICO_TABLE(without_call);
    switch (number) {
    case CAST_GAME: module->jobs = jobs; break;
    case CAST_ALLY: type->messages.row_size = 1; break;
    default: module->session_types.count = 2; module->session_types.row_size = 0;
    }
}

/* So is the ABI for which it is built. */
static void age(portico_entry *entry, uint32_t number) {
    switch (number) {
    case CAST_GAME: entry->abi_major++; break;
    case CAST_ALLY: entry->abi_minor--; break;
    default: entry->abi_minor++;
    }
}

void cast_add_libraries(void) {
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        const build *b = libraries[i].build;
        libraries[i].type->state = session_state(b->number, libraries[i].migrate);
        libraries[i].module->state = module_state(b->number);
        if (b->number == CAST_MALFORMED) {
            spoil(libraries[i].module, libraries[i].type, b->code.module);
        }
        portico_entry *entry = world_library(b->code.library, libraries[i].module);
        if (b->number == CAST_OTHER_ABI) {
            age(entry, b->code.module);
        }
    }
}
