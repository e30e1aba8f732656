/* counts.c: an echo that counts what happens to its sessions and logs it in `unload`.
 *
 *   opcode 7   answers how many packets of the session have arrived, including this one (uint32)
 *   others     echo
 *
 * Its state must be zero when a session opens, and on_close must run once, after on_open; anything
 * else is counted as wrong. `stopping` sends "last words" with opcode 99 to all sessions. Statics
 * are atomic: handlers share them. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>

enum { STATE_BYTES = 100, STATE_OPEN = 0x0BE4 };

typedef struct player {
    uint32_t mark; /* STATE_OPEN between on_open and on_close */
    uint32_t packets;
    uint8_t filled[STATE_BYTES];
} player;

static const portico_host *host;
static atomic_uint opened;
static atomic_uint closed;
static atomic_uint packets;
static atomic_uint wrong;

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    player *p = state;
    uint32_t sum = p->mark | p->packets;
    for (uint32_t i = 0; i < STATE_BYTES; i++) {
        sum |= p->filled[i];
        p->filled[i] = 0xA5;
    }
    if (sum != 0) {
        atomic_fetch_add(&wrong, 1);
    }
    p->mark = STATE_OPEN;
    atomic_fetch_add(&opened, 1);
    return host->channel_join("counts.all", session);
}

static void player_count(player *p) {
    if (p->mark != STATE_OPEN) {
        atomic_fetch_add(&wrong, 1);
    }
    p->packets++;
    atomic_fetch_add(&packets, 1);
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    player_count(state);
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static void PORTICO_CALL on_seven(portico_session session, void *state,
                                  const portico_packet *packet) {
    player *p = state;
    player_count(p);
    (void)host->session_send(session, packet->opcode, &p->packets, sizeof p->packets);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    player *p = state;
    if (p->mark != STATE_OPEN) {
        atomic_fetch_add(&wrong, 1);
    }
    p->mark = 0;
    atomic_fetch_add(&closed, 1);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    uint32_t *module_state = state;
    host = from_host;
    if (module_state == NULL || *module_state != 0) {
        return PORTICO_E_STATE;
    }
    *module_state = STATE_OPEN;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(player),
        .state_version = 1,
        .name = "session",
        .on_open = on_open,
        .on_packet = on_packet,
        .on_close = on_close,
    };
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("session", 7, on_seven) : status;
}

static void PORTICO_CALL module_stopping(void *state) {
    (void)state;
    (void)host->channel_send("counts.all", 99, "last words", 10, 0);
}

static void PORTICO_CALL module_unload(void *state) {
    char text[120];
    const uint32_t *module_state = state;
    (void)snprintf(text, sizeof text, "opened %u closed %u packets %u wrong %u",
                   atomic_load(&opened), atomic_load(&closed), atomic_load(&packets),
                   atomic_load(&wrong) + (*module_state == STATE_OPEN ? 0u : 1u));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "counts",
    .version = "1.2.3",
    .description = "An echo that counts.",
    .state_size = sizeof(uint32_t),
    .load = module_load,
    .stopping = module_stopping,
    .unload = module_unload,
};

PORTICO_MODULE(info);
