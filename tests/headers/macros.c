/* macros.c: every macro of the SDK's headers, in a file that is both C11 and C++11. For
 * cmake/CheckHeaders.cmake: it must compile without a warning. */
#include <portico/packet.h>
#include <portico/portico.h>
#include <portico/wire.h>

/* ---- states ---------------------------------------------------------------------------------- */

#define ITEM(S, F)              \
    F(S, FIELD, uint32_t, sort) \
    F(S, FIELD, int8_t, charges)
PORTICO_STATE(item, ITEM);

#define PLAYER(S, F)                   \
    F(S, FIELD, uint32_t, score)       \
    F(S, FIELD, bool, ready)           \
    F(S, FIELD, double, speed)         \
    F(S, FIELD, portico_session, foe)  \
    F(S, FIELD, const char *, pointer) \
    F(S, ARRAY, char, name, 32)        \
    F(S, ARRAY, int64_t, times, 4)     \
    F(S, STRUCT, item, hand)           \
    F(S, STRUCTS, item, bag, 20)
PORTICO_STATE(player, PLAYER);

struct table {
    uint16_t seats;
    item prizes[2];
    uint8_t cache[8];
};
typedef struct table table;
PORTICO_DESCRIBE(table, PORTICO_FIELD(table, seats), PORTICO_STRUCTS(table, item, prizes));

typedef struct opaque {
    uint8_t bytes[100];
} opaque;

static portico_status player_migrate(const portico_migration *migration, void *to) {
    (void)to;
    return migration->from_version == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

/* ---- packets --------------------------------------------------------------------------------- */

typedef enum colour { RED, GREEN } colour;

#define MOVE(P, F)            \
    F(P, FIELD, int16_t, dx)  \
    F(P, FIELD, float, angle) \
    F(P, FIELD, bool, jumps)  \
    F(P, FIELD, colour, team) \
    F(P, ARRAY, char, tag, 8) \
    F(P, ARRAY, uint16_t, at, 2)
PORTICO_PACKET(move, MOVE);

#define PATH(P, F)               \
    F(P, STRUCT, move, first)    \
    F(P, STRUCTS, move, more, 3) \
    F(P, ROWS, move, moves, 10)
PORTICO_PACKET(path, PATH);

#define CHAT(P, F)             \
    F(P, FIELD, uint8_t, loud) \
    F(P, TEXT, text, 200)
PORTICO_PACKET(chat, CHAT);

#define BLOB(P, F) F(P, BYTES, blob, 100)
PORTICO_PACKET(blob, BLOB);

#define TIMES(P, F) F(P, NUMBERS, uint64_t, times, 16)
PORTICO_PACKET(times, TIMES);

enum { MOVED = 1, CHATTED = 2, EMPTIED = 3, BLOBBED = 4, TIMED = 5, PATHED = 6 };

static void player_on_move(portico_session session, player *p, const move *m) {
    p->score += (uint32_t)m->at[0];
    (void)move_send(session, MOVED, m);
}

static void player_on_chat(portico_session session, player *p, const chat *c) {
    (void)p;
    (void)chat_send_room(portico->session_room(session), CHATTED, c, session);
    (void)chat_send_channel("macros.all", CHATTED, c, session);
    portico_logf(PORTICO_LOG_INFO, "%.*s", (int)c->text_size, c->text);
}

static void player_on_empty(portico_session session, player *p) {
    portico_session none = {0};
    p->foe = none;
    (void)portico->session_close(session, PORTICO_E_CLOSED);
}

static void player_on_blob(portico_session session, void *state, const portico_packet *packet) {
    uint8_t bytes[64];
    portico_reader r = portico_read(packet);
    portico_writer w = portico_write(bytes, sizeof bytes);
    (void)state;
    portico_write_u8(&w, portico_read_u8(&r));
    portico_write_i64(&w, portico_read_i64(&r));
    portico_write_f32(&w, portico_read_f32(&r));
    portico_write_bool(&w, portico_read_bool(&r));
    portico_write_text(&w, "text");
    if (portico_read_end(&r)) {
        (void)portico_write_send(&w, session, BLOBBED);
    }
}

#define PLAYER_OPCODES(S, ON)                    \
    ON(S, PACKET, MOVED, move, player_on_move)   \
    ON(S, PACKET, CHATTED, chat, player_on_chat) \
    ON(S, EMPTY, EMPTIED, player_on_empty)       \
    ON(S, RAW, BLOBBED, 0, 64, player_on_blob)
PORTICO_OPCODES(player_opcodes, player, PLAYER_OPCODES);

static const portico_opcode more_opcodes[] = {
    PORTICO_RAW(TIMED, 0, PORTICO_SIZE_ANY, player_on_blob),
};
static const portico_opcode sends[] = {PORTICO_SENDS(PATHED, path), PORTICO_SENDS(TIMED, times),
                                       PORTICO_SENDS(BLOBBED, blob)};

/* ---- messages, jobs, settings ---------------------------------------------------------------- */

enum { TICK = 1, SAVE = 2 };

static void player_on_tick(portico_session session, void *state, const portico_message *message) {
    (void)state;
    (void)portico->post(portico_session_entity(session), TICK, message->data, message->size);
}
static void table_on_tick(portico_room room, void *state, const portico_message *message) {
    (void)state, (void)message;
    (void)portico->post(portico_room_entity(room), TICK, NULL, 0);
}
static uint32_t save(uint32_t id, const void *data, uint32_t size, void *reply, uint32_t capacity) {
    (void)id, (void)data, (void)reply;
    return size < capacity ? 0 : capacity;
}

static const portico_session_message player_messages[] = {PORTICO_MESSAGE(TICK, player_on_tick)};
static const portico_room_message table_messages[] = {PORTICO_MESSAGE(TICK, table_on_tick)};
static const portico_job jobs[] = {PORTICO_JOB(SAVE, save)};

static uint32_t tick_ms, pause_ms, mode;
static int64_t offset;
static double factor;
static bool open_to_all;
static const char *greeting;
static uint64_t limit_bytes;
static const char *const modes[] = {"slow", "fast", NULL};
static const portico_setting settings[] = {
    PORTICO_U32(tick_ms, "50", 10, 1000, "a number"),
    PORTICO_I64(offset, "-5", -10, 10, "a number"),
    PORTICO_REAL(factor, "0.5", 0, 1, "a real number"),
    PORTICO_BOOL(open_to_all, "yes", "yes or no"),
    PORTICO_TEXT(greeting, "hello", 0, 100, "a text"),
    PORTICO_DURATION(pause_ms, "2s", 0, 60000, "a time"),
    PORTICO_BYTES(limit_bytes, "64k", 0, 1 << 20, "a size"),
    PORTICO_CHOICE(mode, "slow", modes, "a word"),
};

/* ---- the module: in the order of the members, since C++11 has no designators ----------------- */

static const portico_session_type session_types[] = {
    {"player", PORTICO_STATE_MIGRATED(player, 2, player_migrate), NULL, NULL, NULL, NULL,
     PORTICO_TABLE(player_opcodes), PORTICO_TABLE(player_messages), PORTICO_TABLE(sends)},
    {"other",
     PORTICO_STATE_OPAQUE(opaque, 1),
     NULL,
     NULL,
     NULL,
     NULL,
     PORTICO_TABLE(more_opcodes),
     {NULL, 0, 0},
     {NULL, 0, 0}},
};
static const portico_room_type room_types[] = {
    {"table", PORTICO_STATE_OF(table, 1), NULL, NULL, NULL, NULL, PORTICO_TABLE(table_messages), 0,
     0},
};
static const portico_module macros = {"macros",
                                      "1",
                                      "Every macro.",
                                      NULL,
                                      {0, 0, NULL, NULL},
                                      PORTICO_TABLE(session_types),
                                      PORTICO_TABLE(room_types),
                                      {NULL, 0, 0},
                                      PORTICO_TABLE(jobs),
                                      PORTICO_TABLE(settings),
                                      NULL,
                                      NULL,
                                      NULL,
                                      NULL};

PORTICO_MODULE(macros);
