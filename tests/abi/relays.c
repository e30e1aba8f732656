/* relays.c: sends packets on by session_send, for tests of what a session pays for.
 *
 *   opcode 1  the packet goes to all other sessions
 *   others    echo */
#include <portico/portico.h>

#include <stdatomic.h>

enum { RELAY = 1, SESSIONS_MAX = 64 };

static _Atomic uint64_t ids[SESSIONS_MAX]; /* 0: free */

static void replace(uint64_t from, uint64_t to) {
    for (int i = 0; i < SESSIONS_MAX; i++) {
        uint64_t found = from;
        if (atomic_compare_exchange_strong(&ids[i], &found, to)) {
            return;
        }
    }
}

static portico_status on_open(portico_session session, void *state) {
    (void)state;
    replace(0, session.id);
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)state, (void)reason;
    replace(session.id, 0);
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    if (packet->opcode != RELAY) {
        (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
        return;
    }
    for (int i = 0; i < SESSIONS_MAX; i++) {
        portico_session other = {atomic_load(&ids[i])};
        if (other.id != 0 && other.id != session.id) {
            (void)portico->session_send(other, packet->opcode, packet->data, packet->size);
        }
    }
}

static const portico_session_type types[] = {
    {.name = "session", .on_open = on_open, .on_close = on_close, .on_packet = on_packet}};

static const portico_module relays = {
    .name = "relays", .version = "1", .session_types = PORTICO_TABLE(types)};

PORTICO_MODULE(relays);
