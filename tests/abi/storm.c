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
#define PLAYER(S, F)                                                                      \
    F(S, FIELD, uint64_t, expected) F(S, ARRAY, uint64_t, served, GENERATIONS) F(S, FIELD, uint32_t, posted)  \
    F(S, FIELD, uint32_t, told) F(S, FIELD, uint32_t, asked) F(S, FIELD, uint32_t, answered)                  \
    F(S, FIELD, uint64_t, in_room) F(S, FIELD, uint64_t, own_1)
#define PLACE_STATE(S, F)                                                                 \
    F(S, FIELD, uint64_t, position) F(S, FIELD, uint64_t, before_ms) F(S, FIELD, uint64_t, after_ms)          \
    F(S, FIELD, uint64_t, frames) F(S, FIELD, uint32_t, joins) F(S, FIELD, uint32_t, leaves) F(S, FIELD, uint64_t, own_1)
#define WHOLE(S, F) F(S, FIELD, uint64_t, ins) F(S, FIELD, uint64_t, outs)
#elif GENERATION == 2
#define PLAYER(S, F)                                                                      \
    F(S, FIELD, uint32_t, answered) F(S, FIELD, uint64_t, own_2) F(S, FIELD, uint64_t, in_room)               \
    F(S, ARRAY, char, name, 21) F(S, FIELD, uint32_t, asked) F(S, FIELD, uint32_t, told)                      \
    F(S, FIELD, uint64_t, expected) F(S, FIELD, uint32_t, posted) F(S, ARRAY, uint64_t, served, GENERATIONS)
#define PLACE_STATE(S, F)                                                                 \
    F(S, FIELD, uint32_t, joins) F(S, FIELD, uint64_t, own_2) F(S, ARRAY, uint8_t, map, 333)                  \
    F(S, FIELD, uint64_t, frames) F(S, FIELD, uint64_t, after_ms) F(S, FIELD, uint32_t, leaves)               \
    F(S, FIELD, uint64_t, before_ms) F(S, FIELD, uint64_t, position)
#define WHOLE(S, F) F(S, ARRAY, uint16_t, many, 100) F(S, FIELD, uint64_t, outs) F(S, FIELD, uint64_t, ins)
#else
#define PLAYER(S, F)                                                                      \
    F(S, FIELD, uint64_t, own_3) F(S, FIELD, uint32_t, posted) F(S, FIELD, uint32_t, told)                    \
    F(S, ARRAY, uint64_t, served, GENERATIONS) F(S, FIELD, uint64_t, in_room) F(S, ARRAY, uint8_t, bag, 150)  \
    F(S, FIELD, uint64_t, expected) F(S, FIELD, uint32_t, asked) F(S, FIELD, uint32_t, answered)
#define PLACE_STATE(S, F)                                                                 \
    F(S, FIELD, uint64_t, before_ms) F(S, FIELD, uint64_t, after_ms) F(S, FIELD, uint32_t, leaves)            \
    F(S, FIELD, uint32_t, joins) F(S, FIELD, uint64_t, position) F(S, FIELD, uint64_t, own_3) F(S, FIELD, uint64_t, frames)
#define WHOLE(S, F) F(S, FIELD, uint64_t, ins) F(S, FIELD, uint32_t, between) F(S, FIELD, uint64_t, outs)
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

static uint32_t rooms; /* [module storm] rooms */

/* [module storm] slow_us: how long every eighth `stop` takes, so that a handler that slips in is
 * noticed. 0 when measuring. */
static uint32_t slow_us;

/* How often a generation has been started, as this image knows it. Written while no handler
 * runs. */
static uint64_t life;

static atomic_uint opened;
static atomic_bool away; /* no handler runs between `stop` and `start` */
static struct {
    _Atomic uint64_t sessions, frames, served[GENERATIONS], in_room, posts, jobs;
} closed;

static void expect(bool holds, const char *what, uint64_t found, uint64_t right) {
    if (!holds) {
        char text[200];
        (void)snprintf(text, sizeof text, "generation %d: %s: %llu, expected %llu", GENERATION,
                       what, (unsigned long long)found, (unsigned long long)right);
        portico->log(PORTICO_LOG_ERROR, text);
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
    (void)snprintf(name, sizeof name, "%u", (unsigned)(number % rooms));
    return portico->room_find("storm.place", name);
}

static portico_status on_room_open(portico_room room, void *state, const void *data,
                                   uint32_t size) {
    (void)data, (void)size;
    place *p = state;
    check_own(&p->OWN);
    p->before_ms = portico->clock_ms();
    portico_status status =
        portico->post_every(portico_room_entity(room), TICK, NULL, 0, PERIOD_MS, NULL);
    p->after_ms = portico->clock_ms();
    return status;
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    place *p = state;
    (void)room;
    (void)session;
    check_own(&p->OWN);
    p->joins++;
    return PORTICO_OK;
}

static void on_leave(portico_room room, void *state, portico_session session,
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
static void on_tick(portico_room room, void *state, const portico_message *message) {
    place *p = state;
    (void)room;
    check_own(&p->OWN);
    p->position += 1 + message->missed;
    uint64_t passed_ms =
        portico->clock_ms() + 1 - p->before_ms; /* clocks are truncated to whole milliseconds */
    expect(p->position * PERIOD_MS <= passed_ms, "a tick before its time", p->position * PERIOD_MS,
           passed_ms);
}

static void on_place_figures(portico_room room, void *state, const portico_message *message) {
    place *p = state;
    portico_session to = {0};
    (void)room;
    memcpy(&to, message->data, sizeof to);
    uint64_t due = (portico->clock_ms() - p->after_ms) / PERIOD_MS;
    const place_account a = {.position = p->position,
                             .late = (int64_t)due - (int64_t)p->position,
                             .frames = p->frames,
                             .joins = p->joins,
                             .leaves = p->leaves};
    (void)portico->session_send(to, PLACE, &a, sizeof a);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static portico_status on_open(portico_session session, void *state) {
    player *p = state;
    uint32_t number = atomic_fetch_add(&opened, 1);
    check_own(&p->OWN);
    expect(p->expected == 0, "a new session has had frames", p->expected, 0);
    return number % 2 == 0 ? portico->session_join(session, room_of(number / 2), 0) : PORTICO_OK;
}

/* Now and then: a message to itself, work for the pool, and a move to another room. */
static void on_occasion(portico_session session, player *p, uint64_t number) {
    if (number % 8 == 7) {
        portico_status status =
            portico->post(portico_session_entity(session), NOTE, &p->posted, sizeof p->posted);
        expect(status == PORTICO_OK, "post", (uint64_t)-status, 0);
        p->posted++;
    }
    if (number % 1024 == 99 && portico->run_job(JOB, &p->asked, sizeof p->asked,
                                                portico_session_entity(session)) == PORTICO_OK) {
        p->asked++;
    }
    if (number % 64 == 31) {
        portico_room room = portico->session_room(session);
        if (room.id != 0) {
            (void)portico->session_join(session, room_of(number / 64 + room.id), 0);
        }
    }
}

static void on_frame(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    uint64_t number = 0;
    check_own(&p->OWN);
    place *in = portico->room_state(portico->session_room(session));
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
    portico_status status =
        portico->session_send(session, packet->opcode, packet->data, packet->size);
    expect(status == PORTICO_OK || status == PORTICO_E_GONE, "session_send", (uint64_t)-status, 0);
    on_occasion(session, p, number);
}

static void on_note(portico_session session, void *state, const portico_message *message) {
    player *p = state;
    uint32_t number = 0;
    (void)session;
    check_own(&p->OWN);
    memcpy(&number, message->data, sizeof number);
    expect(number == p->told, "a message's number", number, p->told);
    p->told++;
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
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
static void on_job_done(portico_session session, void *state, const portico_message *message) {
    player *p = state;
    uint32_t number = 0;
    (void)session;
    check_own(&p->OWN);
    expect(message->size == sizeof number, "a reply's size", message->size, sizeof number);
    memcpy(&number, message->data, sizeof number);
    expect(~number < p->asked, "a reply's number", ~number, p->asked);
    p->answered++;
}

static void on_account(portico_session session, void *state, const portico_packet *packet) {
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
    (void)portico->session_send(session, packet->opcode, &a, sizeof a);
}

static void on_place(portico_session session, void *state, const portico_packet *packet) {
    uint32_t number = 0;
    (void)state;
    memcpy(&number, packet->data, packet->size < sizeof number ? packet->size : sizeof number);
    (void)portico->post(portico_room_entity(room_of(number)), PLACE_FIGURES, &session,
                        sizeof session);
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    check_own(&p->OWN);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_close(portico_session session, void *state, portico_status reason) {
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

static portico_status make_rooms(void) {
    for (uint32_t i = 0; i < rooms; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%u", (unsigned)i);
        portico_status status = portico->room_create("storm.place", name, NULL, 0, NULL);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return PORTICO_OK;
}

static portico_status storm_start(void *state, uint32_t why) {
    whole *w = state;
    if (why == PORTICO_START_LOADED) {
        life = 1;
        return make_rooms();
    }
    w->ins++;
    expect(w->outs == w->ins, "start", w->ins, w->outs);
    life = w->ins + 1;
    atomic_store(&away, false);
    return PORTICO_OK;
}

static void storm_stop(void *state, uint32_t why) {
    whole *w = state;
    uint64_t until_ns = system_now_ns() + (uint64_t)slow_us * 1000;
    if (why != PORTICO_STOP_REPLACED) {
        return;
    }
    atomic_store(&away, true);
    while (w->outs % SLOW_EVERY == 0 && system_now_ns() < until_ns) {
    }
    w->outs++;
    expect(w->outs == w->ins + 1, "stop", w->outs, w->ins + 1);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(FRAME, sizeof(uint64_t), PORTICO_SIZE_ANY, on_frame),
    PORTICO_RAW(ACCOUNT, 0, PORTICO_SIZE_ANY, on_account),
    PORTICO_RAW(PLACE, 0, PORTICO_SIZE_ANY, on_place),
    PORTICO_RAW(ECHO, 0, PORTICO_SIZE_ANY, on_echo),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(NOTE, on_note),
    PORTICO_MESSAGE(JOB, on_job_done),
};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OF(player, 0),
     .on_open = on_open,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};

static const portico_room_message place_messages[] = {
    PORTICO_MESSAGE(TICK, on_tick),
    PORTICO_MESSAGE(PLACE_FIGURES, on_place_figures),
};
static const portico_room_type room_types[] = {
    {.name = "place",
     .state = PORTICO_STATE_OF(place, 0),
     .on_open = on_room_open,
     .on_join = on_join,
     .on_leave = on_leave,
     .messages = PORTICO_TABLE(place_messages)},
};

static const portico_job jobs[] = {PORTICO_JOB(JOB, on_job)};
static const portico_setting settings[] = {
    PORTICO_U32(rooms, "100", 1, 100000, "rooms for every second session"),
    PORTICO_U32(slow_us, "500", 0, 100000, "how long every eighth stop takes"),
};

static const portico_module storm = {
    .name = "storm",
    .version = "1",
    .state = PORTICO_STATE_OF(whole, 0),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .jobs = PORTICO_TABLE(jobs),
    .settings = PORTICO_TABLE(settings),
    .start = storm_start,
    .stop = storm_stop,
};

PORTICO_MODULE(storm);
