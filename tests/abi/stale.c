/* stale.c: leaves addresses of its own image in the host's states, where they dangle once the image
 * is replaced. Compiled for two generations, each also with CLEAN, which leaves none.
 *
 *   opcode 1  fills the states of the session and of the room "x", which it joins; answers uint32
 *             GENERATION
 *   opcode 2  answers uint32 GENERATION */
#include <portico/portico.h>

#ifndef GENERATION
#define GENERATION 1
#endif
#ifndef CLEAN
#define CLEAN 0
#endif

typedef void (*function)(void);
typedef const char *text;

#define DECLARED(S, FIELD, ARRAY) \
    FIELD(S, uint32_t, before)    \
    FIELD(S, function, call)      \
    FIELD(S, uint64_t, between)   \
    FIELD(S, text, title)         \
    ARRAY(S, text, names, 3)
PORTICO_STATE(declared, DECLARED);

typedef struct undeclared {
    uint64_t before;
    const void *address;
} undeclared;

static const portico_host *host;
static uint64_t counter = GENERATION; /* a static, in the data */

static void a_function(void) {
    counter++;
}

/* Clean generations keep numbers only. */
static void fill(declared *d) {
    d->before = 1;
    d->between = 0x1234567812345678;
    if (!CLEAN) {
        d->call = a_function;
        d->title = "a literal of the image";
        d->names[1] = (const char *)&counter;
    }
}

static void PORTICO_CALL on_generation(portico_session session, void *state,
                                       const portico_packet *packet) {
    uint32_t mine = GENERATION;
    (void)state;
    (void)host->session_send(session, packet->opcode, &mine, sizeof mine);
}

static void PORTICO_CALL on_fill(portico_session session, void *state,
                                 const portico_packet *packet) {
    portico_room room = 0;
    fill(state);
    (void)host->room_create("stale.place", "x", &room);
    (void)host->room_join(room, session);
    on_generation(session, state, packet);
}

static void PORTICO_CALL on_plain(portico_session session, void *state,
                                  const portico_packet *packet) {
    undeclared *u = state;
    u->before = 7;
    u->address = CLEAN ? state : (const void *)&counter; /* the state belongs to the host */
    on_generation(session, state, packet);
}

static portico_status PORTICO_CALL place_open(portico_room room, void *state) {
    undeclared *u = state;
    (void)room;
    u->address = CLEAN ? NULL : "another literal";
    return PORTICO_OK;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type session = {.struct_size = sizeof session,
                                          .state_size = sizeof(declared),
                                          .name = "session",
                                          .state_fields = &declared_fields};
    const portico_session_type plain = {
        .struct_size = sizeof plain, .state_size = sizeof(undeclared), .name = "plain"};
    const portico_room_type place = {.struct_size = sizeof place,
                                     .state_size = sizeof(undeclared),
                                     .name = "place",
                                     .on_open = place_open};
    portico_status status = host->register_session_type(&session);
    status = status == PORTICO_OK ? host->register_handler("session", 1, on_fill) : status;
    status = status == PORTICO_OK ? host->register_handler("session", 2, on_generation) : status;
    status = status == PORTICO_OK ? host->register_session_type(&plain) : status;
    status = status == PORTICO_OK ? host->register_handler("plain", 1, on_plain) : status;
    return status == PORTICO_OK ? host->register_room_type(&place) : status;
}

static portico_status PORTICO_CALL module_start(void *state) {
    fill(state);
    return PORTICO_OK;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "stale",
    .version = "1",
    .state_size = sizeof(declared),
    .state_fields = &declared_fields,
    .load = module_load,
    .start = module_start,
};

PORTICO_MODULE(info);
