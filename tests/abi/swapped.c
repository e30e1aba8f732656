/* swapped.c: the module of the swap tests. Compiled many times, see CMakeLists.txt: each is a
 * generation of the module "swapped" that differs from the first by the definitions named below,
 * and sends its GENERATION in all answers.
 *
 *   opcode 1   who:    answers uint32 {GENERATION, packets, sum}
 *   opcode 2   add:    adds uint32 to the sum, which is kept; answers as 1
 *   opcode 3   block:  sleeps for uint32 ms; answers as 1
 *   opcode 4   join:   joins the room of that name, creating it; answers a status once inside
 *   opcode 5   room:   answers uint32 {GENERATION, joins, leaves, ticks} of the session's room
 *   opcode 6   tick:   every uint32 ms; each comes as opcode 106, uint32 {GENERATION, ticks so far}
 *   opcode 7   job:    on the pool, for uint32 ms; comes back as opcode 7, uint32 {GENERATION that
 *                      ran it, ... that got it}
 *   opcode 8   world:  answers the world, after GENERATION
 *   opcode 9   leave:  leaves its room; answers a status
 *   opcode 10  every uint32 ms to its room: ticks there
 *   opcode 11  closes its room; answers a status
 *   opcode 12  from generation 2 on: answers as 1; opcode 13 does so by a message that only this
 *              generation has
 *
 * Every function of its life logs "life GENERATION what.". WITH_THREAD: a thread of its own keeps
 * posting consecutive numbers to it. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef NAME
#define NAME "swapped"
#endif
#ifndef REQUIRES /* another module */
#define REQUIRES NULL
#endif
#ifndef VERSION /* the guest refuses versions that begin with "no" */
#define VERSION "1"
#endif
#ifndef PACKETS /* the type of a field of the session's state */
#define PACKETS uint32_t
#endif
#ifndef JOINS /* ... of the room's */
#define JOINS uint32_t
#endif
#ifndef STARTS /* ... of the world's */
#define STARTS uint32_t
#endif
#ifndef PLAIN_BYTES /* of the state of type "plain", which declares no fields */
#define PLAIN_BYTES 8
#endif
#ifndef PLAIN_VERSION
#define PLAIN_VERSION 1
#endif
#ifndef LAST_OPCODE /* registered in addition to the others; the guest has 20 */
#define LAST_OPCODE 99
#endif

/* Switches: 1 or 0. */
#ifndef NO_SESSION
#define NO_SESSION 0
#endif
#ifndef NO_EXTRA
#define NO_EXTRA 0
#endif
#ifndef NO_ROOM
#define NO_ROOM 0
#endif
#ifndef START_FAILS
#define START_FAILS 0
#endif
#ifndef START_SLOW /* takes time, has a job done, and then fails */
#define START_SLOW 0
#endif
#ifndef WITH_THREAD
#define WITH_THREAD 0
#endif
#ifndef PLAIN_REFUSES
#define PLAIN_REFUSES 0
#endif
#ifndef WORLD_LIES
#define WORLD_LIES 0
#endif
#ifndef QUERY_CHANGES
#define QUERY_CHANGES 0
#endif

enum { TICK = 1, JOB = 2, JOINED = 3, NEW = 4, WORLD = 5, THREAD = 6 };

#define PLAYER_1(S, F) \
    F(S, FIELD, PACKETS, packets) F(S, FIELD, uint32_t, sum) F(S, FIELD, uint32_t, ticks)
#if GENERATION > 1
#define PLAYER(S, F) F(S, FIELD, uint64_t, of_2) PLAYER_1(S, F)
#else
#define PLAYER(S, F) PLAYER_1(S, F)
#endif
PORTICO_STATE(player, PLAYER);

#define PLACE(S, F)           \
    F(S, FIELD, JOINS, joins) \
    F(S, FIELD, uint32_t, leaves) F(S, FIELD, uint32_t, ticks) F(S, FIELD, uint32_t, opened)
PORTICO_STATE(place, PLACE);

/* The module's own state, kept by every generation. The thread's numbers arrive without gaps;
 * `wrong` counts exceptions. */
#define WORLD_STATE(S, F)            \
    F(S, FIELD, STARTS, starts)      \
    F(S, FIELD, uint32_t, swap_outs) \
    F(S, FIELD, uint32_t, swap_ins)  \
    F(S, FIELD, uint32_t, sent)      \
    F(S, FIELD, uint32_t, received)  \
    F(S, FIELD, uint32_t, wrong)
PORTICO_STATE(world, WORLD_STATE);

static void life(const char *what) {
    char text[64];
    (void)snprintf(text, sizeof text, "life %d %s.", GENERATION, what);
    portico->log(PORTICO_LOG_INFO, text);
}

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, packet->size < sizeof figure ? packet->size : sizeof figure);
    return figure;
}

static void answer(portico_session session, uint16_t opcode, const player *p) {
    uint32_t figures[] = {GENERATION, (uint32_t)p->packets, p->sum};
    (void)portico->session_send(session, opcode, figures, sizeof figures);
}

static void answer_status(portico_session session, uint16_t opcode, portico_status status) {
    int32_t value = status;
    (void)portico->session_send(session, opcode, &value, sizeof value);
}

/* ---- sessions ------------------------------------------------------------------------------- */

static void on_who(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    p->packets++;
    answer(session, packet->opcode, p);
}

static void on_add(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    p->sum += figure_of(packet);
    on_who(session, state, packet);
}

static void on_block(portico_session session, void *state, const portico_packet *packet) {
    portico->log(PORTICO_LOG_INFO, "swapped sleeps");
    system_sleep_ms(figure_of(packet));
    on_who(session, state, packet);
}

static void on_join(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room = {0};
    portico_status status =
        portico->room_create(NAME ".place", (const char *)packet->data, NULL, 0, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = portico->session_join(session, room, JOINED);
    }
    if (status != PORTICO_OK) {
        answer_status(session, packet->opcode, status);
    }
}

static void on_joined(portico_session session, void *state, const portico_message *message) {
    (void)state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    answer_status(session, 4, result.status);
}

static void on_room(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    const place *r = portico->room_state(portico->session_room(session));
    uint32_t figures[] = {GENERATION, r != NULL ? (uint32_t)r->joins : 0, r != NULL ? r->leaves : 0,
                          r != NULL ? r->ticks : 0};
    (void)portico->session_send(session, packet->opcode, figures, sizeof figures);
}

static void on_leave(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer_status(session, packet->opcode, portico->session_leave(session));
}

static void on_close_room(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer_status(session, packet->opcode,
                  portico->room_close(portico->session_room(session), PORTICO_E_CLOSED));
}

static void on_tick(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->post_every(portico_session_entity(session), TICK, NULL, 0, figure_of(packet),
                              NULL);
}

static void on_room_tick(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->post_every(portico_room_entity(portico->session_room(session)), TICK, NULL, 0,
                              figure_of(packet), NULL);
}

static void on_due(portico_session session, void *state, const portico_message *message) {
    player *p = state;
    (void)message;
    p->ticks++;
    uint32_t figures[] = {GENERATION, p->ticks};
    (void)portico->session_send(session, 106, figures, sizeof figures);
}

static void on_job(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->run_job(JOB, packet->data, packet->size, portico_session_entity(session));
}

static uint32_t run_job(uint32_t id, const void *data, uint32_t size, void *reply,
                        uint32_t reply_capacity) {
    uint32_t ms = 0;
    uint32_t mine = GENERATION;
    (void)id;
    (void)reply_capacity;
    memcpy(&ms, data, size < sizeof ms ? size : sizeof ms);
    system_sleep_ms(ms);
    memcpy(reply, &mine, sizeof mine);
    return sizeof mine;
}

static void on_reply(portico_session session, void *state, const portico_message *message) {
    uint32_t figures[] = {0, GENERATION};
    (void)state;
    memcpy(figures, message->data, sizeof figures[0]);
    (void)portico->session_send(session, 7, figures, sizeof figures);
}

static void on_world(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)portico->post(portico->self(), WORLD, &session, sizeof session);
}

#if GENERATION > 1
static void on_new_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)portico->post(portico_session_entity(session), NEW, NULL, 0);
}

static void on_new(portico_session session, void *state, const portico_message *message) {
    (void)message;
    answer(session, 13, state);
}
#endif

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    uint32_t mine = GENERATION;
    (void)portico->session_send(session, 100, &mine, sizeof mine);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    char text[96];
    const player *p = state;
    (void)snprintf(text, sizeof text, "closed %d in generation %d, sum %u", reason, GENERATION,
                   p->sum);
    (void)session;
    portico->log(PORTICO_LOG_INFO, text);
}

/* ---- rooms ---------------------------------------------------------------------------------- */

static portico_status place_open(portico_room room, void *state, const void *data, uint32_t size) {
    (void)room, (void)data, (void)size;
    place *r = state;
    r->opened++;
    return r->opened == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status place_join(portico_room room, void *state, portico_session session) {
    (void)room;
    (void)session;
    place *r = state;
    r->joins++;
    return r->opened == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static void place_leave(portico_room room, void *state, portico_session session,
                        portico_status reason) {
    (void)room;
    (void)session;
    (void)reason;
    place *r = state;
    r->leaves++;
}

static void place_tick(portico_room room, void *state, const portico_message *message) {
    (void)room;
    (void)message;
    place *r = state;
    r->ticks++;
}

/* ---- the module ----------------------------------------------------------------------------- */

static void on_world_message(portico_entity entity, void *state, const portico_message *message) {
    portico_session to = {0};
    const world *w = state;
    uint32_t figures[] = {GENERATION,  (uint32_t)w->starts, w->swap_outs,
                          w->swap_ins, w->received,         w->wrong};
    (void)entity;
    memcpy(&to, message->data, sizeof to);
    (void)portico->session_send(to, 8, figures, sizeof figures);
}

static void on_thread_message(portico_entity entity, void *state, const portico_message *message) {
    world *w = state;
    uint32_t number = 0;
    (void)entity;
    memcpy(&number, message->data, sizeof number);
    w->wrong += number != w->received;
    w->received++;
}

static struct {
    system_thread thread;
    atomic_bool stop;
    portico_entity self;
    uint32_t next;
} own;

static system_thread_result SYSTEM_THREAD_CALL own_run(void *arg) {
    (void)arg;
    while (!atomic_load(&own.stop)) {
        if (portico->post(own.self, THREAD, &own.next, sizeof own.next) == PORTICO_OK) {
            own.next++;
        } else {
            system_sleep_ms(1);
        }
        if (own.next % 16 == 0) {
            system_sleep_ms(1);
        }
    }
    return 0;
}

static portico_status own_start(const world *w) {
    if (!WITH_THREAD) {
        return PORTICO_OK;
    }
    own.self = portico->self();
    own.next = w->sent;
    atomic_store(&own.stop, false);
    return system_thread_start(&own.thread, own_run, NULL) ? PORTICO_OK : PORTICO_E_SYSTEM;
}

static void own_stop(world *w) {
    if (!WITH_THREAD) {
        return;
    }
    atomic_store(&own.stop, true);
    system_thread_join(own.thread);
    w->sent = own.next;
}

static portico_status swapped_start(void *state, uint32_t why) {
    world *w = state;
    life(why == PORTICO_START_LOADED    ? "start loaded"
         : why == PORTICO_START_SWAPPED ? "start swapped"
                                        : "start returned");
    if (why == PORTICO_START_LOADED) {
        w->starts++;
    } else {
        w->swap_ins++;
    }
    if (START_SLOW) {
        (void)portico->run_job(JOB, NULL, 0, portico->self());
        system_sleep_ms(20);
    }
    return START_FAILS || START_SLOW ? PORTICO_E_LIMIT : own_start(w);
}

static void swapped_stopping(void *state) {
    (void)state;
    life("stopping");
}

static void swapped_stop(void *state, uint32_t why) {
    world *w = state;
    life(why == PORTICO_STOP_REPLACED   ? "stop replaced"
         : why == PORTICO_STOP_UNLOADED ? "stop unloaded"
                                        : "stop shutdown");
    own_stop(w);
    w->swap_outs += why == PORTICO_STOP_REPLACED;
}

#if PLAIN_REFUSES
static portico_status plain_migrate(const portico_migration *migration, void *to) {
    (void)migration;
    (void)to;
    return PORTICO_E_INVALID;
}
#define PLAIN_MIGRATE plain_migrate
#else
#define PLAIN_MIGRATE NULL
#endif

#if WORLD_LIES
/* Accepts the state, then fails. */
static portico_status world_migrate(const portico_migration *migration, void *to) {
    (void)to;
    return migration->from != NULL ? PORTICO_E_INVALID : PORTICO_OK;
}
#define WORLD_MIGRATE world_migrate
#elif QUERY_CHANGES
/* Calls that must not be made before a swap. */
static portico_status world_migrate(const portico_migration *migration, void *to) {
    (void)migration, (void)to;
    portico_room room = {1};
    portico_timer timer = {0};
    portico_entity self = portico->self();
    bool refused =
        portico->room_create(NAME ".place", "of a query", NULL, 0, &room) == PORTICO_E_STATE &&
        room.id == 0;
    refused = refused && portico->post(self, TICK, NULL, 0) == PORTICO_E_STATE;
    refused = refused && portico->post_after(self, TICK, NULL, 0, 1, &timer) == PORTICO_E_STATE &&
              timer.id == 0;
    refused = refused && portico->post_every(self, TICK, NULL, 0, 1, &timer) == PORTICO_E_STATE &&
              timer.id == 0;
    refused = refused && portico->request(self, TICK, NULL, 0, TICK, 1, NULL) == PORTICO_E_STATE;
    refused = refused && portico->run_job(JOB, NULL, 0, self) == PORTICO_E_STATE;
    refused = refused && portico->channel_send("swapped", 1, NULL, 0, (portico_session){0}) == 0;
    return refused ? PORTICO_E_STATE : PORTICO_E_SYSTEM;
}
#define WORLD_MIGRATE world_migrate
#else
#define WORLD_MIGRATE NULL
#endif

static const portico_opcode session_opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_who),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_add),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_block),
    PORTICO_RAW(4, 0, PORTICO_SIZE_ANY, on_join),
    PORTICO_RAW(5, 0, PORTICO_SIZE_ANY, on_room),
    PORTICO_RAW(6, 0, PORTICO_SIZE_ANY, on_tick),
    PORTICO_RAW(7, 0, PORTICO_SIZE_ANY, on_job),
    PORTICO_RAW(8, 0, PORTICO_SIZE_ANY, on_world),
    PORTICO_RAW(9, 0, PORTICO_SIZE_ANY, on_leave),
    PORTICO_RAW(10, 0, PORTICO_SIZE_ANY, on_room_tick),
    PORTICO_RAW(11, 0, PORTICO_SIZE_ANY, on_close_room),
#if GENERATION > 1
    PORTICO_RAW(12, 0, PORTICO_SIZE_ANY, on_who),
    PORTICO_RAW(13, 0, PORTICO_SIZE_ANY, on_new_packet),
#endif
    PORTICO_RAW(LAST_OPCODE, 0, PORTICO_SIZE_ANY, on_who),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(TICK, on_due),
    PORTICO_MESSAGE(JOB, on_reply),
    PORTICO_MESSAGE(JOINED, on_joined),
#if GENERATION > 1
    PORTICO_MESSAGE(NEW, on_new),
#endif
};
static const portico_opcode world_opcodes[] = {PORTICO_RAW(8, 0, PORTICO_SIZE_ANY, on_world)};

/* The first may be missing. */
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OF(player, 0),
     .on_open = on_open,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(session_opcodes),
     .messages = PORTICO_TABLE(session_messages)},
    {.name = "plain",
     .state = {.size = PLAIN_BYTES, .version = PLAIN_VERSION, .migrate = PLAIN_MIGRATE},
     .opcodes = PORTICO_TABLE(world_opcodes)},
#if !NO_EXTRA
    {.name = "extra", .opcodes = PORTICO_TABLE(world_opcodes)},
#endif
};
enum { SESSION_TYPES = sizeof session_types / sizeof session_types[0] };

static const portico_room_message place_messages[] = {PORTICO_MESSAGE(TICK, place_tick)};
static const portico_room_type room_types[] = {
    {.name = "place",
     .state = PORTICO_STATE_OF(place, 0),
     .on_open = place_open,
     .on_join = place_join,
     .on_leave = place_leave,
     .messages = PORTICO_TABLE(place_messages)},
};

static const portico_module_message messages[] = {
    PORTICO_MESSAGE(WORLD, on_world_message),
    PORTICO_MESSAGE(THREAD, on_thread_message),
};
static const portico_job jobs[] = {PORTICO_JOB(JOB, run_job)};

static const char *const required[] = {REQUIRES, NULL};

static const portico_module swapped = {
    .name = NAME,
    .version = VERSION,
    .required = required,
    .state = PORTICO_STATE_MIGRATED(world, QUERY_CHANGES, WORLD_MIGRATE),
    .session_types = {session_types + NO_SESSION, SESSION_TYPES - NO_SESSION,
                      sizeof session_types[0]},
    .room_types = {room_types, NO_ROOM ? 0 : 1, sizeof room_types[0]},
    .messages = PORTICO_TABLE(messages),
    .jobs = PORTICO_TABLE(jobs),
    .start = swapped_start,
    .stopping = swapped_stopping,
    .stop = swapped_stop,
};

PORTICO_MODULE(swapped);
