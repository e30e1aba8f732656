/* closes_in_handler.c: closes sessions from inside their handlers, in every order.
 *
 *   closes_in_handler.session   opcode 1  closes, replies to nothing
 *                               opcode 2  sends "last", then closes: "last" must arrive
 *                               opcode 3  closes twice, then sends: each returns PORTICO_E_GONE,
 *                                         otherwise logs an error
 *                               opcode 4  closes the session whose id the payload holds, answers
 *                                         the status
 *                               opcode 5  answers its own id
 *   closes_in_handler.refuses   on_open returns PORTICO_E_REFUSED
 *   closes_in_handler.at_open   on_open sends "hello", closes, returns PORTICO_OK
 *
 * `stop` logs how many sessions of any kind were opened and closed. Statics are atomic: handlers
 * share them. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static atomic_uint opened;
static atomic_uint closed;

static void expect(portico_status found, portico_status expected, const char *what) {
    if (found != expected) {
        char text[160];
        (void)snprintf(text, sizeof text, "%s: status %d, expected %d", what, (int)found,
                       (int)expected);
        portico->log(PORTICO_LOG_ERROR, text);
    }
}

static portico_status on_open(portico_session session, void *state) {
    (void)session;
    (void)state;
    atomic_fetch_add(&opened, 1);
    return PORTICO_OK;
}

static portico_status on_open_refuse(portico_session session, void *state) {
    (void)session;
    (void)state;
    atomic_fetch_add(&opened, 1);
    return PORTICO_E_REFUSED;
}

static portico_status on_open_close(portico_session session, void *state) {
    (void)state;
    atomic_fetch_add(&opened, 1);
    expect(portico->session_send(session, 9, "hello", 5), PORTICO_OK, "send in on_open");
    expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_OK, "close in on_open");
    return PORTICO_OK;
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)state;
    (void)reason;
    expect(portico->session_send(session, 9, "late", 4), PORTICO_E_GONE, "send in on_close");
    expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_E_GONE, "close in on_close");
    atomic_fetch_add(&closed, 1);
}

static void on_refused_close(portico_session session, void *state, portico_status reason) {
    expect(reason, PORTICO_E_REFUSED, "the reason of a session that on_open refused");
    on_close(session, state, reason);
}

static void close_other(portico_session session, const portico_packet *packet) {
    portico_session other = {0};
    if (packet->size == sizeof other) {
        memcpy(&other, packet->data, sizeof other);
    }
    int32_t status = portico->session_close(other, PORTICO_E_CLOSED);
    (void)portico->session_send(session, 4, &status,
                                sizeof status); /* GONE if it was the session itself */
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    switch (packet->opcode) {
    case 1: expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_OK, "close"); break;
    case 2:
        expect(portico->session_send(session, 2, "last", 4), PORTICO_OK, "send before close");
        expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_OK, "close after send");
        break;
    case 3:
        expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_OK, "first close");
        expect(portico->session_close(session, PORTICO_E_CLOSED), PORTICO_E_GONE, "second close");
        expect(portico->session_send(session, 3, "never", 5), PORTICO_E_GONE, "send after close");
        break;
    case 4: close_other(session, packet); break;
    default: (void)portico->session_send(session, packet->opcode, &session, sizeof session); break;
    }
}

static void module_stop(void *state, uint32_t why) {
    (void)state, (void)why;
    char text[80];
    (void)snprintf(text, sizeof text, "opened %u closed %u", atomic_load(&opened),
                   atomic_load(&closed));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_session_type types[] = {
    {.name = "session", .on_open = on_open, .on_packet = on_packet, .on_close = on_close},
    {.name = "refuses",
     .on_open = on_open_refuse,
     .on_packet = on_packet,
     .on_close = on_refused_close},
    {.name = "at_open", .on_open = on_open_close, .on_packet = on_packet, .on_close = on_close},
};

static const portico_module closes_in_handler = {
    .name = "closes_in_handler",
    .version = "1",
    .session_types = PORTICO_TABLE(types),
    .stop = module_stop,
};

PORTICO_MODULE(closes_in_handler);
