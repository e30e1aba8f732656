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
#ifndef LOAD_FAILS
#define LOAD_FAILS 0
#endif
#ifndef LOAD_CHANGES
#define LOAD_CHANGES 0
#endif
#ifndef SWAP_IN_FAILS
#define SWAP_IN_FAILS 0
#endif
#ifndef SWAP_IN_SLOW /* takes time, has a job done, and then fails */
#define SWAP_IN_SLOW 0
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

enum { TICK = 1, JOB = 2, JOINED = 3, NEW = 4, WORLD = 5, THREAD = 6 };

#define PLAYER_1(S, FIELD) \
    FIELD(S, PACKETS, packets) FIELD(S, uint32_t, sum) FIELD(S, uint32_t, ticks)
#if GENERATION > 1
#define PLAYER(S, FIELD, ARRAY) FIELD(S, uint64_t, of_2) PLAYER_1(S, FIELD)
#else
#define PLAYER(S, FIELD, ARRAY) PLAYER_1(S, FIELD)
#endif
PORTICO_STATE(player, PLAYER);

#define PLACE(S, FIELD, ARRAY) \
    FIELD(S, JOINS, joins)     \
    FIELD(S, uint32_t, leaves) FIELD(S, uint32_t, ticks) FIELD(S, uint32_t, opened)
PORTICO_STATE(place, PLACE);

/* The module's own state, kept by every generation. The thread's numbers arrive without gaps;
 * `wrong` counts exceptions. */
#define WORLD_STATE(S, FIELD, ARRAY) \
    FIELD(S, STARTS, starts)         \
    FIELD(S, uint32_t, swap_outs)    \
    FIELD(S, uint32_t, swap_ins)     \
    FIELD(S, uint32_t, sent)         \
    FIELD(S, uint32_t, received)     \
    FIELD(S, uint32_t, wrong)
PORTICO_STATE(world, WORLD_STATE);

static const portico_host *host;

static void life(const char *what) {
    char text[64];
    (void)snprintf(text, sizeof text, "life %d %s.", GENERATION, what);
    host->log(PORTICO_LOG_INFO, text);
}

static uint32_t figure_of(const portico_packet *packet) {
    uint32_t figure = 0;
    memcpy(&figure, packet->data, packet->size < sizeof figure ? packet->size : sizeof figure);
    return figure;
}

static void answer(portico_session session, uint16_t opcode, const player *p) {
    uint32_t figures[] = {GENERATION, (uint32_t)p->packets, p->sum};
    (void)host->session_send(session, opcode, figures, sizeof figures);
}

static void answer_status(portico_session session, uint16_t opcode, portico_status status) {
    int32_t value = status;
    (void)host->session_send(session, opcode, &value, sizeof value);
}

/* ---- sessions ------------------------------------------------------------------------------- */

static void PORTICO_CALL on_who(portico_session session, void *state,
                                const portico_packet *packet) {
    player *p = state;
    p->packets++;
    answer(session, packet->opcode, p);
}

static void PORTICO_CALL on_add(portico_session session, void *state,
                                const portico_packet *packet) {
    player *p = state;
    p->sum += figure_of(packet);
    on_who(session, state, packet);
}

static void PORTICO_CALL on_block(portico_session session, void *state,
                                  const portico_packet *packet) {
    system_sleep_ms(figure_of(packet));
    on_who(session, state, packet);
}

static void PORTICO_CALL on_join(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    portico_room room = 0;
    portico_status status = host->room_create(NAME ".place", (const char *)packet->data, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = host->room_join_tell(room, session, JOINED);
    }
    if (status != PORTICO_OK) {
        answer_status(session, packet->opcode, status);
    }
}

static void PORTICO_CALL on_joined(portico_entity entity, void *state,
                                   const portico_message *message) {
    (void)state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    answer_status(entity, 4, result.status);
}

static void PORTICO_CALL on_room(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    const place *r = host->room_state(host->session_room(session));
    uint32_t figures[] = {GENERATION, r != NULL ? (uint32_t)r->joins : 0, r != NULL ? r->leaves : 0,
                          r != NULL ? r->ticks : 0};
    (void)host->session_send(session, packet->opcode, figures, sizeof figures);
}

static void PORTICO_CALL on_leave(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)state;
    answer_status(session, packet->opcode, host->room_leave(session));
}

static void PORTICO_CALL on_close_room(portico_session session, void *state,
                                       const portico_packet *packet) {
    (void)state;
    answer_status(session, packet->opcode, host->room_close(host->session_room(session)));
}

static void PORTICO_CALL on_tick(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    (void)host->post_every(session, TICK, NULL, 0, figure_of(packet), NULL);
}

static void PORTICO_CALL on_room_tick(portico_session session, void *state,
                                      const portico_packet *packet) {
    (void)state;
    (void)host->post_every(host->session_room(session), TICK, NULL, 0, figure_of(packet), NULL);
}

static void PORTICO_CALL on_due(portico_entity entity, void *state,
                                const portico_message *message) {
    player *p = state;
    (void)message;
    p->ticks++;
    uint32_t figures[] = {GENERATION, p->ticks};
    (void)host->session_send(entity, 106, figures, sizeof figures);
}

static void PORTICO_CALL on_job(portico_session session, void *state,
                                const portico_packet *packet) {
    (void)state;
    (void)host->run_blocking(JOB, packet->data, packet->size, session);
}

static uint32_t PORTICO_CALL run_job(uint32_t id, const void *data, uint32_t size, void *reply,
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

static void PORTICO_CALL on_reply(portico_entity entity, void *state,
                                  const portico_message *message) {
    uint32_t figures[] = {0, GENERATION};
    (void)state;
    memcpy(figures, message->data, sizeof figures[0]);
    (void)host->session_send(entity, 7, figures, sizeof figures);
}

static void PORTICO_CALL on_world(portico_session session, void *state,
                                  const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)host->post(host->self(), WORLD, &session, sizeof session);
}

#if GENERATION > 1
static void PORTICO_CALL on_new_packet(portico_session session, void *state,
                                       const portico_packet *packet) {
    (void)state;
    (void)packet;
    (void)host->post(session, NEW, NULL, 0);
}

static void PORTICO_CALL on_new(portico_entity entity, void *state,
                                const portico_message *message) {
    (void)message;
    answer(entity, 13, state);
}
#endif

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)state;
    uint32_t mine = GENERATION;
    (void)host->session_send(session, 100, &mine, sizeof mine);
    return PORTICO_OK;
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    char text[96];
    const player *p = state;
    (void)snprintf(text, sizeof text, "closed %d in generation %d, sum %u", reason, GENERATION,
                   p->sum);
    (void)session;
    host->log(PORTICO_LOG_INFO, text);
}

/* ---- rooms ---------------------------------------------------------------------------------- */

static portico_status PORTICO_CALL place_open(portico_room room, void *state) {
    (void)room;
    place *r = state;
    r->opened++;
    return r->opened == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status PORTICO_CALL place_join(portico_room room, void *state,
                                              portico_session session) {
    (void)room;
    (void)session;
    place *r = state;
    r->joins++;
    return r->opened == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static void PORTICO_CALL place_leave(portico_room room, void *state, portico_session session,
                                     portico_status reason) {
    (void)room;
    (void)session;
    (void)reason;
    place *r = state;
    r->leaves++;
}

static void PORTICO_CALL place_tick(portico_entity entity, void *state,
                                    const portico_message *message) {
    (void)entity;
    (void)message;
    place *r = state;
    r->ticks++;
}

/* ---- the module ----------------------------------------------------------------------------- */

static void PORTICO_CALL on_world_message(portico_entity entity, void *state,
                                          const portico_message *message) {
    portico_session to = 0;
    const world *w = state;
    uint32_t figures[] = {GENERATION,  (uint32_t)w->starts, w->swap_outs,
                          w->swap_ins, w->received,         w->wrong};
    (void)entity;
    memcpy(&to, message->data, sizeof to);
    (void)host->session_send(to, 8, figures, sizeof figures);
}

static void PORTICO_CALL on_thread_message(portico_entity entity, void *state,
                                           const portico_message *message) {
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
        if (host->post(own.self, THREAD, &own.next, sizeof own.next) == PORTICO_OK) {
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
    own.self = host->self();
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

static portico_status PORTICO_CALL module_start(void *state) {
    world *w = state;
    life("start");
    w->starts++;
    return own_start(w);
}

static void PORTICO_CALL module_swap_out(void *state) {
    world *w = state;
    life("swap_out");
    own_stop(w);
    w->swap_outs++;
}

static portico_status PORTICO_CALL module_swap_in(void *state) {
    world *w = state;
    life("swap_in");
    w->swap_ins++;
    if (SWAP_IN_SLOW) {
        (void)host->run_blocking(JOB, NULL, 0, host->self());
        system_sleep_ms(20);
    }
    return SWAP_IN_FAILS || SWAP_IN_SLOW ? PORTICO_E_LIMIT : own_start(w);
}

static void PORTICO_CALL module_stopping(void *state) {
    (void)state;
    life("stopping");
}

static void PORTICO_CALL module_unload(void *state) {
    life("unload");
    if (((world *)state)->starts > 0) { /* it has served */
        own_stop(state);
    }
}

static portico_status PORTICO_CALL plain_migrate(const portico_migration *migration, void *to) {
    (void)migration;
    (void)to;
    return PORTICO_E_INVALID;
}

/* Accepts the state, then fails. */
static portico_status PORTICO_CALL world_migrate(const portico_migration *migration, void *to) {
    (void)to;
    return migration->from != NULL ? PORTICO_E_INVALID : PORTICO_OK;
}

static const struct {
    uint16_t opcode;
    portico_on_packet call;
} handlers[] = {
    {1, on_who},   {2, on_add},         {3, on_block},       {4, on_join},
    {5, on_room},  {6, on_tick},        {7, on_job},         {8, on_world},
    {9, on_leave}, {10, on_room_tick},  {11, on_close_room}, {LAST_OPCODE, on_who},
#if GENERATION > 1
    {12, on_who},  {13, on_new_packet},
#endif
};

static portico_status register_session(void) {
    const portico_session_type type = {.struct_size = sizeof type,
                                       .state_size = sizeof(player),
                                       .name = "session",
                                       .on_open = on_open,
                                       .on_close = on_close,
                                       .state_fields = &player_fields};
    portico_status status = host->register_session_type(&type);
    for (size_t i = 0; status == PORTICO_OK && i < sizeof handlers / sizeof handlers[0]; i++) {
        status = host->register_handler("session", handlers[i].opcode, handlers[i].call);
    }
    status = status == PORTICO_OK ? host->register_message("session", TICK, on_due) : status;
    status = status == PORTICO_OK ? host->register_message("session", JOB, on_reply) : status;
    status = status == PORTICO_OK ? host->register_message("session", JOINED, on_joined) : status;
#if GENERATION > 1
    status = status == PORTICO_OK ? host->register_message("session", NEW, on_new) : status;
#endif
    return status;
}

static portico_status register_others(void) {
    const portico_session_type plain = {.struct_size = sizeof plain,
                                        .state_size = PLAIN_BYTES,
                                        .state_version = PLAIN_VERSION,
                                        .name = "plain",
                                        .migrate = PLAIN_REFUSES ? plain_migrate : NULL};
    const portico_session_type extra = {.struct_size = sizeof extra, .name = "extra"};
    const portico_room_type room = {.struct_size = sizeof room,
                                    .state_size = sizeof(place),
                                    .name = "place",
                                    .on_open = place_open,
                                    .on_join = place_join,
                                    .on_leave = place_leave,
                                    .state_fields = &place_fields};
    portico_status status = host->register_session_type(&plain);
    status = status == PORTICO_OK ? host->register_handler("plain", 8, on_world) : status;
    if (!NO_EXTRA) {
        status = status == PORTICO_OK ? host->register_session_type(&extra) : status;
        status = status == PORTICO_OK ? host->register_handler("extra", 8, on_world) : status;
    }
    if (!NO_ROOM) {
        status = status == PORTICO_OK ? host->register_room_type(&room) : status;
        status = status == PORTICO_OK ? host->register_message("place", TICK, place_tick) : status;
    }
    status = status == PORTICO_OK ? host->register_blocking(JOB, run_job) : status;
    status = status == PORTICO_OK ? host->register_message(NULL, WORLD, on_world_message) : status;
    return status == PORTICO_OK ? host->register_message(NULL, THREAD, on_thread_message) : status;
}

/* Calls that a staged load must not make. */
static portico_status change_the_host(void) {
    portico_room room = 0;
    portico_timer timer = 0;
    portico_entity self = host->self();
    bool refused =
        host->room_create(NAME ".place", "of a load", &room) == PORTICO_E_STATE && room == 0;
    refused = refused && host->post(self, TICK, NULL, 0) == PORTICO_E_STATE;
    refused = refused && host->post_after(self, TICK, NULL, 0, 1, &timer) == PORTICO_E_STATE &&
              timer == 0;
    refused = refused && host->post_every(self, TICK, NULL, 0, 1, &timer) == PORTICO_E_STATE &&
              timer == 0;
    refused = refused && host->run_blocking(JOB, NULL, 0, self) == PORTICO_E_STATE;
    return refused ? PORTICO_E_STATE : PORTICO_E_SYSTEM;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    life("load");
    portico_status status = NO_SESSION ? PORTICO_OK : register_session();
    status = status == PORTICO_OK ? register_others() : status;
    status = status == PORTICO_OK && LOAD_CHANGES ? change_the_host() : status;
    return status == PORTICO_OK && LOAD_FAILS ? PORTICO_E_LIMIT : status;
}

static const char *const required[] = {REQUIRES, NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = NAME,
    .version = VERSION,
    .required = required,
    .state_size = sizeof(world),
    .state_fields = &world_fields,
    .migrate = WORLD_LIES ? world_migrate : NULL,
    .load = module_load,
    .start = module_start,
    .swap_out = module_swap_out,
    .swap_in = module_swap_in,
    .stopping = module_stopping,
    .unload = module_unload,
};

PORTICO_MODULE(info);
