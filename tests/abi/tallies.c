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

static const portico_host *host;
static portico_entity module_id;
static _Atomic portico_room hall;
static _Atomic portico_session last_session;
static _Atomic uint64_t accepted;
static _Atomic uint64_t counted;
static _Atomic uint64_t summed;
static poster posters[THREADS];

static void count_up(_Atomic uint64_t *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void PORTICO_CALL on_add(portico_entity entity, void *state,
                                const portico_message *message) {
    tally *t = state;
    (void)entity;
    t->count++;
    if (message->id == ADD_BY_TIMER) {
        count_up(&accepted);
    }
    count_up(&counted);
}

static void PORTICO_CALL on_make_hall(portico_entity entity, void *state,
                                      const portico_message *message) {
    portico_room room = 0;
    (void)entity;
    (void)state;
    (void)message;
    if (host->room_create("tallies.hall", "hall", &room) == PORTICO_OK) {
        atomic_store(&hall, room);
    }
}

static portico_status post_one(portico_entity to) {
    portico_status status = host->post(to, ADD, NULL, 0);
    if (status == PORTICO_OK) {
        count_up(&accepted);
    }
    return status;
}

static void PORTICO_CALL on_post(portico_session session, void *state,
                                 const portico_packet *packet) {
    tally *t = state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    const portico_entity to[4] = {module_id, atomic_load(&hall), session,
                                  atomic_exchange(&last_session, session)};
    for (uint32_t i = 0; i < count; i++) {
        (void)post_one(to[i % 4]); /* refused ones do not count */
    }
    t->count++; /* this packet, too */
    count_up(&accepted);
    count_up(&counted);
    (void)host->session_send(session, packet->opcode, &count, sizeof count);
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

static void PORTICO_CALL on_threads(portico_session session, void *state,
                                    const portico_packet *packet) {
    (void)state;
    uint32_t count = 0;
    memcpy(&count, packet->data, packet->size < sizeof count ? packet->size : sizeof count);
    for (int i = 0; i < THREADS && !posters[i].started; i++) {
        posters[i].count = count;
        posters[i].to[0] = module_id;
        posters[i].to[1] = atomic_load(&hall);
        posters[i].to[2] = session;
        posters[i].to[3] = atomic_load(&last_session);
        posters[i].started = system_thread_start(&posters[i].thread, poster_run, &posters[i]);
    }
    (void)host->session_send(session, packet->opcode, &count, sizeof count);
}

static void PORTICO_CALL on_join(portico_session session, void *state,
                                 const portico_packet *packet) {
    (void)state;
    uint32_t status = (uint32_t)-host->room_join(atomic_load(&hall), session);
    (void)host->session_send(session, packet->opcode, &status, sizeof status);
}

static void PORTICO_CALL on_add_to_hall(portico_session session, void *state,
                                        const portico_packet *packet) {
    (void)state;
    tally *t = host->room_state(host->session_room(session));
    uint32_t there = t != NULL;
    if (t != NULL) {
        t->count++;
        count_up(&accepted);
        count_up(&counted);
    }
    (void)host->session_send(session, packet->opcode, &there, sizeof there);
}

static void PORTICO_CALL on_figures(portico_session session, void *state,
                                    const portico_packet *packet) {
    (void)state;
    uint64_t figures[2];
    figures[1] = atomic_load(&counted); /* read first, so that it is never the larger one */
    figures[0] = atomic_load(&accepted);
    (void)host->session_send(session, packet->opcode, figures, sizeof figures);
}

static void PORTICO_CALL on_timers(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    const portico_entity to[3] = {module_id, atomic_load(&hall), session};
    uint32_t started = 0;
    for (int i = 0; i < 3; i++) {
        started += host->post_every(to[i], ADD_BY_TIMER, NULL, 0, 1, NULL) == PORTICO_OK;
    }
    (void)host->session_send(session, packet->opcode, &started, sizeof started);
}

static void sum_up(const tally *t) {
    atomic_fetch_add_explicit(&summed, t->count, memory_order_relaxed);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    sum_up(state);
}

static void PORTICO_CALL on_hall_close(portico_room room, void *state, portico_status reason) {
    (void)room;
    (void)reason;
    sum_up(state);
}

static portico_status register_types(void) {
    const portico_session_type type = {.struct_size = sizeof type,
                                       .state_size = sizeof(tally),
                                       .name = "session",
                                       .on_close = on_close};
    const portico_room_type room = {.struct_size = sizeof room,
                                    .state_size = sizeof(tally),
                                    .name = "hall",
                                    .on_close = on_hall_close};
    portico_status status = host->register_session_type(&type);
    status = status == PORTICO_OK ? host->register_room_type(&room) : status;
    static const char *const types[] = {"session", "hall", NULL};
    for (int i = 0; status == PORTICO_OK && i < 3; i++) {
        status = host->register_message(types[i], ADD, on_add);
        status =
            status == PORTICO_OK ? host->register_message(types[i], ADD_BY_TIMER, on_add) : status;
    }
    return status == PORTICO_OK ? host->register_message(NULL, MAKE_HALL, on_make_hall) : status;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    static const portico_on_packet handlers[] = {on_post,        on_threads, on_join,
                                                 on_add_to_hall, on_figures, on_timers};
    (void)state;
    host = from_host;
    module_id = host->self();
    portico_status status = register_types();
    for (uint16_t i = 0; status == PORTICO_OK && i < sizeof handlers / sizeof handlers[0]; i++) {
        status = host->register_handler("session", (uint16_t)(i + 1), handlers[i]);
    }
    /* The room type is there once `load` has returned. */
    return status == PORTICO_OK ? host->post_after(module_id, MAKE_HALL, NULL, 0, 50, NULL)
                                : status;
}

static void PORTICO_CALL module_unload(void *state) {
    char text[120];
    for (int i = 0; i < THREADS; i++) {
        if (posters[i].started) {
            system_thread_join(posters[i].thread);
        }
    }
    sum_up(state);
    (void)snprintf(text, sizeof text, "accepted %llu summed %llu",
                   (unsigned long long)atomic_load(&accepted),
                   (unsigned long long)atomic_load(&summed));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "tallies",
    .version = "1",
    .state_size = sizeof(tally),
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
