/* greedy.c: takes as much as it can of what the host limits, and says how much that was.
 *
 * Each opcode tries until the host refuses, and then TRIES_AFTER times more. It answers struct
 * answer. What it posts is never handled before it has been refused.
 *
 *   opcode 1  messages to its own session     5  timers
 *   opcode 2  messages to the room it is in   6  requests without an answer
 *   opcode 3  messages to its module          7  jobs, which wait until opcode 20
 *   opcode 4  rooms                           8  channels
 *   opcode 9  timers with 64 KiB each        10  asks itself behind a full inbox: the answer's
 *                                                status is what arrived, `accepted` what reply said
 *   opcode 11 fills the module's inbox and keeps it so until opcode 20
 *   opcode 12 closes the rooms of opcode 4, but every 64th
 *   opcode 20 gives back timers, rooms, channels and jobs; answers how many messages and replies of
 *             jobs have arrived since the last time, as `accepted`, and how many of these had all
 *             their bytes, as `refused` */
#include "system.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { FILL = 1, ASK = 2, ANSWERED = 3, GO = 4, JOB = 5, STAY = 6 };
enum { PIECE = 64 * 1024, MOST = 4096, TRIES_AFTER = 500, HOUR_MS = 3600000 };

typedef struct answer {
    int32_t status; /* of the last refusal */
    uint32_t accepted;
    uint32_t refused;
} answer;

typedef struct player {
    uint32_t asked; /* opcode 10 is under way */
    int32_t reply_status;
} player;

/* Large, to be seen among the memory of the process. */
typedef struct place {
    uint8_t map[8000];
} place;

static uint8_t piece[PIECE];
static portico_timer timers[MOST];
static uint32_t timer_count;
static uint32_t room_count;
static uint32_t channel_count;
static atomic_uint arrived;
static atomic_uint whole;
static atomic_bool jobs_go;

typedef portico_status (*attempt)(portico_session session, uint32_t number);

/* Tries until something is refused, and somewhat longer. */
static answer try_all(portico_session session, attempt make) {
    answer a = {0};
    for (uint32_t i = 0; i < MOST && a.refused < TRIES_AFTER; i++) {
        portico_status status = make(session, a.accepted);
        if (status == PORTICO_OK) {
            a.accepted++;
        } else {
            a.status = status;
            a.refused++;
        }
    }
    return a;
}

static portico_status post_to(uint64_t id) {
    return portico->post((portico_entity){id}, FILL, piece, sizeof piece);
}

static portico_status to_session(portico_session session, uint32_t number) {
    (void)number;
    return post_to(session.id);
}

static portico_status to_room(portico_session session, uint32_t number) {
    (void)number;
    return post_to(portico->session_room(session).id);
}

static portico_status to_module(portico_session session, uint32_t number) {
    (void)session;
    (void)number;
    return post_to(portico->self().id);
}

static portico_status make_room(portico_session session, uint32_t number) {
    char name[16];
    (void)session;
    (void)snprintf(name, sizeof name, "%u", (unsigned)number);
    portico_status status = portico->room_create("greedy.place", name, NULL, 0, NULL);
    room_count += status == PORTICO_OK;
    return status;
}

static portico_status start_timer(portico_session session, uint32_t size) {
    portico_timer *timer = &timers[timer_count];
    portico_status status =
        portico->post_after((portico_entity){session.id}, FILL, piece, size, HOUR_MS, timer);
    timer_count += status == PORTICO_OK;
    return status;
}

static portico_status small_timer(portico_session session, uint32_t number) {
    (void)number;
    return start_timer(session, 1);
}

static portico_status large_timer(portico_session session, uint32_t number) {
    (void)number;
    return start_timer(session, PIECE);
}

/* The room does not answer. */
static portico_status make_request(portico_session session, uint32_t number) {
    (void)number;
    portico_room deaf = portico->session_room(session);
    return portico->request((portico_entity){deaf.id}, FILL, NULL, 0, ANSWERED, HOUR_MS, NULL);
}

static portico_status make_job(portico_session session, uint32_t number) {
    (void)number;
    return portico->run_job(JOB, piece, sizeof piece, (portico_entity){session.id});
}

static portico_status join_channel(portico_session session, uint32_t number) {
    char name[32];
    (void)snprintf(name, sizeof name, "greedy.%u", (unsigned)number);
    portico_status status = portico->channel_join(name, session);
    channel_count += status == PORTICO_OK;
    return status;
}

static void close_most_rooms(void) {
    char name[16];
    for (uint32_t i = 0; i < room_count; i++) {
        if (i % 64 != 0) {
            (void)snprintf(name, sizeof name, "%u", (unsigned)i);
            (void)portico->room_close(portico->room_find("greedy.place", name), PORTICO_E_CLOSED);
        }
    }
}

static void give_back(portico_session session) {
    char name[32];
    while (timer_count > 0) {
        (void)portico->timer_cancel(timers[--timer_count]);
    }
    while (room_count > 0) {
        (void)snprintf(name, sizeof name, "%u", (unsigned)--room_count);
        (void)portico->room_close(portico->room_find("greedy.place", name), PORTICO_E_CLOSED);
    }
    while (channel_count > 0) {
        (void)snprintf(name, sizeof name, "greedy.%u", (unsigned)--channel_count);
        (void)portico->channel_leave(name, session);
    }
    atomic_store(&jobs_go, true);
}

static const attempt attempts[] = {NULL,        to_session,   to_room,  to_module,    make_room,
                                   small_timer, make_request, make_job, join_channel, large_timer};

static void send(portico_session session, uint16_t opcode, answer a) {
    (void)portico->session_send(session, opcode, &a, sizeof a);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    if (packet->opcode == 20) {
        give_back(session);
        send(session, 20, (answer){0, atomic_exchange(&arrived, 0), atomic_exchange(&whole, 0)});
    } else if (packet->opcode == 3) {
        (void)portico->post(portico->self(), GO, &session, sizeof session); /* its own turn */
    } else if (packet->opcode == 12) {
        close_most_rooms();
        send(session, 12, (answer){0});
    } else if (packet->opcode == 11) {
        atomic_store(&jobs_go, false);
        (void)portico->post(portico->self(), STAY, &session, sizeof session);
    } else if (packet->opcode == 10) {
        p->asked = 1;
        (void)portico->request(portico->self(), ASK, NULL, 0, ANSWERED, HOUR_MS, NULL);
        (void)try_all(session, to_session);
        system_sleep_ms(100); /* the module replies while the inbox is full: most likely */
    } else if (packet->opcode < sizeof attempts / sizeof attempts[0]) {
        atomic_store(&jobs_go, false);
        send(session, packet->opcode, try_all(session, attempts[packet->opcode]));
    }
}

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    portico_room home = {0};
    (void)portico->room_create("greedy.place", "home", NULL, 0, &home);
    home = portico->room_find("greedy.place", "home");
    return portico->session_join(session, home, 0);
}

static void count(const portico_message *message) {
    const uint8_t *bytes = message->data;
    bool right = message->size == PIECE && bytes[0] == 7 && bytes[PIECE - 1] == 9;
    atomic_fetch_add(&arrived, 1);
    atomic_fetch_add(&whole, right);
}

static void session_on_fill(portico_session session, void *state, const portico_message *message) {
    (void)session;
    (void)state;
    count(message);
}

static void session_on_job(portico_session session, void *state, const portico_message *message) {
    (void)session;
    (void)state;
    count(message);
}

static void session_on_answered(portico_session session, void *state,
                                const portico_message *message) {
    player *p = state;
    if (p->asked) {
        p->asked = 0;
        send(session, 10, (answer){message->status, message->size, 0});
    }
}

static void room_on_fill(portico_room room, void *state, const portico_message *message) {
    (void)room;
    (void)state;
    if (message->size > 0) {
        count(message);
    }
}

static void on_fill(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    (void)state;
    count(message);
}

static void on_go(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    portico_session session;
    (void)state;
    memcpy(&session, message->data, sizeof session);
    send(session, 3, try_all(session, to_module));
}

static void wait_for_go(void) {
    for (int i = 0; i < 3000 && !atomic_load(&jobs_go); i++) {
        system_sleep_ms(10);
    }
}

static void on_stay(portico_entity module, void *state, const portico_message *message) {
    portico_session session;
    (void)module;
    (void)state;
    memcpy(&session, message->data, sizeof session);
    send(session, 11, try_all(session, to_module));
    wait_for_go();
}

static void on_ask(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    (void)state;
    system_sleep_ms(20);
    (void)portico->reply(message->request, piece, sizeof piece);
}

static uint32_t on_job(uint32_t id, const void *data, uint32_t size, void *reply,
                       uint32_t capacity) {
    (void)id;
    wait_for_go();
    uint32_t taken = size < capacity ? size : capacity;
    memcpy(reply, data, taken);
    return taken;
}

static portico_status start(void *state, uint32_t why) {
    (void)state;
    (void)why;
    piece[0] = 7;
    piece[PIECE - 1] = 9;
    return PORTICO_OK;
}

static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(FILL, session_on_fill),
    PORTICO_MESSAGE(ANSWERED, session_on_answered),
    PORTICO_MESSAGE(JOB, session_on_job),
};
static const portico_session_type types[] = {{.name = "session",
                                              .state = PORTICO_STATE_OPAQUE(player, 1),
                                              .on_open = on_open,
                                              .on_packet = on_packet,
                                              .messages = PORTICO_TABLE(session_messages)}};
static const portico_room_message room_messages[] = {PORTICO_MESSAGE(FILL, room_on_fill)};
static const portico_room_type rooms[] = {{.name = "place",
                                           .state = PORTICO_STATE_OPAQUE(place, 1),
                                           .messages = PORTICO_TABLE(room_messages)}};
static const portico_module_message messages[] = {
    PORTICO_MESSAGE(FILL, on_fill), PORTICO_MESSAGE(GO, on_go), PORTICO_MESSAGE(ASK, on_ask),
    PORTICO_MESSAGE(STAY, on_stay)};
static const portico_job jobs[] = {PORTICO_JOB(JOB, on_job)};

static const portico_module greedy = {.name = "greedy",
                                      .version = "1",
                                      .session_types = PORTICO_TABLE(types),
                                      .room_types = PORTICO_TABLE(rooms),
                                      .messages = PORTICO_TABLE(messages),
                                      .jobs = PORTICO_TABLE(jobs),
                                      .start = start};

PORTICO_MODULE(greedy);
