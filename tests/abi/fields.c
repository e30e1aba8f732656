/* fields.c: a module that declares the fields of all its states: those of its sessions and of
 * itself together with the struct, those of its rooms for an existing struct. It echoes packets and
 * counts them in each state. */
#include <portico/portico.h>

#define PLAYER(S, F)              \
    F(S, FIELD, uint32_t, score)  \
    F(S, FIELD, float, x)         \
    F(S, ARRAY, char, name, 32)   \
    F(S, ARRAY, int16_t, aims, 3) \
    F(S, FIELD, portico_session, rival)
PORTICO_STATE(player, PLAYER);

#define TOTALS(S, F)               \
    F(S, FIELD, uint64_t, packets) \
    F(S, FIELD, double, rate)
PORTICO_STATE(totals, TOTALS);

typedef struct table {
    struct {
        int32_t x;
        int32_t y;
    } at;
    uint8_t cache[4]; /* not declared: rebuilt after a swap */
} table;
PORTICO_DESCRIBE(table, PORTICO_FIELD(table, at));

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    ((player *)state)->score++;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_table_close(portico_room room, void *state, portico_status reason) {
    (void)room;
    (void)state;
    (void)reason;
}

static portico_status migrate(const portico_migration *migration, void *to) {
    (void)to;
    return migration->from_version == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static const portico_session_type session_types[] = {
    {.name = "session",
     .state = PORTICO_STATE_MIGRATED(player, 2, migrate),
     .on_packet = on_packet},
};
static const portico_room_type room_types[] = {
    {.name = "table",
     .state = PORTICO_STATE_MIGRATED(table, 0, migrate),
     .on_close = on_table_close},
};

static const portico_module fields = {
    .name = "fields",
    .version = "1",
    .state = PORTICO_STATE_OF(totals, 5),
    .session_types = PORTICO_TABLE(session_types),
    .room_types = PORTICO_TABLE(room_types),
};

PORTICO_MODULE(fields);
