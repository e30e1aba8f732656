/* fields.c: a module that declares the fields of all its states: those of its sessions and of
 * itself together with the struct, those of its rooms for an existing struct. It echoes packets and
 * counts them in each state. */
#include <portico/portico.h>

#define PLAYER(S, FIELD, ARRAY) \
    FIELD(S, uint32_t, score)   \
    FIELD(S, float, x)          \
    ARRAY(S, char, name, 32)    \
    ARRAY(S, int16_t, aims, 3)  \
    FIELD(S, portico_session, rival)
PORTICO_STATE(player, PLAYER);

#define TOTALS(S, FIELD, ARRAY) \
    FIELD(S, uint64_t, packets) \
    FIELD(S, double, rate)
PORTICO_STATE(totals, TOTALS);

typedef struct table {
    struct {
        int32_t x;
        int32_t y;
    } at;
    uint8_t cache[4]; /* not declared: rebuilt after a swap */
} table;
PORTICO_DESCRIBE(table, PORTICO_FIELD(table, at));

static const portico_host *host;

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    ((player *)state)->score++;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void PORTICO_CALL on_table_close(portico_room room, void *state, portico_status reason) {
    (void)room;
    (void)state;
    (void)reason;
}

static portico_status PORTICO_CALL migrate(const portico_migration *migration, void *to) {
    (void)to;
    return migration->from_version == 1 ? PORTICO_OK : PORTICO_E_INVALID;
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type session = {
        .struct_size = sizeof session,
        .state_size = sizeof(player),
        .state_version = 2,
        .name = "session",
        .on_packet = on_packet,
        .state_fields = &player_fields,
        .migrate = migrate,
    };
    const portico_room_type room = {
        .struct_size = sizeof room,
        .state_size = sizeof(table),
        .name = "table",
        .on_close = on_table_close,
        .state_fields = &table_fields,
        .migrate = migrate,
    };
    portico_status status = host->register_session_type(&session);
    return status == PORTICO_OK ? host->register_room_type(&room) : status;
}

static const portico_module_info info = {
    PORTICO_MODULE_HEAD,
    .name = "fields",
    .version = "1",
    .state_size = sizeof(totals),
    .state_version = 5,
    .load = module_load,
    .state_fields = &totals_fields,
};

PORTICO_MODULE(info);
