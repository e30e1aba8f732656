/* asks.c: sessions, rooms and the module itself ask each other, and the module `oracle`.
 *
 * A packet says who asks whom for what, and the answer comes back as a packet:
 *   1 name     gives the session the label in the payload
 *   2 ask      uint32 timeout_ms, then four letters and a name:
 *                who asks    s: the session, r: the room it is in, m: the module
 *                who is asked, by name: s: a session, r: a room, m: a module
 *                what it does, see answers.h
 *                -           unused
 *              answers an int32: the status of `request`
 *   3 enter    creates the room NAME and joins it; answers an int32
 *   4 end      the room NAME closes; answers an int32
 *   5 job      runs a job that asks; answers an int32: the status of `request` in the job
 *   6 flood    fills the session's queue of messages, asks the module and waits for its reply
 *   102 answer { int32 status, uint32 right, text }: the reply to `ask`; `right` says that number
 *              and sender are those of the request
 * `start` asks the module itself, and logs "start was answered: STATUS"; so does on_join of a room:
 * "join was answered: STATUS". */
#include "answers.h"

enum { NAME = 1, ASK = 2, ENTER = 3, END = 4, JOB = 5, FLOOD = 6, ANSWER = 102 };
enum { ASK_THIS = 50, REPLY = 51, REPLY_TO_START = 52, JOB_RESULT = 53, REPLY_TO_JOIN = 54 };
enum { NOTHING = 60, FLOOD_MS = 100 };

/* An answer that an asker waits for. */
typedef struct waits {
    uint64_t request;
    portico_entity asked;
    portico_session player;
} waits;

typedef struct wish {
    portico_session player;
    portico_entity to;
    uint32_t timeout_ms;
    uint32_t what;
} wish;

typedef struct heard {
    int32_t status;
    uint32_t right;
    char text[32];
} heard;

static void answer_status(portico_session session, uint16_t opcode, int32_t status) {
    (void)portico->session_send(session, opcode, &status, sizeof status);
}

/* In a handler of the asker. */
static void ask(waits *w, const wish *asks) {
    const answer_wish what = {.what = asks->what};
    w->player = asks->player;
    w->asked = asks->to;
    portico_status status = portico->request(asks->to, answer_id(asks->what), &what, sizeof what,
                                             REPLY, asks->timeout_ms, &w->request);
    answer_status(w->player, ASK, status);
}

static void on_reply(const waits *w, const portico_message *message) {
    heard h = {.status = message->status,
               .right = message->request == w->request && message->from.id == w->asked.id};
    memcpy(h.text, message->data,
           message->size < sizeof h.text - 1 ? message->size : sizeof h.text - 1);
    (void)portico->session_send(w->player, ANSWER, &h, sizeof h);
}

static void on_ask_this(waits *w, const portico_message *message) {
    wish asks;
    memcpy(&asks, message->data, sizeof asks);
    ask(w, &asks);
}

/* ---- rooms ----------------------------------------------------------------------------------- */

static void room_on_ask_this(portico_room room, void *state, const portico_message *message) {
    (void)room;
    on_ask_this(state, message);
}

static void room_on_reply(portico_room room, void *state, const portico_message *message) {
    (void)room;
    on_reply(state, message);
}

static void room_on_asked(portico_room room, void *state, const portico_message *message) {
    (void)state;
    if (answer(portico_room_entity(room), message) == ANSWER_END) {
        (void)portico->room_close(room, PORTICO_E_CLOSED);
    }
}

static portico_status on_join(portico_room room, void *state, portico_session session) {
    (void)room, (void)state, (void)session;
    const answer_wish what = {.what = 'n'};
    return portico->request(portico->self(), ANSWER_ASKED, &what, sizeof what, REPLY_TO_JOIN, 10000,
                            NULL);
}

static void room_on_reply_to_join(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state;
    portico_logf(PORTICO_LOG_INFO, "join was answered: %d", message->status);
}

static void room_on_later(portico_room room, void *state, const portico_message *message) {
    (void)room, (void)state;
    answer_later(message);
}

static const portico_room_message room_messages[] = {
    PORTICO_MESSAGE(ASK_THIS, room_on_ask_this), PORTICO_MESSAGE(REPLY, room_on_reply),
    PORTICO_MESSAGE(ANSWER_ASKED, room_on_asked), PORTICO_MESSAGE(ANSWER_LATER, room_on_later),
    PORTICO_MESSAGE(REPLY_TO_JOIN, room_on_reply_to_join)};
static const portico_room_type room_types[] = {{
    .name = "room",
    .state = PORTICO_STATE_OPAQUE(waits, 1),
    .on_join = on_join,
    .messages = PORTICO_TABLE(room_messages),
}};

/* ---- the module ------------------------------------------------------------------------------ */

static void module_on_ask_this(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    on_ask_this(state, message);
}

static void module_on_reply(portico_entity module, void *state, const portico_message *message) {
    (void)module;
    on_reply(state, message);
}

static void module_on_asked(portico_entity module, void *state, const portico_message *message) {
    (void)state;
    (void)answer(module, message);
}

static void module_on_later(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    answer_later(message);
}

static void module_on_reply_to_start(portico_entity module, void *state,
                                     const portico_message *message) {
    (void)module, (void)state;
    portico_logf(PORTICO_LOG_INFO, "start was answered: %d", message->status);
}

static const portico_module_message module_messages[] = {
    PORTICO_MESSAGE(ASK_THIS, module_on_ask_this), PORTICO_MESSAGE(REPLY, module_on_reply),
    PORTICO_MESSAGE(ANSWER_ASKED, module_on_asked), PORTICO_MESSAGE(ANSWER_LATER, module_on_later),
    PORTICO_MESSAGE(REPLY_TO_START, module_on_reply_to_start)};

static uint32_t job(uint32_t id, const void *data, uint32_t size, void *reply,
                    uint32_t reply_capacity) {
    (void)id, (void)size, (void)reply_capacity;
    portico_entity to;
    memcpy(&to, data, sizeof to);
    int32_t status = portico->request(to, ANSWER_ASKED, NULL, 0, REPLY, 1000, NULL);
    memcpy(reply, &status, sizeof status);
    return sizeof status;
}

static const portico_job jobs[] = {PORTICO_JOB(JOB_RESULT, job)};

static portico_status module_start(void *state, uint32_t why) {
    (void)state, (void)why;
    const answer_wish what = {.what = 'n'};
    return portico->request(portico->self(), ANSWER_ASKED, &what, sizeof what, REPLY_TO_START,
                            10000, NULL);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static portico_entity find(char kind, const char *name) {
    switch (kind) {
    case 's': return portico_session_entity(portico->session_find("asks.session", name));
    case 'r': return portico_room_entity(portico->room_find("asks.room", name));
    default: return portico->module_find(name);
    }
}

static void session_on_ask(portico_session session, void *state, const portico_packet *packet) {
    const char *letters = (const char *)packet->data + 4;
    wish asks = {.player = session, .to = find(letters[1], letters + 4)};
    asks.what = (uint8_t)letters[2];
    memcpy(&asks.timeout_ms, packet->data, 4);
    if (letters[0] == 's') {
        ask(state, &asks);
        return;
    }
    portico_entity asker =
        letters[0] == 'r' ? portico_room_entity(portico->session_room(session)) : portico->self();
    (void)portico->post(asker, ASK_THIS, &asks, sizeof asks);
}

static void session_on_name(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    answer_status(session, NAME, portico->session_set_label(session, (const char *)packet->data));
}

static void session_on_enter(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room;
    (void)portico->room_create("asks.room", (const char *)packet->data, NULL, 0, &room);
    answer_status(session, ENTER, portico->session_join(session, room, 0));
}

static void session_on_end(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    portico_room room = portico->room_find("asks.room", (const char *)packet->data);
    answer_status(session, END, portico->room_close(room, PORTICO_E_CLOSED));
}

static void session_on_job(portico_session session, void *state, const portico_packet *packet) {
    (void)state, (void)packet;
    const portico_entity to = portico->self();
    (void)portico->run_job(JOB_RESULT, &to, sizeof to, portico_session_entity(session));
}

/* More than a queue takes; only the reply still fits in. */
static void session_on_flood(portico_session session, void *state, const portico_packet *packet) {
    (void)packet;
    const portico_entity self = portico_session_entity(session);
    const wish asks = {.player = session, .to = portico->self(), .timeout_ms = 60000, .what = 'n'};
    while (portico->post(self, NOTHING, NULL, 0) == PORTICO_OK) {
    }
    ask(state, &asks);
    for (uint64_t until = portico->clock_ms() + FLOOD_MS; portico->clock_ms() < until;) {
    }
}

static void session_on_job_result(portico_session session, void *state,
                                  const portico_message *message) {
    (void)state;
    (void)portico->session_send(session, JOB, message->data, message->size);
}

static void session_on_reply(portico_session session, void *state, const portico_message *message) {
    (void)session;
    on_reply(state, message);
}

static void session_on_asked(portico_session session, void *state, const portico_message *message) {
    (void)state;
    if (answer(portico_session_entity(session), message) == ANSWER_END) {
        (void)portico->session_close(session, PORTICO_E_CLOSED);
    }
}

static void session_on_later(portico_session session, void *state, const portico_message *message) {
    (void)session, (void)state;
    answer_later(message);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(NAME, 0, PORTICO_SIZE_ANY, session_on_name),
                                         PORTICO_RAW(ASK, 8, PORTICO_SIZE_ANY, session_on_ask),
                                         PORTICO_RAW(ENTER, 1, PORTICO_SIZE_ANY, session_on_enter),
                                         PORTICO_RAW(END, 1, PORTICO_SIZE_ANY, session_on_end),
                                         PORTICO_RAW(JOB, 0, PORTICO_SIZE_ANY, session_on_job),
                                         PORTICO_RAW(FLOOD, 0, 0, session_on_flood)};
static const portico_session_message session_messages[] = {
    PORTICO_MESSAGE(REPLY, session_on_reply), PORTICO_MESSAGE(ANSWER_ASKED, session_on_asked),
    PORTICO_MESSAGE(ANSWER_LATER, session_on_later),
    PORTICO_MESSAGE(JOB_RESULT, session_on_job_result)};
static const portico_session_type session_types[] = {{
    .name = "session",
    .state = PORTICO_STATE_OPAQUE(waits, 1),
    .opcodes = PORTICO_TABLE(opcodes),
    .messages = PORTICO_TABLE(session_messages),
}};

static const portico_module asks_module = {
    .name = "asks",
    .version = "1",
    .state = PORTICO_STATE_OPAQUE(waits, 1),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(module_messages),
    .jobs = PORTICO_TABLE(jobs),
    .start = module_start,
};

PORTICO_MODULE(asks_module);
