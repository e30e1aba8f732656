/* typed.c: declared packets of every kind, which it sends back to the session, to a room or to a
 * channel. See typed.h. */
#include "typed.h"

#define EVERYBODY "typed.everybody"

enum { ARRIVED = 1 };

#define TALKER(S, F) F(S, FIELD, uint32_t, packets)
PORTICO_STATE(talker, TALKER);

static const portico_session nobody = {0};

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    return portico->channel_join(EVERYBODY, session);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    const talker *t = state;
    (void)session;
    portico_logf(PORTICO_LOG_INFO, "closed for %d after %u packets", reason, t->packets);
}

static void on_everything(portico_session session, talker *t, const everything *e) {
    t->packets++;
    (void)everything_send(session, EVERY, e);
}

static void on_saying(portico_session session, talker *t, const saying *s) {
    (void)session;
    t->packets++;
    if (s->text[s->text_size] != '\0') {
        portico->log(PORTICO_LOG_ERROR, "no zero follows a text");
    }
    (void)saying_send_channel(EVERYBODY, SAY, s, nobody);
}

static void on_blob(portico_session session, talker *t, const blob *b) {
    t->packets++;
    (void)blob_send(session, BLOB, b);
}

static void on_hand(portico_session session, talker *t, const hand *h) {
    t->packets++;
    (void)hand_send(session, CARDS, h);
}

static void on_scene(portico_session session, talker *t, const scene *s) {
    scene other;
    other.tick = s->tick;
    other.spots_count = s->spots_count;
    for (uint32_t i = 0; i < s->spots_count; i++) {
        other.spots[i] = s->spots[s->spots_count - 1 - i];
    }
    t->packets++;
    (void)scene_send_room(portico->session_room(session), SCENE, &other, nobody);
}

static void on_enter(portico_session session, talker *t) {
    portico_room room = {0};
    t->packets++;
    (void)portico->room_create("typed.hall", "hall", NULL, 0, &room);
    (void)portico->session_join(session, room, ARRIVED);
}

static void on_arrived(portico_session session, void *state, const portico_message *message) {
    (void)state, (void)message;
    (void)portico->session_send(session, ENTER, NULL, 0);
}

static void on_too_big(portico_session session, talker *t) {
    t->packets++;
    const hand h = {.cards_count = 4};
    everything e = {.i8 = 1};
    memset(e.name, 'x', sizeof e.name);
    const counting c = {{hand_send(session, CARDS, &h), everything_send(session, EVERY, &e)},
                        t->packets};
    if (hand_send_channel(EVERYBODY, CARDS, &h, nobody) != 0) {
        portico->log(PORTICO_LOG_ERROR, "what must not be sent was sent");
    }
    (void)counting_send(session, COUNTS, &c);
}

static void on_plain(portico_session session, void *state, const portico_packet *packet) {
    talker *t = state;
    t->packets++;
    (void)portico->session_send(session, PLAIN, packet->data, packet->size);
}

#define OPCODES(S, ON)                              \
    ON(S, PACKET, EVERY, everything, on_everything) \
    ON(S, PACKET, SAY, saying, on_saying)           \
    ON(S, PACKET, BLOB, blob, on_blob)              \
    ON(S, PACKET, CARDS, hand, on_hand)             \
    ON(S, PACKET, SCENE, scene, on_scene)           \
    ON(S, EMPTY, ENTER, on_enter)                   \
    ON(S, EMPTY, TOO_BIG, on_too_big)               \
    ON(S, RAW, PLAIN, 2, 4, on_plain)
PORTICO_OPCODES(opcodes, talker, OPCODES);

static const portico_session_message messages[] = {PORTICO_MESSAGE(ARRIVED, on_arrived)};
static const portico_opcode sends[] = {
    PORTICO_SENDS(EVERY, everything), PORTICO_SENDS(SAY, saying),  PORTICO_SENDS(BLOB, blob),
    PORTICO_SENDS(CARDS, hand),       PORTICO_SENDS(SCENE, scene), PORTICO_SENDS(COUNTS, counting),
};
static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OF(talker, 1),
     .on_open = on_open,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes),
     .messages = PORTICO_TABLE(messages),
     .sends = PORTICO_TABLE(sends)},
};
static const portico_room_type room_types[] = {{.name = "hall"}};

static const portico_module typed = {
    .name = "typed",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
};

PORTICO_MODULE(typed);
