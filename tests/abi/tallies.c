/* tallies.c: non-atomic counters, one in the state of each entity (the module, a room, every
 * session), incremented by messages from everywhere: handlers of other sessions, timers, and
 * threads of the module's own.
 *
 *   opcode 1   uint32 N: posts N messages, in turn to the module, the hall, this session and the
 *              one before it
 *   opcode 2   uint32 N: starts THREADS threads that post N each, to the module, the hall and two
 *              sessions
 *   opcode 3   joins the hall
 *   opcode 4   adds to the hall's count directly: answers 1 in the hall, otherwise 0 (uint32)
 *   opcode 5   answers two uint64: how many were accepted, how many have been counted
 *   opcode 6   starts timers to the module, the hall and this session, every millisecond
 *
 * Accepted messages are counted with relaxed atomics, so that they hide no race from a sanitizer.
 * As their entities close, the plain counters are summed up: "accepted N summed N". */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 3, ADD = 1, ADD_BY_TIMER = 2, MAKE_HALL = 3 };

typedef struct tally {
    uint64_t count;
} tally;

typedef struct poster {
    system_thread thread;
    uint32_t count;
    portico_entity to[4];
    bool started;
} poster;

static portico_entity module_id;
static _Atomic uint64_t hall;         /* a portico_room */
static _Atomic uint64_t last_session; /* a portico_session */
static _Atomic uint64_t accepted;
static _Atomic uint64_t counted;
static _Atomic uint64_t summed;
static poster posters[THREADS];

static void count_up(_Atomic uint64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void add(tally *t, const portico_message *message) {
    t->count++;
    if (message->id == ADD_BY_TIMER) {
        count_up(&accepted);
    }
    count_up(&counted);
}

static void session_on_add(portico_session session, void *state, const portico_message *message) {
    (void)session;
    add(state, message);
}

static void hall_on_add(portico_room room, void *state, const portico_message *message) {
    (void)room;
    add(state, message);
}

static void module_on_add(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    add(state, message);
}

static void on_make_hall(portico_entity entity, void *state, const portico_message *message) {
    portico_room room = {0};
    (void)entity;
    (void)state;
    (void)message;
    if (portico->room_create("tallies.hall", "hall", NULL, 0, &room) == PORTICO_OK) {
        atomic_store(&hall, room.id);
        portico->log(PORTICO_LOG_INFO, "there is a hall");
    }
}

static portico_status post_one(portico_entity to) {
    portico_status status = portico->post(to, ADD, NULL, 0);
    if (status == PORTICO_OK) {
        count_up(&accepted);
    }
    return status;
}

static void on_post(portico_session session, void *state, const portico_packet *packet) {
    tally *t = state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    const portico_entity to[4] = {module_id,
                                  {atomic_load(&hall)},
                                  {session.id},
                                  {atomic_exchange(&last_session, session.id)}};
    for (uint32_t i = 0; i < count; i++) {
        (void)post_one(to[i % 4]); /* refused ones do not count */
    }
    t->count++; /* this packet, too */
    count_up(&accepted);
    count_up(&counted);
    (void)portico->session_send(session, packet->opcode, &count, sizeof count);
}

static system_thread_result SYSTEM_THREAD_CALL poster_run(void *arg) {
    poster *p = arg;
    for (uint32_t i = 0; i < p->count; i++) {
        while (post_one(p->to[i % 4]) == PORTICO_E_BACKLOG) {
            system_sleep_ms(1);
        }
    }
    return 0;
}

static void on_threads(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (int i = 0; i < THREADS && !posters[i].started; i++) {
        posters[i].count = count;
        posters[i].to[0] = module_id;
        posters[i].to[1].id = atomic_load(&hall);
        posters[i].to[2].id = session.id;
        posters[i].to[3].id = atomic_load(&last_session);
        posters[i].started = system_thread_start(&posters[i].thread, poster_run, &posters[i]);
    }
    (void)portico->session_send(session, packet->opcode, &count, sizeof count);
}

static void on_join(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t status =
        (uint32_t)-portico->session_join(session, (portico_room){atomic_load(&hall)}, 0);
    (void)portico->session_send(session, packet->opcode, &status, sizeof status);
}

static void on_add_to_hall(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    tally *t = portico->room_state(portico->session_room(session));
    uint32_t there = t != NULL;
    if (t != NULL) {
        t->count++;
        count_up(&accepted);
        count_up(&counted);
    }
    (void)portico->session_send(session, packet->opcode, &there, sizeof there);
}

static void on_figures(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint64_t figures[2];
    figures[1] = atomic_load(&counted); /* read first, so that it is never the larger one */
    figures[0] = atomic_load(&accepted);
    (void)portico->session_send(session, packet->opcode, figures, sizeof figures);
}

static void on_timers(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    const portico_entity to[3] = {module_id, {atomic_load(&hall)}, {session.id}};
    uint32_t started = 0;
    for (int i = 0; i < 3; i++) {
        started += portico->post_every(to[i], ADD_BY_TIMER, NULL, 0, 1, NULL) == PORTICO_OK;
    }
    (void)portico->session_send(session, packet->opcode, &started, sizeof started);
}

static void sum_up(const tally *t) {
    atomic_fetch_add_explicit(&summed, t->count, memory_order_relaxed);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    sum_up(state);
}

static void on_hall_close(portico_room room, void *state, portico_status reason) {
    (void)room;
    (void)reason;
    sum_up(state);
}

static portico_status tallies_start(void *state, uint32_t why) {
    (void)state, (void)why;
    module_id = portico->self();
    return portico->post_after(module_id, MAKE_HALL, NULL, 0, 50, NULL);
}

static void tallies_stop(void *state, uint32_t why) {
    char text[120];
    (void)why;
    for (int i = 0; i < THREADS; i++) {
        if (posters[i].started) {
            system_thread_join(posters[i].thread);
        }
    }
    sum_up(state);
    (void)snprintf(text, sizeof text, "accepted %llu summed %llu",
                   (unsigned long long)atomic_load(&accepted),
                   (unsigned long long)atomic_load(&summed));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_post),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_threads),
    PORTICO_RAW(3, 0, PORTICO_SIZE_ANY, on_join),
    PORTICO_RAW(4, 0, PORTICO_SIZE_ANY, on_add_to_hall),
    PORTICO_RAW(5, 0, PORTICO_SIZE_ANY, on_figures),
    PORTICO_RAW(6, 0, PORTICO_SIZE_ANY, on_timers),
};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(ADD, session_on_add),
    PORTICO_MESSAGE(ADD_BY_TIMER, session_on_add),
};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(tally, 0),
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};

static const portico_room_message hall_messages[] = {
    PORTICO_MESSAGE(ADD, hall_on_add),
    PORTICO_MESSAGE(ADD_BY_TIMER, hall_on_add),
};
static const portico_room_type room_types[] = {
    {.name = "hall",
     .state = PORTICO_STATE_OPAQUE(tally, 0),
     .on_close = on_hall_close,
     .messages = PORTICO_TABLE(hall_messages)},
};

static const portico_module_message messages[] = {
    PORTICO_MESSAGE(ADD, module_on_add),
    PORTICO_MESSAGE(ADD_BY_TIMER, module_on_add),
    PORTICO_MESSAGE(MAKE_HALL, on_make_hall),
};

static const portico_module tallies = {
    .name = "tallies",
    .version = "1",
    .state = PORTICO_STATE_OPAQUE(tally, 0),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
    .start = tallies_start,
    .stop = tallies_stop,
};

PORTICO_MODULE(tallies);
