/* counts.c: an echo that counts what happens to its sessions and logs it in `stop`.
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

static atomic_uint opened;
static atomic_uint closed;
static atomic_uint packets;
static atomic_uint wrong;

static portico_status on_open(portico_session session, void *state) {
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
    return portico->channel_join("counts.all", session);
}

static void player_count(player *p) {
    if (p->mark != STATE_OPEN) {
        atomic_fetch_add(&wrong, 1);
    }
    p->packets++;
    atomic_fetch_add(&packets, 1);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    player_count(state);
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static void on_seven(portico_session session, void *state, const portico_packet *packet) {
    player *p = state;
    player_count(p);
    (void)portico->session_send(session, packet->opcode, &p->packets, sizeof p->packets);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    player *p = state;
    if (p->mark != STATE_OPEN) {
        atomic_fetch_add(&wrong, 1);
    }
    p->mark = 0;
    atomic_fetch_add(&closed, 1);
}

static portico_status counts_start(void *state, uint32_t why) {
    uint32_t *module_state = state;
    uint32_t before = why == PORTICO_START_LOADED ? 0 : STATE_OPEN;
    if (module_state == NULL || *module_state != before) {
        return PORTICO_E_STATE;
    }
    *module_state = STATE_OPEN;
    return PORTICO_OK;
}

static void counts_stopping(void *state) {
    (void)state;
    (void)portico->channel_send("counts.all", 99, "last words", 10, (portico_session){0});
}

static void counts_stop(void *state, uint32_t why) {
    char text[120];
    const uint32_t *module_state = state;
    (void)why;
    (void)snprintf(text, sizeof text, "opened %u closed %u packets %u wrong %u",
                   atomic_load(&opened), atomic_load(&closed), atomic_load(&packets),
                   atomic_load(&wrong) + (*module_state == STATE_OPEN ? 0u : 1u));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(7, 0, PORTICO_SIZE_ANY, on_seven)};
static const portico_session_type types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(player, 1),
     .on_open = on_open,
     .on_packet = on_packet,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes)},
};

static const portico_module counts = {
    .name = "counts",
    .version = "1.2.3",
    .description = "An echo that counts.",
    .state = PORTICO_STATE_OPAQUE(uint32_t, 0),
    .session_types = PORTICO_TABLE(types),
    .start = counts_start,
    .stopping = counts_stopping,
    .stop = counts_stop,
};

PORTICO_MODULE(counts);
