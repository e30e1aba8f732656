/* reshaped.c: sessions, rooms and the module have a state of one of ten shapes (GENERATION), which
 * a client reads and writes. See reshaped.h and swap_fields.c. */
#include "reshaped.h"

#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if !defined(GENERATION)
#define GENERATION 1
#endif
#define LIST(generation) LIST_PASTE(generation)
#define LIST_PASTE(generation) FIELDS_##generation

#define FIELDS_NOW LIST(GENERATION)
PORTICO_STATE(now, FIELDS_NOW);

enum { VERSION = GENERATION < 6 ? 1 : GENERATION == 6 ? 2 : 3 };
enum { TOLD = 1 };

static atomic_uint migrated; /* states migrated by this image */

#if GENERATION == 7 || GENERATION == 9
static portico_status takes(const portico_migration *migration, uint32_t version, uint32_t size) {
    return migration->from_version == version && migration->from_size == size ? PORTICO_OK
                                                                              : PORTICO_E_INVALID;
}
#endif

#if GENERATION == 7
typedef struct then {
    FIELDS_6(then, PORTICO_STATE_MEMBER)
} then;

static portico_status on_migrate(const portico_migration *migration, void *to) {
    if (to != NULL) {
        const then *old = migration->from;
        now *fresh = to;
        fresh->gold = old->gold * 2.5;
        atomic_fetch_add(&migrated, 1);
    }
    return takes(migration, 2, sizeof(then));
}
#elif GENERATION == 9
typedef struct then {
    FIELDS_8(then, PORTICO_STATE_MEMBER)
} then;

static portico_status on_migrate(const portico_migration *migration, void *to) {
    if (to != NULL) {
        const then *old = migration->from;
        now *fresh = to;
        fresh->level = (uint8_t)(old->level % FIELDS_LEVELS);
        memcpy(fresh->name, old->name, sizeof fresh->name);
        atomic_fetch_add(&migrated, 1);
    }
    return takes(migration, 3, sizeof(then));
}
#else
#define on_migrate NULL
#endif
#define STATE PORTICO_STATE_MIGRATED(now, VERSION, on_migrate)

/* ---- reading and writing --------------------------------------------------------------------- */

static void answer(portico_session to, const void *state) {
    struct {
        fields_answer head;
        now state;
    } a = {.head = {.generation = GENERATION, .size = sizeof(now)}};
    memcpy(&a.state, state, sizeof a.state);
    (void)portico->session_send(to, FIELDS_SET, &a, (uint32_t)sizeof a);
}

/* Does to the state what `data` asks for. */
static void serve(portico_session to, void *state, const uint8_t *data, uint32_t size) {
    fields_request r;
    memcpy(&r, data, sizeof r);
    if (state == NULL || r.offset > sizeof(now) || r.size > sizeof(now) - r.offset ||
        size != sizeof r + r.size) {
        portico->log(PORTICO_LOG_ERROR, "what cannot be asked");
        return;
    }
    memcpy((uint8_t *)state + r.offset, data + sizeof r, r.size);
    answer(to, state);
}

static void on_request(portico_session session, void *state, const portico_packet *packet) {
    fields_request r;
    uint8_t bytes[1024];
    if (packet->size < sizeof r || packet->size > sizeof bytes) {
        return;
    }
    memcpy(&r, packet->data, sizeof r);
    if (r.where == FIELDS_MODULE) {
        memcpy(bytes, packet->data, packet->size);
        memcpy(bytes + offsetof(fields_request, session), &session, sizeof session);
        (void)portico->post(portico->self(), FIELDS_SET, bytes, packet->size);
    } else if (r.where == FIELDS_ROOM) {
        serve(session, portico->room_state(portico->session_room(session)), packet->data,
              packet->size);
    } else {
        serve(session, state, packet->data, packet->size);
    }
}

static void on_module_request(portico_entity module, void *state, const portico_message *message) {
    fields_request r;
    (void)module;
    memcpy(&r, message->data, sizeof r);
    serve((portico_session){r.session}, state, message->data, message->size);
}

static void on_join_request(portico_session session, void *state, const portico_packet *packet) {
    char name[16];
    portico_room room = {0};
    (void)state;
    (void)snprintf(name, sizeof name, "%u", packet->data[0]);
    (void)portico->room_create("reshaped.place", name, NULL, 0, &room);
    (void)portico->session_join(session, room, TOLD);
}

static void on_told(portico_session session, void *state, const portico_message *message) {
    portico_room_result result;
    (void)state;
    memcpy(&result, message->data, sizeof result);
    (void)portico->session_send(session, FIELDS_JOIN, &result.status, sizeof result.status);
}

static void on_count(portico_session session, void *state, const portico_packet *packet) {
    uint32_t count = atomic_load(&migrated);
    (void)state;
    (void)portico->session_send(session, packet->opcode, &count, sizeof count);
}

/* ---- the module ------------------------------------------------------------------------------ */

static const portico_opcode opcodes[] = {
    PORTICO_RAW(FIELDS_SET, 0, PORTICO_SIZE_ANY, on_request),
    PORTICO_RAW(FIELDS_JOIN, 1, PORTICO_SIZE_ANY, on_join_request),
    PORTICO_RAW(FIELDS_COUNT, 0, PORTICO_SIZE_ANY, on_count),
};
static const portico_session_message session_messages[] = {PORTICO_MESSAGE(TOLD, on_told)};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = STATE,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(session_messages)},
};
static const portico_room_type room_types[] = {{.name = "place", .state = STATE}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(FIELDS_SET, on_module_request)};

static const portico_module reshaped = {
    .name = "reshaped",
    .version = "1",
    .state = STATE,
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .messages = PORTICO_TABLE(messages),
};

PORTICO_MODULE(reshaped);
