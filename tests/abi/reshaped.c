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

static const portico_host *host;
static atomic_uint migrated; /* states migrated by this image */

#if GENERATION == 7 || GENERATION == 9
static portico_status takes(const portico_migration *migration, uint32_t version, uint32_t size) {
    return migration->from_version == version && migration->from_size == size ? PORTICO_OK
                                                                              : PORTICO_E_INVALID;
}
#endif

#if GENERATION == 7
typedef struct then {
    FIELDS_6(then, PORTICO_STATE_MEMBER, PORTICO_STATE_MEMBERS)
} then;

static portico_status PORTICO_CALL on_migrate(const portico_migration *migration, void *to) {
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
    FIELDS_8(then, PORTICO_STATE_MEMBER, PORTICO_STATE_MEMBERS)
} then;

static portico_status PORTICO_CALL on_migrate(const portico_migration *migration, void *to) {
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
static const portico_on_migrate on_migrate = NULL;
#endif

/* ---- reading and writing --------------------------------------------------------------------- */

static void answer(portico_session to, const void *state) {
    struct {
        fields_answer head;
        now state;
    } a = {.head = {.generation = GENERATION, .size = sizeof(now)}};
    memcpy(&a.state, state, sizeof a.state);
    (void)host->session_send(to, FIELDS_SET, &a, (uint32_t)sizeof a);
}

/* Does to the state what `data` asks for. */
static void serve(portico_session to, void *state, const uint8_t *data, uint32_t size) {
    fields_request r;
    memcpy(&r, data, sizeof r);
    if (state == NULL || r.offset > sizeof(now) || r.size > sizeof(now) - r.offset ||
        size != sizeof r + r.size) {
        host->log(PORTICO_LOG_ERROR, "what cannot be asked");
        return;
    }
    memcpy((uint8_t *)state + r.offset, data + sizeof r, r.size);
    answer(to, state);
}

static void PORTICO_CALL on_request(portico_session session, void *state,
                                    const portico_packet *packet) {
    fields_request r;
    uint8_t bytes[1024];
    if (packet->size < sizeof r || packet->size > sizeof bytes) {
        return;
    }
    memcpy(&r, packet->data, sizeof r);
    if (r.where == FIELDS_MODULE) {
        memcpy(bytes, packet->data, packet->size);
        memcpy(bytes + offsetof(fields_request, session), &session, sizeof session);
        (void)host->post(host->self(), FIELDS_SET, bytes, packet->size);
    } else if (r.where == FIELDS_ROOM) {
        serve(session, host->room_state(host->session_room(session)), packet->data, packet->size);
    } else {
        serve(session, state, packet->data, packet->size);
    }
}

static void PORTICO_CALL on_module_request(portico_entity entity, void *state,
                                           const portico_message *message) {
    fields_request r;
    (void)entity;
    memcpy(&r, message->data, sizeof r);
    serve(r.session, state, message->data, message->size);
}

static void PORTICO_CALL on_join_request(portico_session session, void *state,
                                         const portico_packet *packet) {
    char name[16];
    portico_room room = 0;
    (void)state;
    (void)snprintf(name, sizeof name, "%u", packet->data[0]);
    (void)host->room_create("reshaped.place", name, &room);
    (void)host->room_join_tell(room, session, TOLD);
}

static void PORTICO_CALL on_told(portico_entity session, void *state,
                                 const portico_message *message) {
    portico_room_result result;
    (void)state;
    memcpy(&result, message->data, sizeof result);
    (void)host->session_send(session, FIELDS_JOIN, &result.status, sizeof result.status);
}

static void PORTICO_CALL on_count(portico_session session, void *state,
                                  const portico_packet *packet) {
    uint32_t count = atomic_load(&migrated);
    (void)state;
    (void)host->session_send(session, packet->opcode, &count, sizeof count);
}

/* ---- the module ------------------------------------------------------------------------------ */

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type session = {.struct_size = sizeof session,
                                          .state_size = sizeof(now),
                                          .state_version = VERSION,
                                          .name = "session",
                                          .state_fields = &now_fields,
                                          .migrate = on_migrate};
    const portico_room_type room = {.struct_size = sizeof room,
                                    .state_size = sizeof(now),
                                    .state_version = VERSION,
                                    .name = "place",
                                    .state_fields = &now_fields,
                                    .migrate = on_migrate};
    const portico_status all[] = {
        host->register_session_type(&session),
        host->register_room_type(&room),
        host->register_handler("session", FIELDS_SET, on_request),
        host->register_handler("session", FIELDS_JOIN, on_join_request),
        host->register_handler("session", FIELDS_COUNT, on_count),
        host->register_message("session", TOLD, on_told),
        host->register_message(NULL, FIELDS_SET, on_module_request),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i] != PORTICO_OK) {
            return all[i];
        }
    }
    return PORTICO_OK;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "reshaped",
    .version = "1",
    .state_size = sizeof(now),
    .state_version = VERSION,
    .state_fields = &now_fields,
#if GENERATION == 7 || GENERATION == 9
    .migrate = on_migrate,
#endif
    .load = module_load,
};

PORTICO_MODULE(info);
