/* bags.c: states that contain structs, which contain structs. Three generations (GENERATION)
 * declare them differently: see swap_structs.c. Opcode 1 fills the states of the session and of the
 * module, opcode 2 asks for both as text. */
#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

#if !defined(GENERATION)
#define GENERATION 1
#endif

enum { FILL = 1, ASK = 2 };

/* 2: fields of the structs are added, dropped, widened and in another order, and arrays are longer.
 * 3: a count is too narrow for those of 2. */
#if GENERATION == 2
#define GEM(S, F)             \
    F(S, FIELD, uint8_t, cut) \
    F(S, FIELD, uint32_t, colour)
#define ITEM(S, F)               \
    F(S, FIELD, float, weight)   \
    F(S, STRUCTS, gem, gems, 3)  \
    F(S, FIELD, uint32_t, count) \
    F(S, FIELD, uint16_t, kind)
#else
#define GEM(S, F) F(S, FIELD, uint8_t, colour)
#define ITEM(S, F)                \
    F(S, FIELD, uint16_t, kind)   \
    F(S, FIELD, uint8_t, count)   \
    F(S, ARRAY, char, dropped, 3) \
    F(S, STRUCTS, gem, gems, 2)
#endif
PORTICO_STATE(gem, GEM);
PORTICO_STATE(item, ITEM);

#if GENERATION == 2
#define PLAYER(S, F)            \
    F(S, STRUCTS, item, bag, 5) \
    F(S, STRUCT, item, hand)    \
    F(S, FIELD, uint32_t, score)
#else
#define PLAYER(S, F)             \
    F(S, FIELD, uint32_t, score) \
    F(S, STRUCT, item, hand)     \
    F(S, STRUCTS, item, bag, 3)
#endif
PORTICO_STATE(player, PLAYER);

enum { BAG = sizeof((player){0}.bag) / sizeof(item), GEMS = sizeof((item){0}.gems) / sizeof(gem) };

typedef struct text {
    char bytes[1024];
    size_t size;
} text;

static void text_add_item(text *t, const char *name, const item *i) {
    t->size += (size_t)snprintf(t->bytes + t->size, sizeof t->bytes - t->size, " %s %u*%u", name,
                                i->kind, (unsigned)i->count);
    for (size_t g = 0; g < GEMS; g++) {
        t->size += (size_t)snprintf(t->bytes + t->size, sizeof t->bytes - t->size, "%c%u",
                                    g == 0 ? ':' : ',', (unsigned)i->gems[g].colour);
    }
}

static void text_add(text *t, const char *name, const player *p) {
    t->size +=
        (size_t)snprintf(t->bytes + t->size, sizeof t->bytes - t->size, "%s %u", name, p->score);
    text_add_item(t, "hand", &p->hand);
    for (size_t i = 0; i < BAG; i++) {
        text_add_item(t, "bag", &p->bag[i]);
    }
}

static void fill(player *p, uint8_t first) {
    item *const items[] = {&p->hand, &p->bag[0], &p->bag[1], &p->bag[2]};
    p->score = first;
    for (uint8_t i = 0; i < 4; i++) {
        items[i]->kind = (uint16_t)(1000 + first + i);
        items[i]->count = (uint8_t)(200 + i);
        items[i]->gems[0].colour = (uint8_t)(first + i);
        items[i]->gems[1].colour = (uint8_t)(100 + i);
    }
}

static void on_fill(portico_session session, void *state, const portico_packet *packet) {
    (void)packet;
    fill(state, 7);
    (void)portico->post(portico->self(), FILL, &session, sizeof session);
}

static void module_on_fill(portico_entity self, void *state, const portico_message *message) {
    portico_session from;
    (void)self;
    memcpy(&from, message->data, sizeof from);
    fill(state, 70);
    (void)portico->session_send(from, FILL, NULL, 0);
}

/* The session's state, then the module's. */
static void on_ask(portico_session session, void *state, const portico_packet *packet) {
    text t = {.size = 0};
    (void)packet;
    text_add(&t, "session", state);
    (void)portico->session_send(session, 100, t.bytes, (uint32_t)t.size);
    (void)portico->post(portico->self(), ASK, &session, sizeof session);
}

static void module_on_ask(portico_entity self, void *state, const portico_message *message) {
    portico_session from;
    text t = {.size = 0};
    (void)self;
    memcpy(&from, message->data, sizeof from);
    text_add(&t, "module", state);
    (void)portico->session_send(from, ASK, t.bytes, (uint32_t)t.size);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(FILL, 0, 0, on_fill),
                                         PORTICO_RAW(ASK, 0, 0, on_ask)};
static const portico_session_type session_types[] = {
    {.name = "session", .state = PORTICO_STATE_OF(player, 1), .opcodes = PORTICO_TABLE(opcodes)}};
static const portico_module_message messages[] = {PORTICO_MESSAGE(FILL, module_on_fill),
                                                  PORTICO_MESSAGE(ASK, module_on_ask)};

static const portico_module bags = {.name = "bags",
                                    .version = "1",
                                    .state = PORTICO_STATE_OF(player, 1),
                                    .session_types = PORTICO_TABLE(session_types),
                                    .messages = PORTICO_TABLE(messages)};
PORTICO_MODULE(bags);
