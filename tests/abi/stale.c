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

#define DECLARED(S, F)             \
    F(S, FIELD, uint32_t, before)  \
    F(S, FIELD, function, call)    \
    F(S, FIELD, uint64_t, between) \
    F(S, FIELD, text, title)       \
    F(S, ARRAY, text, names, 3)
PORTICO_STATE(declared, DECLARED);

typedef struct undeclared {
    uint64_t before;
    const void *address;
} undeclared;

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

static void on_generation(portico_session session, void *state, const portico_packet *packet) {
    uint32_t mine = GENERATION;
    (void)state;
    (void)portico->session_send(session, packet->opcode, &mine, sizeof mine);
}

static void on_fill(portico_session session, void *state, const portico_packet *packet) {
    portico_room room = {0};
    fill(state);
    (void)portico->room_create("stale.place", "x", NULL, 0, &room);
    (void)portico->session_join(session, room, 0);
    on_generation(session, state, packet);
}

static void on_plain(portico_session session, void *state, const portico_packet *packet) {
    undeclared *u = state;
    u->before = 7;
    u->address = CLEAN ? state : (const void *)&counter; /* the state belongs to the host */
    on_generation(session, state, packet);
}

static portico_status place_open(portico_room room, void *state, const void *data, uint32_t size) {
    undeclared *u = state;
    (void)room, (void)data, (void)size;
    u->address = CLEAN ? NULL : "another literal";
    return PORTICO_OK;
}

static portico_status stale_start(void *state, uint32_t why) {
    if (why == PORTICO_START_LOADED) {
        fill(state);
    }
    return PORTICO_OK;
}

static const portico_opcode session_opcodes[] = {
    PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_fill),
    PORTICO_RAW(2, 0, PORTICO_SIZE_ANY, on_generation),
};
static const portico_opcode plain_opcodes[] = {PORTICO_RAW(1, 0, PORTICO_SIZE_ANY, on_plain)};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OF(declared, 0),
     .opcodes = PORTICO_TABLE(session_opcodes)},
    {.name = "plain",
     .state = PORTICO_STATE_OPAQUE(undeclared, 0),
     .opcodes = PORTICO_TABLE(plain_opcodes)},
};
static const portico_room_type room_types[] = {
    {.name = "place", .state = PORTICO_STATE_OPAQUE(undeclared, 0), .on_open = place_open}};

static const portico_module stale = {
    .name = "stale",
    .version = "1",
    .state = PORTICO_STATE_OF(declared, 0),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
    .start = stale_start,
};

PORTICO_MODULE(stale);
