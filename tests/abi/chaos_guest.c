/* chaos_guest.c: joins chaos.session while that is busy, and leaves again: every session that it
 * was given is taken from it once. Its opcode is 50. */
#include "ledger.h"

#include <portico/portico.h>

#include <stdio.h>

typedef struct visit {
    uint64_t session;
    uint32_t inside;
} visit;

static ledger sessions;
static _Atomic uint32_t packets;
static _Atomic uint32_t unloaded;
static _Atomic uint32_t wrong;

static void count(_Atomic uint32_t *figure) {
    atomic_fetch_add_explicit(figure, 1, memory_order_relaxed);
}

static void expect(bool holds, const char *what) {
    if (!holds) {
        count(&wrong);
        portico->log(PORTICO_LOG_WARN, what);
    }
}

static portico_status on_open(portico_session session, void *state) {
    visit *v = state;
    expect(ledger_begin(&sessions, session.id), "a session opens twice");
    expect(v->session == 0 && v->inside == 0, "a state that is not zeroed");
    v->session = session.id;
    return PORTICO_OK;
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    visit *v = state;
    (void)packet;
    expect(ledger_has(&sessions, session.id) && v->session == session.id,
           "a packet of a session that is not open");
    expect(v->inside == 0, "two handlers at once");
    v->inside = 1;
    count(&packets);
    (void)portico->session_send(session, 150, "here", 4);
    v->inside = 0;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    const visit *v = state;
    expect(v->session == session.id && v->inside == 0, "on_close beside another handler");
    expect(ledger_end(&sessions, session.id), "a session closes twice, or has not opened");
    if (reason == PORTICO_E_UNLOADED) {
        count(&unloaded);
    }
}

static void guest_stop(void *state, uint32_t why) {
    char text[200];
    (void)state, (void)why;
    expect(ledger_is_empty(&sessions) &&
               atomic_load(&sessions.begun) == atomic_load(&sessions.ended),
           "a session without its end");
    (void)snprintf(text, sizeof text, "guests: sessions %u packets %u unloaded %u guest wrong %u",
                   atomic_load(&sessions.ended), atomic_load(&packets), atomic_load(&unloaded),
                   atomic_load(&wrong));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_opcode opcodes[] = {PORTICO_RAW(50, 0, PORTICO_SIZE_ANY, on_packet)};
static const portico_session_type types[] = {
    {.name = "chaos.session",
     .state = PORTICO_STATE_OPAQUE(visit, 0),
     .on_open = on_open,
     .on_close = on_close,
     .opcodes = PORTICO_TABLE(opcodes)},
};

static const char *const required[] = {"chaos", NULL};

static const portico_module chaos_guest = {
    .name = "chaos_guest",
    .version = "1",
    .required = required,
    .session_types = PORTICO_TABLE(types),
    .stop = guest_stop,
};

PORTICO_MODULE(chaos_guest);
