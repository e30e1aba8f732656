/* cast.c: the modules. See cast.h. */
#include "sim/cast.h"

#include "sim/cast_state.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/witness.h"

#include <string.h>

enum { LATEST = 16, MODULE_MESSAGE = 1, MODULE_TICK = 2, TICK_MS = 500 };

typedef struct build {
    witness_code code;
    uint32_t number; /* CAST_... */
} build;

static const portico_host *host;
static portico_session latest[LATEST]; /* the sessions that opened last; most have closed */
static uint32_t opened;
static portico_entity selves[CAST_MODULES];
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

portico_session cast_any_session(void) {
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

static void answer(witness_entity *e, portico_session to, uint16_t opcode) {
    (void)witness_send(host, e, to, opcode, any_size());
}

/* Usually short; now and then longer than a swap or an unload waits. */
static void take_time(void) {
    if (hurries) {
        return;
    }
    static const uint32_t most_ms[] = {1, 5, 5, 30, 30, 400};
    os_sleep(world_random(most_ms[sim_random(SIM_WORLD, 6)]));
}

/* ---- handlers of sessions ----------------------------------------------------------------- */

static portico_status opens(const build *b, portico_session session, void *state) {
    witness_entity *e = witness_open(&b->code, session, role_of(b));
    state_begin(&b->code, b->number, e, state);
    latest[opened++ % LATEST] = session;
    if (sim_chance(SIM_WORLD, 3)) {
        answer(e, session, 1);
    }
    state_end(&b->code, b->number, e, state);
    bool refuses = sim_chance(SIM_WORLD, 30);
    witness_leave(e);
    return refuses ? PORTICO_E_REFUSED : PORTICO_OK;
}

static void closes(const build *b, portico_session session, void *state, portico_status reason) {
    witness_entity *e = witness_close(&b->code, session, role_of(b), reason);
    state_begin(&b->code, b->number, e, state);
    bool stays = b->code.module != CAST_GAME && reason == PORTICO_E_UNLOADED; /* the session */
    if (!stays && host->session_send(session, 1, NULL, 0) == PORTICO_OK) {
        sim_fail("session_send to %llu succeeds in its on_close", (ull)session);
    }
    answer(e, cast_any_session(), 1);
    if (sim_chance(SIM_WORLD, 8)) {
        take_time();
    }
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static void acts(const build *b, witness_entity *e, uint16_t opcode) {
    uint32_t number = first_number(b);
    uint32_t delay_ms = world_random(60);
    switch (opcode % 10) {
    case 2: take_time(); break;
    case 3: (void)host->post(selves[b->code.module], MODULE_MESSAGE, &e->id, sizeof e->id); break;
    case 4: answer(e, cast_any_session(), opcode); break;
    case 5: (void)host->run_blocking(number + 5, &e->id, sizeof e->id, e->id); break;
    case 6: (void)host->post_after(e->id, number + 6, &e->id, sizeof e->id, delay_ms, NULL); break;
    case 7:
        if (sim_chance(SIM_WORLD, 4)) {
            (void)host->session_close(sim_chance(SIM_WORLD, 2) ? e->id : cast_any_session());
        }
        break;
    default: ended_use(host);
    }
}

static void gets_packet(const build *b, portico_session session, void *state,
                        const portico_packet *packet) {
    witness_entity *e = witness_enter(&b->code, session, "on_packet");
    witness_packet(e, packet);
    if (host->self() != selves[b->code.module]) { /* an unload has failed, and ended the old one */
        ticks[b->code.module] = false;
    }
    state_begin(&b->code, b->number, e, state);
    acts(b, e, packet->opcode);
    answer(e, session, packet->opcode);
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static void gets_message(const build *b, portico_entity session, void *state,
                         const portico_message *message) {
    witness_entity *e = witness_enter(&b->code, session, "a message");
    CHECK(message->size == sizeof session && memcmp(message->data, &session, sizeof session) == 0);
    state_begin(&b->code, b->number, e, state);
    answer(e, session, (uint16_t)message->id);
    state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static portico_status migrates(const build *b, const portico_migration *migration, void *to) {
    uint32_t from = migration->from_version;
    if (migration->from == NULL) {
        witness_call(&b->code, "the question to migrate");
        return b->number == CAST_REFUSES ? PORTICO_E_REFUSED : PORTICO_OK;
    }
    witness_entity *e = witness_enter(&b->code, migration->entity, "migrate");
    state_migrate(&b->code, b->number, from, migration->from, to);
    sim_yield();
    bool fails = b->number == CAST_MIGRATE_FAILS && sim_chance(SIM_WORLD, 3);
    witness_leave(e);
    if (fails) {
        witness_lost(&b->code, migration->entity, role_of(b));
    }
    return fails ? PORTICO_E_REFUSED : PORTICO_OK;
}

/* ---- the module itself -------------------------------------------------------------------- */

/* Gets no turn: at work on a thread of its own. */
static uint32_t does_job(const build *b, const void *data, uint32_t size, void *reply) {
    witness_call(&b->code, "a job");
    CHECK(size == sizeof(portico_session));
    os_sleep(world_random(80));
    witness_call(&b->code, "a job");
    memcpy(reply, data, size);
    return size;
}

static void gets_module_message(const build *b, portico_entity self, void *state,
                                const portico_message *message) {
    witness_entity *e = witness_enter_module(&b->code, self, "a message");
    if (self != selves[b->code.module]) { /* after an unload that failed */
        ended_note(selves[b->code.module], ENDED_MODULE);
        e->parts[b->code.module] = witness_find(selves[b->code.module])->parts[b->code.module];
        selves[b->code.module] = self;
    }
    module_state_begin(&b->code, b->number, e, state);
    if (message->id == MODULE_MESSAGE) {
        portico_session from = 0;
        memcpy(&from, message->data, sizeof from);
        answer(e, from, 1);
    }
    if (sim_chance(SIM_WORLD, 8)) {
        take_time();
    }
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

static portico_status begins(const build *b, void *state) {
    witness_call(&b->code, "start");
    witness_entity *e = witness_enter_module(&b->code, host->self(), "start");
    selves[b->code.module] = e->id;
    memset(&e->parts[b->code.module], 0, sizeof e->parts[0]);
    module_state_begin(&b->code, b->number, e, state);
    portico_status status = host->post_every(e->id, MODULE_TICK, NULL, 0, TICK_MS, NULL);
    ticks[b->code.module] = status == PORTICO_OK;
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
    return b->number == CAST_SWAP_IN_FAILS ? PORTICO_E_STATE : status;
}

static void swaps_out(const build *b, void *state) {
    witness_entity *e = witness_enter_module(&b->code, selves[b->code.module], "swap_out");
    module_state_begin(&b->code, b->number, e, state);
    module_state_end(&b->code, b->number, e, state);
    witness_leave(e);
}

/* No handler of the module runs. */
static portico_status swaps_in(const build *b, void *state) {
    portico_status status = b->number == CAST_SWAP_IN_FAILS ? PORTICO_E_STATE : PORTICO_OK;
    witness_swap_in(&b->code, status);
    if (status == PORTICO_OK) {
        witness_entity *e = witness_enter_module(&b->code, selves[b->code.module], "swap_in");
        state_swapped(&b->code, b->number);
        module_state_begin(&b->code, b->number, e, state);
        sim_yield();
        module_state_end(&b->code, b->number, e, state);
        witness_leave(e);
    }
    return status;
}

static portico_status agrees(const build *b, const char *name) {
    witness_call(&b->code, "dependency_swaps");
    CHECK(strcmp(name, "game") == 0);
    sim_yield();
    return sim_chance(SIM_WORLD, 8) ? PORTICO_E_REFUSED : PORTICO_OK;
}

/* What `load` registers: functions of this one build. */
typedef struct handlers {
    portico_session_type session;
    portico_on_packet packet;
    portico_on_message message;
    portico_on_message module_message;
    portico_on_blocking job;
} handlers;

static portico_status registers(const build *b, const handlers *h) {
    uint16_t number = first_number(b);
    const char *type = h->session.name;
    portico_status status = host->register_session_type(&h->session);
    for (uint16_t i = 1; i <= 7 && status == PORTICO_OK; i++) {
        status = host->register_handler(type, number + i, h->packet);
    }
    const uint32_t own[] = {MODULE_MESSAGE, MODULE_TICK};
    for (int i = 0; i < 2 && status == PORTICO_OK; i++) {
        status = host->register_message(NULL, own[i], h->module_message);
    }
    for (uint32_t id = number + 5u; id <= number + 6u && status == PORTICO_OK; id++) {
        status = host->register_message(type, id, h->message);
    }
    return status == PORTICO_OK ? host->register_blocking(number + 5u, h->job) : status;
}

static portico_status loads(const build *b, const handlers *h, const portico_host *from_host) {
    host = ledger_host(from_host);
    witness_load(&b->code);
    portico_status status = b->number == CAST_LOAD_FAILS ? PORTICO_E_INVALID : registers(b, h);
    if (status != PORTICO_OK) {
        witness_unload(&b->code);
    }
    return status;
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
    static portico_status PORTICO_CALL open_##m##_##n(portico_session s, void *state) {          \
        return opens(&build_##m##_##n, s, state);                                                \
    }                                                                                            \
    static void PORTICO_CALL close_##m##_##n(portico_session s, void *state, portico_status r) { \
        closes(&build_##m##_##n, s, state, r);                                                   \
    }                                                                                            \
    static void PORTICO_CALL packet_##m##_##n(portico_session s, void *state,                    \
                                              const portico_packet *p) {                         \
        gets_packet(&build_##m##_##n, s, state, p);                                              \
    }                                                                                            \
    static void PORTICO_CALL message_##m##_##n(portico_entity s, void *state,                    \
                                               const portico_message *p) {                       \
        gets_message(&build_##m##_##n, s, state, p);                                             \
    }                                                                                            \
    static void PORTICO_CALL module_message_##m##_##n(portico_entity s, void *state,             \
                                                      const portico_message *p) {                \
        gets_module_message(&build_##m##_##n, s, state, p);                                      \
    }                                                                                            \
    static uint32_t PORTICO_CALL job_##m##_##n(uint32_t id, const void *data, uint32_t size,     \
                                               void *reply, uint32_t capacity) {                 \
        (void)id;                                                                                \
        (void)capacity;                                                                          \
        return does_job(&build_##m##_##n, data, size, reply);                                    \
    }                                                                                            \
    static portico_status PORTICO_CALL migrate_##m##_##n(const portico_migration *p, void *to) { \
        return migrates(&build_##m##_##n, p, to);                                                \
    }                                                                                            \
    static portico_status PORTICO_CALL load_##m##_##n(const portico_host *from, void *state) {   \
        const handlers h = {                                                                     \
            .session = {.struct_size = sizeof h.session,                                         \
                        .name = TYPE_##m,                                                        \
                        .on_open = open_##m##_##n,                                               \
                        .on_packet = PACKETS_##m(packet_##m##_##n),                              \
                        .on_close = close_##m##_##n,                                             \
                        .state_version = (n),                                                    \
                        .state_size = state_size(n),                                             \
                        .state_fields = state_fields(n),                                         \
                        .migrate = state_has_migrate(n) ? migrate_##m##_##n : NULL},             \
            .packet = packet_##m##_##n,                                                          \
            .message = message_##m##_##n,                                                        \
            .module_message = module_message_##m##_##n,                                          \
            .job = job_##m##_##n};                                                               \
        (void)state;                                                                             \
        return loads(&build_##m##_##n, &h, from);                                                \
    }                                                                                            \
    static portico_status PORTICO_CALL start_##m##_##n(void *state) {                            \
        return begins(&build_##m##_##n, state);                                                  \
    }                                                                                            \
    static void PORTICO_CALL stopping_##m##_##n(void *state) {                                   \
        (void)state;                                                                             \
        witness_stopping(&build_##m##_##n.code);                                                 \
    }                                                                                            \
    static void PORTICO_CALL unload_##m##_##n(void *state) {                                     \
        (void)state;                                                                             \
        witness_unload(&build_##m##_##n.code);                                                   \
    }                                                                                            \
    static void PORTICO_CALL swap_out_##m##_##n(void *state) {                                   \
        swaps_out(&build_##m##_##n, state);                                                      \
    }                                                                                            \
    static portico_status PORTICO_CALL swap_in_##m##_##n(void *state) {                          \
        return swaps_in(&build_##m##_##n, state);                                                \
    }                                                                                            \
    static portico_status PORTICO_CALL dependency_##m##_##n(void *state, const char *name,       \
                                                            const char *version) {               \
        (void)state;                                                                             \
        (void)version;                                                                           \
        return agrees(&build_##m##_##n, name);                                                   \
    }                                                                                            \
    static const portico_module_info *PORTICO_CALL describe_##m##_##n(void) {                    \
        static portico_module_info info = {PORTICO_MODULE_HEAD,                                  \
                                           .name = NAME_##m,                                     \
                                           .version = #n,                                        \
                                           .required = REQUIRED_##m,                             \
                                           .state_version = (n),                                 \
                                           .load = load_##m##_##n,                               \
                                           .start = start_##m##_##n,                             \
                                           .stopping = stopping_##m##_##n,                       \
                                           .unload = unload_##m##_##n,                           \
                                           .swap_out = swap_out_##m##_##n,                       \
                                           .swap_in = swap_in_##m##_##n,                         \
                                           .dependency_swaps = dependency_##m##_##n};            \
        info.state_size = module_state_size(n);                                                  \
        info.state_fields = module_state_fields(n);                                              \
        info.abi_major = (n) == CAST_OTHER_ABI ? PORTICO_ABI_MAJOR + 1 : PORTICO_ABI_MAJOR;      \
        return &info;                                                                            \
    }

#define MODULE(X, m) \
    X(m, 1) X(m, 2) X(m, 3) X(m, 4) X(m, 5) X(m, 6) X(m, 7) X(m, 8) X(m, 9) X(m, 10)
#define LIBRARIES(X) MODULE(X, 0) MODULE(X, 1) MODULE(X, 2)

LIBRARIES(LIBRARY)

static const struct {
    const build *build;
    const portico_module_info *(PORTICO_CALL *describe)(void);
} libraries[] = {
#define ROW(m, n) {&build_##m##_##n, describe_##m##_##n},
    LIBRARIES(ROW)
#undef ROW
};

void cast_add_libraries(void) {
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        sim_library_add(libraries[i].build->code.library, PORTICO_MODULE_SYMBOL,
                        (void *)(uintptr_t)libraries[i].describe);
    }
}
