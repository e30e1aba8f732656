/* faulty.c: a module that faults where and how it is told to, see faulty.h. Compiled many times,
 * see CMakeLists.txt: GENERATION is in all answers, SHAPE 2 has other states, which its migrates
 * carry over, and NO_FAULTS never faults.
 *
 * Sessions say what faults next (FAULTY_FAULT, FAULTY_POST, FAULTY_REQUEST, FAULTY_RUN, and
 * FAULTY_PLAN for all other entries). The setting `plan` names a file that says it for start, stop
 * and migrate, and from `start` on for every entry. */
#include "faulty_kinds.h"
#include "faulty_plan.h"

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef VERSION
#define VERSION "1"
#endif
#ifndef SHAPE /* 2: the states have one field more */
#define SHAPE 1
#endif
#ifndef NO_FAULTS
#define NO_FAULTS 0
#endif

enum {
    MESSAGE_FAULT = 1,
    MESSAGE_TICK = 2,
    MESSAGE_JOINED = 3,
    MESSAGE_REPLIED = 4,
    JOB_FAULT = 5
};

enum { SCRATCH = 36, LARGE = 128 << 10 };

/* The state of a session, of a room and of the module. */
#if SHAPE > 1
#define MARK(S, F)                    \
    F(S, FIELD, uint64_t, of_shape_2) \
    F(S, FIELD, uint32_t, begun)      \
    F(S, FIELD, uint32_t, done)       \
    F(S, FIELD, uint32_t, sum) F(S, FIELD, uint32_t, ticks) F(S, ARRAY, uint8_t, scratch, SCRATCH)
#else
#define MARK(S, F)               \
    F(S, FIELD, uint32_t, begun) \
    F(S, FIELD, uint32_t, done)  \
    F(S, FIELD, uint32_t, sum) F(S, FIELD, uint32_t, ticks) F(S, ARRAY, uint8_t, scratch, SCRATCH)
#endif
PORTICO_STATE(mark, MARK);

/* Of the types "large" and "large_hall": more than is copied before a call. */
typedef struct large {
    mark mark;
    uint8_t rest[LARGE];
} large;

static const char *plan;
static _Atomic uint32_t tried;
static _Atomic uint32_t survived;

static void begin(mark *m) {
    m->begun++;
}

static void end(mark *m) {
    m->done++;
}

static void spoil(mark *m) {
    m->sum += 1000000;
    memset(m->scratch, 0xaa, sizeof m->scratch);
}

static void restore(mark *m) {
    m->sum -= 1000000;
    memset(m->scratch, 0, sizeof m->scratch);
}

/* Half changes the states, then faults. `m` and `other` may be NULL. */
static void fault(uint32_t kind, mark *m, mark *other) {
    if (NO_FAULTS || kind == FAULTY_NONE) {
        return;
    }
    mark *both[] = {m, other};
    for (int i = 0; i < 2; i++) {
        if (both[i] != NULL) {
            spoil(both[i]);
        }
    }
    atomic_fetch_add(&tried, 1);
    faulty_do(kind);
    atomic_fetch_add(&survived, 1);
    for (int i = 0; i < 2; i++) {
        if (both[i] != NULL) {
            restore(both[i]);
        }
    }
    portico_session session = {atomic_load(&faulty_session)};
    (void)portico->session_send(session, FAULTY_SURVIVED, &kind, sizeof kind);
}

static void fault_by_plan(uint32_t entry, mark *m) {
    fault(faulty_plan_take(entry), m, NULL);
}

static uint32_t figure_of(const uint8_t *data, uint32_t size) {
    uint32_t figure = 0;
    memcpy(&figure, data, size < sizeof figure ? size : sizeof figure);
    return figure;
}

static void answer_status(portico_session session, uint16_t opcode, portico_status status) {
    int32_t value = status;
    (void)portico->session_send(session, opcode, &value, sizeof value);
}

/* ---- packets --------------------------------------------------------------------------------- */

static mark *room_of(portico_session session) {
    return portico->room_state(portico->session_room(session));
}

static void on_echo(portico_session session, void *state, const portico_packet *packet) {
    mark *m = state;
    mark *r = room_of(session);
    begin(m);
    if (r != NULL) {
        begin(r);
        r->sum++;
    }
    fault(faulty_plan_take(FAULTY_IN_PACKET), m, r);
    uint32_t number = figure_of(packet->data, packet->size);
    m->sum += number;
    end(m);
    if (r != NULL) {
        end(r);
    }
    faulty_echo echo = {number, GENERATION, m->begun, m->done, m->sum};
    (void)portico->session_send(session, packet->opcode, &echo, sizeof echo);
}

static void on_odd(portico_session session, void *state, const portico_packet *packet) {
    atomic_store(&faulty_session, session.id);
    mark *m = state;
    begin(m);
    fault_by_plan(FAULTY_IN_ANY_PACKET, m);
    end(m);
    on_echo(session, state, packet);
}

static void on_fault(portico_session session, void *state, const portico_packet *packet) {
    atomic_store(&faulty_session, session.id);
    mark *m = state;
    mark *r = room_of(session);
    begin(m);
    if (r != NULL) {
        begin(r);
    }
    fault(figure_of(packet->data, packet->size), m, r);
    end(m);
    if (r != NULL) {
        end(r);
    }
}

static void on_plan(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    faulty_plan told;
    memcpy(&told, packet->data, sizeof told);
    faulty_plan_set(told.entry, told.kind, told.times);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void show(portico_session session, uint32_t of, const mark *m) {
    faulty_shown shown = {
        of, GENERATION, m->begun, m->done, m->sum, 0, atomic_load(&tried), atomic_load(&survived)};
    for (int i = 0; i < SCRATCH; i++) {
        shown.scratch += m->scratch[i] != 0;
    }
    (void)portico->session_send(session, FAULTY_SHOW, &shown, sizeof shown);
}

static void on_show(portico_session session, void *state, const portico_packet *packet) {
    static const mark none;
    uint32_t of = figure_of(packet->data, packet->size);
    if (of == FAULTY_OF_MODULE) {
        uint64_t asked[] = {FAULTY_KINDS, session.id};
        (void)portico->post(portico->self(), MESSAGE_FAULT, asked, sizeof asked);
    } else {
        const mark *r = room_of(session);
        show(session, of, of == FAULTY_OF_SESSION ? state : r != NULL ? r : &none);
    }
}

static void on_join(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    atomic_store(&faulty_session, session.id);
    portico_room room = {0};
    bool is_large = packet->size > 5 && memcmp(packet->data, "large", 5) == 0;
    portico_status status = portico->room_create(is_large ? "faulty.large_hall" : "faulty.hall",
                                                 (const char *)packet->data, NULL, 0, &room);
    if (status == PORTICO_OK || status == PORTICO_E_EXISTS) {
        status = portico->session_join(session, room, MESSAGE_JOINED);
    }
    if (status != PORTICO_OK) {
        answer_status(session, packet->opcode, status);
    }
}

static void on_leave(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    atomic_store(&faulty_session, session.id);
    answer_status(session, packet->opcode, portico->session_leave(session));
}

static void on_close_room(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    atomic_store(&faulty_session, session.id);
    answer_status(session, packet->opcode,
                  portico->room_close(portico->session_room(session), PORTICO_E_CLOSED));
}

static portico_entity entity_of(portico_session session, uint32_t to) {
    return to == FAULTY_OF_SESSION ? portico_session_entity(session)
           : to == FAULTY_OF_ROOM  ? portico_room_entity(portico->session_room(session))
                                   : portico->self();
}

static void on_post(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    faulty_post told;
    memcpy(&told, packet->data, sizeof told);
    uint64_t asked[] = {told.kind, session.id};
    portico_entity to = entity_of(session, told.to);
    if (told.ms == 0) {
        (void)portico->post(to, MESSAGE_FAULT, asked, sizeof asked);
    } else {
        (void)portico->post_after(to, MESSAGE_FAULT, asked, sizeof asked, told.ms, NULL);
    }
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_request(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    faulty_post told;
    memcpy(&told, packet->data, sizeof told);
    uint64_t asked[] = {told.kind, session.id};
    portico_status status = portico->request(entity_of(session, told.to), MESSAGE_FAULT, asked,
                                             sizeof asked, MESSAGE_REPLIED, told.ms, NULL);
    if (status != PORTICO_OK) {
        faulty_reply reply = {status, 0, 0};
        (void)portico->session_send(session, packet->opcode, &reply, sizeof reply);
    }
}

static void on_run(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    atomic_store(&faulty_session, session.id);
    (void)portico->run_job(JOB_FAULT, packet->data, packet->size, portico_session_entity(session));
}

static void on_flood(portico_session session, void *state, const portico_packet *packet) {
    static const uint8_t filler[1000];
    (void)state;
    atomic_store(&faulty_session, session.id);
    for (uint32_t sent = 0; sent < figure_of(packet->data, packet->size); sent += sizeof filler) {
        (void)portico->session_send(session, FAULTY_FILLER, filler, sizeof filler);
    }
}

static void on_ticks(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->post_every(portico_room_entity(portico->session_room(session)), MESSAGE_TICK,
                              NULL, 0, figure_of(packet->data, packet->size), NULL);
}

static void on_quit(portico_session session, void *state, const portico_packet *packet) {
    (void)state, (void)packet;
    (void)portico->session_close(session, PORTICO_E_CLOSED);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static portico_status on_open(portico_session session, void *state) {
    atomic_store(&faulty_session, session.id);
    mark *m = state;
    uint32_t mine = GENERATION;
    begin(m);
    fault_by_plan(FAULTY_IN_OPEN, m);
    end(m);
    (void)portico->session_send(session, FAULTY_HELLO, &mine, sizeof mine);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    char text[64];
    mark *m = state;
    begin(m);
    fault_by_plan(FAULTY_IN_CLOSE, m);
    end(m);
    (void)session;
    (void)snprintf(text, sizeof text, "closed %d, half changed %u", reason, m->begun - m->done);
    portico->log(PORTICO_LOG_INFO, text);
}

static void on_watermark(portico_session session, void *state, uint32_t queued, uint32_t above) {
    (void)session, (void)queued;
    mark *m = state;
    begin(m);
    if (above != 0) {
        fault_by_plan(FAULTY_IN_WATERMARK, m);
    }
    end(m);
}

/* Of a message that is told to fault. */
static void act(const portico_message *message, mark *m) {
    uint64_t asked[2] = {0};
    uint32_t mine = GENERATION;
    memcpy(asked, message->data, message->size < sizeof asked ? message->size : sizeof asked);
    portico_session session = {asked[1]};
    if (asked[0] == FAULTY_KINDS) {
        show(session, FAULTY_OF_MODULE, m);
        return;
    }
    atomic_store(&faulty_session, session.id);
    begin(m);
    fault((uint32_t)asked[0], m, NULL);
    end(m);
    if (message->request != 0) {
        (void)portico->reply(message->request, &mine, sizeof mine);
    }
}

static void on_session_message(portico_session session, void *state,
                               const portico_message *message) {
    (void)session;
    act(message, state);
}

static void on_joined(portico_session session, void *state, const portico_message *message) {
    (void)state;
    portico_room_result result;
    memcpy(&result, message->data, sizeof result);
    answer_status(session, FAULTY_JOIN, result.status);
}

static void answer_reply(portico_session session, uint16_t opcode, const portico_message *message) {
    faulty_reply reply = {message->status, message->size, figure_of(message->data, message->size)};
    (void)portico->session_send(session, opcode, &reply, sizeof reply);
}

static void on_replied(portico_session session, void *state, const portico_message *message) {
    (void)state;
    answer_reply(session, FAULTY_REQUEST, message);
}

static void on_job_done(portico_session session, void *state, const portico_message *message) {
    (void)state;
    answer_reply(session, FAULTY_RUN, message);
}

static uint32_t job(uint32_t id, const void *data, uint32_t size, void *reply, uint32_t capacity) {
    uint32_t mine = GENERATION;
    (void)id, (void)capacity;
    fault(figure_of(data, size), NULL, NULL);
    memcpy(reply, &mine, sizeof mine);
    return sizeof mine;
}

#include "faulty_rooms.h"

PORTICO_MODULE(faulty);
