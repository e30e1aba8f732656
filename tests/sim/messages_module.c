/* messages_module.c: see messages_module.h. */
#include "sim/ended.h"
#include "sim/ledger.h"
#include "sim/messages_module.h"

#include "sim/messages_channel.h"
#include "sim/post.h"
#include "sim/world.h"

#include <string.h>

enum {
    VISITORS_MAX = 256,
    ROOMS = 3,
    JOB_MS = 30,
    TICK_MS = 20,
    FLOOD_MAX = 100000,
    OTHERS_MAX = 1000
};

uint32_t messages_budget;
bool messages_flood;

static const portico_host *host;
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

static visitor *visitor_find(portico_session id) {
    uint32_t i = visitor_count;
    while (visitors[--i].id != id) {
        CHECK(i > 0);
    }
    return &visitors[i];
}

/* ---- what everybody does ------------------------------------------------------------------- */

static portico_entity some_box(void) {
    const post_box *b = post_latest(world_random(12));
    return b != NULL ? b->id : 0;
}

static void act_letter(portico_entity me) {
    portico_entity to = world_random(4) == 0 ? me : some_box();
    uint64_t number = post_letter(me, to);
    post_lettered(number, host->post(to, 1 + POST_LETTER, &number, sizeof number));
}

static void act_timer(void) {
    bool once = world_random(3) != 0;
    uint32_t ms = once ? world_random(60) : 1 + world_random(60);
    portico_entity to = some_box();
    portico_timer id = 0;
    uint64_t number = post_timer(host->self(), to, ms, once ? 0 : ms);
    portico_status status =
        once ? host->post_after(to, 1 + POST_ONCE, &number, sizeof number, ms, &id)
             : host->post_every(to, 1 + POST_EVERY, &number, sizeof number, ms, &id);
    CHECK(status != PORTICO_OK || id != 0);
    post_timed(number, status, id);
}

static void act_cancel(void) {
    uint64_t number = 0;
    portico_timer id = post_some_timer(&number);
    if (id != 0) {
        post_cancels(number);
        post_cancelled(number, host->timer_cancel(id));
    }
}

static void act_job(void) {
    portico_entity to = world_random(4) == 0 ? 0 : some_box();
    uint64_t number = post_job(host->self(), to);
    portico_status status = host->run_blocking(1 + POST_JOB, &number, sizeof number, to);
    post_jobbed(number, status, MESSAGES_JOBS_WAIT);
}

static portico_room some_room(void) {
    char name[16];
    portico_room room = 0;
    snprintf(name, sizeof name, "%u", world_random(ROOMS));
    (void)host->room_create("messages.room", name, &room);
    return room;
}

static void act_end(portico_entity id) {
    post_box *b = post_find(id);
    if (b != NULL && b->owner != id) {
        b->ends = true;
        if (host->session_close(id) == PORTICO_E_GONE) {
            (void)host->room_close(id);
        }
    }
}

static void act(portico_entity me) {
    if (post_count() >= messages_budget) {
        return;
    }
    switch (world_random(17)) {
    case 0:
    case 1:
    case 2: act_timer(); break;
    case 3:
    case 4: act_cancel(); break;
    case 5:
    case 6: act_job(); break;
    case 16: ended_use(host); break;
    case 7: (void)host->room_join(some_room(), some_box()); break;
    case 8: (void)host->room_leave(some_box()); break;
    case 9:
        if (world_random(4) == 0) {
            act_end(some_box());
        }
        break;
    default: act_letter(me); break;
    }
}

/* In the room's turn, so none of them is handled: as many are accepted as may wait. */
static void flood(portico_entity room) {
    portico_status status = PORTICO_OK;
    uint32_t accepted = 0;
    messages_flood = false;
    while ((status = host->post(room, 100, NULL, 0)) == PORTICO_OK) {
        CHECK(++accepted <= FLOOD_MAX);
    }
    CHECK(status == PORTICO_E_BACKLOG ? accepted > FLOOD_MAX - OTHERS_MAX
                                      : status == PORTICO_E_GONE || post_faults);
}

/* ---- handlers ------------------------------------------------------------------------------ */

static void check_open(const char *library) {
    CHECK(sim_library_open_count(library) > 0);
}

static void check_state(const post_box *b, const view *v) {
    CHECK(*v->handled == b->handled && *v->sum == b->sum);
}

static void on_message(const view *v, portico_entity entity, const portico_message *message) {
    uint64_t number = 0;
    post_box *b = post_enter(entity);
    check_open(v->library);
    check_state(b, v);
    CHECK(message->size == sizeof number);
    memcpy(&number, message->data, sizeof number);
    post_arrives(b, (post_kind)(message->id - 1), number, message->missed);
    *v->handled += 1;
    *v->sum += number;
    for (uint32_t i = world_random(3); i > 0; i--) {
        act(entity);
    }
    if (b->owner == entity && strcmp(v->library, "second 1") != 0) {
        messages_channel_act(host);
    }
    if (messages_flood && host->room_state(entity) != NULL) {
        flood(entity);
    }
    check_state(b, v);
    post_leave(b);
}

static portico_status on_open(const view *v, portico_session session) {
    CHECK(visitor_count < VISITORS_MAX);
    check_open(v->library);
    CHECK(*v->handled == 0 && *v->sum == 0);
    visitor *who = &visitors[visitor_count];
    uint64_t data = visitor_count++;
    who->id = session;
    portico_status status = host->session_send(session, WELCOME, &data, sizeof data);
    (void)post_open(session, host->self());
    (void)post_enter(session);
    act(session);
    post_leave(post_find(session));
    return status;
}

static void on_packet(const view *v, portico_session session, const portico_packet *packet) {
    uint32_t number = 0;
    post_box *b = post_enter(session);
    ledger_packet();
    check_open(v->library);
    check_state(b, v);
    CHECK(packet->opcode == COMMAND && packet->size == sizeof number);
    memcpy(&number, packet->data, sizeof number);
    CHECK(number == visitor_find(session)->commands++);
    act(session);
    act(session);
    check_state(b, v);
    post_leave(b);
}

static void on_close(const view *v, portico_session session, portico_status reason) {
    post_box *b = post_enter(session);
    check_open(v->library);
    check_state(b, v);
    visitor_find(session)->reason = reason;
    act(session);
    post_leave(b);
    post_end(b);
    ended_note(session, ENDED_SESSION);
    ledger_closes(reason);
}

static portico_status on_room_open(const view *v, portico_room room) {
    check_open(v->library);
    CHECK(*v->handled == 0 && *v->sum == 0);
    (void)post_open(room, host->self());
    return PORTICO_OK;
}

static void on_room_close(const view *v, portico_room room) {
    post_box *b = post_enter(room);
    check_open(v->library);
    check_state(b, v);
    post_leave(b);
    post_end(b);
    ended_note(room, ENDED_ROOM);
}

static uint32_t on_job(const char *library, const void *data, uint32_t size, void *reply) {
    uint64_t number = 0;
    check_open(library);
    CHECK(size == sizeof number);
    memcpy(&number, data, sizeof number);
    post_works(number);
    os_sleep(world_random(JOB_MS));
    check_open(library);
    memcpy(reply, &number, sizeof number);
    return sizeof number;
}

static portico_status on_start(const view *v) {
    portico_entity self = host->self();
    portico_timer id = 0;
    CHECK(*v->started == 0);
    *v->started = 1;
    (void)post_open(self, self);
    (void)some_room();
    uint64_t number = post_timer(self, self, TICK_MS, TICK_MS);
    portico_status status =
        host->post_every(self, 1 + POST_EVERY, &number, sizeof number, TICK_MS, &id);
    post_timed(number, status, id);
    return status;
}

/* Also called for a build that was not swapped in, with a state of its own. */
static void on_unload(const view *v) {
    check_open(v->library);
    if (*v->started != 0) {
        post_box *b = post_find(host->self());
        check_state(b, v);
        post_end(b);
        ended_note(b->id, ENDED_MODULE);
    }
}

/* ---- builds -------------------------------------------------------------------------------- */

#define STATE_1(S, FIELD, ARRAY) \
    FIELD(S, uint32_t, handled)  \
    FIELD(S, uint32_t, started)  \
    FIELD(S, uint64_t, sum)
PORTICO_STATE(state_1, STATE_1);

#define STATE_2(S, FIELD, ARRAY) \
    FIELD(S, uint64_t, unused)   \
    FIELD(S, uint64_t, sum)      \
    FIELD(S, uint32_t, started)  \
    FIELD(S, uint32_t, handled)
PORTICO_STATE(state_2, STATE_2);

/* What registers: the same for all builds, but for the functions and the states. */
typedef struct build {
    portico_session_type session;
    portico_room_type room;
    portico_on_message on_message;
    portico_on_blocking on_job;
} build;

static portico_status register_messages(const char *type, const build *b) {
    portico_status status = PORTICO_OK;
    for (uint32_t kind = POST_LETTER; kind <= POST_JOB && status == PORTICO_OK; kind++) {
        status = host->register_message(type, 1 + kind, b->on_message);
    }
    return status;
}

/* "second" has neither sessions nor rooms. */
static portico_status register_all(const build *b, bool types) {
    portico_status status = host->register_blocking(1 + POST_JOB, b->on_job);
    if (status == PORTICO_OK) {
        status = register_messages(NULL, b);
    }
    if (status == PORTICO_OK && types) {
        status = host->register_session_type(&b->session);
    }
    if (status == PORTICO_OK && types) {
        status = host->register_room_type(&b->room);
    }
    if (status == PORTICO_OK && types) {
        status = register_messages("session", b);
    }
    return status == PORTICO_OK && types ? register_messages("room", b) : status;
}

/* The functions of a build, which pass on what its state has. */
#define VIEW(LIBRARY, S, state)                                                           \
    &(const view) {                                                                       \
        LIBRARY, &((S *)(state))->handled, &((S *)(state))->sum, &((S *)(state))->started \
    }
#define BUILD(b, MODULE, LIBRARY, S, TYPES)                                                   \
    static void PORTICO_CALL b##_message(portico_entity entity, void *state,                  \
                                         const portico_message *message) {                    \
        on_message(VIEW(LIBRARY, S, state), entity, message);                                 \
    }                                                                                         \
    static portico_status PORTICO_CALL b##_open(portico_session session, void *state) {       \
        return on_open(VIEW(LIBRARY, S, state), session);                                     \
    }                                                                                         \
    static void PORTICO_CALL b##_packet(portico_session session, void *state,                 \
                                        const portico_packet *packet) {                       \
        on_packet(VIEW(LIBRARY, S, state), session, packet);                                  \
    }                                                                                         \
    static void PORTICO_CALL b##_close(portico_session session, void *state,                  \
                                       portico_status reason) {                               \
        on_close(VIEW(LIBRARY, S, state), session, reason);                                   \
    }                                                                                         \
    static portico_status PORTICO_CALL b##_room_open(portico_room room, void *state) {        \
        return on_room_open(VIEW(LIBRARY, S, state), room);                                   \
    }                                                                                         \
    static void PORTICO_CALL b##_room_close(portico_room room, void *state,                   \
                                            portico_status reason) {                          \
        (void)reason;                                                                         \
        on_room_close(VIEW(LIBRARY, S, state), room);                                         \
    }                                                                                         \
    static uint32_t PORTICO_CALL b##_job(uint32_t id, const void *data, uint32_t size,        \
                                         void *reply, uint32_t capacity) {                    \
        (void)id, (void)capacity;                                                             \
        return on_job(LIBRARY, data, size, reply);                                            \
    }                                                                                         \
    static portico_status PORTICO_CALL b##_load(const portico_host *from_host, void *state) { \
        const build parts = {.session = {.struct_size = sizeof parts.session,                 \
                                         .state_size = sizeof(S),                             \
                                         .name = "session",                                   \
                                         .on_open = b##_open,                                 \
                                         .on_packet = b##_packet,                             \
                                         .on_close = b##_close,                               \
                                         .state_fields = &S##_fields},                        \
                             .room = {.struct_size = sizeof parts.room,                       \
                                      .state_size = sizeof(S),                                \
                                      .name = "room",                                         \
                                      .on_open = b##_room_open,                               \
                                      .on_close = b##_room_close,                             \
                                      .state_fields = &S##_fields},                           \
                             .on_message = b##_message,                                       \
                             .on_job = b##_job};                                              \
        (void)state;                                                                          \
        host = ledger_host(from_host);                                                        \
        return register_all(&parts, TYPES);                                                   \
    }                                                                                         \
    static portico_status PORTICO_CALL b##_start(void *state) {                               \
        return on_start(VIEW(LIBRARY, S, state));                                             \
    }                                                                                         \
    static void PORTICO_CALL b##_unload(void *state) {                                        \
        on_unload(VIEW(LIBRARY, S, state));                                                   \
    }                                                                                         \
    static const portico_module_info b##_info = {                                             \
        PORTICO_MODULE_HEAD,         .name = (MODULE),  .version = (LIBRARY),                 \
        .state_size = sizeof(S),     .load = b##_load,  .unload = b##_unload,                 \
        .state_fields = &S##_fields, .start = b##_start};                                     \
    static const portico_module_info *PORTICO_CALL b##_describe(void) {                       \
        return &b##_info;                                                                     \
    }

BUILD(first, "messages", "messages 1", state_1, true)
BUILD(alike, "messages", "messages 2", state_1, true)
BUILD(other, "messages", "messages 3", state_2, true)
BUILD(second, "second", "second 1", state_1, false)

void messages_libraries(void) {
    sim_library_add("messages 1", PORTICO_MODULE_SYMBOL, (void *)(uintptr_t)first_describe);
    sim_library_add("messages 2", PORTICO_MODULE_SYMBOL, (void *)(uintptr_t)alike_describe);
    sim_library_add("messages 3", PORTICO_MODULE_SYMBOL, (void *)(uintptr_t)other_describe);
    sim_library_add("second 1", PORTICO_MODULE_SYMBOL, (void *)(uintptr_t)second_describe);
}
