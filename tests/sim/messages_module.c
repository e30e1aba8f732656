/* messages_module.c: see messages_module.h. */
#include "sim/crash.h"
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/messages_module.h"

#include "sim/asks.h"
#include "sim/messages_acts.h"
#include "sim/messages_channel.h"
#include "sim/post.h"
#include "sim/world.h"

#include <string.h>

enum { VISITORS_MAX = 256, JOB_MS = 30, TICK_MS = 20 };

static visitor visitors[VISITORS_MAX];
static uint32_t visitor_count;

/* Where a build keeps what a state has. */
typedef struct view {
    const char *library;
    uint32_t *handled;
    uint64_t *sum;
    uint32_t *started; /* of a module */
} view;

visitor *messages_visitor(uint32_t n) {
    CHECK(n < visitor_count);
    return &visitors[n];
}

/* One that everybody knows: on_open has named it. */
visitor *messages_some_visitor(void) {
    uint32_t n = world_random(6);
    visitor *who = n < visitor_count ? &visitors[visitor_count - 1 - n] : NULL;
    return who != NULL && post_find(who->id) != NULL ? who : NULL;
}

static visitor *visitor_find(uint64_t id) {
    uint32_t i = visitor_count;
    while (visitors[--i].id != id) {
        CHECK(i > 0);
    }
    return &visitors[i];
}

/* ---- handlers ------------------------------------------------------------------------------ */

static void check_open(const char *library) {
    CHECK(sim_library_open_count(library) > 0);
}

static void check_state(const post_box *b, const view *v) {
    if (b->unsure && crash_may_lose()) {
        *v->handled = (uint32_t)b->handled;
        *v->sum = b->sum;
        *v->started = b->id == b->owner;
    }
    CHECK(*v->handled == b->handled && *v->sum == b->sum);
}

/* Spoils the state, and does not return. */
static _Noreturn void spoil(const view *v) {
    *v->handled = world_random(UINT32_MAX);
    *v->sum = world_random(UINT32_MAX);
    *v->started = world_random(UINT32_MAX);
    crash(NULL, 0);
}

/* A moment at which a handler may fault, which began when the box had these values. */
static void may_crash(post_box *b, const view *v, uint64_t handled, uint64_t sum) {
    if (crash_due()) {
        post_faults_in(b, handled, sum);
        spoil(v);
    }
}

/* Returns what it adds to the sum of the state. */
static uint64_t take(post_box *b, const portico_message *message) {
    uint64_t number = 0;
    if (message->id == ANSWER) {
        return asks_answered(b, message);
    }
    if (message->id == JOB && message->size == 0 && crash_was()) {
        b->handled++;
        return 0;
    }
    CHECK(message->size == sizeof number && message->status == PORTICO_OK);
    memcpy(&number, message->data, sizeof number);
    if (message->id == ASK) {
        asks_arrives(b, number, message);
        return number;
    }
    CHECK(message->from.id == 0 && message->request == 0);
    post_arrives(b, (post_kind)(message->id - 1), number, message->missed);
    return number;
}

static void on_message(const view *v, uint64_t entity, const portico_message *message) {
    post_box *b = post_enter(entity);
    check_open(v->library);
    check_state(b, v);
    uint64_t handled = b->handled;
    uint64_t sum = b->sum;
    *v->sum += take(b, message);
    *v->handled += 1;
    may_crash(b, v, handled, sum);
    if (message->id == ASK && world_random(2) == 0) {
        uint64_t number = 0;
        memcpy(&number, message->data, sizeof number);
        act_reply(number, message->request);
    }
    for (uint32_t i = world_random(3); i > 0; i--) {
        act(entity);
    }
    if (b->owner == entity && strcmp(v->library, "second 1") != 0) {
        messages_channel_act();
    }
    if (messages_flood && host->room_state((portico_room){entity}) != NULL) {
        act_flood(entity);
    }
    check_state(b, v);
    may_crash(b, v, handled, sum);
    post_leave(b);
}

static portico_status on_open(const view *v, portico_session session) {
    CHECK(visitor_count < VISITORS_MAX);
    check_open(v->library);
    if (crash_due()) {
        spoil(v);
    }
    CHECK((*v->handled == 0 && *v->sum == 0) || crash_may_lose());
    *v->handled = 0;
    *v->sum = 0;
    visitor *who = &visitors[visitor_count];
    uint64_t data = visitor_count++;
    who->id = session.id;
    portico_status status = host->session_send(session, WELCOME, &data, sizeof data);
    post_open(session.id, host->self().id)->is_session = true;
    (void)post_enter(session.id);
    act(session.id);
    post_leave(post_find(session.id));
    return status;
}

static void on_packet(const view *v, portico_session session, const portico_packet *packet) {
    uint32_t number = 0;
    post_box *b = post_enter(session.id);
    ledger_packet();
    check_open(v->library);
    check_state(b, v);
    CHECK(packet->opcode == COMMAND && packet->size == sizeof number);
    memcpy(&number, packet->data, sizeof number);
    CHECK(number == visitor_find(session.id)->commands++);
    act(session.id);
    may_crash(b, v, b->handled, b->sum);
    act(session.id);
    check_state(b, v);
    post_leave(b);
}

static void on_close(const view *v, portico_session session, portico_status reason) {
    if (post_find(session.id) == NULL && crash_was()) {
        return; /* its on_open has faulted */
    }
    post_box *b = post_enter(session.id);
    check_open(v->library);
    check_state(b, v);
    visitor_find(session.id)->reason = reason;
    act(session.id);
    post_leave(b);
    post_end(b);
    ended_note(session.id, ENDED_SESSION);
    ledger_closes(reason);
    if (crash_due()) {
        spoil(v);
    }
}

static portico_status on_room_open(const view *v, portico_room room) {
    check_open(v->library);
    if (crash_due()) {
        spoil(v);
    }
    CHECK((*v->handled == 0 && *v->sum == 0) || crash_may_lose());
    *v->handled = 0;
    *v->sum = 0;
    (void)post_open(room.id, host->self().id);
    return PORTICO_OK;
}

static void on_room_close(const view *v, portico_room room) {
    if (post_find(room.id) == NULL && crash_was()) {
        return; /* its on_open has faulted */
    }
    post_box *b = post_enter(room.id);
    check_open(v->library);
    check_state(b, v);
    post_leave(b);
    post_end(b);
    ended_note(room.id, ENDED_ROOM);
    if (crash_due()) {
        spoil(v);
    }
}

static uint32_t on_job(const char *library, const void *data, uint32_t size, void *reply) {
    uint64_t number = 0;
    check_open(library);
    CHECK(size == sizeof number);
    memcpy(&number, data, sizeof number);
    post_works(number);
    os_sleep(world_random(JOB_MS));
    check_open(library);
    if (crash_due()) {
        post_job_faults(number);
        crash(NULL, 0);
    }
    memcpy(reply, &number, sizeof number);
    return sizeof number;
}

/* The module is no more: its start has failed, or it stops. */
static void end_module(void) {
    post_box *b = post_find(host->self().id);
    post_end(b);
    ended_note(b->id, ENDED_MODULE);
}

static portico_status on_start(const view *v, uint32_t why) {
    portico_entity self = host->self();
    portico_timer timer = {0};
    check_open(v->library);
    if (why != PORTICO_START_LOADED) {
        check_state(post_find(self.id), v);
    }
    CHECK(*v->started == (why != PORTICO_START_LOADED));
    if (why != PORTICO_START_RETURNED && crash_due()) {
        spoil(v);
    }
    if (why != PORTICO_START_LOADED) {
        return PORTICO_OK;
    }
    *v->started = 1;
    (void)post_open(self.id, self.id);
    (void)act_room();
    uint64_t number = post_timer(self.id, self.id, TICK_MS, TICK_MS);
    portico_status status = host->post_every(self, EVERY, &number, sizeof number, TICK_MS, &timer);
    post_timed(number, status, timer.id);
    if (status != PORTICO_OK) {
        end_module();
    }
    return status;
}

/* The module was frozen, and its unload did not call it for what has ended since. */
static void bury(uint64_t self) {
    post_bury(self);
    for (uint32_t i = 0; i < visitor_count; i++) {
        const post_box *b = post_find(visitors[i].id);
        if (visitors[i].reason == 0 && (b == NULL || b->owner == self)) {
            visitors[i].reason = PORTICO_E_FAULT;
            ledger_closes(PORTICO_E_FAULT);
        }
    }
}

static void on_stop(const view *v, uint32_t why) {
    check_open(v->library);
    check_state(post_find(host->self().id), v);
    CHECK(*v->started == 1);
    if (why != PORTICO_STOP_REPLACED) {
        if (crash_is_dead(crash_caller())) {
            bury(host->self().id);
        }
        end_module();
    }
}

/* ---- builds -------------------------------------------------------------------------------- */

#define STATE_1(S, F)              \
    F(S, FIELD, uint32_t, handled) \
    F(S, FIELD, uint32_t, started) \
    F(S, FIELD, uint64_t, sum)
PORTICO_STATE(state_1, STATE_1);

#define STATE_2(S, F)              \
    F(S, FIELD, uint64_t, unused)  \
    F(S, FIELD, uint64_t, sum)     \
    F(S, FIELD, uint32_t, started) \
    F(S, FIELD, uint32_t, handled)
PORTICO_STATE(state_2, STATE_2);

/* The functions of a build, which pass on what its state has. */
#define VIEW(LIBRARY, S, state)                                                           \
    &(const view) {                                                                       \
        LIBRARY, &((S *)(state))->handled, &((S *)(state))->sum, &((S *)(state))->started \
    }
#define BUILD(b, LIBRARY, S)                                                                     \
    static void b##_to_session(portico_session session, void *state,                             \
                               const portico_message *message) {                                 \
        on_message(VIEW(LIBRARY, S, state), session.id, message);                                \
    }                                                                                            \
    static void b##_to_room(portico_room room, void *state, const portico_message *message) {    \
        on_message(VIEW(LIBRARY, S, state), room.id, message);                                   \
    }                                                                                            \
    static void b##_to_module(portico_entity module, void *state,                                \
                              const portico_message *message) {                                  \
        on_message(VIEW(LIBRARY, S, state), module.id, message);                                 \
    }                                                                                            \
    static portico_status b##_open(portico_session session, void *state) {                       \
        return on_open(VIEW(LIBRARY, S, state), session);                                        \
    }                                                                                            \
    static void b##_packet(portico_session session, void *state, const portico_packet *packet) { \
        on_packet(VIEW(LIBRARY, S, state), session, packet);                                     \
    }                                                                                            \
    static void b##_close(portico_session session, void *state, portico_status reason) {         \
        on_close(VIEW(LIBRARY, S, state), session, reason);                                      \
    }                                                                                            \
    static portico_status b##_room_open(portico_room room, void *state, const void *data,        \
                                        uint32_t size) {                                         \
        (void)data, (void)size;                                                                  \
        return on_room_open(VIEW(LIBRARY, S, state), room);                                      \
    }                                                                                            \
    static void b##_room_close(portico_room room, void *state, portico_status reason) {          \
        (void)reason;                                                                            \
        on_room_close(VIEW(LIBRARY, S, state), room);                                            \
    }                                                                                            \
    static uint32_t b##_job(uint32_t id, const void *data, uint32_t size, void *reply,           \
                            uint32_t capacity) {                                                 \
        (void)id, (void)capacity;                                                                \
        return on_job(LIBRARY, data, size, reply);                                               \
    }                                                                                            \
    static portico_status b##_start(void *state, uint32_t why) {                                 \
        return on_start(VIEW(LIBRARY, S, state), why);                                           \
    }                                                                                            \
    static void b##_stop(void *state, uint32_t why) {                                            \
        on_stop(VIEW(LIBRARY, S, state), why);                                                   \
    }                                                                                            \
    static const portico_session_message b##_session_messages[] = MESSAGES(b##_to_session);      \
    static const portico_room_message b##_room_messages[] = MESSAGES(b##_to_room);               \
    static const portico_module_message b##_messages[] = MESSAGES(b##_to_module);                \
    static const portico_job b##_jobs[] = {PORTICO_JOB(JOB, b##_job)};                           \
    static const portico_session_type b##_session_types[] = {                                    \
        {.name = "session",                                                                      \
         .state = PORTICO_STATE_OF(S, 0),                                                        \
         .on_open = b##_open,                                                                    \
         .on_packet = b##_packet,                                                                \
         .on_close = b##_close,                                                                  \
         .messages = PORTICO_TABLE(b##_session_messages)}};                                      \
    static const portico_room_type b##_room_types[] = {                                          \
        {.name = "room",                                                                         \
         .state = PORTICO_STATE_OF(S, 0),                                                        \
         .on_open = b##_room_open,                                                               \
         .on_close = b##_room_close,                                                             \
         .messages = PORTICO_TABLE(b##_room_messages)}};                                         \
    static portico_module b##_module = {.name = "messages",                                      \
                                        .version = (LIBRARY),                                    \
                                        .state = PORTICO_STATE_OF(S, 0),                         \
                                        .session_types = PORTICO_TABLE(b##_session_types),       \
                                        .room_types = PORTICO_TABLE(b##_room_types),             \
                                        .messages = PORTICO_TABLE(b##_messages),                 \
                                        .jobs = PORTICO_TABLE(b##_jobs),                         \
                                        .start = b##_start,                                      \
                                        .stop = b##_stop};
#define MESSAGES(call)                                                                             \
    {                                                                                              \
        PORTICO_MESSAGE(LETTER, call), PORTICO_MESSAGE(ONCE, call), PORTICO_MESSAGE(EVERY, call),  \
            PORTICO_MESSAGE(JOB, call), PORTICO_MESSAGE(ASK, call), PORTICO_MESSAGE(ANSWER, call), \
    }

BUILD(first, "messages 1", state_1)
BUILD(alike, "messages 2", state_1)
BUILD(other, "messages 3", state_2)
BUILD(second, "second 1", state_1)

void messages_libraries(void) {
    second_module.name = "second";
    second_module.session_types = (portico_table){0};
    second_module.room_types = (portico_table){0};
    (void)world_library("messages 1", &first_module);
    (void)world_library("messages 2", &alike_module);
    (void)world_library("messages 3", &other_module);
    (void)world_library("second 1", &second_module);
}
