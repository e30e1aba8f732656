/* storm.c: echoes, ticks, moves between rooms, posts and blocks while it is swapped, and checks all
 * of it.
 *
 * One source, three generations (GENERATION 1 to 3: storm, storm_2, storm_3). Their states hold the
 * same values at other offsets, and a field of their own that must be gone once another generation
 * has served.
 *
 *   opcode 1  a frame that begins with its number (uint64), which must be the session's next;
 *             echoed, and more: see on_occasion
 *   opcode 2  answers the sum of what the sessions saw that have closed since this generation began
 *             to serve (struct account)
 *   opcode 3  a room's number (uint32): that room answers (struct place_account)
 *   opcode 4  echoed
 *
 * Every second session is in one of `rooms` rooms (ini). Anything forbidden is logged as an
 * error. */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if !defined(GENERATION)
#define GENERATION 1
#endif

enum { FRAME = 1, ACCOUNT = 2, PLACE = 3, ECHO = 4 };    /* opcodes */
enum { NOTE = 1, JOB = 2, TICK = 3, PLACE_FIGURES = 4 }; /* messages */
enum { PERIOD_MS = 20, GENERATIONS = 3, JOB_MS = 2, SLOW_EVERY = 8 };

/* clang-format off */
#if GENERATION == 1
#define PLAYER(S, FIELD, ARRAY)                                                                      \
    FIELD(S, uint64_t, expected) ARRAY(S, uint64_t, served, GENERATIONS) FIELD(S, uint32_t, posted)  \
    FIELD(S, uint32_t, told) FIELD(S, uint32_t, asked) FIELD(S, uint32_t, answered)                  \
    FIELD(S, uint64_t, in_room) FIELD(S, uint64_t, own_1)
#define PLACE_STATE(S, FIELD, ARRAY)                                                                 \
    FIELD(S, uint64_t, position) FIELD(S, uint64_t, before_ms) FIELD(S, uint64_t, after_ms)          \
    FIELD(S, uint64_t, frames) FIELD(S, uint32_t, joins) FIELD(S, uint32_t, leaves) FIELD(S, uint64_t, own_1)
#define WHOLE(S, FIELD, ARRAY) FIELD(S, uint64_t, ins) FIELD(S, uint64_t, outs)
#elif GENERATION == 2
#define PLAYER(S, FIELD, ARRAY)                                                                      \
    FIELD(S, uint32_t, answered) FIELD(S, uint64_t, own_2) FIELD(S, uint64_t, in_room)               \
    ARRAY(S, char, name, 21) FIELD(S, uint32_t, asked) FIELD(S, uint32_t, told)                      \
    FIELD(S, uint64_t, expected) FIELD(S, uint32_t, posted) ARRAY(S, uint64_t, served, GENERATIONS)
#define PLACE_STATE(S, FIELD, ARRAY)                                                                 \
    FIELD(S, uint32_t, joins) FIELD(S, uint64_t, own_2) ARRAY(S, uint8_t, map, 333)                  \
    FIELD(S, uint64_t, frames) FIELD(S, uint64_t, after_ms) FIELD(S, uint32_t, leaves)               \
    FIELD(S, uint64_t, before_ms) FIELD(S, uint64_t, position)
#define WHOLE(S, FIELD, ARRAY) ARRAY(S, uint16_t, many, 100) FIELD(S, uint64_t, outs) FIELD(S, uint64_t, ins)
#else
#define PLAYER(S, FIELD, ARRAY)                                                                      \
    FIELD(S, uint64_t, own_3) FIELD(S, uint32_t, posted) FIELD(S, uint32_t, told)                    \
    ARRAY(S, uint64_t, served, GENERATIONS) FIELD(S, uint64_t, in_room) ARRAY(S, uint8_t, bag, 150)  \
    FIELD(S, uint64_t, expected) FIELD(S, uint32_t, asked) FIELD(S, uint32_t, answered)
#define PLACE_STATE(S, FIELD, ARRAY)                                                                 \
    FIELD(S, uint64_t, before_ms) FIELD(S, uint64_t, after_ms) FIELD(S, uint32_t, leaves)            \
    FIELD(S, uint32_t, joins) FIELD(S, uint64_t, position) FIELD(S, uint64_t, own_3) FIELD(S, uint64_t, frames)
#define WHOLE(S, FIELD, ARRAY) FIELD(S, uint64_t, ins) FIELD(S, uint32_t, between) FIELD(S, uint64_t, outs)
#endif
#define OWN_NAME(generation) OWN_PASTE(generation)
#define OWN_PASTE(generation) own_##generation
#define OWN OWN_NAME(GENERATION)
/* clang-format on */

PORTICO_STATE(player, PLAYER);
PORTICO_STATE(place, PLACE_STATE);
PORTICO_STATE(whole, WHOLE);

typedef struct account {
    uint64_t swaps;
    uint64_t sessions;
    uint64_t frames;
    uint64_t served[GENERATIONS];
    uint64_t in_room;
    uint64_t posts; /* that arrived */
    uint64_t jobs;  /* that were answered */
} account;

typedef struct place_account {
    uint64_t position;
    int64_t late; /* ticks that should have arrived by now and have not */
    uint64_t frames;
    uint64_t joins;
    uint64_t leaves;
} place_account;

static const portico_host *host;
static int64_t room_count;

/* From the ini: how long every eighth swap_out takes, so that a handler that slips in is noticed. 0
 * when measuring. */
static int64_t slow_us;

/* How many swap_in calls this image has seen, where `start` counts as 1. Written while no handler
 * runs. */
static uint64_t life;

static atomic_uint opened;
static atomic_bool away; /* no handler runs between swap_out and swap_in */
static struct {
    _Atomic uint64_t sessions, frames, served[GENERATIONS], in_room, posts, jobs;
} closed;

static void expect(bool holds, const char *what, uint64_t found, uint64_t right) {
    if (!holds) {
        char text[200];
        (void)snprintf(text, sizeof text, "generation %d: %s: %llu, expected %llu", GENERATION,
                       what, (unsigned long long)found, (unsigned long long)right);
        host->log(PORTICO_LOG_ERROR, text);
    }
}

/* Every handler begins with this. No other generation has seen this one's own field: it is zero, or
 * of this life. */
static void check_own(uint64_t *own) {
    expect(!atomic_load_explicit(&away, memory_order_relaxed),
           "a handler runs while its generation is away", 1, 0);
    expect(*own == 0 || *own == life, "a value of this generation's own outlived another one", *own,
           life);
    *own = life;
}

/* ---- rooms ----------------------------------------------------------------------------------- */

static portico_room room_of(uint64_t number) {
    char name[16];
    (void)snprintf(name, sizeof name, "%u", (unsigned)(number % (uint64_t)room_count));
    return host->room_find("storm.place", name);
}

static portico_status PORTICO_CALL on_room_open(portico_room room, void *state) {
    place *p = state;
    check_own(&p->OWN);
    p->before_ms = host->clock_ms();
    portico_status status = host->post_every(room, TICK, NULL, 0, PERIOD_MS, NULL);
    p->after_ms = host->clock_ms();
    return status;
}

static portico_status PORTICO_CALL on_join(portico_room room, void *state,
                                           portico_session session) {
    place *p = state;
    (void)room;
    (void)session;
    check_own(&p->OWN);
    p->joins++;
    return PORTICO_OK;
}

static void PORTICO_CALL on_leave(portico_room room, void *state, portico_session session,
                                  portico_status reason) {
    place *p = state;
    (void)room;
    (void)session;
    (void)reason;
    check_own(&p->OWN);
    p->leaves++;
}

/* The n-th tick is due n periods after the start. A duplicate would be early; a lost one leaves the
 * room's count short for good, see on_place_figures. */
static void PORTICO_CALL on_tick(portico_entity room, void *state, const portico_message *message) {
    place *p = state;
    (void)room;
    check_own(&p->OWN);
    p->position += 1 + message->missed;
    uint64_t passed_ms =
        host->clock_ms() + 1 - p->before_ms; /* clocks are truncated to whole milliseconds */
    expect(p->position * PERIOD_MS <= passed_ms, "a tick before its time", p->position * PERIOD_MS,
           passed_ms);
}

static void PORTICO_CALL on_place_figures(portico_entity room, void *state,
                                          const portico_message *message) {
    place *p = state;
    portico_session to = 0;
    (void)room;
    memcpy(&to, message->data, sizeof to);
    uint64_t due = (host->clock_ms() - p->after_ms) / PERIOD_MS;
    const place_account a = {.position = p->position,
                             .late = (int64_t)due - (int64_t)p->position,
                             .frames = p->frames,
                             .joins = p->joins,
                             .leaves = p->leaves};
    (void)host->session_send(to, PLACE, &a, sizeof a);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    player *p = state;
    uint32_t number = atomic_fetch_add(&opened, 1);
    check_own(&p->OWN);
    expect(p->expected == 0, "a new session has had frames", p->expected, 0);
    return number % 2 == 0 ? host->room_join(room_of(number / 2), session) : PORTICO_OK;
}

/* Now and then: a message to itself, work for the pool, and a move to another room. */
static void on_occasion(portico_session session, player *p, uint64_t number) {
    if (number % 8 == 7) {
        portico_status status = host->post(session, NOTE, &p->posted, sizeof p->posted);
        expect(status == PORTICO_OK, "post", (uint64_t)-status, 0);
        p->posted++;
    }
    if (number % 1024 == 99 &&
        host->run_blocking(JOB, &p->asked, sizeof p->asked, session) == PORTICO_OK) {
        p->asked++;
    }
    portico_room room = number % 64 == 31 ? host->session_room(session) : 0;
    if (room != 0) {
        (void)host->room_join(room_of(number / 64 + room), session);
    }
}

static void PORTICO_CALL on_frame(portico_session session, void *state,
                                  const portico_packet *packet) {
    player *p = state;
    uint64_t number = 0;
    check_own(&p->OWN);
    place *in = host->room_state(host->session_room(session));
    if (in != NULL) {
        check_own(&in->OWN);
        in->frames++;
        p->in_room++;
    }
    expect(packet->size >= sizeof number, "a frame's size", packet->size, sizeof number);
    memcpy(&number, packet->data, sizeof number);
    expect(number == p->expected, "a frame's number", number, p->expected);
    p->expected++;
    p->served[GENERATION - 1]++;
    portico_status status = host->session_send(session, packet->opcode, packet->data, packet->size);
    expect(status == PORTICO_OK || status == PORTICO_E_GONE, "session_send", (uint64_t)-status, 0);
    on_occasion(session, p, number);
}

static void PORTICO_CALL on_note(portico_entity session, void *state,
                                 const portico_message *message) {
    player *p = state;
    uint32_t number = 0;
    (void)session;
    check_own(&p->OWN);
    memcpy(&number, message->data, sizeof number);
    expect(number == p->told, "a message's number", number, p->told);
    p->told++;
}

static uint32_t PORTICO_CALL on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                                    uint32_t capacity) {
    uint32_t number = 0;
    (void)id;
    (void)capacity;
    system_sleep_ms(JOB_MS);
    expect(size == sizeof number, "a job's size", size, sizeof number);
    memcpy(&number, data, sizeof number);
    number = ~number;
    memcpy(reply, &number, sizeof number);
    return sizeof number;
}

/* Jobs may overtake each other. */
static void PORTICO_CALL on_job_done(portico_entity session, void *state,
                                     const portico_message *message) {
    player *p = state;
    uint32_t number = 0;
    (void)session;
    check_own(&p->OWN);
    expect(message->size == sizeof number, "a reply's size", message->size, sizeof number);
    memcpy(&number, message->data, sizeof number);
    expect(~number < p->asked, "a reply's number", ~number, p->asked);
    p->answered++;
}

static void PORTICO_CALL on_account(portico_session session, void *state,
                                    const portico_packet *packet) {
    (void)state;
    account a = {.swaps = life - 1,
                 .sessions = atomic_load(&closed.sessions),
                 .frames = atomic_load(&closed.frames),
                 .in_room = atomic_load(&closed.in_room),
                 .posts = atomic_load(&closed.posts),
                 .jobs = atomic_load(&closed.jobs)};
    for (int i = 0; i < GENERATIONS; i++) {
        a.served[i] = atomic_load(&closed.served[i]);
    }
    (void)host->session_send(session, packet->opcode, &a, sizeof a);
}

static void PORTICO_CALL on_place(portico_session session, void *state,
                                  const portico_packet *packet) {
    uint32_t number = 0;
    (void)state;
    memcpy(&number, packet->data, packet->size < sizeof number ? packet->size : sizeof number);
    (void)host->post(room_of(number), PLACE_FIGURES, &session, sizeof session);
}

static void PORTICO_CALL on_echo(portico_session session, void *state,
                                 const portico_packet *packet) {
    player *p = state;
    check_own(&p->OWN);
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    player *p = state;
    uint64_t served = 0;
    (void)session;
    (void)reason;
    check_own(&p->OWN);
    for (int i = 0; i < GENERATIONS; i++) {
        served += p->served[i];
        atomic_fetch_add(&closed.served[i], p->served[i]);
    }
    expect(served == p->expected, "frames by all generations", served, p->expected);
    expect(p->told == p->posted, "messages that came", p->told, p->posted);
    expect(p->answered == p->asked, "jobs that were answered", p->answered, p->asked);
    atomic_fetch_add(&closed.sessions, p->expected > 0);
    atomic_fetch_add(&closed.frames, p->expected);
    atomic_fetch_add(&closed.in_room, p->in_room);
    atomic_fetch_add(&closed.posts, p->told);
    atomic_fetch_add(&closed.jobs, p->answered);
}

/* ---- the module ------------------------------------------------------------------------------ */

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type session = {.struct_size = sizeof session,
                                          .state_size = sizeof(player),
                                          .name = "session",
                                          .on_open = on_open,
                                          .on_close = on_close,
                                          .state_fields = &player_fields};
    const portico_room_type room = {.struct_size = sizeof room,
                                    .state_size = sizeof(place),
                                    .name = "place",
                                    .on_open = on_room_open,
                                    .on_join = on_join,
                                    .on_leave = on_leave,
                                    .state_fields = &place_fields};
    const portico_status all[] = {
        host->config_integer("rooms", 100, 1, 100000, &room_count),
        host->config_integer("slow_us", 500, 0, 100000, &slow_us),
        host->register_session_type(&session),
        host->register_room_type(&room),
        host->register_handler("session", FRAME, on_frame),
        host->register_handler("session", ACCOUNT, on_account),
        host->register_handler("session", PLACE, on_place),
        host->register_handler("session", ECHO, on_echo),
        host->register_message("session", NOTE, on_note),
        host->register_message("session", JOB, on_job_done),
        host->register_message("place", TICK, on_tick),
        host->register_message("place", PLACE_FIGURES, on_place_figures),
        host->register_blocking(JOB, on_job),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] != PORTICO_OK) {
            return all[i];
        }
    }
    return PORTICO_OK;
}

static portico_status PORTICO_CALL module_start(void *state) {
    (void)state;
    life = 1;
    for (int64_t i = 0; i < room_count; i++) {
        char name[16];
        portico_room room = 0;
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        portico_status status = host->room_create("storm.place", name, &room);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return PORTICO_OK;
}

static void PORTICO_CALL module_swap_out(void *state) {
    whole *w = state;
    uint64_t until_ns = system_now_ns() + (uint64_t)slow_us * 1000;
    atomic_store(&away, true);
    while (w->outs % SLOW_EVERY == 0 && system_now_ns() < until_ns) {
    }
    w->outs++;
    expect(w->outs == w->ins + 1, "swap_out", w->outs, w->ins + 1);
}

static portico_status PORTICO_CALL module_swap_in(void *state) {
    whole *w = state;
    w->ins++;
    expect(w->outs == w->ins, "swap_in", w->ins, w->outs);
    life = w->ins + 1;
    atomic_store(&away, false);
    return PORTICO_OK;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "storm",
    .version = "1",
    .state_size = sizeof(whole),
    .state_fields = &whole_fields,
    .load = module_load,
    .start = module_start,
    .swap_out = module_swap_out,
    .swap_in = module_swap_in,
};

PORTICO_MODULE(info);
