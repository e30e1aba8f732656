/* chaos_guest.c: joins chaos.session while that is busy, and leaves again: every session that it
 * was given is taken from it once. Its opcode is 50. */
#include "ledger.h"

#include <portico/portico.h>

#include <stdio.h>

typedef struct visit {
    uint64_t session;
    uint32_t inside;
} visit;

static const portico_host *host;
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
        host->log(PORTICO_LOG_WARN, what);
    }
}

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    visit *v = state;
    expect(ledger_begin(&sessions, session), "a session opens twice");
    expect(v->session == 0 && v->inside == 0, "a state that is not zeroed");
    v->session = session;
    return PORTICO_OK;
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    visit *v = state;
    (void)packet;
    expect(ledger_has(&sessions, session) && v->session == session,
           "a packet of a session that is not open");
    expect(v->inside == 0, "two handlers at once");
    v->inside = 1;
    count(&packets);
    (void)host->session_send(session, 150, "here", 4);
    v->inside = 0;
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    const visit *v = state;
    expect(v->session == session && v->inside == 0, "on_close beside another handler");
    expect(ledger_end(&sessions, session), "a session closes twice, or has not opened");
    if (reason == PORTICO_E_UNLOADED) {
        count(&unloaded);
    }
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(visit),
        .name = "chaos.session",
        .on_open = on_open,
        .on_close = on_close,
    };
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("chaos.session", 50, on_packet) : status;
}

static void PORTICO_CALL module_unload(void *state) {
    char text[200];
    (void)state;
    expect(ledger_is_empty(&sessions) &&
               atomic_load(&sessions.begun) == atomic_load(&sessions.ended),
           "a session without its end");
    (void)snprintf(text, sizeof text, "guests: sessions %u packets %u unloaded %u guest wrong %u",
                   atomic_load(&sessions.ended), atomic_load(&packets), atomic_load(&unloaded),
                   atomic_load(&wrong));
    host->log(PORTICO_LOG_INFO, text);
}

static const char *const required[] = {"chaos", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "chaos_guest",
    .version = "1",
    .required = required,
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);
